// The second opinion's own walk through a store: every link and every manifest, one after the
// other, as plain facts. It judges nothing, and shares neither code nor values with the scan whose
// conclusions it is there to doubt.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "gc/doubting/careful_storage.h"
#include "registry/digest.h"
#include "registry/layout.h"

namespace regctl::gc::second {

// A digest as a small number.
using Id = std::uint32_t;

class Names {
 public:
  Id operator[](const Digest& digest) {
    const auto [at, is_new] = ids_.try_emplace(digest, static_cast<Id>(digests_.size()));
    if (is_new) digests_.push_back(&at->first);
    return at->second;
  }
  const Digest& operator[](Id id) const { return *digests_[id]; }
  // Empty: it has no number yet.
  std::optional<Id> find(const Digest& digest) const {
    const auto at = ids_.find(digest);
    return at == ids_.end() ? std::nullopt : std::optional(at->second);
  }
  std::size_t size() const { return digests_.size(); }

 private:
  std::map<Digest, Id> ids_;
  std::vector<const Digest*> digests_;  // into ids_, whose nodes stay where they are
};

struct Revision {
  Id name, target;
  Link::State state;
  Time modified, latest;  // as in Link
  std::optional<layout::QuarantineName> copy;
};

struct Tag {
  std::string name;
  std::optional<Id> target;   // empty: its current link is not there, or says nothing
  Time modified{}, latest{};  // of that link, or of the directory it belongs into
  std::vector<std::pair<Id, Time>> history;  // each with its latest time; with Histories::all, and
                                             // where there is no target or no revision of it
};

// In quarantine.
struct TagCopy {
  Tag tag;
  layout::TagQuarantine quarantine;
};

constexpr std::size_t kMostNames = 64;

struct Repository {
  std::set<std::string> other_names;  // by symbolic links that lead to it, or above it
  bool has_more_names = false;        // than kMostNames
  std::vector<Revision> revisions;
  std::map<Id, std::size_t> places;  // in `revisions`, by name
  std::vector<Tag> tags;
  std::vector<TagCopy> tag_copies;
  bool has_tags = false;              // the directory
  std::set<Id> lately;                // named by a layer link that is young
  std::optional<std::string> damage;  // where a link, or a place for some, is wrong
  std::vector<Id> hints;              // digests at places of no meaning

  // Null: there is none of that name.
  const Revision* revision(Id name) const {
    const auto at = places.find(name);
    return at == places.end() ? nullptr : &revisions[at->second];
  }
};

// A blob that was opened as a manifest.
struct Paper {
  bool missing = false;   // no bytes anywhere
  bool in_place = false;  // `data` is there
  Time latest{};          // of the bytes
  bool damaged = false;
  std::vector<Id> mentions, subjects;
};

struct Reading {
  Names names;
  std::map<std::string, Repository> repositories;
  std::map<Id, Paper> papers;
  // Layer links of any repository that hold another digest than their name.
  std::multimap<Id, Id> aliases;
  std::set<Id> children;  // named by some paper as an index names its children
  // Of what was watched: when the newest link in place was written.
  std::map<Digest, Time> last_linked;

  // Null: it was not opened.
  const Paper* paper(Id id) const {
    const auto at = papers.find(id);
    return at == papers.end() ? nullptr : &at->second;
  }
};

enum class Histories { all, where_needed };

struct Question {
  std::function<bool(Time)> is_young;
  Histories histories = Histories::where_needed;
  std::vector<Digest> roots;  // to open besides what the store itself calls manifests
  std::set<Digest> watched;   // for Reading::last_linked
  Time now;
  // How long to wait, all in all, for links that read short and may be being written.
  std::chrono::milliseconds settle{0};
};

Reading read_store(const CarefulStorage& storage, const Question& question);

// Names of all layer links of a repository, however their directories are. Empty also where it has
// none any more.
std::vector<Digest> layers_of(const CarefulStorage& storage, const std::string& repository);

}  // namespace regctl::gc::second
