#include "registry/marking/untagged.h"

#include "registry/marking/mark.h"
#include "registry/marking/policy.h"

namespace regctl {

std::vector<UntaggedRevision> untagged_revisions(const Inventory& inventory, Time now) {
  const Mark tagged =
      mark(inventory, {.delete_untagged = true, .keep_younger_than = Duration(0)}, now);
  std::vector<UntaggedRevision> untagged;
  for (std::size_t i = 0; i < inventory.repositories.size(); ++i) {
    const Repository& repository = inventory.repositories[i];
    for (std::size_t k = 0; k < repository.revisions.size(); ++k) {
      const Why why = tagged.repositories[i].revisions[k];
      const Link& link = repository.revisions[k];
      if (link.state == LinkState::present && (why == Why::nothing || is_indulgence(why)))
        untagged.push_back({&repository, &link});
    }
  }
  return untagged;
}

}  // namespace regctl
