#include "registry/manifest.h"

#include "registry/json_object.h"

namespace regctl {
namespace {

namespace dom = simdjson::dom;

void add_descriptor(dom::element element, Role role, std::vector<Descriptor>& descriptors) {
  dom::object object;
  if (element.get(object) != simdjson::SUCCESS) return;
  // A build cache is an index of layers and a configuration (BuildKit, cache/remotecache).
  if (role == Role::child && is_blob_media_type(string_at(object, "mediaType"))) role = Role::blob;
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

Manifest manifest_of(dom::object object) {
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
  return read_json_object(bytes, manifest_of);
}

}  // namespace regctl
