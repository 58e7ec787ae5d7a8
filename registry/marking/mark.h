// mark(): what is alive, and why. Pure: Inventory, Policy and a time in, a value out.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "registry/inventory.h"
#include "registry/marking/policy.h"
#include "registry/marking/this_run.h"
#include "registry/marking/why.h"

namespace regctl {

struct RepositoryMark {
  bool pinned = false;
  bool tags_unknown = false;   // see Why::tags_unknown
  std::vector<Why> revisions;  // in the order of Repository::revisions; `nothing`: not kept
  std::vector<bool> spent;     // in the order of Repository::tags: may go, and keeps nothing
  std::vector<bool> orphans;   // in the order of Repository::revisions; empty: nobody asked

  bool operator==(const RepositoryMark&) const = default;
};

struct Mark {
  std::vector<Why> digests;    // by DigestId
  std::vector<bool> given_up;  // by DigestId: a manifest that is missing, and whose links may go
  std::vector<RepositoryMark> repositories;  // in the order of the inventory's
  std::vector<Why> quarantined_tags;         // in the order of the inventory's; what comes back
  std::vector<std::string> idle_protect;     // globs that matched no repository
  std::uint64_t roots_not_in_store = 0;
  std::uint64_t roots_of_unknown_repositories = 0;  // they count in every repository instead

  bool live(DigestId id) const { return digests[index_of(id)] != Why::nothing; }
  std::vector<bool> all_live() const;  // by DigestId
  bool operator==(const Mark&) const = default;
};

// By DigestId: some document names it as an index names its children (Reference::child).
std::vector<bool> children_of_indexes(const Inventory& inventory);

// Every manifest that is damaged pins the repositories that link or reach it, as damage of their
// own does: all that those link stays alive. One that is given up is no damage. With
// Policy::delete_untagged the blobs of all revisions should have been surveyed: the time of an
// unvisited blob is not asked for. Layer links are no roots here, however young: make_plan() keeps
// what they name. `this_run` is empty but in a second look.
Mark mark(const Inventory& inventory, const Policy& policy, Time now, const ThisRun& this_run = {});

}  // namespace regctl
