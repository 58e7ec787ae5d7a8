#include "registry/manifest.h"

#include <optional>

#include "registry/digest_scan.h"
#include "registry/json_object.h"

namespace regctl {
namespace {

namespace dom = simdjson::dom;

// The last member of that name, which is in lower case.
std::optional<dom::element> member(dom::object object, std::string_view name) {
  std::optional<dom::element> last;
  for (const auto field : object) {
    if (folds_to(field.key, name)) last = field.value;
  }
  return last;
}

// Empty: there is none, or it is of another type.
template <class T>
std::optional<T> member_of(dom::object object, std::string_view name) {
  T value;
  const auto found = member(object, name);
  return found && found->get(value) == simdjson::SUCCESS ? std::optional(value) : std::nullopt;
}
std::string text_of(dom::object object, std::string_view name) {
  return std::string(member_of<std::string_view>(object, name).value_or(""));
}

void add_descriptor(dom::element element, Role role, std::vector<Descriptor>& descriptors) {
  dom::object object;
  if (element.get(object) != simdjson::SUCCESS) return;
  // A build cache is an index of layers and a configuration (BuildKit, cache/remotecache).
  if (role == Role::child && is_blob_media_type(text_of(object, "mediatype"))) role = Role::blob;
  const auto digest = Digest::parse(text_of(object, "digest"), HexCase::either);
  if (!digest) return;
  Descriptor descriptor{.role = role, .digest = *digest};
  descriptor.bytes = member_of<std::uint64_t>(object, "size");
  if (const auto urls = member_of<dom::array>(object, "urls"))
    descriptor.has_urls = urls->size() > 0;
  descriptors.push_back(descriptor);
}

// True if the member is there, as an array.
bool add_descriptors(dom::object object, std::string_view key, Role role,
                     std::vector<Descriptor>& descriptors) {
  const auto array = member_of<dom::array>(object, key);
  if (!array) return false;
  for (dom::element element : *array) add_descriptor(element, role, descriptors);
  return true;
}

bool add_schema1_layers(dom::object object, std::vector<Descriptor>& descriptors) {
  const auto layers = member_of<dom::array>(object, "fslayers");
  if (!layers) return false;
  for (dom::element element : *layers) {
    dom::object layer;
    if (element.get(layer) != simdjson::SUCCESS) continue;
    if (const auto digest = Digest::parse(text_of(layer, "blobsum"), HexCase::either))
      descriptors.push_back({.role = Role::layer, .digest = *digest});
  }
  return true;
}

Manifest manifest_of(dom::object object) {
  Manifest manifest;
  auto& descriptors = manifest.descriptors;
  const bool schema1 = add_schema1_layers(object, descriptors);
  const auto config = member(object, "config");
  if (config) add_descriptor(*config, Role::config, descriptors);
  const bool has_layers = add_descriptors(object, "layers", Role::layer, descriptors);
  const bool has_children = add_descriptors(object, "manifests", Role::child, descriptors);
  const bool has_blobs = add_descriptors(object, "blobs", Role::blob, descriptors);
  if (const auto subject = member(object, "subject"))
    add_descriptor(*subject, Role::subject, descriptors);

  if (has_children)
    manifest.kind = ManifestKind::index;
  else if (config || has_layers)
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
