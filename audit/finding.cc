#include "audit/finding.h"

#include <array>

#include "registry/enum_table.h"

namespace regctl::audit {
namespace {

using enum Rule;
using enum Severity;

// A cache accepts no push; what it lacks it fetches when it is asked for.
constexpr std::string_view kPullAgain = "move the file aside, restart the registry, pull it again";
constexpr std::string_view kFetched = "it is fetched when it is asked for";

constexpr std::string_view kRewrite =
    "write the digest of its place into it; where it is a tag's, push the tag again";

constexpr std::array kRules = {
    RuleInfo{blob_digest_mismatch, "blob-digest-mismatch", error,
             "the content of a blob does not match its name",
             "move the file aside, restart the registry, push the image again", kPullAgain},
    RuleInfo{blob_size_mismatch, "blob-size-mismatch", error,
             "a blob has another size than its descriptor says",
             "if a full audit says nothing else of it: delete the manifest, build the image anew",
             "if a full audit says nothing else of it, the image was made so: tell its maker"},
    RuleInfo{blob_missing, "blob-missing", error,
             "a manifest needs a blob that is not there; pulls fail",
             "restart the registry and push the image again, or delete it", kFetched},
    RuleInfo{manifest_missing, "manifest-missing", error,
             "a revision link names a manifest that is not there",
             "restart the registry, push the image again, or let it go: regctl-gc "
             "--prune-broken-manifests",
             kFetched},
    RuleInfo{manifest_unparsable, "manifest-unparsable", error,
             "a manifest is not a document that registries and clients can read",
             "delete the manifest by its digest, and build the image anew",
             "its maker has to build it anew"},
    RuleInfo{manifest_oversized, "manifest-oversized", error,
             "a manifest of more than 4 MiB; registries since 2.8, podman and skopeo refuse it",
             "build the image anew with less in its manifest; then delete the manifest",
             "its maker has to build it with less in its manifest"},
    RuleInfo{manifest_digest_mismatch, "manifest-digest-mismatch", error,
             "a manifest's content does not match its name",
             "move the file aside, restart the registry, push the image again", kPullAgain},
    RuleInfo{tag_dangling, "tag-dangling", error,
             "a tag points to a manifest that its repository does not have", "push the tag again",
             kFetched},
    RuleInfo{link_invalid, "link-invalid", error,
             "a link does not hold a digest; the registry answers 500", kRewrite, kPullAgain},
    RuleInfo{link_name_mismatch, "link-name-mismatch", error,
             "a link names another digest than its place", kRewrite, kPullAgain},
    RuleInfo{symlink_in_tree, "symlink-in-tree", error,
             "a link, or a directory that no registry makes, hides a part of the storage",
             "let a link be followed (--follow), or mount the directory there (mount --bind)"},
    RuleInfo{read_error, "read-error", error, "something could not be read",
             "run as the user that owns the storage; if that is so, look at the disk"},
    RuleInfo{half_store, "half-store", error,
             "there are blobs without a repository, or references without a blob",
             "mount the volume that belongs there, or bring the copy to its end"},
    RuleInfo{tag_dead, "tag-dead", warning,
             "no client can pull the tag: its manifest was deleted or lost",
             "restart the registry, push the tag again, or let it go: regctl-gc --prune-dead-tags",
             kFetched},
    RuleInfo{link_empty, "link-empty", warning,
             "a link file is empty; the registry's own collection stops at it", kRewrite,
             kPullAgain},
    RuleInfo{layer_link_dangling, "layer-link-dangling", warning,
             "a repository promises a layer that is gone",
             "no image that is left here needs it; regctl-gc removes the link", kFetched},
    RuleInfo{layer_link_absent, "layer-link-absent", warning,
             "a manifest needs a layer that its repository does not link",
             "restart the registry, push the image again", kFetched},
    RuleInfo{index_child_missing, "index-child-missing", warning,
             "one platform of an index cannot be pulled",
             "restart the registry, push that platform's image again", kFetched},
    RuleInfo{index_child_unlinked, "index-child-unlinked", warning,
             "one platform of an index was deleted, and cannot be pulled",
             "push that platform's image again, by its digest", kFetched},
    RuleInfo{upload_stale, "upload-stale", warning, "an upload was never finished",
             "regctl-gc --purge-uploads 168h"},
    RuleInfo{upload_malformed, "upload-malformed", warning,
             "an upload has no readable start time; no registry ever purges it",
             "regctl-gc --purge-uploads 168h"},
    RuleInfo{blob_misplaced, "blob-misplaced", warning,
             "something below blobs/ where a registry does not look for it",
             "move it out of the tree"},
    RuleInfo{owner_mixed, "owner-mixed", warning,
             "not of the user that owns docker/registry/v2, who may be unable to remove it",
             "chown -R --reference=docker/registry/v2 docker/registry/v2"},
    RuleInfo{unexpected_file, "unexpected-file", warning, "no registry writes this",
             "move it out of the tree"},
    RuleInfo{subject_missing, "subject-missing", info,
             "a manifest refers to a subject that is not there", ""},
    RuleInfo{media_type_unknown, "media-type-unknown", info,
             "a manifest of a kind this program does not know", ""},
    RuleInfo{repository_empty, "repository-empty", info,
             "a repository without manifests, tags and uploads",
             "regctl-gc --prune-empty-repositories"},
    RuleInfo{manifest_untagged, "manifest-untagged", info, "a manifest that no tag reaches",
             "regctl-gc --delete-untagged"},
    RuleInfo{blob_unreferenced, "blob-unreferenced", info, "a blob that nothing refers to",
             "regctl-gc"},
    RuleInfo{manifest_schema1, "manifest-schema1", info,
             "a schema 1 manifest; version 3 registries cannot serve it", ""},
    RuleInfo{tag_history_long, "tag-history-long", info,
             "a tag was moved more than 1,000 times, and each is a file", ""},
    RuleInfo{quarantined, "quarantined", info,
             "renamed in place by regctl-gc, to be purged or given back", "regctl-gc"},
    RuleInfo{referrer_orphaned, "referrer-orphaned", info,
             "a signature, attestation or SBOM of an image that is gone",
             "regctl-gc --prune-orphaned-referrers"},
    RuleInfo{foreign_name, "foreign-name", info,
             "a name that no registry makes or reads; nothing below it counts", ""},
    RuleInfo{alias_link, "alias-link", info, "a symbolic link that is another name of a repository",
             ""},
};

static_assert(has_a_row_for_each(kRules, &RuleInfo::rule, alias_link));

}  // namespace

std::string_view name_of(Severity severity) {
  return severity == error ? "error" : severity == warning ? "warning" : "info";
}

std::span<const RuleInfo> rules() { return kRules; }

const RuleInfo& info_of(Rule rule) { return kRules[static_cast<std::size_t>(rule)]; }

bool hides(const Finding& finding) {
  return finding.rule == read_error || finding.rule == symlink_in_tree;
}

}  // namespace regctl::audit
