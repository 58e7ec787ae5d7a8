#include "registry/closure.h"

#include <algorithm>

namespace regctl {

std::vector<std::pair<DigestId, DigestId>> aliases_in(const Inventory& inventory) {
  std::vector<std::pair<DigestId, DigestId>> aliases;
  for (const Repository& repository : inventory.repositories) {
    for (const Link& link : repository.layers) {
      if (link.name != link.target) aliases.emplace_back(link.name, link.target);
    }
  }
  sort_unique(aliases);
  return aliases;
}

Closure::Closure(const Inventory& inventory, Parents parents)
    : inventory_(inventory),
      aliases_(aliases_in(inventory)),
      round_of_(inventory.digests.size()),
      parents_(parents == Parents::remembered ? inventory.digests.size() : 0) {}

std::optional<DigestId> Closure::parent(DigestId id) const {
  if (!reached(id) || parents_[index_of(id)] == id) return std::nullopt;
  return parents_[index_of(id)];
}

void Closure::reach_aliases_of(DigestId id) {
  for (auto alias = std::lower_bound(aliases_.begin(), aliases_.end(), std::pair(id, DigestId{}));
       alias != aliases_.end() && alias->first == id; ++alias) {
    reach(alias->second, id);
  }
}

}  // namespace regctl
