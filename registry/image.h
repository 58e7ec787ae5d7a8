// What an image says of itself, for people: for which platform it is, when it was made, of which
// layers and by which commands. Nothing depends on it: all of this may be missing, or a lie.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/digest.h"
#include "registry/result.h"

namespace regctl {

struct Platform {
  std::string os, architecture, variant;  // empty: it does not say

  // "linux/arm64/v8"; empty where there is nothing to tell.
  std::string text() const;

  bool operator==(const Platform&) const = default;
};

// A child of an index, and what the index says of it (OCI image specification, image-index.md).
struct IndexEntry {
  Digest digest;
  Platform platform;

  bool operator==(const IndexEntry&) const = default;
};

// Malformed as in parse_manifest(); fields of an unexpected type are skipped. Several threads may
// call it, and the next.
Result<std::vector<IndexEntry>> parse_index(std::string_view bytes);

// A step of an image's history (OCI image specification, config.md).
struct HistoryStep {
  std::string created, created_by, comment;
  bool empty_layer = false;  // it made no layer

  bool operator==(const HistoryStep&) const = default;
};

struct ImageConfig {
  std::string created;  // as it stands there: RFC 3339, or anything
  Platform platform;
  std::vector<std::optional<Digest>> diff_ids;  // of the layers unpacked, lowest first; empty: none
  std::vector<HistoryStep> history;             // lowest first
};

Result<ImageConfig> parse_image_config(std::string_view bytes);

}  // namespace regctl
