#include "registry/pulling.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include "registry/layout.h"

namespace regctl {
namespace {

// What one repository's tags lead to that cannot be pulled.
class OfRepository {
 public:
  OfRepository(const Inventory& inventory, const Pulling& pulling, std::uint32_t place)
      : inventory_(inventory),
        pulling_(pulling),
        place_(place),
        repository_(inventory.repositories[place]) {}

  std::vector<Unpullable> run() && {
    order_ = newest_first();
    std::vector<Unpullable> all;
    std::vector<std::uint32_t> unknown;
    for (std::uint32_t i = 0; i < order_.size(); ++i) {
      const Tag& tag = repository_.tags[order_[i]];
      if (tag.state == LinkState::present)
        tags_[*tag.target].push_back(i);
      else if (!pulling_.is_excused(layout::tag_current_link(repository_.name, tag.name)))
        unknown.push_back(order_[i]);
    }
    if (!unknown.empty()) all.push_back({.repository = place_, .tags = std::move(unknown)});
    open_all();
    for (const auto& [manifest, lacks] : lacks_) {
      const auto tags = tags_.find(manifest);
      if (!lacks.empty() && tags != tags_.end())
        all.push_back(unpullable(manifest, std::nullopt, lacks, in_inventory(tags->second)));
      const auto namers = namers_.find(manifest);
      if (namers == namers_.end() ||
          (lacks_itself(manifest, lacks) && pulling_.was_never_pushed(repository_, manifest)))
        continue;
      sort_unique(namers->second);  // one may name it twice
      for (const DigestId namer : namers->second) {
        if (!lacks.empty())
          all.push_back(unpullable(manifest, namer, lacks, tags_above(namer)));
        else if (misfits_.contains({manifest, namer}))
          all.push_back(
              unpullable(manifest, namer, {{manifest, Lack::right_bytes}}, tags_above(namer)));
      }
    }
    return all;
  }

 private:
  // Of tags: their places in order_, ascending.
  using Tags = std::vector<std::uint32_t>;

  std::vector<std::uint32_t> newest_first() const {
    std::vector<std::uint32_t> places(repository_.tags.size());
    for (std::uint32_t i = 0; i < places.size(); ++i) places[i] = i;
    std::ranges::stable_sort(places, [&](std::uint32_t a, std::uint32_t b) {
      return repository_.tags[a].modified > repository_.tags[b].modified;
    });
    return places;
  }

  // Opens what tags lead to, each manifest once: fills lacks_ and namers_.
  void open_all() {
    std::vector<DigestId> open;
    for (const auto& [target, tags] : tags_) open.push_back(target);
    while (!open.empty()) {
      const DigestId manifest = open.back();
      open.pop_back();
      const auto [at, is_new] = lacks_.try_emplace(manifest);
      if (!is_new) continue;
      at->second = lacks_of(manifest);
      if (lacks_itself(manifest, at->second)) continue;
      each_child(manifest, [&](const Reference& child) {
        namers_[child.to].push_back(manifest);
        if (!pulling_.is_of_its_size(repository_, child)) misfits_.emplace(child.to, manifest);
        open.push_back(child.to);
      });
    }
  }

  std::vector<Lacking> lacks_of(DigestId manifest) const {
    if (const Lack lack = pulling_.of_manifest(repository_, manifest); lack != Lack::nothing)
      return {{manifest, lack}};
    std::vector<Lacking> lacks;
    const Document* document = inventory_.document(manifest);
    if (!document || document->state != Document::State::sound) return lacks;
    const Pulling::Platforms platforms = pulling_.platforms_of(repository_, *document);
    if (platforms.all && platforms.never_pushed == platforms.all)
      return {{manifest, Lack::platforms}};
    for (const Reference& reference : document->references) {
      if (!reference.is_to_blob()) continue;
      if (const Lack lack = pulling_.of_blob(repository_, reference); lack != Lack::nothing)
        lacks.push_back({reference.to, lack});
    }
    return lacks;
  }

  // Nothing is known of what it names.
  static bool lacks_itself(DigestId manifest, const std::vector<Lacking>& lacks) {
    return !lacks.empty() && lacks.front().digest == manifest;
  }

  template <class Visit>
  void each_child(DigestId manifest, Visit visit) const {
    const Document* document = inventory_.document(manifest);
    if (!document || document->state != Document::State::sound) return;
    for (const Reference& reference : document->references) {
      if (reference.role == Role::child) visit(reference);
    }
  }

  // Those that lead to an index, by whatever way.
  const SharedList<std::uint32_t>& tags_above(DigestId index) {
    const auto [at, is_new] = above_.try_emplace(index);
    if (!is_new) return at->second;
    Tags tags;
    std::set<DigestId> seen = {index};
    std::vector<DigestId> open = {index};
    while (!open.empty()) {
      const DigestId manifest = open.back();
      open.pop_back();
      if (const auto own = tags_.find(manifest); own != tags_.end())
        tags.insert(tags.end(), own->second.begin(), own->second.end());
      const auto namers = namers_.find(manifest);
      if (namers == namers_.end()) continue;
      for (const DigestId namer : namers->second) {
        if (seen.insert(namer).second) open.push_back(namer);
      }
    }
    std::ranges::sort(tags);
    return at->second = in_inventory(std::move(tags));
  }
  SharedList<std::uint32_t> in_inventory(Tags tags) const {
    for (std::uint32_t& tag : tags) tag = order_[tag];
    return tags;
  }

