// What a manifest says of itself, for people and for sizes: its kind, its descriptors and their
// roles. Never asked what is reachable (digest_scan.h): a document this cannot read is still
// scanned.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/digest.h"
#include "registry/result.h"

namespace regctl {

// A manifest is never larger than this.
inline constexpr std::size_t kLargestManifest = std::size_t{64} << 20;
// Larger ones are neither taken nor handed out: distribution since 2.8
// (registry/storage/blobstore.go), and the clients of podman and skopeo.
inline constexpr std::size_t kLargestServedManifest = std::size_t{4} << 20;

// A layer's or a configuration's media type: what such a descriptor names is never opened as a
// manifest.
bool is_blob_media_type(std::string_view media_type);

enum class ManifestKind : std::uint8_t {
  unknown,   // an object of no known shape
  image,     // OCI image manifest, Docker schema 2
  index,     // OCI index, Docker manifest list
  artifact,  // OCI artifact manifest (1.1 release candidates)
  schema1,   // Docker schema 1
};

enum class Role : std::uint8_t { config, layer, child, blob, subject };

// One descriptor (OCI image specification, descriptor.md), or a blobSum of schema 1.
struct Descriptor {
  Role role;
  Digest digest;
  std::optional<std::uint64_t> bytes;  // empty: the descriptor does not say
  bool has_urls = false;               // content may legally live elsewhere
  bool is_attestation = false;         // of no platform: "unknown/unknown" (BuildKit)

  bool operator==(const Descriptor&) const = default;
};

struct Manifest {
  ManifestKind kind = ManifestKind::unknown;
  std::vector<Descriptor> descriptors;
  // A member for which registries do not hand it out, or no client takes it: of a type that the
  // specification does not give it, without the digest that should be there, or a `schemaVersion`
  // that nobody knows (distribution, registry/storage/manifeststore.go). Static; empty: none.
  std::string_view bad_member;
};

// Reads the documents of the OCI image specification and of distribution's manifest/ packages by
// shape, not by media type, and as encoding/json does: keys match in either case, and the last of
// several counts. Fields of an unexpected type are skipped, and the first named in `bad_member`.
// Malformed: not a JSON object. Several threads may call it.
Result<Manifest> parse_manifest(std::string_view bytes);

}  // namespace regctl
