// sweep(): carries out one stage of a Plan, exactly as the plan says. It reads no policy, decides
// nothing, and removes only names that it can spell out beforehand.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "gc/deciding/plan.h"
#include "gc/doing/locked_store.h"
#include "registry/pace.h"

namespace regctl::gc {

enum class Stage {
  give_back,  // Plan::restore: blobs first, then layer links, then revision links, then tags
  purge,      // Plan::purge, uploads, leftovers: references first; unlinks, and removes directories
              // that this empties
  take,       // tags, manifests, layer links, blobs: renames, references first
};

struct SweepReport {
  Amount quarantined, purged, restored;  // blobs
  std::uint64_t purged_disk_bytes = 0;   // of blobs and uploads whose last name went
  std::uint64_t still_named =
      0;  // bytes of purged blobs that have another name: freed are none of them
  std::uint64_t tags = 0, manifests = 0, layer_links = 0;  // the latter are links taken
  std::uint64_t links_purged = 0, links_restored = 0;      // and tags
  std::uint64_t uploads = 0, leftovers = 0, empty_repositories = 0;
  std::uint64_t skipped =
      0;  // changed or gone since the plan was made, or needed by a link that stays
  std::vector<Copy> taken;  // what this stage renamed away, ascending; a sum tells nothing of it
  std::vector<report::Message> failures;  // one an object that should have gone and did not
  bool stopped = false;                   // asked to, or the storage refuses: the rest was left

  SweepReport& operator+=(SweepReport more);
};

// What the links that name these digests need, themselves included. Giving back asks for nothing.
using Needs = std::function<std::set<Digest>(const std::vector<Digest>& named)>;

struct Errand {
  Stage stage;
  const std::string& run;  // whose name renames carry, with the time right before them
  Needs needs = {};        // of links that stay though they should go: so does what those need
};

// What fails for one object is noted, and the others go on. All that is reported done survives a
// loss of power. Duplicates, whose originals are hashed, stay from the deadline of the crew's pace
// on. A stage that is asked to stop (see Workers) stops between two objects. Throws nothing about
// storage.
SweepReport sweep(const Plan& plan, const Errand& errand, const LockedStore& store,
                  const Crew& crew);

}  // namespace regctl::gc
