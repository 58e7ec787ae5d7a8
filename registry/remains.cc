#include "registry/remains.h"

#include <algorithm>

namespace regctl {
namespace {

bool knows(const Tag& tag, DigestId manifest) {
  return std::any_of(tag.history.begin(), tag.history.end(),
                     [&](const TagEntry& entry) { return entry.digest == manifest; });
}

bool has_no_bytes(const Inventory& inventory, DigestId manifest) {
  const Document* document = inventory.document(manifest);
  return document && (document->state == Document::State::absent || document->is_missing());
}

}  // namespace

bool is_dead(const Inventory& inventory, const Repository& repository, const Tag& tag) {
  if (tag.state == LinkState::pending) return tag.history.empty();
  if (tag.state != LinkState::present) return false;
  const Link* revision = link_named(repository.revisions, *tag.target);
  if (revision && revision->state == LinkState::pending) return true;
  return has_no_bytes(inventory, *tag.target) && (revision || knows(tag, *tag.target));
}

bool may_be_dead(const Inventory& inventory, const Repository& repository, const Tag& tag) {
  return tag.state == LinkState::present && tag.history.empty() &&
         !link_named(repository.revisions, *tag.target) && has_no_bytes(inventory, *tag.target);
}

}  // namespace regctl
