// sweep(): carries out one stage of a Plan, exactly as the plan says. It reads no policy, decides
// nothing, and removes only names that it can spell out beforehand.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "gc/deciding/plan.h"
#include "gc/doing/lock.h"
#include "gc/doing/pace.h"
#include "gc/doing/writer.h"
#include "registry/parallel.h"
#include "registry/progress.h"
#include "registry/storage.h"

namespace regctl::gc {

enum class Stage {
  give_back,  // Plan::restore: blobs first, then layer links, then revision links
  purge,      // Plan::purge, uploads, leftovers: references first; unlinks, and removes directories
              // that this empties
  take,       // manifests, layer links, blobs: renames in place, references first
};

struct SweepReport {
  Amount quarantined, purged, restored;  // blobs
  std::uint64_t purged_disk_bytes = 0;   // of blobs and uploads whose last name went
  std::uint64_t still_named =
      0;  // bytes of purged blobs that have another name: freed are none of them
  std::uint64_t manifests = 0, layer_links = 0;  // revision and layer links taken
  std::uint64_t links_purged = 0, links_restored = 0;
  std::uint64_t uploads = 0, leftovers = 0, empty_repositories = 0;
  std::uint64_t skipped =
      0;  // changed or gone since the plan was made, or needed by a link that stays
  std::vector<Copy> taken;                // what this stage renamed away, ascending
  std::vector<report::Message> failures;  // one an object that should have gone and did not
  bool stopped = false;                   // asked to, or the storage refuses: the rest was left

  SweepReport& operator+=(SweepReport more);
};

// What the links that name these digests need, themselves included. Giving back asks for nothing.
using Needs = std::function<std::set<Digest>(const std::vector<Digest>& named)>;

// Renames carry the name of `run` and the time right before them. Locking: `lock` is held
// throughout. What fails for one object is noted, and the others go on. All that is reported done
// survives a loss of power. Where links stay that should go, so does what `needs` says of them.
// Duplicates, whose originals are hashed at `pace`, stay from its deadline on. A stage that is
// asked to stop (see Workers) stops between two objects. Throws nothing about storage.
SweepReport sweep(const Plan& plan, Stage stage, const Needs& needs, const std::string& run,
                  const Storage& storage, Writer& writer, const Lock& lock, Pace& pace,
                  const Workers& workers, Progress& progress);

}  // namespace regctl::gc
