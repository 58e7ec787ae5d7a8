// The rules: one pure function each, which finds all there is of its kind. In no order.
#pragma once

#include <vector>

#include "audit/facts.h"
#include "audit/finding.h"

namespace regctl::audit {

using Findings = std::vector<Finding>;

// rules_blobs.cc
Findings blob_digest_mismatch(const Facts& facts);
Findings blob_size_mismatch(const Facts& facts);
Findings blob_missing(const Facts& facts);

// rules_manifests.cc
Findings manifest_missing(const Facts& facts);
Findings manifest_unparsable(const Facts& facts);
Findings manifest_oversized(const Facts& facts);
Findings manifest_digest_mismatch(const Facts& facts);
Findings manifest_schema1(const Facts& facts);
Findings media_type_unknown(const Facts& facts);
Findings index_child_missing(const Facts& facts);
Findings index_child_unlinked(const Facts& facts);
Findings subject_missing(const Facts& facts);
Findings referrer_orphaned(const Facts& facts);

// rules_links.cc
Findings link_invalid(const Facts& facts);
Findings link_name_mismatch(const Facts& facts);
Findings link_empty(const Facts& facts);
Findings layer_link_dangling(const Facts& facts);
Findings layer_link_absent(const Facts& facts);

// rules_tags.cc
Findings tag_dangling(const Facts& facts);
Findings tag_dead(const Facts& facts);
Findings manifest_untagged(const Facts& facts);
Findings tag_history_long(const Facts& facts);

// rules_store.cc
Findings symlink_in_tree(const Facts& facts);
Findings read_error(const Facts& facts);
Findings half_store(const Facts& facts);
Findings upload_stale(const Facts& facts);
Findings upload_malformed(const Facts& facts);
Findings blob_misplaced(const Facts& facts);
Findings owner_mixed(const Facts& facts);
Findings unexpected_file(const Facts& facts);
Findings foreign_name(const Facts& facts);
Findings alias_link(const Facts& facts);
Findings repository_empty(const Facts& facts);
Findings quarantined(const Facts& facts);

// What several of them are made of.
Finding finding_of(Rule rule);
Finding finding_of(Rule rule, const Digest& digest);
// `severity`, but in a pull-through cache only information.
Severity unless_cache(Severity severity, const Facts& facts);
// Damages of a class, of repositories and of documents.
Findings damages(Rule rule, DamageClass which, const Facts& facts);
// Advice where the table's would not help.
inline constexpr std::string_view kHeal = "regctl-gc --heal gives it back; audit it then";
inline constexpr std::string_view kPutFile =
    "put the file itself there; no registry makes a link of it";
inline constexpr std::string_view kMoveOut =
    "move it out of the tree, restart the registry, push the image again";

// Calls visit(document) for every sound manifest that the repository hands out, tagged or not.
template <class Visit>
void each_served_manifest(const Facts& facts, const Repository& repository, Visit visit) {
  const auto is_served = [&](const Link& link) {
    return link.state == LinkState::present &&
           facts.pulling.of_manifest(repository, link.name) == Lack::nothing;
  };
  const auto look_behind = [&](const Link& link) {
    const Document* document = facts.inventory.document(link.target);
    if (document && document->state == Document::State::sound) visit(*document);
  };
  for (const Link& revision : repository.revisions) {
    if (is_served(revision)) look_behind(revision);
  }
  for (const Link& layer : repository.layers) {  // as registries of 2.1 linked manifests
    if (facts.is_manifest[index_of(layer.name)] && !has_link(repository.revisions, layer.name) &&
        is_served(layer))
      look_behind(layer);
  }
}

}  // namespace regctl::audit
