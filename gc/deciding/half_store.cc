#include "gc/deciding/half_store.h"

#include <algorithm>

#include "registry/closure.h"
#include "registry/halves.h"
#include "registry/marking/ages.h"

namespace regctl::gc {
namespace {

using report::Code;
using report::Message;

constexpr std::uint64_t kFewAnywhere = 2;  // so many are damage, whatever share they are

struct Share {
  std::uint64_t missing = 0, all = 0;

  void count(bool is_missing) {
    ++all;
    if (is_missing) ++missing;
  }
};

// Of revision links: those that name manifests without bytes, also in quarantine.
Share manifests_of(const Inventory& inventory) {
  Share share;
  for (const Repository& repository : inventory.repositories) {
    for (const Link& revision : repository.revisions) {
      const Document* document = inventory.document(revision.name);
      if (is_there(revision)) share.count(document && document->is_missing());
    }
  }
  return share;
}

// Of tags, but for those that go: those that have no sound current link. A young one may be getting
// it.
Share tags_of(const Judged& judged) {
  Share share;
  for (std::size_t i = 0; i < judged.inventory.repositories.size(); ++i) {
    const Repository& repository = judged.inventory.repositories[i];
    for (std::size_t k = 0; k < repository.tags.size(); ++k) {
      const Tag& tag = repository.tags[k];
      if (judged.mark.repositories[i].spent[k]) continue;
      const bool begins = tag.state == LinkState::pending &&
                          is_young(newest_time(tag), judged.policy.keep_younger_than, judged.now);
      if (!begins) share.count(tag.state != LinkState::present);
    }
  }
  return share;
}

// Of what live manifests need as layers and configurations: what is not there, neither under its
// own name nor under the one that an alias link tells, nor in quarantine. What may live elsewhere
// is not counted.
Share layers_of(const Inventory& inventory, const Mark& mark) {
  std::vector<bool> has_copy(inventory.digests.size()), needed(inventory.digests.size());
  for (const Quarantined& copy : inventory.quarantined) {
    if (copy.kind == Quarantined::Kind::blob) has_copy[index_of(copy.digest)] = true;
  }
  for (const Document& document : inventory.documents) {
    if (document.state != Document::State::sound || !mark.live(document.digest)) continue;
    for (const Reference& reference : document.references) {
      if (reference.is_to_blob() && !reference.has_urls) needed[index_of(reference.to)] = true;
    }
  }
  Closure closure(inventory);
  const auto is_missing = [&](DigestId id) {
    bool found = false;
    closure.restart();
    closure.from(
        id, [&](DigestId name) { found |= inventory.has_bytes(name) || has_copy[index_of(name)]; });
    return !found;
  };
  Share share;
  for (std::size_t i = 0; i < needed.size(); ++i) {
    if (needed[i]) share.count(is_missing(static_cast<DigestId>(i)));
  }
  return share;
}

}  // namespace

void refuse_half_stores(const Judged& judged, std::vector<Message>& refusals) {
  const Inventory& inventory = judged.inventory;
  if (lacks_blobs(inventory)) refusals.push_back({.code = Code::blobs_missing, .path = "blobs"});
  if (lacks_repositories(inventory))
    refusals.push_back({.code = Code::repositories_missing, .path = "repositories"});

  const std::uint64_t limit = judged.margins.max_damage;
  const auto refuse = [&](Code code, const Share& share) {
    const std::uint64_t passes = percent_up(share.missing, share.all);
    if (share.missing <= kFewAnywhere || passes <= limit) return;
    refusals.push_back(
        {.code = code,
         .arguments = {report::Count{share.missing}, report::Count{share.all}, limit, passes}});
  };
  refuse(Code::half_of_manifests, manifests_of(inventory));
  refuse(Code::half_of_tags, tags_of(judged));
  // What has not been asked for yet is missing in a cache, and nothing is wrong.
  if (!judged.store.pull_through_cache)
    refuse(Code::half_of_layers, layers_of(inventory, judged.mark));
}

}  // namespace regctl::gc
