#include "registry/pulling.h"

#include <algorithm>
#include <iterator>
#include <map>
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
    for (const std::uint32_t tag : newest_first()) follow(tag);
    std::vector<Unpullable> all;
    if (!unknown_.tags.empty()) all.push_back(std::move(unknown_));
    for (auto& [way, one] : seen_) {
      if (!one.lacks.empty() && !one.tags.empty()) all.push_back(std::move(one));
    }
    return all;
  }

 private:
  std::vector<std::uint32_t> newest_first() const {
    std::vector<std::uint32_t> places(repository_.tags.size());
    for (std::uint32_t i = 0; i < places.size(); ++i) places[i] = i;
    std::ranges::stable_sort(places, [&](std::uint32_t a, std::uint32_t b) {
      return repository_.tags[a].modified > repository_.tags[b].modified;
    });
    return places;
  }

  void follow(std::uint32_t place) {
    const Tag& tag = repository_.tags[place];
    if (tag.state != LinkState::present) {
      if (!inventory_.is_hidden(layout::tag_current_link(repository_.name, tag.name)))
        unknown_.tags.push_back(place);
      return;
    }
    open_ = {{*tag.target, std::nullopt}};
    while (!open_.empty()) {
      const auto [manifest, named_by] = open_.back();
      open_.pop_back();
      note(manifest, named_by, place);
    }
  }

  void note(DigestId manifest, std::optional<DigestId> named_by, std::uint32_t tag) {
    const auto [at, is_new] = seen_.try_emplace({manifest, named_by});
    Unpullable& one = at->second;
    if (is_new) one = look_at(manifest, named_by);
    if (!one.tags.empty() && one.tags.back() == tag) return;  // this tag was here before
    one.tags.push_back(tag);
    const auto [opened, is_first] = opened_.try_emplace(manifest, tag);
    if (one.lacks_itself() || (!is_first && std::exchange(opened->second, tag) == tag)) return;
    each_child(manifest, [&](DigestId child) { open_.emplace_back(child, manifest); });
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
  Unpullable unknown_{.repository = place_};
  // A manifest, and the index that names it; empty: a tag.
  using Way = std::pair<DigestId, std::optional<DigestId>>;
  std::map<Way, Unpullable> seen_;            // also those that can be pulled: they lack nothing
  std::map<DigestId, std::uint32_t> opened_;  // the last tag that led there
  std::vector<Way> open_;
};

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
  const bool is_wrong =
      (document && document->state == Document::State::damaged) || wrong_[index_of(id)];
  return is_wrong ? Lack::right_bytes : Lack::nothing;
}

Lack Pulling::of_manifest(const Repository& repository, DigestId id) const {
  const Link* revision = link_named(repository.revisions, id);
  if (revision && revision->state == LinkState::damaged) return Lack::link;
  if (revision && revision->state == LinkState::present) return of_bytes(revision->target);
  const Link* layer = link_named(repository.layers, id);
  if (layer && layer->state == LinkState::present) return of_bytes(layer->target);
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
