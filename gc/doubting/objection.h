// What the second opinion is asked, and what it answers, as values.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "registry/digest.h"
#include "registry/marking/policy.h"
#include "registry/time.h"

namespace regctl::gc {

// What is about to go. Everything of one stage belongs into one question: a revision link that goes
// is what makes its blobs garbage.
struct Doomed {
  struct Link {
    std::string repository;
    Digest digest;  // the link's own name

    bool operator==(const Link&) const = default;
  };
  struct Tag {
    std::string repository, name;

    auto operator<=>(const Tag&) const = default;
  };
  struct Objects {
    std::vector<Digest> blobs;
    std::vector<Link> revisions, layers;
    std::vector<Tag> tags;

    bool empty() const {
      return blobs.empty() && revisions.empty() && layers.empty() && tags.empty();
    }
  };
  Objects in_place;       // to be taken
  Objects in_quarantine;  // copies, to be purged: their age does not count any more
  std::vector<std::string> empty_repositories;  // to be removed with all their layer links

  bool empty() const {
    return in_place.empty() && in_quarantine.empty() && empty_repositories.empty();
  }
};

// One of them.
struct Target {
  enum class Kind : std::uint8_t { blob, layer_link, revision, repository, tag };
  Kind kind = Kind::blob;
  bool in_quarantine = false;
  std::string repository;        // of a blob empty
  std::optional<Digest> digest;  // of a repository and a tag empty
  std::string tag = {};          // of all else empty

  auto operator<=>(const Target&) const = default;
};

// Why one of them must stay.
enum class Ground : std::uint8_t {
  listed,           // --roots names it
  tag,              // `repository`:`tag` needs it
  dangling_tag,     // a tag of `repository` that points to nothing there needed it once
  unreadable_tag,   // `repository`:`tag` needed it once, and its link does not tell
  referrer,         // `repository` keeps its subject
  begun,            // `repository` may be getting it now
  in_doubt,         // `repository` is: `place`, or `digest`, is wrong
  is_protected,     // `repository` is
  written_again,    // `repository` has written to it since it was taken
  revision_link,    // `repository` has one, which stays
  untagged_stay,    // and it is one of those
  tags_unknown,     // of `repository`
  young,            // it is
  newer_than_tags,  // it is newer than every tag
  young_link,       // a link to it is young
  young_namer,      // `digest` is young and names it
  link_since,       // a link to it was written since it was taken
  bytes_there,      // the blob that the link names is there
  tags_stay,
  in_use,  // its manifest can be pulled
  has_tags,
  has_manifests,
  holds_young_link,
  needed_alias,  // it has another name of a blob that is needed
  has_uploads,
  young_directory,
};

struct Cause {
  Ground ground;
  std::string repository, tag, place;
  std::optional<Digest> digest;

  bool operator==(const Cause&) const = default;
};

struct Objection {
  Target what;
  Cause why;

  bool operator==(const Objection&) const = default;
};

struct Circumstances {
  Policy policy;
  Time now;
  // Copies of this run are not given back for a link written just before: its own second look
  // judges that better, by inodes. Empty: none are.
  std::string run;
  std::chrono::milliseconds settle{2000};  // for links that read short; all in all
};

}  // namespace regctl::gc
