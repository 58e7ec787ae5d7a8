#include "registry/closure.h"

#include <algorithm>

namespace regctl {

AliasLinks aliases_in(const Inventory& inventory) {
  AliasLinks aliases;
  for (const Repository& repository : inventory.repositories) {
    for (const Link& link : repository.layers) {
      if (link.name != link.target) aliases.emplace_back(link.name, link.target);
    }
  }
  sort_unique(aliases);
  return aliases;
}

std::span<const AliasLinks::value_type> aliases_named(DigestId name, const AliasLinks& aliases) {
  constexpr auto kName = &AliasLinks::value_type::first;
  const auto first = std::ranges::lower_bound(aliases, name, {}, kName),
             last = std::ranges::upper_bound(aliases, name, {}, kName);
  return std::span(aliases).subspan(static_cast<std::size_t>(first - aliases.begin()),
                                    static_cast<std::size_t>(last - first));
}

Closure::Closure(const Inventory& inventory, Parents parents)
    : inventory_(inventory),
      aliases_(aliases_in(inventory)),
      parents_(parents == Parents::remembered ? inventory.digests.size() : 0) {}

std::optional<DigestId> Closure::parent(DigestId id) const {
  if (!reached(id) || parents_[index_of(id)] == id) return std::nullopt;
  return parents_[index_of(id)];
}

}  // namespace regctl
