// The rules: one pure function each, which finds all there is of its kind. In no order.
#pragma once

#include <vector>

#include "audit/facts.h"
#include "audit/finding.h"

namespace regctl::audit {

using Findings = std::vector<Finding>;

// rules_blobs.cc
Findings blob_size_mismatch(const Facts& facts);
Findings blob_missing(const Facts& facts);
Findings blob_unreferenced(const Facts& facts);

// rules_manifests.cc
Findings manifest_missing(const Facts& facts);
Findings manifest_unparsable(const Facts& facts);
Findings manifest_digest_mismatch(const Facts& facts);
Findings manifest_schema1(const Facts& facts);
Findings media_type_unknown(const Facts& facts);
Findings index_child_missing(const Facts& facts);
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

// rules_store.cc
Findings symlink_in_tree(const Facts& facts);
Findings read_error(const Facts& facts);
Findings upload_stale(const Facts& facts);
Findings upload_malformed(const Facts& facts);
Findings blob_misplaced(const Facts& facts);
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

}  // namespace regctl::audit
