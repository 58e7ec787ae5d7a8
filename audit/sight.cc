#include "audit/sight.h"

#include <algorithm>

#include "registry/marking/unreached.h"
#include "registry/remains.h"
#include "registry/scan.h"

namespace regctl::audit {
namespace {

// What is dead, in doubt or in quarantine is told from a tag's history.
bool needs_histories(const Inventory& inventory, const Mark& mark) {
  const auto has_dead = [&](const Repository& repository) {
    return std::ranges::any_of(
        repository.tags, [&](const Tag& tag) { return may_be_dead(inventory, repository, tag); });
  };
  return !inventory.quarantined.empty() || std::ranges::any_of(inventory.repositories, has_dead) ||
         std::ranges::any_of(mark.repositories,
                             [](const RepositoryMark& one) { return one.pinned; });
}

}  // namespace

Sight look(const Storage& storage, Blobs blobs, const Workers& workers, Progress& progress,
           Time now) {
  Sight sight{.now = now};
  ScanOptions options{.arrival = sight.policy.arrival};
  sight.inventory = scan(storage, options, workers, progress);
  sight.mark = mark(sight.inventory, sight.policy, now);
  if (needs_histories(sight.inventory, sight.mark)) {
    options.detail = Detail::everything;
    options.settle = {};  // what has not settled by now does not
    sight.inventory = scan(storage, options, workers, progress);
    sight.mark = mark(sight.inventory, sight.policy, now);
  }
  const bool all = blobs == Blobs::all || !sight.inventory.quarantined.empty();
  const auto wanted =
      all ? sight.inventory.blob_directories : what_to_survey(sight.inventory, sight.mark);
  sight.inventory = survey(storage, std::move(sight.inventory), wanted, workers, progress);
  sight.mark = mark(sight.inventory, sight.policy, now);
  sight.sizes = known_sizes(sight.inventory);
  return sight;
}

}  // namespace regctl::audit
