#include "registry/pulling.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

#include "registry/layout.h"
#include "registry/manifest.h"

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
        manifests_[*tag.target].tags.push_back(i);
      else if (!pulling_.is_excused(layout::tag_current_link(repository_.name, tag.name)))
        unknown.push_back(order_[i]);
    }
    if (!unknown.empty()) all.push_back({.repository = place_, .tags = std::move(unknown)});
    open_all();
    for (auto& [id, manifest] : manifests_) {
      const auto& lacks = manifest.lacks;
      if (!lacks.empty() && !manifest.tags.empty())
        all.push_back(unpullable(id, std::nullopt, lacks, in_inventory(manifest.tags)));
      if (manifest.named_by.empty() ||
          (lacks_itself(id, lacks) && pulling_.was_never_pushed(repository_, id)))
        continue;
      // One may name it twice.
      std::ranges::sort(manifest.named_by, {},
                        [](const Naming& one) { return std::pair(one.index, one.is_of_its_size); });
      const auto end =
          std::unique(manifest.named_by.begin(), manifest.named_by.end(),
                      [](const Naming& a, const Naming& b) { return a.index == b.index; });
      for (auto one = manifest.named_by.begin(); one != end; ++one) {
        if (!lacks.empty())
          all.push_back(unpullable(id, one->index, lacks, tags_above(*one->opened)));
        else if (!one->is_of_its_size)
          all.push_back(
              unpullable(id, one->index, {{id, Lack::right_bytes}}, tags_above(*one->opened)));
      }
    }
    return all;
  }

 private:
  // Of tags: their places in order_, ascending.
  using Tags = std::vector<std::uint32_t>;

  struct Opened;
  // By an index that can be pulled.
  struct Naming {
    DigestId index;
    Opened* opened;
    bool is_of_its_size;  // that the index says
  };
  // A manifest that tags lead to.
  struct Opened {
    bool is_open = false;
    Tags tags;  // that point to it
    std::vector<Lacking> lacks;
    std::vector<Naming> named_by;
    std::optional<SharedList<std::uint32_t>> above;  // tags_above()
    std::uint32_t walk = 0;                          // the last that came here
  };

  std::vector<std::uint32_t> newest_first() const {
    std::vector<std::uint32_t> places(repository_.tags.size());
    for (std::uint32_t i = 0; i < places.size(); ++i) places[i] = i;
    std::ranges::stable_sort(places, [&](std::uint32_t a, std::uint32_t b) {
      return repository_.tags[a].modified > repository_.tags[b].modified;
    });
    return places;
  }

  // Opens what tags lead to, each manifest once.
  void open_all() {
    std::vector<DigestId> open;
    for (const auto& [target, manifest] : manifests_) open.push_back(target);
    while (!open.empty()) {
      const DigestId id = open.back();
      open.pop_back();
      Opened& manifest = manifests_[id];
      if (manifest.is_open) continue;
      manifest.is_open = true;
      manifest.lacks = lacks_of(id);
      if (lacks_itself(id, manifest.lacks)) continue;
      each_child(id, [&](const Reference& child) {
        manifests_[child.to].named_by.push_back(
            {id, &manifest, pulling_.is_of_its_size(repository_, child)});
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
  const SharedList<std::uint32_t>& tags_above(Opened& index) {
    if (index.above) return *index.above;
    Tags tags;
    index.walk = ++walk_;
    std::vector<const Opened*> open = {&index};
    while (!open.empty()) {
      const Opened& manifest = *open.back();
      open.pop_back();
      tags.insert(tags.end(), manifest.tags.begin(), manifest.tags.end());
      for (const Naming& one : manifest.named_by) {
        if (std::exchange(one.opened->walk, walk_) != walk_) open.push_back(one.opened);
      }
    }
    std::ranges::sort(tags);
    return index.above.emplace(in_inventory(std::move(tags)));
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
  std::vector<std::uint32_t> order_;  // places of the tags, newest first
  std::map<DigestId, Opened> manifests_;
  std::uint32_t walk_ = 0;
};

// A layer that some tag points to is no manifest, but sound.
bool is_mismatched(const Document& document) {
  return std::ranges::any_of(document.damage, [](const Damage& one) {
    return one.kind == DamageKind::manifest_mismatched;
  });
}

}  // namespace

Pulling::Pulling(const Inventory& inventory, Wrong wrong, Hidden hidden)
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
  const bool is_wrong = wrong_.blobs[index_of(id)] || (document && is_mismatched(*document));
  return is_wrong ? Lack::right_bytes : Lack::nothing;
}

Lack Pulling::of_manifest_bytes(DigestId id) const {
  const Document* document = inventory_.document(id);
  const Lack lack = of_bytes(id);
  const bool is_none =
      document && (document->state == Document::State::damaged || !document->bad_member.empty() ||
                   document->bytes > kLargestServedManifest);
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
  if (wrong_.links.contains({reference.to, layer->target})) return Lack::right_bytes;
  // Behind a name of another algorithm a registry looks for the link by its own.
  if (layer->target != reference.to && !has_link(repository.layers, layer->target)) {
    const std::string own = layout::layer_link(repository.name, inventory_.digests[layer->target]);
    return is_excused(own) ? Lack::nothing : Lack::link;
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
  return !blob || !blob->present || !reference.size || blob->bytes == *reference.size;
}

bool Pulling::was_never_pushed(const Repository& repository, DigestId child) const {
  if (link_named(repository.revisions, child) || of_manifest(repository, child) == Lack::nothing)
    return false;
  return !inventory_.has_bytes(child) ||
         (linked_[index_of(child)] && !links_all_of(repository, child));
}

bool Pulling::links_all_of(const Repository& repository, DigestId manifest) const {
  const Document* document = inventory_.document(manifest);
  bool any = false;
  if (document) {
    for (const Reference& reference : document->references) {
      if (!reference.is_to_blob()) continue;
      if (!has_link(repository.layers, reference.to)) return false;
      any = true;
    }
  }
  return any;
}

Pulling::Platforms Pulling::platforms_of(const Repository& repository,
                                         const Document& index) const {
  Platforms platforms;
  for (const Reference& reference : index.references) {
    if (reference.role != Role::child || reference.is_attestation) continue;
    ++platforms.all;
    platforms.never_pushed += was_never_pushed(repository, reference.to);
    platforms.handed_out += of_manifest(repository, reference.to) == Lack::nothing;
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
