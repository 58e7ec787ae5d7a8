// Findings: what an audit can say, each kind a row of one table.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "registry/digest.h"
#include "registry/inventory.h"
#include "registry/shared_list.h"
#include "report/message.h"

namespace regctl::audit {

enum class Severity : std::uint8_t { error, warning, info };
std::string_view name_of(Severity severity);

// In the order of the table; the ids are stable.
enum class Rule : std::uint8_t {
  blob_digest_mismatch,
  blob_size_mismatch,
  blob_missing,
  manifest_missing,
  manifest_unparsable,
  manifest_oversized,
  manifest_digest_mismatch,
  tag_dangling,
  link_invalid,
  link_name_mismatch,
  symlink_in_tree,
  read_error,
  half_store,
  tag_dead,
  link_empty,
  layer_link_dangling,
  layer_link_absent,
  index_child_missing,
  index_child_unlinked,
  upload_stale,
  upload_malformed,
  blob_misplaced,
  owner_mixed,
  unexpected_file,
  subject_missing,
  media_type_unknown,
  repository_empty,
  manifest_untagged,
  blob_unreferenced,
  manifest_schema1,
  tag_history_long,
  quarantined,
  referrer_orphaned,
  foreign_name,
  alias_link,
};

struct RuleInfo {
  Rule rule;
  std::string_view id;
  Severity severity;  // where a finding does not say otherwise
  std::string_view summary;
  std::string_view advice;         // empty: there is nothing to do
  std::string_view in_cache = {};  // advice in a pull-through cache; empty: the same
};

std::span<const RuleInfo> rules();
const RuleInfo& info_of(Rule rule);

// What breaks: an image that cannot be pulled by these tags.
struct UsedBy {
  std::string repository;
  SharedList<std::string> tags;    // newest first
  std::optional<Digest> manifest;  // empty: it is not known what the tags point to
  std::optional<Digest> named_by;  // the index among whose platforms it is; empty: none
  std::string platform;            // "linux/arm64/v8"; empty: nobody asked, or it does not say

  bool operator==(const UsedBy&) const = default;
};

struct Finding {
  Rule rule;
  Severity severity;
  std::optional<Digest> digest;
  std::string repository, tag;  // empty: of no particular one
  std::string path;  // a key, relative to docker/registry/v2; empty: nowhere in particular
  std::optional<report::Argument> expected, found;  // empty: nothing to compare
  std::uint64_t bytes = 0;
  std::vector<UsedBy> used_by;
  std::string_view advice;

  bool operator==(const Finding&) const = default;
};

// A finding of blob_unreferenced. A store may have millions, and each as a Finding would take many
// times what else is known of the blob.
struct Unreferenced {
  DigestId blob;
  std::uint32_t last_linked_in;  // index into the inventory's repositories; kNowhere: in none

  static constexpr std::uint32_t kNowhere = ~std::uint32_t{0};
};

// What tells that a part of the storage was not seen, and so perhaps hides other findings.
bool hides(const Finding& finding);

}  // namespace regctl::audit
