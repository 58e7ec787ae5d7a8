// Inventory: a whole registry as one plain value, what a scan saw and nothing it concluded. Above
// it nobody knows whether it came from a file system or an object store.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/digest_set.h"
#include "registry/error.h"
#include "registry/known_size.h"
#include "registry/manifest.h"
#include "registry/time.h"

namespace regctl {

// As an Inventory keeps what is in it: ascending, each once.
template <class T>
void sort_unique(std::vector<T>& items) {
  std::sort(items.begin(), items.end());
  items.erase(std::unique(items.begin(), items.end()), items.end());
}

// Something that keeps the scan from being complete: unread, or hiding what was never listed.
struct Obstacle {
  std::string path;
  Trouble trouble;
  int error = 0;  // as StorageError::error()

  auto operator<=>(const Obstacle&) const = default;
};

// Something may be at it or below that nobody saw; below what is no directory there is nothing.
inline bool hides(const Obstacle& obstacle) {
  return class_of(obstacle.trouble) != TroubleClass::not_a_directory;
}

// What is wrong with a manifest or a link that was read.
enum class DamageKind : std::uint8_t {
  manifest_missing,     // although a revision link names it
  manifest_not_a_file,  // but a directory, a device
  manifest_too_large,   // kLargestManifest
  manifest_mismatched,  // does not hash to its name
  manifest_empty,
  manifest_not_json,  // not an object as the registry's own reader takes one
  link_not_a_file,
  link_empty,
  link_without_digest,   // holds something else
  link_too_long,         // layout::kLongestLink
  link_to_another,       // names another digest than its place does
  place_without_digest,  // a directory of no known algorithm or digest where links are kept
};

// Kinds of damage that have the same remedy.
enum class DamageClass : std::uint8_t {
  manifest_missing,
  manifest_mismatched,
  manifest_unparsable,  // not what a registry can read as one
  link_empty,
  link_to_another,
  link_invalid,  // holds no digest, or stands where none can
};
DamageClass class_of(DamageKind kind);

// Something that was read, and is not as a registry writes it.
struct Damage {
  DamageKind kind;
  std::string path;
  std::optional<DigestId> digest;  // that its place names
  std::uint64_t bytes = 0;         // of a link without digest
  std::optional<DigestId> names;   // of a link to another

  bool operator==(const Damage&) const = default;
};

// A file or directory that no registry writes, at a place where it hides nothing.
struct Stray {
  enum class Kind : std::uint8_t {
    unexpected,
    misplaced_blob,
    illegal_name,  // of a repository, which it is taken for all the same
    foreign,       // is_foreign_name()
    temporary
  };
  Kind kind;
  std::string path;
  Time modified = Time::max();  // of temporary ones; else it was not asked for

  auto operator<=>(const Stray&) const = default;
};

enum class LinkState : std::uint8_t {
  present,
  pending,      // the directory is there, its link not yet (or no more)
  quarantined,  // only a copy renamed by an earlier run of ours is there
  damaged,      // there, but does not say what it should
};

// A link below _layers or _manifests/revisions. `target` differs from `name` in alias links (a
// sha512 upload is stored as sha256) and in damaged ones that name another digest.
struct Link {
  DigestId name;
  DigestId target;
  LinkState state;
  bool only_signatures = false;  // of a pending one: its directory holds those of old registries
  // Of the link; of its directory while pending; of the copy while quarantined.
  Time modified;
  Time arrived{};           // the same, as Inventory::arrival says
  std::uint64_t inode = 0;  // of the link

  bool operator==(const Link&) const = default;
};

// The file is there, whatever it says.
inline bool is_there(const Link& link) {
  return link.state == LinkState::present || link.state == LinkState::damaged;
}

// Of links as an Inventory sorts them; null: none has the name.
const Link* link_named(const std::vector<Link>& links, DigestId name);

// Whether there is one, whatever its file says.
bool has_link(const std::vector<Link>& links, DigestId name);

// What a tag once pointed to.
struct TagEntry {
  DigestId digest;
  Time modified, arrived{};  // as in Link

