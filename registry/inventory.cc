#include "registry/inventory.h"

#include <algorithm>

namespace regctl {
namespace {

template <class T>
const T* look_up(const std::vector<T>& items, const std::vector<std::uint32_t>& index,
                 DigestId id) {
  const std::uint32_t place = index_of(id) < index.size() ? index[index_of(id)] : 0;
  return place ? &items[place - 1] : nullptr;
}

}  // namespace

const Link* link_named(const std::vector<Link>& links, DigestId name) {
  const auto at = std::lower_bound(links.begin(), links.end(), name,
                                   [](const Link& link, DigestId id) { return link.name < id; });
  return at != links.end() && at->name == name ? &*at : nullptr;
}

std::size_t Repository::count_manifests() const {
  return static_cast<std::size_t>(std::count_if(revisions.begin(), revisions.end(), is_there));
}

const Blob* Inventory::blob(DigestId id) const { return look_up(blobs, blob_index, id); }
const Document* Inventory::document(DigestId id) const {
  return look_up(documents, document_index, id);
}

std::vector<std::optional<std::uint64_t>> known_sizes(const Inventory& inventory) {
  std::vector<std::optional<std::uint64_t>> sizes(inventory.digests.size());
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
    if (blob.visited && blob.present) sizes[index_of(blob.digest)] = blob.bytes;
  }
  return sizes;
}

}  // namespace regctl
