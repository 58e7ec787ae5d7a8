#include "registry/marking/price.h"

namespace regctl {

Price price_of(const Inventory& inventory, const std::vector<KnownSize>& sizes, const Mark& without,
               const Mark& with) {
  Price price;
  for (std::size_t i = 0; i < inventory.repositories.size(); ++i) {
    const RepositoryMark &more = with.repositories[i], &less = without.repositories[i];
    const Repository& repository = inventory.repositories[i];
    for (std::size_t k = 0; k < repository.revisions.size(); ++k)
      price.count += repository.revisions[k].state == LinkState::present &&
                     more.revisions[k] == Why::nothing && less.revisions[k] != Why::nothing;
    for (std::size_t k = 0; k < repository.tags.size(); ++k)
      price.count += more.spent[k] && !less.spent[k];
  }
  for (const DigestId id : inventory.blob_directories) {
    if (without.live(id) && !with.live(id)) price.bytes += sizes[index_of(id)].value_or(0);
  }
  return price;
}

}  // namespace regctl
