// mark(): what is alive, and why. Pure: Inventory, Policy and a time in, a value out.
#pragma once

#include <cstdint>
#include <vector>

#include "gc/deciding/policy.h"
#include "registry/inventory.h"

namespace regctl::gc {

// Why something is alive. The first group are good reasons; what only a reason of the second holds,
// together with all it refers to, is kept although nothing needs it.
enum class Why : std::uint8_t {
  nothing,    // it is not
  tagged,     // a tag points to it, or did where its own link cannot be read
  listed,     // --roots
  revision,   // a revision link names it, and untagged manifests are kept
  returned,   // a link was written after it had been quarantined
  referrer,   // its subject is kept in this repository
  reference,  // something alive refers to it

  is_protected,  // --protect
  tags_unknown,  // its repository's tags are missing or cannot be read
  outside_tags,  // newer than anything tagged: something else may be tagging
  young,         // too young to be judged
  pinned,        // its repository is in doubt
  beginning,     // a young directory without a link yet: something may be being pushed
};
inline constexpr Why kIndulgences[] = {Why::is_protected, Why::tags_unknown, Why::outside_tags,
                                       Why::young,        Why::pinned,       Why::beginning};

struct RepositoryMark {
  bool pinned = false;
  bool tags_unknown = false;   // see Why::tags_unknown
  std::vector<Why> revisions;  // in the order of Repository::revisions; `nothing`: not kept

  bool operator==(const RepositoryMark&) const = default;
};

struct Mark {
  std::vector<Why> digests;                  // by DigestId
  std::vector<RepositoryMark> repositories;  // in the order of the inventory's
  std::vector<std::string> idle_protect;     // globs that matched no repository
  std::uint64_t roots_not_in_store = 0;
  std::uint64_t roots_of_unknown_repositories = 0;  // they count in every repository instead

  bool live(DigestId id) const { return digests[index_of(id)] != Why::nothing; }
  bool operator==(const Mark&) const = default;
};

// By DigestId: some document names it as an index names its children (Reference::child).
std::vector<bool> children_of_indexes(const Inventory& inventory);

// Every manifest that is damaged pins the repositories that link or reach it, as damage of their
// own does: all that those link stays alive. With Policy::delete_untagged the blobs of all
// revisions should have been surveyed: the time of an unvisited blob is not asked for. Layer links
// are no roots here, however young: make_plan() keeps what they name.
Mark mark(const Inventory& inventory, const Policy& policy, Time now);

}  // namespace regctl::gc
