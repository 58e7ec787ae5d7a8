#include "registry/remains.h"

#include <algorithm>
#include <set>

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

std::optional<Digest> subject_named_by(std::string_view tag) {
  constexpr std::string_view kPrefix = "sha256-";
  constexpr std::size_t kHex = 64;
  if (!tag.starts_with(kPrefix)) return std::nullopt;
  const std::string_view hex = tag.substr(kPrefix.size(), kHex),
                         rest = tag.substr(std::min(tag.size(), kPrefix.size() + kHex));
  if (!rest.empty() && rest[0] != '.') return std::nullopt;
  return Digest::from_hex(Algorithm::sha256, hex);
}

Orphans::Orphans(const Inventory& inventory)
    : inventory_(inventory), linked_(inventory.digests.size()) {
  for (const Repository& repository : inventory.repositories) {
    for (const Link& revision : repository.revisions) {
      if (revision.state != LinkState::pending) linked_[index_of(revision.name)] = true;
    }
  }
}

bool Orphans::is_gone(const Repository& repository, DigestId manifest) const {
  const Link* revision = link_named(repository.revisions, manifest);
  return revision ? revision->state == LinkState::pending : !linked_[index_of(manifest)];
}

bool Orphans::is_orphan(const Repository& repository, const Tag& tag) const {
  const auto subject = subject_named_by(tag.name);
  if (!subject) return false;
  const auto id = inventory_.digests.find(*subject);
  return !id || is_gone(repository, *id);
}

std::vector<bool> Orphans::revisions(const Repository& repository,
                                     const std::vector<DigestId>& orphans) const {
  std::set<DigestId> found(orphans.begin(), orphans.end());
  const auto refers_to_nothing = [&](const Link& revision) {
    const Document* document = inventory_.document(revision.name);
    return document && !document->subjects.empty() &&
           std::all_of(document->subjects.begin(), document->subjects.end(),
                       [&](DigestId id) { return found.contains(id) || is_gone(repository, id); });
  };
  for (bool grown = true; grown;) {
    grown = false;
    for (const Link& revision : repository.revisions) {
      if (!found.contains(revision.name) && refers_to_nothing(revision))
        grown = found.insert(revision.name).second;
    }
  }
  std::vector<bool> are(repository.revisions.size());
  for (std::size_t i = 0; i < are.size(); ++i)
    are[i] = found.contains(repository.revisions[i].name);
  return are;
}

bool may_be_dead(const Inventory& inventory, const Repository& repository, const Tag& tag) {
  return tag.state == LinkState::present && tag.history.empty() &&
         !link_named(repository.revisions, *tag.target) && has_no_bytes(inventory, *tag.target);
}

}  // namespace regctl
