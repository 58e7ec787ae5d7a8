// The grammar of places in a distribution v2 tree (distribution's registry/storage/paths.go), our
// quarantine names included. Keys are relative to docker/registry/v2. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "registry/digest.h"
#include "registry/time.h"

namespace regctl::layout {

inline constexpr std::string_view kBlobs = "blobs";
inline constexpr std::string_view kRepositories = "repositories";
inline constexpr std::string_view kLayers = "_layers";
inline constexpr std::string_view kManifests = "_manifests";
inline constexpr std::string_view kUploads = "_uploads";
inline constexpr std::string_view kRevisions = "revisions";
inline constexpr std::string_view kTags = "tags";
inline constexpr std::string_view kLink = "link";
inline constexpr std::string_view kData = "data";

// No registry writes a longer link: a digest of at most 135 characters.
inline constexpr std::size_t kLongestLink = 4096;

std::string join(std::string_view a, std::string_view b);
// The directory that `key` stands in, "" for the top, and its name there.
std::string_view parent_of(std::string_view key);
std::string_view name_of(std::string_view key);
bool is_at_or_below(std::string_view key, std::string_view top);

std::string repository(std::string_view name);
// "sha256/<hex>"
std::string digest_path(const Digest& digest);
// "blobs/sha256/<first two>"
std::string blob_shard(const Digest& digest);
// The directory that holds `data`, and that file.
std::string blob(const Digest& digest);
std::string blob_data(const Digest& digest);
std::string layer_link(std::string_view repository, const Digest& digest);
std::string revision_link(std::string_view repository, const Digest& digest);
std::string tag(std::string_view repository, std::string_view tag);
// The directory of an unfinished upload.
std::string upload(std::string_view repository, std::string_view uuid);
std::string tag_current_link(std::string_view repository, std::string_view tag);

// Whose directory a path is, or is below. Views of it.
struct TagPlace {
  std::string_view repository, tag;
};
std::optional<TagPlace> tag_at(std::string_view path);

// "data.regctl-gc.1795231813.3f1c9b0e": a `data` or `link` renamed in place at `taken` by the run
// `run`.
struct QuarantineName {
  std::string original;
  Time taken;  // whole seconds
  std::string run;
};
std::optional<QuarantineName> parse_quarantine_name(std::string_view name);
std::string quarantine_name(const QuarantineName& name);

// A directory beside blobs/ and repositories/ that stands there while anything is in quarantine, if
// there was room for it.
inline constexpr std::string_view kQuarantineSign = ".regctl-gc.quarantine";

// "regctl-gc.1795231813.3f1c9b0e", below _manifests: holds the tags that the run `run` took at
// `taken`, each its whole directory.
struct TagQuarantine {
  Time taken;  // whole seconds
  std::string run;
};
std::optional<TagQuarantine> parse_tag_quarantine(std::string_view name);
// The directory of one of these tags.
std::string quarantined_tag(std::string_view repository, std::string_view tag,
                            const TagQuarantine& quarantine);

// "<file>.<uuid>.tmp": distribution 3.1 and later write files through these.
bool is_temporary(std::string_view name);

}  // namespace regctl::layout
