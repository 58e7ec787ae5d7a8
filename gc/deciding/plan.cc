#include "gc/deciding/plan.h"

#include <algorithm>
#include <set>

namespace regctl::gc {

Copy copy_of(const Inventory& inventory, const Quarantined& copy) {
  const bool blob = copy.kind == Quarantined::Kind::blob;
  return {copy.kind, blob ? "" : inventory.repositories[copy.repository].name,
          inventory.digests[copy.digest], copy.taken, copy.run};
}

Copy copy_of(const Inventory& inventory, const QuarantinedTag& copy) {
  return {Quarantined::Kind::tag,
          inventory.repositories[copy.repository].name,
          std::nullopt,
          copy.taken,
          copy.run,
          copy.tag.name};
}

bool takes_anything(const Plan& plan) {
  return !plan.tags.empty() || !plan.manifests.empty() || !plan.layer_links.empty() ||
         !plan.blobs.empty();
}

bool purges_anything(const Plan& plan) {
  return !plan.purge.empty() || !plan.uploads.empty() || !plan.leftovers.empty() ||
         !plan.empty_repositories.empty();
}

bool goes(const Plan& plan, const std::string& repository) {
  return std::binary_search(plan.empty_repositories.begin(), plan.empty_repositories.end(),
                            repository);
}

Plan without_links_to_what_stays(Plan plan) {
  std::set<Digest> taken, purged;
  for (const BlobRemoval& one : plan.blobs) taken.insert(one.digest);
  for (const Purge& one : plan.purge) {
    if (one.copy.kind == Quarantined::Kind::blob) purged.insert(*one.copy.digest);
  }
  std::erase_if(plan.layer_links, [&](const LayerLinkRemoval& one) {
    return (one.reason == LinkReason::blob_is_taken && !taken.contains(*one.blob)) ||
           (one.reason == LinkReason::blob_is_purged && !purged.contains(*one.blob));
  });
  return plan;
}

Plan only_give_back(Plan plan) {
  std::erase_if(plan.blockers, report::is_brake);
  return {.restore = std::move(plan.restore),
          .waiting = plan.waiting_unpurged,
          .waiting_unpurged = plan.waiting_unpurged,
          .blockers = std::move(plan.blockers),
          .warnings = std::move(plan.warnings)};
}

}  // namespace regctl::gc