  auto operator<=>(const TagEntry&) const = default;
};

struct Tag {
  std::string name;
  LinkState state;
  std::optional<DigestId> target;  // empty: unknown
  Time modified, arrived{};        // as in Link
  std::uint64_t inode = 0;         // as in Link
  // What the tag ever pointed to: read where `target` is unknown, and where the scan was asked for
  // histories.
  std::vector<TagEntry> history;

  bool operator==(const Tag&) const = default;
};

// An older upload nobody resumes: what distribution's `uploadpurging` takes unless told otherwise.
inline constexpr Duration kStaleUpload = std::chrono::hours(168);

// Of tags as an Inventory sorts them; null: none has the name.
const Tag* tag_named(const std::vector<Tag>& tags, std::string_view name);

struct Upload {
  std::string uuid;
  std::optional<Time> started;  // empty: missing or unparsable; without any file, when the
                                // directory was last changed
  Time newest{};  // latest modification time of any file inside; where `started` is empty, of any
                  // directory as well
  std::uint64_t bytes = 0;
  // Its `startedat` or `data` is there. Of one that was cancelled hash states may be left.
  bool can_go_on = false;

  Time last_touched() const { return std::max(started.value_or(newest), newest); }
  bool is_stale(Time now) const { return now - last_touched() >= kStaleUpload; }

  bool operator==(const Upload&) const = default;
};

// Through a link to a directory above itself a repository has names without end.
inline constexpr std::size_t kMostNames = 64;

struct Repository {
  std::string name;  // as in the tree; not necessarily a legal name, nor UTF-8
  // By Inventory::aliases, any number of them; ascending, and no more than kMostNames.
  std::vector<std::string> other_names;
  bool has_more_names = false;
  std::vector<Link> layers;
  // The other layer links: directories that were listed and not looked into. Each counts as one
  // that says its name.
  std::vector<DigestId> named_layers;
  std::vector<Link> revisions;
  std::vector<Tag> tags;
  std::vector<Upload> uploads;
  bool has_tags = false;        // the directory
  Time directories_modified{};  // the newest of those that were listed
  std::vector<Damage> damage;
  // Digests that stand in damaged links or at places of unknown meaning: alive while this
  // repository is in doubt.
  std::vector<DigestId> hinted;

  std::size_t count_manifests() const;  // revision links that are there
  // Without manifests, tags and uploads.
  bool is_empty() const;

  bool operator==(const Repository&) const = default;
};

// What stands below blobs/ for one digest.
struct Blob {
  DigestId digest;
  bool present = false;  // `data` is there, a file
  std::uint64_t bytes = 0, disk_bytes = 0;
  Time modified;            // of `data`
  Time changed;             // of `data`, by anything
  std::uint64_t inode = 0;  // of `data`
  Time directory_modified;  // of the directory
  Time arrived{};           // of either, as Inventory::arrival says

  bool operator==(const Blob&) const = default;
};

struct Reference {
  DigestId to;
  std::optional<Role> role{};       // empty: a digest somewhere in the text
  bool child : 1;                   // may be a manifest (FoundReference::child)
  bool has_urls : 1 = false;        // absence is no damage
  bool is_attestation : 1 = false;  // as in Descriptor
  KnownSize size;                   // claimed by the descriptor

  // By a descriptor, and not as a manifest.
  bool is_to_blob() const { return role && *role != Role::child; }

  bool operator==(const Reference&) const = default;
};
static_assert(sizeof(Reference) <= 16, "a store has millions");

// A blob that was opened as a manifest.
struct Document {
  enum class State : std::uint8_t {
    sound,  // bytes hash to the name, and are a JSON object
    leaf,  // sound bytes that are no JSON object, and that no revision link or tag calls a manifest
    absent,   // no bytes anywhere
    damaged,  // bytes that are wrong, too many, or missing although a revision link names them
  };
  DigestId digest{};
  State state = State::absent;
  ManifestKind kind = ManifestKind::unknown;
  std::string_view bad_member;  // as in Manifest; of what a revision link or a tag calls one
  bool from_quarantine = false;
  std::uint64_t bytes = 0;
  Time modified, arrived{};  // as in Link
  std::vector<Reference>
      references;  // by digest, each once; of a damaged one every digest in its text
  std::vector<DigestId> subjects;
  std::vector<Damage> damage;  // one exactly if damaged, else none