  Unpullable unpullable(DigestId manifest, std::optional<DigestId> named_by,
                        const std::vector<Lacking>& lacks,
                        const SharedList<std::uint32_t>& tags) const {
    return {.repository = place_,
            .manifest = manifest,
            .named_by = named_by,
            .lacks = lacks,
            .tags = tags};
  }

  const Inventory& inventory_;
  const Pulling& pulling_;
  const std::uint32_t place_;
  const Repository& repository_;
  std::vector<std::uint32_t> order_;                // places of the tags, newest first
  std::map<DigestId, Tags> tags_;                   // by their targets
  std::map<DigestId, std::vector<Lacking>> lacks_;  // of all that was opened
  std::map<DigestId, std::vector<DigestId>>
      namers_;  // indexes that can be pulled, by their children
  std::set<std::pair<DigestId, DigestId>> misfits_;  // children of another size than their indexes
                                                     // say, and these
  std::map<DigestId, SharedList<std::uint32_t>> above_;  // tags_above()
};

// A layer that some tag points to is no manifest, but sound.
bool is_mismatched(const Document& document) {
  return std::ranges::any_of(document.damage, [](const Damage& one) {
    return one.kind == DamageKind::manifest_mismatched;
  });
}

}  // namespace

Pulling::Pulling(const Inventory& inventory, std::vector<bool> wrong, Hidden hidden)
    : inventory_(inventory),
      wrong_(std::move(wrong)),
      hidden_(hidden),
      linked_(inventory.digests.size()) {
  for (const Repository& repository : inventory.repositories) {
    for (const Link& revision : repository.revisions) {
      if (is_there(revision)) linked_[index_of(revision.name)] = true;
    }
  }
}

bool Pulling::is_excused(const std::string& key) const {
  return hidden_ == Hidden::is_there && !inventory_.obstacles.empty() && inventory_.is_hidden(key);
}

Lack Pulling::of_bytes(DigestId id) const {
  if (!inventory_.has_bytes(id)) {
    const Digest& digest = inventory_.digests[id];
    const std::string data = layout::blob_data(digest);
    return is_excused(data) ? Lack::nothing : Lack::bytes;
  }
  const Document* document = inventory_.document(id);
  const bool is_wrong = wrong_[index_of(id)] || (document && is_mismatched(*document));
  return is_wrong ? Lack::right_bytes : Lack::nothing;
}

Lack Pulling::of_manifest_bytes(DigestId id) const {
  const Document* document = inventory_.document(id);
  const Lack lack = of_bytes(id);
  const bool is_none = document && document->state == Document::State::damaged;
  return lack == Lack::nothing && is_none && inventory_.has_bytes(id) ? Lack::right_bytes : lack;
}

Lack Pulling::of_manifest(const Repository& repository, DigestId id) const {
  const Link* revision = link_named(repository.revisions, id);
  if (revision && revision->state == LinkState::damaged) return Lack::link;
  if (revision && revision->state == LinkState::present) return of_manifest_bytes(revision->target);
  const Link* layer = link_named(repository.layers, id);
  if (layer && layer->state == LinkState::present) return of_manifest_bytes(layer->target);
  const Digest& digest = inventory_.digests[id];
  const bool hidden = is_excused(layout::revision_link(repository.name, digest)) ||
                      is_excused(layout::layer_link(repository.name, digest));
  return hidden ? Lack::nothing : Lack::link;
}

Lack Pulling::of_blob(const Repository& repository, const Reference& reference) const {
  if (reference.has_urls) return Lack::nothing;  // clients go there
  const Link* layer = link_named(repository.layers, reference.to);
  if (!layer || layer->state != LinkState::present) {
    const std::string link = layout::layer_link(repository.name, inventory_.digests[reference.to]);
    return is_excused(link) ? Lack::nothing : Lack::link;
  }
  if (const Lack lack = of_bytes(layer->target); lack != Lack::nothing) return lack;
  return is_of_its_size(repository, reference) ? Lack::nothing : Lack::right_bytes;
}

bool Pulling::is_of_its_size(const Repository& repository, const Reference& reference) const {
  const Link* revision = link_named(repository.revisions, reference.to);
  const Link* link = revision && revision->state == LinkState::present
                         ? revision
                         : link_named(repository.layers, reference.to);
  const Blob* blob =
      link && link->state == LinkState::present ? inventory_.blob(link->target) : nullptr;
  const bool is_seen = blob && blob->visited && blob->present;
  return !is_seen || !reference.size || blob->bytes == *reference.size;
}

bool Pulling::was_never_pushed(const Repository& repository, DigestId child) const {
  if (link_named(repository.revisions, child) || of_manifest(repository, child) == Lack::nothing)
    return false;
  return !inventory_.has_bytes(child) || linked_[index_of(child)];
}

Pulling::Platforms Pulling::platforms_of(const Repository& repository,
                                         const Document& index) const {
  Platforms platforms;
  for (const Reference& reference : index.references) {
    if (reference.role != Role::child) continue;
    ++platforms.all;
    platforms.never_pushed += was_never_pushed(repository, reference.to);
  }
  return platforms;
}

std::vector<Unpullable> Pulling::unpullable() const {
  std::vector<Unpullable> all;
  for (std::uint32_t i = 0; i < inventory_.repositories.size(); ++i)
    std::ranges::move(OfRepository(inventory_, *this, i).run(), std::back_inserter(all));
  return all;
}

}  // namespace regctl
