#include "registry/manifest.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "registry/digest_scan.h"
#include "registry/json_object.h"

namespace regctl {
namespace {

namespace dom = simdjson::dom;

constexpr std::string_view kUnknown = "unknown";

// The last member of that name, which is in lower case; a null leaves what was before it.
std::optional<dom::element> member(dom::object object, std::string_view name) {
  std::optional<dom::element> last;
  for (const auto field : object) {
    if (folds_to(field.key, name) && !(last && field.value.is_null())) last = field.value;
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
// Valid as long as the document.
std::string_view text_of(dom::object object, std::string_view name) {
  return member_of<std::string_view>(object, name).value_or("");
}

bool is_absent(std::optional<dom::element> member) { return !member || member->is_null(); }

// As encoding/json takes them into a field of that type.
bool fits_text(std::optional<dom::element> member) {
  return is_absent(member) || member->is_string();
}
bool fits_size(std::optional<dom::element> member) {
  return is_absent(member) || member->is_int64();
}
bool fits_texts(std::optional<dom::element> member) {
  dom::array texts;
  if (is_absent(member)) return true;
  if (member->get(texts) != simdjson::SUCCESS) return false;
  return std::all_of(texts.begin(), texts.end(), [](dom::element one) { return fits_text(one); });
}
bool fits_annotations(std::optional<dom::element> member) {
  dom::object annotations;
  if (is_absent(member)) return true;
  if (member->get(annotations) != simdjson::SUCCESS) return false;
  return std::all_of(annotations.begin(), annotations.end(),
                     [](const dom::key_value_pair& one) { return fits_text(one.value); });
}
bool fits_platform(std::optional<dom::element> member) {
  dom::object platform;
  if (is_absent(member)) return true;
  if (member->get(platform) != simdjson::SUCCESS) return false;
  for (const char* text : {"architecture", "os", "os.version", "variant"}) {
    if (!fits_text(regctl::member(platform, text))) return false;
  }
  return fits_texts(regctl::member(platform, "os.features")) &&
         fits_texts(regctl::member(platform, "features"));
}

// Of what kind a document of that type is; unknown: a type that others know, perhaps.
ManifestKind kind_of(std::string_view media_type) {
  static constexpr std::pair<std::string_view, ManifestKind> kKinds[] = {
      {"application/vnd.oci.image.manifest.v1+json", ManifestKind::image},
      {"application/vnd.docker.distribution.manifest.v2+json", ManifestKind::image},
      {"application/vnd.oci.image.index.v1+json", ManifestKind::index},
      {"application/vnd.docker.distribution.manifest.list.v2+json", ManifestKind::index},
      {"application/vnd.docker.distribution.manifest.v1+json", ManifestKind::schema1},
      {"application/vnd.docker.distribution.manifest.v1+prettyjws", ManifestKind::schema1},
  };
  for (const auto& [type, kind] : kKinds) {
    if (media_type == type) return kind;
  }
  return ManifestKind::unknown;
}

// Reads one manifest, and notes what is wrong with it.
class ManifestReader {
 public:
  explicit ManifestReader(dom::object object)
      : object_(object),
        is_docker_(text_of(object, "mediatype").starts_with("application/vnd.docker.")) {}

  Manifest run() && {
    // Old registries wrote other digests there.
    const bool schema1 = add_all("fslayers", kNobodyMinds, Role::layer, "blobsum");
    const auto config = member(object_, "config");
    if (!is_absent(config)) add("config", *config, Role::config);
    const bool has_layers = add_all("layers", "layers", Role::layer);
    const bool has_children = add_all("manifests", "manifests", Role::child);
    const bool has_blobs = add_all("blobs", kNobodyMinds, Role::blob);
    const auto subject = member(object_, "subject");
    if (!is_absent(subject)) add(kNobodyMinds, *subject, Role::subject);

    if (has_children)
      manifest_.kind = ManifestKind::index;
    else if (!is_absent(config) || has_layers)
      manifest_.kind = ManifestKind::image;
    else if (schema1)
      manifest_.kind = ManifestKind::schema1;
    else if (has_blobs)
      manifest_.kind = ManifestKind::artifact;
    check_kind();
    check_members(config, has_layers);
    return std::move(manifest_);
  }

 private:
  // The name of a member that nobody who pulls looks into.
  static constexpr std::string_view kNobodyMinds = "";

  void is_bad(std::string_view name) {
    if (manifest_.bad_member.empty()) manifest_.bad_member = name;
  }

  // What has no version may be of a kind that others know, if it says of which. What has one is
  // what its type says, or nothing (distribution, manifest/ocischema and schema2; clients call the
  // rest ambiguous).
  void check_kind() {
    const auto media_type = member(object_, "mediatype");
    if (!fits_text(media_type)) is_bad("mediaType");
    const auto version = member(object_, "schemaversion");
    std::int64_t number = 0;
    if (!is_absent(version) && version->get(number) != simdjson::SUCCESS) is_bad("schemaVersion");
    const std::string_view type = text_of(object_, "mediatype");
    const bool is_image_or_index =
        manifest_.kind == ManifestKind::image || manifest_.kind == ManifestKind::index;
    const ManifestKind said = kind_of(type);
    const bool is_known = type.empty() || said != ManifestKind::unknown;
    if ((is_known && number != 1 && number != 2) || (is_image_or_index && number == 1))
      is_bad("schemaVersion");
    if (is_image_or_index && !type.empty() && said != manifest_.kind) is_bad("mediaType");
    // An image of nothing, to them.
    const ManifestKind taken_for = type.empty() && number == 2 ? ManifestKind::image : said;
    if (!is_image_or_index && taken_for == ManifestKind::image && !member(object_, "manifests"))
      is_bad("config");
  }

  // What clients call ambiguous is of one kind, and has a member of another (containers/image,
  // manifest/common.go). What came with OCI nobody reads in a Docker manifest.
  void check_members(std::optional<dom::element> config, bool has_layers) {
    const bool is_image = manifest_.kind == ManifestKind::image,
               is_index = manifest_.kind == ManifestKind::index;
    if (is_index ? !is_absent(config) : is_image && is_absent(config)) is_bad("config");
    dom::object configuration;
    if (is_image && !is_absent(config) && config->get(configuration) == simdjson::SUCCESS &&
        is_absent(member(configuration, "size")))
      is_bad("config");  // 0, to those that read it
    if (is_index && has_layers) is_bad("layers");
    if (is_image || is_index) {
      if (!is_absent(member(object_, "fslayers"))) is_bad("fsLayers");
      if (!is_absent(member(object_, "history"))) is_bad("history");
    }
    if (is_docker_) return;
    if (!fits_annotations(member(object_, "annotations"))) is_bad("annotations");
    if (const auto subject = member(object_, "subject"); is_image && !is_absent(subject)) {
      dom::object descriptor;
      if (subject->get(descriptor) != simdjson::SUCCESS ||
          !fits_text(member(descriptor, "digest")) || !fits_descriptor(descriptor))
        is_bad("subject");
    }
  }

  // But for its digest.
  bool fits_descriptor(dom::object object) const {
    return fits_size(member(object, "size")) && fits_text(member(object, "mediatype")) &&
           fits_texts(member(object, "urls")) && fits_annotations(member(object, "annotations")) &&
           fits_platform(member(object, "platform")) &&
           (is_docker_ ||
            (fits_text(member(object, "data")) && fits_text(member(object, "artifacttype"))));
  }

  void add(std::string_view name, dom::element element, Role role,
           std::string_view digest_key = "digest") {
    dom::object object;
    if (element.get(object) != simdjson::SUCCESS) return is_bad(name);
    // A build cache is an index of layers and a configuration (BuildKit, cache/remotecache).
    if (role == Role::child && is_blob_media_type(text_of(object, "mediatype"))) role = Role::blob;
    const std::string_view text = text_of(object, digest_key);
    auto digest = Digest::parse(text);
    if (!digest || !fits_descriptor(object)) is_bad(name);
    if (!digest) digest = Digest::parse(text, HexCase::either);
    if (!digest) return;
    Descriptor descriptor{.role = role, .digest = *digest};
    descriptor.bytes = member_of<std::uint64_t>(object, "size");
    if (const auto urls = member_of<dom::array>(object, "urls"))
      descriptor.has_urls = urls->size() > 0;
    if (const auto platform = member_of<dom::object>(object, "platform"))
      descriptor.is_attestation =
          text_of(*platform, "os") == kUnknown && text_of(*platform, "architecture") == kUnknown;
    manifest_.descriptors.push_back(descriptor);
  }

  // `key` is in lower case, as digest_key is. True if the member is there, as an array.
  bool add_all(std::string_view key, std::string_view name, Role role,
               std::string_view digest_key = "digest") {
    const auto found = member(object_, key);
    if (is_absent(found)) return false;
    dom::array array;
    if (found->get(array) != simdjson::SUCCESS) {
      is_bad(name);
      return false;
    }
    manifest_.descriptors.reserve(manifest_.descriptors.size() + array.size());
    for (const dom::element element : array) add(name, element, role, digest_key);
    return true;
  }

  dom::object object_;
  bool is_docker_;
  Manifest manifest_;
};

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
  return read_json_object(bytes, [](dom::object object) { return ManifestReader(object).run(); });
}

}  // namespace regctl
