#include "registry/manifest.h"

#include <simdjson.h>

#include <new>

namespace regctl {
namespace {

namespace dom = simdjson::dom;

std::string string_at(dom::object object, std::string_view key) {
  std::string_view text;
  return object[key].get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
}

void add_descriptor(dom::element element, Role role, std::vector<Descriptor>& descriptors) {
  dom::object object;
  if (element.get(object) != simdjson::SUCCESS) return;
  const auto digest = Digest::parse(string_at(object, "digest"), HexCase::either);
  if (!digest) return;
  Descriptor descriptor{.role = role, .digest = *digest};
  if (std::uint64_t size; object["size"].get(size) == simdjson::SUCCESS) descriptor.bytes = size;
  if (dom::array urls; object["urls"].get(urls) == simdjson::SUCCESS)
    descriptor.has_urls = urls.size() > 0;
  descriptors.push_back(descriptor);
}

// True if the member is there, as an array.
bool add_descriptors(dom::object object, std::string_view key, Role role,
                     std::vector<Descriptor>& descriptors) {
  dom::array array;
  if (object[key].get(array) != simdjson::SUCCESS) return false;
  for (dom::element element : array) add_descriptor(element, role, descriptors);
  return true;
}

bool add_schema1_layers(dom::object object, std::vector<Descriptor>& descriptors) {
  dom::array layers;
  if (object["fsLayers"].get(layers) != simdjson::SUCCESS) return false;
  for (dom::element element : layers) {
    dom::object layer;
    if (element.get(layer) != simdjson::SUCCESS) continue;
    if (const auto digest = Digest::parse(string_at(layer, "blobSum"), HexCase::either))
      descriptors.push_back({.role = Role::layer, .digest = *digest});
  }
  return true;
}

}  // namespace

bool is_blob_media_type(std::string_view media_type) {
  static constexpr std::string_view kFamilies[] = {
      "application/vnd.oci.image.layer.",      "application/vnd.oci.image.config.",
      "application/vnd.docker.image.rootfs.",  "application/vnd.docker.container.image.",
      "application/vnd.docker.plugin.",        "application/vnd.oci.empty.",
      "application/vnd.buildkit.cacheconfig.",
  };
  for (std::string_view family : kFamilies) {
    if (media_type.starts_with(family)) return true;
  }
  return false;
}

Result<Manifest> parse_manifest(std::string_view bytes) {
  // A parser keeps the memory of the largest document it has seen: the unusual ones get one of
  // their own.
  thread_local dom::parser usual;
  dom::parser unusual;
  dom::parser& parser = bytes.size() > 65536 ? unusual : usual;
  dom::object object;
  const auto error = parser.parse(bytes.data(), bytes.size()).get(object);
  if (error == simdjson::MEMALLOC) {
    parser = dom::parser();  // half allocated, it would write where nothing is
    throw std::bad_alloc();
  }
  if (error) return Malformed{simdjson::error_message(error)};

  Manifest manifest;
  auto& descriptors = manifest.descriptors;
  const bool schema1 = add_schema1_layers(object, descriptors);
  dom::element config;
  const bool has_config = object["config"].get(config) == simdjson::SUCCESS;
  if (has_config) add_descriptor(config, Role::config, descriptors);
  const bool has_layers = add_descriptors(object, "layers", Role::layer, descriptors);
  const bool has_children = add_descriptors(object, "manifests", Role::child, descriptors);
  const bool has_blobs = add_descriptors(object, "blobs", Role::blob, descriptors);
  if (dom::element subject; object["subject"].get(subject) == simdjson::SUCCESS)
    add_descriptor(subject, Role::subject, descriptors);

  if (has_children)
    manifest.kind = ManifestKind::index;
  else if (has_config || has_layers)
    manifest.kind = ManifestKind::image;
  else if (schema1)
    manifest.kind = ManifestKind::schema1;
  else if (has_blobs)
    manifest.kind = ManifestKind::artifact;
  return manifest;
}

}  // namespace regctl
