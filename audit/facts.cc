#include "audit/facts.h"

#include <algorithm>

#include "registry/closure.h"
#include "registry/layout.h"
#include "registry/remains.h"

namespace regctl::audit {

bool Facts::is_needed(std::size_t repository, DigestId id) const {
  return std::binary_search(needs[repository].begin(), needs[repository].end(), id);
}

bool Facts::is_absent(DigestId id) const {
  return !inventory.has_bytes(id) &&
         !inventory.is_hidden(layout::join(layout::blob(digest(id)), layout::kData));
}

bool Facts::is_missing(DigestId id) const {
  const Blob* blob = blob_behind(id);
  return is_absent(id) && (!blob || is_absent(blob->digest));
}

const Blob* Facts::blob_behind(DigestId id) const {
  if (const Blob* blob = inventory.blob(id)) return blob;
  const auto alias = std::lower_bound(aliases.begin(), aliases.end(), std::pair(id, DigestId{}));
  return alias != aliases.end() && alias->first == id ? inventory.blob(alias->second) : nullptr;
}

std::uint64_t Facts::kept_by(DigestId root) const {
  std::uint64_t bytes = 0;
  Closure(inventory).from(root, [&](DigestId id) {
    const Blob* blob = inventory.blob(id);
    if (blob && !can_be_pulled[index_of(id)]) bytes += blob->bytes;
  });
  return bytes;
}

Facts facts_of(const Inventory& inventory, const StoreFacts& store, Time now) {
  const std::size_t digests = inventory.digests.size();
  Facts facts{.inventory = inventory,
              .store = store,
              .now = now,
              .is_revision = std::vector<bool>(digests),
              .can_be_pulled = std::vector<bool>(digests)};
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
  const auto reach = [&](DigestId root, std::vector<bool>& reached) {
    closure.from(root, [&](DigestId id) { reached[index_of(id)] = true; });
  };
  for (const Repository& repository : inventory.repositories) {
    for (const Link& link : repository.revisions) {
      if (!is_there(link)) continue;
      facts.is_revision[index_of(link.name)] = true;
      reach(link.name, facts.can_be_pulled);
    }
    for (const Tag& tag : repository.tags) {
      if (tag.target && !is_dead(inventory, repository, tag))
        reach(*tag.target, facts.can_be_pulled);
    }
  }
  facts.used = facts.can_be_pulled;  // and what else is linked or tagged
  for (const Repository& repository : inventory.repositories) {
    for (const Link& link : repository.revisions) reach(link.name, facts.used);
    for (const Tag& tag : repository.tags) {
      if (tag.target) reach(*tag.target, facts.used);
    }
  }
  facts.aliases = closure.aliases();
  // Uploads refer to nothing.
  facts.all_references_known = std::all_of(
      inventory.obstacles.begin(), inventory.obstacles.end(),
      [](const Obstacle& one) { return (one.path + '/').find("/_uploads/") != one.path.npos; });
  return facts;
}

}  // namespace regctl::audit