  // No bytes, although a revision link names it.
  bool is_missing() const {
    return !damage.empty() && damage.front().kind == DamageKind::manifest_missing;
  }

  bool operator==(const Document&) const = default;
};

// A `data` or `link` that an earlier run renamed in place.
struct Quarantined {
  enum class Kind : std::uint8_t { blob, layer_link, revision_link, tag };  // the last: see below
  Kind kind;
  DigestId digest;
  std::uint32_t repository = 0;  // index into repositories; of links only
  Time taken;
  std::string run;
  std::uint64_t bytes = 0, disk_bytes = 0;
  Time modified;
  std::uint64_t inode = 0;  // as in Stat
  bool duplicate = false;   // the original name exists again beside it

  auto operator<=>(const Quarantined&) const = default;
};

// The directory of a tag that an earlier run moved away from the others. These are not among the
// Quarantined.
struct QuarantinedTag {
  std::uint32_t repository = 0;  // as in Quarantined
  Tag tag;                       // as it was
  Time taken;
  std::string run;

  bool operator==(const QuarantinedTag&) const = default;
};

// Another name of a directory below repositories/, and so of all repositories in it: a symbolic
// link.
struct Alias {
  std::string name, of;  // relative to repositories/

  auto operator<=>(const Alias&) const = default;
};

// A user who is not that of docker/registry/v2, and what of blobs and links is this one's.
struct OtherOwner {
  std::uint32_t user;
  std::uint64_t objects = 0;
  std::string path;  // the first of them

  bool operator==(const OtherOwner&) const = default;
};

// what_matters: of layer links a scan opens only those of which a name says too little, that of
// another algorithm than sha256 (which may be an alias) and that of a revision of the same
// repository, and the others become Repository::named_layers; of the directory of a blob survey()
// asks for `data` alone where that is a file. In a tree with layout::kQuarantineSign, where there
// may be more to see, that is everything.
enum class Depth : std::uint8_t { everything, what_matters };

// Every vector ascends by digest, name or path, so equal registries give equal inventories.
struct Inventory {
  DigestSet digests;  // every digest met anywhere
  std::vector<Repository> repositories;
  std::vector<DigestId> blob_directories;  // that stand below blobs/
  std::vector<Blob> blobs;                 // what is in those that were looked into
  std::vector<Document> documents;
  std::vector<Quarantined> quarantined;
  std::vector<QuarantinedTag> quarantined_tags;  // by repository, name, time
  std::vector<Obstacle> obstacles;
  std::vector<Stray> strays;
  std::vector<Alias> aliases;
  std::vector<OtherOwner> other_owners;              // by user; of what was looked at
  std::uint32_t owner = 0;                           // of docker/registry/v2
  bool has_blobs = false, has_repositories = false;  // directories
  Arrival arrival = Arrival::ignored;                // what `arrived` tells
  Depth depth = Depth::everything;                   // to which it was, and will be, looked into
  // 1 + index into blobs and documents, by DigestId; 0: none; kUnseen: a directory of blobs that
  // nobody looked into.
  static constexpr std::uint32_t kUnseen = ~std::uint32_t{0};
  std::vector<std::uint32_t> blob_index, document_index;

  bool has_directory(DigestId id) const;  // below blobs/
  // Null: there is none, or nobody looked into it.
  const Blob* blob(DigestId id) const;
  // Null: it was not opened.
  const Document* document(DigestId id) const;
  // As far as anybody looked: in a directory where nobody did, they count as there.
  bool has_bytes(DigestId id) const;
  // The nearest that `path` is at or below; null: there is none.
  const Obstacle* obstacle_above(std::string_view path) const;
  // At or below an obstacle that hides: whether anything is there is not known.
  bool is_hidden(std::string_view path) const;
  // Also by another name that it has. Null: there is none of that name.
  const Repository* repository(std::string_view name) const;
  // Null: there is no such repository, or no such tag in it.
  const Tag* tag(std::string_view repository, std::string_view name) const;
  // The `data` of it that an earlier run renamed, of several the last; null: there is none.
  const Quarantined* quarantined_blob(DigestId id) const;

  bool operator==(const Inventory&) const = default;
};

// The largest size that any descriptor claims, or that was seen, by DigestId.
std::vector<KnownSize> known_sizes(const Inventory& inventory);

}  // namespace regctl
