#include "registry/inventory.h"

#include <algorithm>
#include <iterator>

#include "registry/layout.h"
namespace regctl {
namespace {

std::uint32_t place_in(const std::vector<std::uint32_t>& index, DigestId id) {
  return index_of(id) < index.size() ? index[index_of(id)] : 0;
}

template <class T>
const T* look_up(const std::vector<T>& items, const std::vector<std::uint32_t>& index,
                 DigestId id) {
  const std::uint32_t place = place_in(index, id);
  return place && place != Inventory::kUnseen ? &items[place - 1] : nullptr;
}

}  // namespace

DamageClass class_of(DamageKind kind) {
  switch (kind) {
    case DamageKind::manifest_missing:
      return DamageClass::manifest_missing;
    case DamageKind::manifest_mismatched:
      return DamageClass::manifest_mismatched;
    case DamageKind::manifest_not_a_file:
    case DamageKind::manifest_too_large:
    case DamageKind::manifest_empty:
    case DamageKind::manifest_not_json:
      return DamageClass::manifest_unparsable;
    case DamageKind::link_empty:
      return DamageClass::link_empty;
    case DamageKind::link_to_another:
      return DamageClass::link_to_another;
    case DamageKind::link_not_a_file:
    case DamageKind::link_without_digest:
    case DamageKind::link_too_long:
    case DamageKind::place_without_digest:
      break;
  }
  return DamageClass::link_invalid;
}

const Link* link_named(const std::vector<Link>& links, DigestId name) {
  const auto at = std::lower_bound(links.begin(), links.end(), name,
                                   [](const Link& link, DigestId id) { return link.name < id; });
  return at != links.end() && at->name == name ? &*at : nullptr;
}

bool has_link(const std::vector<Link>& links, DigestId name) {
  const Link* link = link_named(links, name);
  return link && is_there(*link);
}

const Tag* tag_named(const std::vector<Tag>& tags, std::string_view name) {
  const auto at =
      std::lower_bound(tags.begin(), tags.end(), name,
                       [](const Tag& one, std::string_view wanted) { return one.name < wanted; });
  return at != tags.end() && at->name == name ? &*at : nullptr;
}

std::size_t Repository::count_manifests() const {
  return static_cast<std::size_t>(std::count_if(revisions.begin(), revisions.end(), is_there));
}

bool Repository::is_empty() const {
  return count_manifests() == 0 && tags.empty() && uploads.empty();
}

const Blob* Inventory::blob(DigestId id) const { return look_up(blobs, blob_index, id); }
const Document* Inventory::document(DigestId id) const {
  return look_up(documents, document_index, id);
}

bool Inventory::has_directory(DigestId id) const { return place_in(blob_index, id) != 0; }

bool Inventory::has_bytes(DigestId id) const {
  const Blob* found = blob(id);
  return found ? found->present : has_directory(id);
}

const Obstacle* Inventory::obstacle_above(std::string_view path) const {
  for (; !path.empty(); path = layout::parent_of(path)) {
    const auto at = std::lower_bound(
        obstacles.begin(), obstacles.end(), path,
        [](const Obstacle& one, std::string_view wanted) { return one.path < wanted; });
    if (at != obstacles.end() && at->path == path) return &*at;
  }
  return nullptr;
}

bool Inventory::is_hidden(std::string_view path) const {
  const Obstacle* obstacle = obstacle_above(path);
  return obstacle && hides(*obstacle);
}

const Repository* Inventory::repository(std::string_view name) const {
  const auto at = std::lower_bound(
      repositories.begin(), repositories.end(), name,
      [](const Repository& one, std::string_view wanted) { return one.name < wanted; });
  if (at != repositories.end() && at->name == name) return &*at;
  if (aliases.empty()) return nullptr;
  const auto named =
      std::find_if(repositories.begin(), repositories.end(), [&](const Repository& one) {
        return std::binary_search(one.other_names.begin(), one.other_names.end(), name);
      });
  return named != repositories.end() ? &*named : nullptr;
}

const Tag* Inventory::tag(std::string_view repository_name, std::string_view name) const {
  const Repository* found = repository(repository_name);
  return found ? tag_named(found->tags, name) : nullptr;
}

const Quarantined* Inventory::quarantined_blob(DigestId id) const {
  const auto what = [](const Quarantined& copy) { return std::pair(copy.kind, copy.digest); };
  const std::pair blob(Quarantined::Kind::blob, id);
  const auto end = std::ranges::upper_bound(quarantined, blob, {}, what);
  return end != quarantined.begin() && what(*std::prev(end)) == blob ? &*std::prev(end) : nullptr;
}

std::vector<KnownSize> known_sizes(const Inventory& inventory) {
  std::vector<KnownSize> sizes(inventory.digests.size());
  for (const Document& document : inventory.documents) {
    for (const Reference& reference : document.references) {
      auto& size = sizes[index_of(reference.to)];
      if (reference.size) size = std::max(size.value_or(0), *reference.size);
    }
  }
  for (const Document& document : inventory.documents) {
    if (document.state != Document::State::absent)
      sizes[index_of(document.digest)] = document.bytes;
  }
  for (const Blob& blob : inventory.blobs) {
    if (blob.present) sizes[index_of(blob.digest)] = blob.bytes;
  }
  return sizes;
}

}  // namespace regctl
