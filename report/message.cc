// All the words that messages are made of.
#include "report/message.h"

#include <array>

#include "registry/enum_table.h"
#include "registry/layout.h"

namespace regctl::report {
namespace {

using enum Code;
using enum MessageKind;

constexpr std::string_view kOwner =
    "run as the user that owns the storage; if that is so, look at the disk";
constexpr std::string_view kHidden =
    "what may be hidden there cannot be known; move it out of the tree";
constexpr std::string_view kMounted = "check the path, and that the volume is mounted";
constexpr std::string_view kRootDirectory =
    "give the directory that the registry's configuration calls rootdirectory";
constexpr std::string_view kPushOrDelete = "push or delete the tag";
constexpr std::string_view kHalf =
    "this looks like a part of a store: a branch of a pooled file system, a brick, a copy or "
    "restore that has not finished; give the whole one. If this is the whole:  --max-damage {3}%";
constexpr std::string_view kPin = "{1}";
constexpr std::string_view kPinOrPrune = "{1}; --prune-broken-manifests lets it go";
constexpr std::string_view kStopIt = "make sure that it does not, or stop it";

constexpr std::array kTable = {
    CodeInfo{unread_part, "read-error", refusal, "part of the storage cannot be read: {0}", kOwner},
    CodeInfo{symlink_in_tree, "symlink-in-tree", refusal, "part of the storage {0}",
             "let it be followed (--follow {1}), or mount the directory there (mount --bind)"},
    CodeInfo{link_not_followed, "symlink-in-tree", refusal,
             "part of the storage is a symbolic link that --follow does not follow, since {0}",
             "mount the directory there instead (mount --bind)"},
    CodeInfo{behind_symlink, "symlink-in-tree", refusal, "part of the storage {0}",
             "put there what it leads to; only links to directories can be followed"},
    CodeInfo{not_a_directory, "not-a-directory", refusal, "part of the storage {0}", kHidden},
    CodeInfo{unknown_directory, "unknown-directory", refusal, "part of the storage {0}", kHidden},
    CodeInfo{unstable_directory, "unstable-directory", refusal, "part of the storage {0}", kHidden},
    CodeInfo{unread_store, "read-error", refusal, "{0}: {1}",
             "run as the user that owns the storage, where locks work (NFS: lockd)"},
    CodeInfo{database_in_use, "database-in-use", refusal,
             "this storage belongs to a registry that keeps its references in a database (GitLab)",
             "use that registry's own garbage collection; the files do not tell what is in use"},
    CodeInfo{object_store, "object-store", refusal,
             "the storage is an object store behind a mount ({0}), where a rename is a copy and a "
             "delete",
             "collect the bucket by what speaks to the object store itself"},
    CodeInfo{renames_copy, "fuse", refusal,
             "a rename on this FUSE file system does not keep the file, or goes over another: a "
             "file of our own was tried",
             "move the storage to a file system where renames are atomic"},
    CodeInfo{renames_fail, "fuse", refusal,
             "whether a rename on this FUSE file system keeps the file could not be tried: {0}",
             kOwner},
    CodeInfo{empty_mount, "empty-mount", refusal,
             "{0} is a mount point or a followed link with nothing in it",
             "mount the volume that belongs there"},
    CodeInfo{
        blobs_missing, "blobs-missing", refusal, "there are manifests and tags, but no blobs",
        "is the volume with blobs/ mounted? If the images are lost, stop the registry and remove "
        "repositories/ by hand"},
    CodeInfo{
        repositories_missing, "repositories-missing", refusal,
        "there are blobs, but no repositories: every blob would look like garbage",
        "is the volume with repositories/ mounted, the backup complete? If all may go, stop the "
        "registry and remove blobs/ by hand"},
    CodeInfo{half_of_manifests, "half-a-store", refusal,
             "{0} of {1} manifests are not there, although revision links name them: more than "
             "--max-damage {2}%",
             kHalf},
    CodeInfo{half_of_tags, "half-a-store", refusal,
             "{0} of {1} tags have no sound current link: more than --max-damage {2}%", kHalf},
    CodeInfo{half_of_layers, "half-a-store", refusal,
             "{0} of {1} layers and configurations that images need are not there: more than "
             "--max-damage {2}%",
             kHalf},
    CodeInfo{upload_in_progress, "upload-in-progress", refusal,
             "an upload to {0} was written to a moment ago: is the registry really stopped?",
             "stop it, or make it read-only, and wait for --uploads-idle; or leave out --offline"},
    CodeInfo{upstream_collector, "upstream-collector", refusal,
             "the registry's own garbage-collect is running on this storage (pid {0}, {1})",
             "wait for its end; it removes what is in quarantine"},
    CodeInfo{registry_serving, "registry-serving", refusal,
             "a registry that serves this storage is running (pid {0}, {1}) and {2}",
             "stop it, restart it with storage.maintenance.readonly, or leave out --offline"},
    CodeInfo{cache_serving, "registry-serving", refusal,
             "a registry that serves this storage is running (pid {0}, {1}) and is a pull-through "
             "cache, which always writes",
             "stop it, or leave out --offline"},
    CodeInfo{registry_may_serve, "registry-in-doubt", refusal,
             "a registry is running that may serve this storage (pid {0}, {1}): {2}",
             "stop it; if it is another storage's:  --insist registry-in-doubt"},
    CodeInfo{registry_sees_another, "registry-sees-another", refusal,
             "a registry that serves this storage (pid {0}, {1}) finds another directory behind a "
             "link that is followed",
             "mount the directory there instead (mount --bind), in the container as well"},
    CodeInfo{manifests_elsewhere, "manifests-elsewhere", refusal,
             "{0} of {1} repositories link layers and have no manifest, nor a trace of one: their "
             "manifests may be kept elsewhere (OpenShift 3)",
             "if these are pushes that never ended:  --insist manifests-elsewhere"},
    CodeInfo{
        pull_through_cache, "pull-through-cache", refusal,
        "this is the store of a pull-through cache, which expires its manifests itself",
        "leave out --delete-untagged;  --cache-unused DUR  takes what nobody asks for any more"},
    CodeInfo{no_cache, "not-a-cache", refusal,
             "this is not known to be the store of a pull-through cache, and what --cache-unused "
             "takes could not be fetched again",
             "if it is one:  --pull-through-cache"},
    CodeInfo{no_tags, "no-tags", refusal,
             "there are manifests, but not one tag in the whole store: every manifest would look "
             "untagged",
             "Harbor keeps tags in its database; leave out --delete-untagged"},
    CodeInfo{
        tags_look_dead, "tags-look-dead", refusal,
        "the newest tag is more than 7 days older than the newest manifest: does this registry "
        "still write tags?",
        "Harbor 2.15 and later do not. If this one does, push or move any tag to show it, or  "
        "--insist "
        "tags-look-dead"},
    CodeInfo{takes_everything, "takes-everything", brake,
             "every blob of the store would go, although there are manifests or tags",
             "look at why nothing is reachable; no option overrides this. If the store is to be "
             "emptied, stop the registry and remove blobs/ and repositories/ by hand"},
    CodeInfo{max_delete_blobs, "max-delete", brake,
             "{0} blobs would go, more than --max-delete {1}",
             "look at the plan; if it is right:  --max-delete {0}"},
    CodeInfo{max_delete_bytes, "max-delete", brake,
             "{0} bytes would go, more than --max-delete {1}B",
             "look at the plan; if it is right:  --max-delete {0}B"},
    CodeInfo{max_delete_share_of_bytes, "max-delete", brake,
             "{0}% of all blob bytes would go, more than --max-delete {1}%",
             "look at the plan; if it is right:  --max-delete {0}%"},
    CodeInfo{max_delete_share_of_manifests, "max-delete", brake,
             "{0}% of all manifests would go, more than --max-delete {1}%",
             "look at the plan; if it is right:  --max-delete {0}%"},
    CodeInfo{manifest_missing, "manifest-missing", damage, "a manifest {0}", kPinOrPrune},
    CodeInfo{manifest_unparsable, "manifest-unparsable", damage, "a manifest {0}", kPin},
    CodeInfo{manifest_digest_mismatch, "manifest-digest-mismatch", damage, "a manifest {0}", kPin},
    CodeInfo{link_empty, "link-empty", damage, "a link {0}", kPin},
    CodeInfo{link_invalid, "link-invalid", damage, "a link {0}", kPin},
    CodeInfo{link_name_mismatch, "link-name-mismatch", damage, "a link {0}", kPin},
    CodeInfo{tag_without_link, "tag-without-link", warning,
             "tag {0} of {1} has no current link; all it ever pointed to is kept", kPushOrDelete},
    CodeInfo{unexpected_file, "unexpected-file", warning, "no registry writes this", ""},
    CodeInfo{blob_misplaced, "blob-misplaced", warning,
             "is not where a registry looks for a blob; left alone", ""},
    CodeInfo{illegal_name, "illegal-name", warning,
             "no registry accepts this name; treated as a repository", ""},
    CodeInfo{protect_idle, "protect-idle", warning, "--protect {0} matches no repository",
             "check the spelling"},
    CodeInfo{repository_idle, "repository-idle", warning, "--repository {0} matches no repository",
             "check the spelling"},
    CodeInfo{roots_repository_unknown, "roots-repository-unknown", warning,
             "{0} lines of --roots name repositories that are not in this store; their digests "
             "count in every repository",
             "write the repository as the registry calls it, without the registry's host"},
    CodeInfo{registry_has_cache, "registry-has-cache", warning,
             "--registry-cache none, but {0} has a cache; nothing is purged for that",
             "leave out --registry-cache none, and restart {0}"},
    CodeInfo{registry_not_restarted, "registry-not-restarted", warning,
             "--registry-restarted-at says {1}, but {0} has been running since {2}; what it may "
             "remember is not purged",
             "restart {0}"},
    CodeInfo{hold_short, "hold-short", warning,
             "a push that takes longer than --hold may rely on what is purged meanwhile",
             "an hour is short; the default is 20h"},
    CodeInfo{registry_may_collect, "collector-in-doubt", warning,
             "a registry is running that may collect garbage in this storage (pid {0}, {1}): {2}",
             kStopIt},
    CodeInfo{processes_unseen, "processes-unseen", warning,
             "whether a registry serves this storage could not be looked for: {0}",
             "run on the host itself, as root; the uploads are the only witness here"},
    CodeInfo{tag_dangling, "tag-dangling", warning,
             "tag {0} of {1} points to no manifest there; all it ever pointed to is kept",
             kPushOrDelete},
    CodeInfo{empty_repository_kept, "empty-repository-kept", warning,
             "{0} is empty, but something that no registry of today makes stands in it",
             "remove that by hand; the next run takes the repository"},
    CodeInfo{run_unknown, "run-unknown", warning, "nothing in quarantine was taken by run {0}",
             "find -name '*regctl-gc.*' shows the runs"},
    CodeInfo{empty_root, "empty-root", warning, "{0} is an empty directory",
             "a registry that nobody has pushed to yet, or a volume that is not mounted?"},
    CodeInfo{report_not_written, "report-not-written", warning, "{0}", "check {1}"},
    CodeInfo{report_not_printed, "report-not-printed", warning,
             "the report could not be written to standard output", ""},
    CodeInfo{state_not_written, "state-not-written", warning, "{0} could not be written: {1}",
             "what was verified since then is not remembered"},
    CodeInfo{evidence_of_strangers, "evidence-of-strangers", warning,
             "{0} checksums of --evidence are of blobs that are not here",
             "compute them on this storage, or again"},
    CodeInfo{evidence_disputed, "evidence-disputed", warning,
             "--evidence calls a blob wrong that is right", "compute it again"},
    CodeInfo{not_seen, "not-seen", warning, "a part of the storage was not seen: {0}",
             "the answer may leave something out"},
    CodeInfo{mismatched_garbage, "blob-digest-mismatch", warning,
             "garbage whose bytes do not match its digest is kept",
             "--remove-mismatched lets it go"},
    CodeInfo{interrupted, "interrupted", error, "stopped by a signal before the plan was made", ""},
    CodeInfo{unread_candidate, "read-error", error, "could not be read, and is kept: {0}",
             "look at the disk"},
    CodeInfo{not_removed, "not-removed", error, "could not be renamed or removed, and stays: {0}",
             ""},
    CodeInfo{storage_refuses, "storage-refuses", error, "{0}: {1}", ""},
    CodeInfo{not_synced, "storage-refuses", error,
             "what was done may not survive a loss of power: {1}", ""},
    CodeInfo{
        slow_storage, "slow-storage", error,
        "took seconds to be renamed, and has its name again; run when the storage is less busy",
        ""},
    CodeInfo{copy_vanished, "copy-vanished", error,
             "was to be given back, and somebody has removed it", ""},
    CodeInfo{
        duplicate_kept, "duplicate-kept", error,
        "stands beside an original that is damaged, and is kept; if it is sound, put it in the "
        "place of the original",
        ""},
    CodeInfo{upload_kept, "upload-kept", error, "holds something that no registry writes", ""},
    CodeInfo{tag_kept, "tag-kept", error, "holds something that no registry writes",
             "remove that by hand; the next run goes on"},
    CodeInfo{
        deadline, "deadline", error,
        "the time given by --deadline is up, or too short for what is left; the next run goes on",
        "give it more time, or run it more often"},
    CodeInfo{put_back, "second-look-failed", error, "{0}: everything this run took was put back",
             "look at the storage, and run again"},
    CodeInfo{not_put_back, "second-look-failed", error,
             "{0}: not everything could be put back, the rest is in quarantine",
             "regctl-gc --restore --run {1}"},
    CodeInfo{locked, "", failure, "another run is changing this storage",
             "wait for it to end; it may be the timer's"},
    CodeInfo{disagreement, "", failure, "two computations of what is needed disagree: {0}",
             "nothing that either of them needs is gone; please report this"},
    CodeInfo{root_missing, "", failure, "{0} does not exist", kMounted},
    CodeInfo{root_dangling_link, "", failure, "{0} is a link that leads nowhere", kMounted},
    CodeInfo{root_unreadable, "", failure, "{0} cannot be read: {3}",
             "run as the user that owns the storage, or as root"},
    CodeInfo{root_configuration, "", failure,
             "{0} is a registry's configuration; ROOT must be the storage directory",
             "its rootdirectory is {1}:  {2} {1}"},
    CodeInfo{root_file, "", failure, "{0} is a file; ROOT must be the storage directory", ""},
    CodeInfo{root_not_a_directory, "", failure, "{0} is not a directory", ""},
    CodeInfo{root_of_filesystem, "", failure, "{0} is the root of the file system", kRootDirectory},
    CodeInfo{root_behind_link, "", failure,
             "{1} is a symbolic link, and links below ROOT are not followed",
             "let it be followed (--follow {1}), or mount the directory there (mount --bind)"},
    CodeInfo{root_link_not_followed, "", failure,
             "{1} is a symbolic link that --follow does not follow, since {4}",
             "mount the directory there instead (mount --bind)"},
    CodeInfo{root_beside_store, "", failure,
             "{0} is not the top of a registry's storage; that is {1}", "did you mean  {2} {1} ?"},
    CodeInfo{root_nested, "", failure,
             "{0} holds another registry's storage, {1}, which a rootdirectory inside it has made",
             "did you mean  {2} {1} ?  Move one of the two elsewhere to collect the other"},
    CodeInfo{root_minio, "", failure, "{0} is where MinIO keeps a bucket, in files of its own",
             "collect the bucket by what speaks to MinIO"},
    CodeInfo{root_oci_layout, "", failure,
             "{0} is an OCI image layout (oras, skopeo and umoci work on these)", ""},
    CodeInfo{root_version_1, "", failure,
             "{0} is the storage of a version 1 registry; only version 2 (docker/registry/v2) can "
             "be collected",
             ""},
    CodeInfo{root_docker_engine, "", failure,
             "{0} is the data directory of a Docker engine; use `docker system prune` there", ""},
    CodeInfo{root_containerd, "", failure,
             "{0} is the data directory of containerd; use `ctr` there", ""},
    CodeInfo{root_nexus, "", failure,
             "{0} is a Nexus blob store; use Nexus' own clean-up and compact tasks", ""},
    CodeInfo{root_zot, "", failure,
             "{0} is the storage of a zot registry, or another tree of OCI image layouts; zot "
             "collects its own garbage",
             ""},
    CodeInfo{root_unknown, "", failure, "no registry storage under {0} (expected {1})",
             kRootDirectory},
    CodeInfo{untagged_manifests, "untagged-manifests", advice,
             "{0} untagged manifests keep another {1} alive", "--delete-untagged"},
    CodeInfo{
        dead_tags, "dead-tags", advice,
        "{0} tags point to manifests that were deleted, cannot be pulled, and keep another {1} "
        "alive",
        "--prune-dead-tags"},
    CodeInfo{broken_manifests, "broken-manifests", advice,
             "{0} manifests have no bytes anywhere and cannot be pulled; what they pin keeps "
             "another {1} alive",
             "--prune-broken-manifests"},
    CodeInfo{
        orphaned_referrers, "orphaned-referrers", advice,
        "{0} tags and manifests are signatures, attestations or SBOMs of images that are gone, "
        "and keep another {1} alive",
        "--prune-orphaned-referrers"},
    CodeInfo{
        never_expires, "never-expires", advice,
        "{0} manifests of this cache are not in scheduler-state.json and will never expire ({1} "
        "in all that is not)",
        "--cache-unused 30d"},
    CodeInfo{stale_uploads, "stale-uploads", advice, "{0} uploads never finished ({1})",
             "--purge-uploads 168h"},
    CodeInfo{young_blobs, "young-blobs", advice,
             "{0} unreferenced blobs ({1}) are kept because they are young", "--keep-younger-than"},
    CodeInfo{
        arrived_blobs, "arrived-blobs", advice,
        "{0} unreferenced blobs ({1}) are old, but came here lately and are kept: is a copy or "
        "restore still running?",
        "--trust-times"},
    CodeInfo{restart_registry, "restart-registry", advice,
             "restart the registry, and flush its Redis if it has one: it may remember blobs that "
             "are gone",
             "--registry-restarted-at"},
    CodeInfo{empties_store, "empties-store", advice,
             "all that is alive hangs on {0} tags and manifests that nobody can pull or no tag "
             "reaches ({1}), and no run takes every blob: if the store is to be emptied, stop the "
             "registry and remove blobs/ and repositories/ below docker/registry/v2 by hand",
             ""},
    CodeInfo{roots_absent, "roots-absent", advice, "{0} digests of --roots are not in this store",
             ""},
    CodeInfo{
        pulled_by_digest, "pulled-by-digest", advice,
        "{0} manifests are in repositories without tags, where all is pulled by digest, and are "
        "left alone ({1} that nothing else needs)",
        ""},
    CodeInfo{foreign_names, "foreign-names", advice,
             "{0} files and directories have names that no registry makes or reads, and are left "
             "alone; regctl-audit names them",
             ""},
    CodeInfo{aliases, "aliases", advice,
             "{0} symbolic links are other names of repositories, which are read under their own; "
             "regctl-audit names them",
             ""},
    CodeInfo{flush_redis, "", part,
             "Redis, which {0} names, may remember the blobs: flush it, restart the registry and "
             "say when that was (--registry-restarted-at TIME)",
             ""},
    CodeInfo{restart_server_in_doubt, "", part,
             "{0} serves this storage, and {1}: restart it and say when that was "
             "(--registry-restarted-at TIME)",
             ""},
    CodeInfo{restart_in_doubt, "", part,
             "{0} may serve this storage, and {1}: restart it and say when that was "
             "(--registry-restarted-at TIME)",
             ""},
    CodeInfo{restart_unknown_cache, "", part,
             "{0} has a cache of an unknown kind: restart it and say when that was "
             "(--registry-restarted-at TIME)",
             ""},
    CodeInfo{restart_that_remembers, "", part,
             "{0} has remembered the blobs since before they were quarantined: restart it", ""},
    CodeInfo{restart_all_not_local, "", part,
             "registries of other hosts may serve this storage, which is not on a local file "
             "system: restart every registry on it and say when that was (--registry-restarted-at "
             "TIME), or that none has a cache (--registry-cache none)",
             ""},
    CodeInfo{
        restart_all_not_seen, "", part,
        "not every process of this host could be looked at ({0}): restart every registry on it "
        "and say when that was (--registry-restarted-at TIME), or that none has a cache "
        "(--registry-cache none)",
        ""},
    CodeInfo{
        restart_all_none_found, "", part,
        "no registry was found to serve this storage, which is no proof that none does: "
        "restart every registry on it and say when that was (--registry-restarted-at TIME), or "
        "that none has a cache (--registry-cache none)",
        ""},
    CodeInfo{leave_out_cache_none, "", part, "leave out --registry-cache none, and restart {0}",
             ""},
    CodeInfo{restart_it, "", part, "restart {0}", ""},
    CodeInfo{is_symlink, "", part, "is a symbolic link", ""},
    CodeInfo{is_behind_symlink, "", part, "is or leads through a symbolic link", ""},
    CodeInfo{leads_to_nothing, "", part, "it leads to nothing that can be found", ""},
    CodeInfo{leads_to_no_directory, "", part, "it leads to no directory", ""},
    CodeInfo{leads_into_store, "", part, "it leads into the storage itself, or above it", ""},
    CodeInfo{leads_into_another_store, "", part,
             "it leads into the storage of another registry, whose blobs these would be too", ""},
    CodeInfo{leads_to_what_is_followed, "", part,
             "another link that is followed leads there, above or below", ""},
    CodeInfo{leads_to_what_another_owns, "", part,
             "what it leads to belongs neither to root nor to the owner of docker/registry/v2", ""},
    CodeInfo{leads_for_another, "", part,
             "others than root and the owner of what it leads to could have it lead elsewhere: the "
             "link itself (chown -h root), a link behind it, or a directory on the way is theirs",
             ""},
    CodeInfo{leads_out_of_reach, "", part,
             "whoever could have it lead elsewhere may not read what it leads to", ""},
    CodeInfo{is_no_directory, "", part, "is not a directory", ""},
    CodeInfo{is_file, "", part, "is a file where a directory belongs", ""},
    CodeInfo{is_neither, "", part, "is neither file nor directory", ""},
    CodeInfo{is_unknown_directory, "", part, "is a directory that no known registry makes", ""},
    CodeInfo{is_unstable, "", part, "is listed, but was absent five times when read", ""},
    CodeInfo{leads_elsewhere, "", part, "is not the link any more that it was at the start", ""},
    CodeInfo{has_vanished, "", part, "was there a moment ago", ""},
    CodeInfo{cannot_be_locked, "", part, "cannot be locked: {0}", ""},
    CodeInfo{manifest_is_missing, "", part, "is missing, although a revision link names it", ""},
    CodeInfo{is_no_file, "", part, "is not a file", ""},
    CodeInfo{manifest_is_too_large, "", part, "is larger than any manifest", ""},
    CodeInfo{manifest_is_mismatched, "", part, "does not hash to its name", ""},
    CodeInfo{is_empty, "", part, "is empty", ""},
    CodeInfo{manifest_is_no_json, "", part, "is not a JSON object", ""},
    CodeInfo{link_holds_no_digest, "", part, "does not hold a digest ({0} bytes)", ""},
    CodeInfo{link_is_too_long, "", part, "is longer than {0} bytes", ""},
    CodeInfo{link_names_another, "", part, "holds {0}", ""},
    CodeInfo{place_of_no_digest, "", part, "is a directory of no known algorithm or digest", ""},
    CodeInfo{repositories_are_kept, "", part,
             "everything its repositories link is kept; regctl-audit shows what is broken", ""},
    CodeInfo{repair_or_pin, "", part,
             "repair it, or let --on-damage=pin keep its repositories whole", ""},
    CodeInfo{process, "", part, "the registry (pid {0}, {1})", ""},
    CodeInfo{process_of_environment, "", part, "the registry (pid {0})", ""},
    CodeInfo{no_configuration_known, "", part, "no configuration file of it is known", ""},
    CodeInfo{configuration_denied, "", part,
             "its configuration cannot be read ({0}; are you root?)", ""},
    CodeInfo{configuration_unread, "", part, "its configuration cannot be read ({0})", ""},
    CodeInfo{configuration_unclear, "", part, "its configuration is {0}", ""},
    CodeInfo{configuration_changed, "", part, "its configuration was changed after it started", ""},
    CodeInfo{environment_unread, "", part, "its environment cannot be read ({0}; are you root?)",
             ""},
    CodeInfo{storage_unseen, "", part, "its storage directory cannot be looked at", ""},
    CodeInfo{not_read_only, "", part, "is not read-only", ""},
    CodeInfo{not_yaml, "", part, "not YAML: {0}", ""},
    CodeInfo{too_large, "", part, "too large", ""},
    CodeInfo{private_tags, "", part, "full of private tags", ""},
    CodeInfo{base64, "", part, "written in base64", ""},
    CodeInfo{no_plain_keys, "", part, "not a map of plain keys", ""},
    CodeInfo{merge_keys, "", part, "using merge keys for what is no map", ""},
    CodeInfo{key_twice, "", part, "giving the key {0} twice", ""},
    CodeInfo{no_root_directory, "", part, "naming no rootdirectory", ""},
    CodeInfo{not_a_map, "", part, "not a map", ""},
    CodeInfo{process_unread, "", part, "process {0}: {1}", ""},
    CodeInfo{process_state_unclear, "", part, "process {0}: its state is not understood", ""},
    CodeInfo{proc_unread, "", part, "{0}: {1}", ""},
    CodeInfo{proc_unexpected, "", part, "{0} is not as expected", ""},
    CodeInfo{other_namespace, "", part, "this is not the process namespace of the host", ""},
    CodeInfo{processes_hidden, "", part, "the processes of other users are hidden", ""},
    CodeInfo{tag_has_lost, "", part, "{0}:{1} has lost {2}", ""},
    CodeInfo{cannot_vouch, "", part, "the second look cannot vouch for what was taken", ""},
    CodeInfo{computations_differ, "", part, "two computations of what is needed do not agree", ""},
    CodeInfo{objection, "", part, "{0} would go, but {1}", ""},
    CodeInfo{objection_of_several, "", part, "{0} would go, but {1} (and {2} more)", ""},
    CodeInfo{blob, "", part, "blob {0}", ""},
    CodeInfo{quarantined_blob, "", part, "quarantined blob {0}", ""},
    CodeInfo{layer_link, "", part, "layer link {0} of {1}", ""},
    CodeInfo{quarantined_layer_link, "", part, "quarantined layer link {0} of {1}", ""},
    CodeInfo{revision, "", part, "revision {0} of {1}", ""},
    CodeInfo{quarantined_revision, "", part, "quarantined revision {0} of {1}", ""},
    CodeInfo{tag, "", part, "tag {0} of {1}", ""},
    CodeInfo{quarantined_tag, "", part, "quarantined tag {0} of {1}", ""},
    CodeInfo{repository, "", part, "repository {1}", ""},
    CodeInfo{roots_name_it, "", part, "--roots names it", ""},
    CodeInfo{tag_needs_it, "", part, "{0}:{1} needs it", ""},
    CodeInfo{dangling_tag_needed_it, "", part,
             "a tag of {0} that points to nothing there needed it once", ""},
    CodeInfo{unreadable_tag_needed_it, "", part,
             "{0}:{1} needed it once, and its link does not tell", ""},
    CodeInfo{subject_is_kept, "", part, "{0} keeps its subject", ""},
    CodeInfo{may_be_getting_it, "", part, "{0} may be getting it now", ""},
    CodeInfo{is_in_doubt, "", part, "{0} is in doubt: {2}", ""},
    CodeInfo{is_protected, "", part, "{0} is protected", ""},
    CodeInfo{has_written_again, "", part, "{0} has written to it again", ""},
    CodeInfo{has_revision_link, "", part, "{0} has its revision link", ""},
    CodeInfo{untagged_are_kept, "", part, "untagged manifests are kept", ""},
    CodeInfo{tells_no_tags, "", part, "{0} does not tell its tags", ""},
    CodeInfo{it_is_young, "", part, "it is young", ""},
    CodeInfo{it_is_newer_than_tags, "", part, "it is newer than every tag", ""},
    CodeInfo{a_link_is_young, "", part, "a link to it is young", ""},
    CodeInfo{named_by_something_young, "", part, "{2} is young and names it", ""},
    CodeInfo{linked_since, "", part, "a link to it was written since", ""},
    CodeInfo{bytes_are_there, "", part, "the blob it names is there", ""},
    CodeInfo{tags_are_kept, "", part, "tags are kept", ""},
    CodeInfo{it_can_be_pulled, "", part, "its manifest can be pulled", ""},
    CodeInfo{it_has_tags, "", part, "it has tags", ""},
    CodeInfo{it_has_manifests, "", part, "it has manifests", ""},
    CodeInfo{it_holds_a_young_link, "", part, "a link in it is young", ""},
    CodeInfo{it_has_a_needed_alias, "", part, "it has another name of a blob that is needed", ""},
    CodeInfo{it_has_uploads, "", part, "it has uploads", ""},
    CodeInfo{a_directory_is_young, "", part, "a directory in it is young", ""},
    CodeInfo{needed_by, "", part, "needed by {0}", ""},
    CodeInfo{never_pushed, "", part, "never pushed here: {0} of its {1} platforms", ""},
    CodeInfo{subject_of, "", part, "subject of {0}", ""},
    CodeInfo{bad_member, "", part, "its {0} is not what a manifest has there", ""},
    CodeInfo{no_current_link, "", part, "has no current link", ""},
    CodeInfo{no_manifest_here, "", part, "names no manifest of this repository", ""},
    CodeInfo{quarantined_since, "", part, "since {0} by run {1}", ""},
    CodeInfo{other_name_of, "", part, "another name of {0}", ""},
    CodeInfo{last_linked_in, "", part, "last linked in {0}", ""},
    CodeInfo{entries, "", part, "{0} entries", ""},
    CodeInfo{of_user, "", part, "of user {0}", ""},
    CodeInfo{objects_of_user, "", part, "{0} files and directories of user {1}", ""},
};

static_assert(has_a_row_for_each(kTable, &CodeInfo::code, objects_of_user));

}  // namespace

const CodeInfo& info_of(Code code) { return kTable[static_cast<std::size_t>(code)]; }

Argument reason_of(Trouble trouble, int error) {
  switch (trouble) {
    case Trouble::unreadable:
      return SystemReason{error};
    case Trouble::symlink:
      return Part{is_symlink, {}};
    case Trouble::behind_symlink:
      return Part{is_behind_symlink, {}};
    case Trouble::not_a_directory:
      return Part{is_no_directory, {}};
    case Trouble::file:
      return Part{is_file, {}};
    case Trouble::neither:
      return Part{is_neither, {}};
    case Trouble::unknown_directory:
      return Part{is_unknown_directory, {}};
    case Trouble::unstable:
      return Part{is_unstable, {}};
    case Trouble::led_elsewhere:
      return Part{leads_elsewhere, {}};
    case Trouble::vanished:
      return Part{has_vanished, {}};
    case Trouble::unlockable:
      return Part{cannot_be_locked, {SystemReason{error}}};
  }
  return SystemReason{error};
}

Part reason_of(Following following) {
  switch (following) {
    case Following::followed:
    case Following::to_nothing:
      break;
    case Following::to_no_directory:
      return {leads_to_no_directory, {}};
    case Following::into_store:
      return {leads_into_store, {}};
    case Following::into_another_store:
      return {leads_into_another_store, {}};
    case Following::to_what_is_followed:
      return {leads_to_what_is_followed, {}};
    case Following::to_what_another_owns:
      return {leads_to_what_another_owns, {}};
    case Following::for_another:
      return {leads_for_another, {}};
    case Following::out_of_reach:
      return {leads_out_of_reach, {}};
  }
  return {leads_to_nothing, {}};
}

Argument found_by(const Damage& damage, const Inventory& inventory) {
  switch (damage.kind) {
    case DamageKind::manifest_missing:
      return Part{manifest_is_missing, {}};
    case DamageKind::manifest_not_a_file:
    case DamageKind::link_not_a_file:
      return Part{is_no_file, {}};
    case DamageKind::manifest_too_large:
      return Part{manifest_is_too_large, {}};
    case DamageKind::manifest_mismatched:
      return Part{manifest_is_mismatched, {}};
    case DamageKind::manifest_empty:
    case DamageKind::link_empty:
      return Part{is_empty, {}};
    case DamageKind::manifest_not_json:
      return Part{manifest_is_no_json, {}};
    case DamageKind::link_without_digest:
      return Part{link_holds_no_digest, {damage.bytes}};
    case DamageKind::link_too_long:
      return Part{link_is_too_long, {std::uint64_t{layout::kLongestLink}}};
    case DamageKind::link_to_another:
      return Part{link_names_another, {inventory.digests[*damage.names].text()}};
    case DamageKind::place_without_digest:
      return Part{place_of_no_digest, {}};
  }
  return Part{is_empty, {}};
}

}  // namespace regctl::report
