#include "audit/facts.h"

#include <algorithm>

#include "registry/closure.h"

namespace regctl::audit {

bool Facts::is_needed(std::size_t repository, DigestId id) const {
  return std::binary_search(needs[repository].begin(), needs[repository].end(), id);
}

const Blob* Facts::blob_behind(DigestId id) const {
  if (const Blob* blob = inventory.blob(id)) return blob;
  const auto alias = std::lower_bound(aliases.begin(), aliases.end(), std::pair(id, DigestId{}));
  return alias != aliases.end() && alias->first == id ? inventory.blob(alias->second) : nullptr;
}

Facts facts_of(const Inventory& inventory, const StoreFacts& store, Time now) {
  const std::size_t digests = inventory.digests.size();
  Facts facts{.inventory = inventory,
              .now = now,
              .is_cache = store.pull_through_cache,
              .used = std::vector<bool>(digests),
              .is_revision = std::vector<bool>(digests)};
  Closure closure(inventory);
  for (const Repository& repository : inventory.repositories) {
    closure.restart();
    std::vector<DigestId>& needs = facts.needs.emplace_back();
    for (const Tag& tag : repository.tags) {
      if (tag.target) closure.from(*tag.target, [&](DigestId id) { needs.push_back(id); });
    }
    std::sort(needs.begin(), needs.end());
  }
  closure.restart();
  const auto use = [&](DigestId root) {
    closure.from(root, [&](DigestId id) { facts.used[index_of(id)] = true; });
  };
  for (const Repository& repository : inventory.repositories) {
    for (const Link& link : repository.revisions) {
      use(link.name);
      if (is_there(link)) facts.is_revision[index_of(link.name)] = true;
    }
    for (const Tag& tag : repository.tags) {
      if (tag.target) use(*tag.target);
    }
  }
  facts.aliases = closure.aliases();
  return facts;
}

}  // namespace regctl::audit
