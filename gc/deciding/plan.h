// Plan: what a run may take, give back and purge, each with its reason, and why it may not. A value
// alone, and the only door between deciding and doing: printing a Plan is the dry run, carrying it
// out is the sweep.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gc/deciding/gate_answer.h"
#include "registry/identity.h"
#include "registry/inventory.h"
#include "registry/marking/why.h"
#include "report/message.h"

namespace regctl::gc {

struct Amount {
  std::uint64_t count = 0, bytes = 0;

  Amount& operator+=(std::uint64_t more) {
    ++count;
    bytes += more;
    return *this;
  }
  bool operator==(const Amount&) const = default;
};

enum class Reason : std::uint8_t {
  unreferenced,
  untagged,
  broken,    // a manifest without bytes
  dead,      // a tag whose manifest is gone
  orphaned,  // of an image that is gone: a signature, an attestation, an SBOM
  unused,    // in a pull-through cache
};

// Which link file was judged: what stands there later may be another.
struct LinkVersion {
  Time modified{};
  std::uint64_t inode = 0;

  bool operator==(const LinkVersion&) const = default;
};

struct ManifestRemoval {
  std::string repository;
  Digest digest;
  Reason reason;
  std::vector<std::string> former_tags;  // whose history names it
  LinkVersion link;

  bool operator==(const ManifestRemoval&) const = default;
};

struct TagRemoval {
  std::string repository, tag;
  std::optional<Digest> target;  // empty: nothing is left of it but directories
  Reason reason;
  std::optional<LinkVersion> link;  // its current link; empty: it has none
  std::vector<Digest> names;        // what it points and pointed to

  bool operator==(const TagRemoval&) const = default;
};

struct BlobRemoval {
  Digest digest;
  std::uint64_t bytes, disk_bytes;
  Time written_at;
  Reason reason;
  std::string last_repository;  // with the newest link to it; empty: none links it
  std::optional<Identity>
      verified;  // what hashed to the digest; empty: not hashed, so not to be taken

  bool operator==(const BlobRemoval&) const = default;
};

// Why a layer link goes, though one that is alive or young never does.
enum class LinkReason : std::uint8_t {
  leads_nowhere,    // nothing of the blob is there
  blob_is_purged,   // nothing but copies that this run purges before
  blob_is_taken,    // by this run, after the link
  repository_goes,  // with all its links
};

struct LayerLinkRemoval {
  std::string repository;
  Digest digest;
  LinkVersion link;
  LinkReason reason = LinkReason::leads_nowhere;
  std::optional<Digest> blob = {};  // that is taken or purged

  bool operator==(const LayerLinkRemoval&) const = default;
};

struct UploadRemoval {
  std::string repository, uuid;
  std::optional<Time> started_at;  // Upload::started
  Time newest;                     // Upload::newest
  std::uint64_t bytes;

  auto operator<=>(const UploadRemoval&) const = default;
};

// A file that a registry writes before it gives it its name, and left behind.
struct LeftoverRemoval {
  std::string path;  // a key
  Time modified;

  auto operator<=>(const LeftoverRemoval&) const = default;
};

// A copy in quarantine: of a blob, or with a repository of one of its links or tags.
struct Copy {
  Quarantined::Kind kind;
  std::string repository;
  std::optional<Digest> digest;  // of a tag empty
  Time taken;
  std::string run, tag = {};

  auto operator<=>(const Copy&) const = default;
};

Copy copy_of(const Inventory& inventory, const Quarantined& copy);
Copy copy_of(const Inventory& inventory, const QuarantinedTag& copy);

struct Restoration {
  Copy copy;
  Why reason;

  bool operator==(const Restoration&) const = default;
};

struct Purge {
  Copy copy;
  std::uint64_t bytes, disk_bytes;  // of a link: of the link
  bool
      duplicate;  // the original is there again: the copy goes only if that is sound. Of tags false
  std::vector<std::string>
      former_tags;  // of a revision link: whose history names it, and goes with it

  auto operator<=>(const Purge&) const = default;
};

// What stays in quarantine after this run.
struct Waiting {
  Amount amount;
  std::optional<Time> oldest;  // when the first of it was taken
  std::optional<Time>
      until;  // when the first of it may be purged, if the gate is open then; empty: nothing waits
  GateAnswer gate;  // for all of it; where nothing waits, for what would be taken now

  bool operator==(const Waiting&) const = default;
};

struct Plan {
  std::vector<TagRemoval> tags;               // by repository, then name
  std::vector<ManifestRemoval> manifests;     // by repository, then digest
  std::vector<BlobRemoval> blobs;             // by size, largest first, then digest
  std::vector<LayerLinkRemoval> layer_links;  // by repository, then digest
  std::vector<UploadRemoval> uploads;
  std::vector<LeftoverRemoval> leftovers;  // by path
  std::vector<std::string> empty_repositories;
  std::vector<Restoration> restore;
  std::vector<Purge> purge;
  Waiting waiting, waiting_unpurged;  // the second: if nothing is purged after all

  Amount kept_young, kept_arrived, kept_pinned,
      kept_protected;                   // of blobs: kept although nothing needs them (Why)
  std::uint64_t kept_outside_tags = 0;  // revisions; see Why::outside_tags

  std::vector<report::Message> blockers;  // any of them: nothing is taken or purged
  std::vector<report::Message> warnings;

  bool operator==(const Plan&) const = default;
};

// Whether there is anything for Stage::take.
bool takes_anything(const Plan& plan);

// Whether there is anything for Stage::purge.
bool purges_anything(const Plan& plan);

// Whether `repository` goes as a whole: then its layer links are no question of their own.
bool goes(const Plan& plan, const std::string& repository);

// `plan` without the links to blobs that are not among the removals any more.
Plan without_links_to_what_stays(Plan plan);

// What healing does of a plan: nothing is taken or purged, and no brake is needed.
Plan only_give_back(Plan plan);

}  // namespace regctl::gc
