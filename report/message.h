// Messages: what both programs have to say about a registry, as values. A code says what it is;
// its row in the one table (message.cc) has the id of the reports, and the words. What a sentence
// leaves open (names, numbers, reasons) are arguments, untrusted and unescaped: wording.h makes
// text of it all.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "registry/digest.h"
#include "registry/error.h"
#include "registry/following.h"
#include "registry/inventory.h"
#include "registry/time.h"

namespace regctl::report {

enum class Code : std::uint8_t {
  // A run is refused because something is not known.
  unread_part,
  symlink_in_tree,
  link_not_followed,
  behind_symlink,
  not_a_directory,
  unknown_directory,
  unstable_directory,
  unread_store,
  database_in_use,
  object_store,
  renames_copy,
  renames_fail,
  empty_mount,
  blobs_missing,
  repositories_missing,
  half_of_manifests,
  half_of_tags,
  half_of_layers,
  upload_in_progress,
  upstream_collector,
  registry_serving,
  cache_serving,
  registry_may_serve,
  registry_sees_another,
  manifests_elsewhere,
  pull_through_cache,
  no_cache,
  no_tags,
  tags_look_dead,
  // A run is refused because too much would go.
  takes_everything,
  max_delete_blobs,
  max_delete_bytes,
  max_delete_share_of_bytes,
  max_delete_share_of_manifests,
  // Something was read, and is not as a registry writes it.
  manifest_missing,
  manifest_unparsable,
  manifest_digest_mismatch,
  link_empty,
  link_invalid,
  link_name_mismatch,
  // Something that somebody should do something about.
  tag_without_link,
  unexpected_file,
  blob_misplaced,
  illegal_name,
  protect_idle,
  repository_idle,
  roots_repository_unknown,
  registry_has_cache,
  registry_not_restarted,
  hold_short,
  registry_may_collect,
  processes_unseen,
  tag_dangling,
  empty_repository_kept,
  run_unknown,
  empty_root,
  report_not_written,
  report_not_printed,
  state_not_written,
  evidence_of_strangers,
  evidence_disputed,
  not_seen,
  mismatched_garbage,
  // Something that was to be done was not.
  interrupted,
  unread_candidate,
  not_removed,
  storage_refuses,
  not_synced,
  slow_storage,
  copy_vanished,
  duplicate_kept,
  upload_kept,
  tag_kept,
  deadline,
  put_back,
  not_put_back,
  // The program ends: another one is at work, it finds a fault in itself,
  locked,
  disagreement,
  // or ROOT is no store.
  root_missing,
  root_dangling_link,
  root_unreadable,
  root_configuration,
  root_file,
  root_not_a_directory,
  root_of_filesystem,
  root_behind_link,
  root_link_not_followed,
  root_beside_store,
  root_nested,
  root_minio,
  root_oci_layout,
  root_version_1,
  root_docker_engine,
  root_containerd,
  root_nexus,
  root_zot,
  root_unknown,
  // What an option would change.
  untagged_manifests,
  dead_tags,
  broken_manifests,
  orphaned_referrers,
  never_expires,
  stale_uploads,
  young_blobs,
  arrived_blobs,
  restart_registry,
  empties_store,
  roots_absent,
  pulled_by_digest,
  foreign_names,
  aliases,
  // What would open the gate of the caches.
  flush_redis,
  restart_server_in_doubt,
  restart_in_doubt,
  restart_unknown_cache,
  restart_that_remembers,
  restart_all_not_local,
  restart_all_not_seen,
  restart_all_none_found,
  leave_out_cache_none,
  restart_it,
  // Parts of sentences: reasons why something could not be found out,
  is_symlink,
  is_behind_symlink,
  // and why a link is not followed that was to be,
  leads_to_nothing,
  leads_to_no_directory,
  leads_into_store,
  leads_into_another_store,
  leads_to_what_is_followed,
  leads_to_what_another_owns,
  leads_for_another,
  leads_out_of_reach,
  is_no_directory,
  is_file,
  is_neither,
  is_unknown_directory,
  is_unstable,
  leads_elsewhere,
  has_vanished,
  cannot_be_locked,
  // what is wrong with a manifest or a link,
  manifest_is_missing,
  is_no_file,
  manifest_is_too_large,
  manifest_is_mismatched,
  is_empty,
  manifest_is_no_json,
  link_holds_no_digest,
  link_is_too_long,
  link_names_another,
  place_of_no_digest,
  repositories_are_kept,
  repair_or_pin,
  // what is in doubt about a process,
  process,
  process_of_environment,
  no_configuration_known,
  configuration_denied,
  configuration_unread,
  configuration_unclear,
  configuration_changed,
  environment_unread,
  storage_unseen,
  not_read_only,
  not_yaml,
  too_large,
  private_tags,
  base64,
  no_plain_keys,
  merge_keys,
  key_twice,
  no_root_directory,
  not_a_map,
  // why not every process was seen,
  process_unread,
  process_state_unclear,
  proc_unread,
  proc_unexpected,
  other_namespace,
  processes_hidden,
  // what became of a tag,
  tag_has_lost,
  cannot_vouch,
  computations_differ,
  // what the second opinion objects to, and why,
  objection,
  objection_of_several,
  blob,
  quarantined_blob,
  layer_link,
  quarantined_layer_link,
  revision,
  quarantined_revision,
  tag,
  quarantined_tag,
  repository,
  roots_name_it,
  tag_needs_it,
  dangling_tag_needed_it,
  unreadable_tag_needed_it,
  subject_is_kept,
  may_be_getting_it,
  is_in_doubt,
  is_protected,
  has_written_again,
  has_revision_link,
  untagged_are_kept,
  tells_no_tags,
  it_is_young,
  it_is_newer_than_tags,
  a_link_is_young,
  named_by_something_young,
  linked_since,
  bytes_are_there,
  tags_are_kept,
  it_can_be_pulled,
  it_has_tags,
  it_has_manifests,
  it_holds_a_young_link,
  it_has_a_needed_alias,
  it_has_uploads,
  a_directory_is_young,
  // what a finding of the audit has found.
  needed_by,
  never_pushed,
  subject_of,
  bad_member,
  no_current_link,
  no_manifest_here,
  quarantined_since,
  other_name_of,
  last_linked_in,
  entries,
  of_user,
  objects_of_user,
};

enum class MessageKind : std::uint8_t {
  refusal,
  brake,
  damage,
  warning,
  error,
  failure,
  advice,
  part
};

struct Argument;

// A part of a sentence with arguments of its own.
struct Part {
  Code code;
  std::vector<Argument> arguments;

