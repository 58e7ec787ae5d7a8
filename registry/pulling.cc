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
    const std::vector<std::uint32_t> order = newest_first();
    std::vector<Unpullable> all;
    Unpullable unknown{.repository = place_};
    std::map<DigestId, std::vector<std::uint32_t>> tags;  // places in the order, by their targets
    for (std::uint32_t i = 0; i < order.size(); ++i) {
      const Tag& tag = repository_.tags[order[i]];
      if (tag.state == LinkState::present)
        tags[*tag.target].push_back(i);
      else if (!inventory_.is_hidden(layout::tag_current_link(repository_.name, tag.name)))
        unknown.tags.push_back(order[i]);
    }
    if (!unknown.tags.empty()) all.push_back(std::move(unknown));
    for (const auto& [target, of_target] : tags) follow(target, of_target);
    for (auto& [way, seen] : seen_) {
      if (seen.one.lacks.empty()) continue;
      std::ranges::sort(seen.one.tags);
      for (std::uint32_t& tag : seen.one.tags) tag = order[tag];
      all.push_back(std::move(seen.one));
    }
    return all;
  }

 private:
  // A manifest, and the index that names it; empty: a tag.
  using Way = std::pair<DigestId, std::optional<DigestId>>;
  struct Seen {
    Unpullable one;  // tags: as in newest_first(), until the end; lacks nothing: can be pulled
    std::optional<DigestId> from;  // the last target of tags that led here
  };

  std::vector<std::uint32_t> newest_first() const {
    std::vector<std::uint32_t> places(repository_.tags.size());
    for (std::uint32_t i = 0; i < places.size(); ++i) places[i] = i;
    std::ranges::stable_sort(places, [&](std::uint32_t a, std::uint32_t b) {
      return repository_.tags[a].modified > repository_.tags[b].modified;
    });
    return places;
  }

  void follow(DigestId target, const std::vector<std::uint32_t>& tags) {
    std::set<DigestId> opened;
    std::vector<Way> open = {{target, std::nullopt}};
    while (!open.empty()) {
      const Way way = open.back();
      open.pop_back();
      const auto [at, is_new] = seen_.try_emplace(way);
      Seen& seen = at->second;
      if (is_new) seen.one = look_at(way.first, way.second);
      if (seen.from == target) continue;
      seen.from = target;
      if (!seen.one.lacks.empty())
        seen.one.tags.insert(seen.one.tags.end(), tags.begin(), tags.end());
      if (seen.one.lacks_itself() || !opened.insert(way.first).second) continue;
      each_child(way.first, [&](DigestId child) { open.emplace_back(child, way.first); });
    }
  }

  template <class Visit>
  void each_child(DigestId manifest, Visit visit) const {
    const Document* document = inventory_.document(manifest);
    if (!document || document->state != Document::State::sound) return;
    for (const Reference& reference : document->references) {
      if (reference.role == Role::child) visit(reference.to);
    }
  }

  Unpullable look_at(DigestId manifest, std::optional<DigestId> named_by) const {
    Unpullable one{.repository = place_, .manifest = manifest, .named_by = named_by};
    if (const Lack lack = pulling_.of_manifest(repository_, manifest); lack != Lack::nothing) {
      one.lacks = {{manifest, lack}};
      one.never_pushed = named_by && pulling_.was_never_pushed(repository_, manifest);
      return one;
    }
    const Document* document = inventory_.document(manifest);
    if (!document || document->state != Document::State::sound) return one;
    for (const Reference& reference : document->references) {
      if (!reference.is_to_blob()) continue;
      if (const Lack lack = pulling_.of_blob(repository_, reference); lack != Lack::nothing)
        one.lacks.push_back({reference.to, lack});
    }
    return one;
  }

  const Inventory& inventory_;
  const Pulling& pulling_;
  const std::uint32_t place_;
  const Repository& repository_;
  std::map<Way, Seen> seen_;
};

// A layer that some tag points to is no manifest, but sound.
bool is_mismatched(const Document& document) {
  return std::ranges::any_of(document.damage, [](const Damage& one) {
    return one.kind == DamageKind::manifest_mismatched;
  });
}

// Whether the file at `key`, which was not found, may be there all the same.
bool may_be_hidden(const Inventory& inventory, const std::string& key) {
  return !inventory.obstacles.empty() && inventory.is_hidden(key);
}

}  // namespace

Pulling::Pulling(const Inventory& inventory, std::vector<bool> wrong)
    : inventory_(inventory), wrong_(std::move(wrong)), linked_(inventory.digests.size()) {
  for (const Repository& repository : inventory.repositories) {
    for (const Link& revision : repository.revisions) {
      if (is_there(revision)) linked_[index_of(revision.name)] = true;
    }
  }
}

Lack Pulling::of_bytes(DigestId id) const {
  if (!inventory_.has_bytes(id)) {
    const Digest& digest = inventory_.digests[id];
    const std::string data = layout::blob_data(digest);
    return may_be_hidden(inventory_, data) ? Lack::nothing : Lack::bytes;
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
  const bool hidden = may_be_hidden(inventory_, layout::revision_link(repository.name, digest)) ||
                      may_be_hidden(inventory_, layout::layer_link(repository.name, digest));
  return hidden ? Lack::nothing : Lack::link;
}

Lack Pulling::of_blob(const Repository& repository, const Reference& reference) const {
  if (reference.has_urls) return Lack::nothing;  // clients go there
  const Link* layer = link_named(repository.layers, reference.to);
  if (!layer || layer->state != LinkState::present) {
    const std::string link = layout::layer_link(repository.name, inventory_.digests[reference.to]);
    return may_be_hidden(inventory_, link) ? Lack::nothing : Lack::link;
  }
  if (const Lack lack = of_bytes(layer->target); lack != Lack::nothing) return lack;
  const Blob* blob = inventory_.blob(layer->target);
  const bool is_seen = blob && blob->visited && blob->present;
  return is_seen && reference.size && blob->bytes != *reference.size ? Lack::right_bytes
                                                                     : Lack::nothing;
}

bool Pulling::was_never_pushed(const Repository& repository, DigestId child) const {
  if (link_named(repository.revisions, child)) return false;
  return !inventory_.has_bytes(child) || linked_[index_of(child)];
}

std::vector<Unpullable> Pulling::unpullable() const {
  std::vector<Unpullable> all;
  for (std::uint32_t i = 0; i < inventory_.repositories.size(); ++i)
    std::ranges::move(OfRepository(inventory_, *this, i).run(), std::back_inserter(all));
  return all;
}

}  // namespace regctl
