#include "audit/facts.h"

#include <algorithm>
#include <set>

#include "registry/halves.h"
#include "registry/layout.h"
#include "registry/remains.h"

namespace regctl::audit {
namespace {

template <class Value>
std::vector<bool> by_id(const Inventory& inventory, const std::map<Digest, Value>& digests) {
  std::vector<bool> known(inventory.digests.size());
  for (const auto& [digest, value] : digests) {
    if (const auto id = inventory.digests.find(digest)) known[index_of(*id)] = true;
  }
  return known;
}

std::vector<bool> manifests_of(const Inventory& inventory) {
  std::vector<bool> manifests(inventory.digests.size());
  for (const Repository& repository : inventory.repositories) {
    for (const Link& link : repository.revisions) {
      if (is_there(link)) manifests[index_of(link.name)] = true;
    }
    for (const Tag& tag : repository.tags) {
      if (tag.target) manifests[index_of(*tag.target)] = true;
    }
  }
  for (const Document& document : inventory.documents) {
    for (const Reference& reference : document.references) {
      if (reference.role == Role::child) manifests[index_of(reference.to)] = true;
    }
  }
  return manifests;
}

std::vector<bool> healable_in(const Inventory& inventory) {
  std::vector<bool> healable(inventory.digests.size());
  std::set<std::pair<DigestId, std::uint64_t>> copies;
  for (const Quarantined& copy : inventory.quarantined) {
    if (copy.kind != Quarantined::Kind::blob) continue;
    copies.emplace(copy.digest, copy.bytes);
    healable[index_of(copy.digest)] = true;
  }
  if (copies.empty()) return healable;
  for (const Document& document : inventory.documents) {
    for (const Reference& reference : document.references) {
      if (reference.size && !copies.contains({reference.to, *reference.size}))
        healable[index_of(reference.to)] = false;
    }
  }
  return healable;
}

Pulling::Wrong wrong_in(const Inventory& inventory, const Contents& contents) {
  Pulling::Wrong wrong{by_id(inventory, contents.wrong), {}};
  for (const auto& [link, found] : contents.misnamed) {
    const auto name = inventory.digests.find(link.first),
               blob = inventory.digests.find(link.second);
    if (name && blob) wrong.links.emplace(*name, *blob);
  }
  return wrong;
}

// Blobs whose bytes could not be read.
std::vector<bool> unseen_in(const Inventory& inventory, const Contents& contents) {
  std::vector<bool> unseen = by_id(inventory, contents.unread);
  if (inventory.obstacles.empty()) return unseen;
  for (const DigestId id : inventory.blob_directories) {
    if (inventory.is_hidden(layout::blob_data(inventory.digests[id]))) unseen[index_of(id)] = true;
  }
  return unseen;
}

Policy with(Policy policy, bool Policy::*option) {
  policy.*option = true;
  return policy;
}

}  // namespace

bool Facts::is_absent(DigestId id) const {
  return !inventory.has_bytes(id) && !inventory.is_hidden(layout::blob_data(digest(id)));
}

bool Facts::is_missing(DigestId id) const {
  const Blob* blob = blob_behind(id);
  return is_absent(id) && (!blob || is_absent(blob->digest));
}

bool Facts::is_dead(const Repository& repository, const Tag& tag) const {
  const bool is_missing = tag.target && has_link(repository.revisions, *tag.target);
  return !is_missing && regctl::is_dead(inventory, repository, tag);
}

const Blob* Facts::blob_behind(DigestId id) const {
  if (const Blob* blob = inventory.blob(id)) return blob;
  const auto links = aliases_named(id, aliases);
  return links.empty() ? nullptr : inventory.blob(links.front().second);
}

Freed::Freed(const Facts& facts, bool Policy::*option)
    : facts_(facts),
      with_(mark(facts.inventory, with(facts.policy, option), facts.now)),
      closure_(facts.inventory) {}

std::uint64_t Freed::bytes_below(DigestId root) {
  std::uint64_t bytes = 0;
  closure_.restart();
  closure_.from(root, [&](DigestId id) {
    const Blob* blob = facts_.inventory.blob(id);
    if (blob && facts_.mark.live(id) && !with_.live(id)) bytes += blob->bytes;
  });
  return bytes;
}

Facts facts_of(const Inventory& inventory, const StoreFacts& store, const Contents& contents,
               Time now) {
  const Policy policy{.keep_younger_than = Duration(0)};
  Facts facts{.inventory = inventory,
              .store = store,
              .contents = contents,
              .now = now,
              .policy = policy,
              .mark = mark(inventory, policy, now),
              .unreached = {},
              .pulling = Pulling(inventory, wrong_in(inventory, contents)),
              .unpullable = {},
              .in_doubt = {},
              .is_manifest = manifests_of(inventory),
              .can_be_healed = healable_in(inventory),
              .aliases = aliases_in(inventory)};
  facts.unreached = unreached_blobs(inventory, facts.mark, policy, now);
  facts.unpullable = facts.pulling.unpullable();
  if (!contents.unread.empty() || !inventory.obstacles.empty())
    facts.in_doubt =
        Pulling(inventory, {unseen_in(inventory, contents), {}}, Pulling::Hidden::is_lacking)
            .unpullable();
  // Uploads refer to nothing.
  facts.all_references_known = std::all_of(
      inventory.obstacles.begin(), inventory.obstacles.end(),
      [](const Obstacle& one) { return (one.path + '/').find("/_uploads/") != one.path.npos; });
  facts.all_references_known &= !lacks_repositories(inventory);
  return facts;
}

}  // namespace regctl::audit