  bool operator==(const Part&) const;
};

struct Size {  // in bytes, shown with a unit
  std::uint64_t bytes;
  bool operator==(const Size&) const = default;
};

struct Count {  // shown with separators
  std::uint64_t count;
  bool operator==(const Count&) const = default;
};

struct SystemReason {  // shown in the system's own words
  int error;           // an errno
  bool operator==(const SystemReason&) const = default;
};

// What a sentence leaves open. A string is a name out of the registry or from a person.
struct Argument : std::variant<std::string, std::uint64_t, Count, Size, Time, SystemReason, Part> {
  using variant::variant;
};

// Not defaulted: clang 14 cannot compare what holds itself.
inline bool Part::operator==(const Part& other) const {
  return code == other.code && arguments == other.arguments;
}

// Something to say about the registry: a blocker, a warning or an error of the report. What does
// not apply is empty.
struct Message {
  Code code;
  std::string path;  // a key, relative to docker/registry/v2
  std::string repository;
  std::optional<Digest> digest;
  std::vector<Argument> arguments;

  bool operator==(const Message&) const = default;
};

struct CodeInfo {
  Code code;
  std::string_view id;  // in reports, stable; several codes may share one; of
                        // failures and parts empty
  MessageKind kind;
  std::string_view sentence;  // {0}, {1} ... are its arguments
  std::string_view hint;      // what to do, with the same arguments; empty: nothing is known
};

const CodeInfo& info_of(Code code);

// A refusal that says too much would go; every other one says that something is not known.
inline bool is_brake(const Message& message) {
  return info_of(message.code).kind == MessageKind::brake;
}

// Why something could not be found out, as a part of a sentence: "is a symbolic link", or what the
// system says.
Argument reason_of(Trouble trouble, int error);
inline Argument reason_of(const StorageError& error) {
  return reason_of(error.trouble(), error.error());
}

// Why a link is not followed: "it leads to nothing".
Part reason_of(Following following);

// What is wrong, as a part of a sentence: "does not hash to its name".
Argument found_by(const Damage& damage, const Inventory& inventory);

}  // namespace regctl::report
