// The second opinion's own walk through a store: every link and every manifest, one after the
// other, as plain facts. It judges nothing, and shares neither code nor values with the scan whose
// conclusions it is there to doubt.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "registry/digest.h"
#include "registry/layout.h"
#include "registry/storage.h"

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
  std::size_t size() const { return digests_.size(); }

 private:
  std::map<Digest, Id> ids_;
  std::vector<const Digest*> digests_;  // into ids_, whose nodes stay where they are
};

// Storage access that believes an absence after a listing only if another listing agrees. Every
// function throws StorageError for what it cannot find out, and Interrupted if so asked.
class Eyes {
 public:
  Eyes(const Storage& storage, std::stop_token stop) : storage_(storage), stop_(std::move(stop)) {}

  // What `key`, which was listed, holds.
  std::vector<Entry> entries(const std::string& key) const;
  // Of these the directories, and files for which `belongs` says that a directory must be there, so
  // that listing them fails. Throws also for whatever else may hide something.
  std::vector<std::string> directories(const std::string& key,
                                       bool (*belongs)(std::string_view) = nullptr) const;
  // Empty: `key`, which was listed, is provably gone.
  std::optional<Content> read(const Storage& view, const std::string& prefix,
                              const std::string& key, std::size_t limit) const;
  bool is_gone(std::string key) const;

  // The link in directory `name` below `prefix`, which `view` is a view of. Empty: the directory is
  // provably gone.
  struct Link {
    enum class State { in_place, quarantined, absent };
    State state = State::absent;
    Time modified;                // of the link, or of its last copy, or of the directory
    std::string bytes;            // of the link, or of its last copy
    std::optional<Digest> holds;  // empty: `bytes` are not a digest and no more
    std::optional<layout::QuarantineName> copy;  // of a quarantined one
  };
  std::optional<Link> link(const Storage& view, const std::string& prefix,
                           const std::string& name) const;

  // At most kLargest bytes of `data`, or where that is absent of a copy that hashes to the name.
  static constexpr std::size_t kLargest = std::size_t{64} << 20;
  struct Blob {
    Content content;
    bool in_place;
  };
  std::optional<Blob> blob(const Digest& digest) const;
  // In quarantine, ascending by name.
  std::vector<std::string> copies_of_data(const Digest& digest) const;

  const Storage& storage() const { return storage_; }
  // Throws Interrupted if so asked.
  void pause() const;

 private:
  template <class Attempt>
  auto insist(const std::string& key, Attempt attempt) const -> decltype(attempt());
  static std::optional<Link> look_for_link(const Storage& view, const std::string& name);

  const Storage& storage_;
  std::stop_token stop_;
};

struct Revision {
  Id name, target;
  Eyes::Link::State state;
  Time modified;
  std::optional<layout::QuarantineName> copy;
};

struct Tag {
  std::string name;
  std::optional<Id> target;  // empty: its current link is not there, or says nothing
  Time modified;
  std::vector<std::pair<Id, Time>> history;  // with Histories::all, and where there is no target
};

struct Repository {
  std::vector<Revision> revisions;
  std::vector<Tag> tags;
  bool has_tags = false;              // the directory
  std::set<Id> lately;                // named by a layer link that is young
  std::optional<std::string> damage;  // where a link, or a place for some, is wrong
  std::vector<Id> hints;              // digests at places of no meaning
};

// A blob that was opened as a manifest.
struct Paper {
  bool in_place = false;  // `data` is there
  Time modified{};        // of the bytes
  bool damaged = false;
  std::vector<Id> mentions, subjects;
};

struct Reading {
  Names names;
  std::map<std::string, Repository> repositories;
  std::map<Id, Paper> papers;
  std::multimap<Id, Id>
      aliases;            // layer links of any repository that hold another digest than their name
  std::set<Id> children;  // named by some paper as an index names its children
  std::map<Digest, Time>
      last_linked;  // of what was watched: when the newest link in place was written
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

Reading read_store(const Eyes& eyes, const Question& question);

// Names of all layer links of a repository, however their directories are.
std::vector<Id> layers_of(const Eyes& eyes, Names& names, const std::string& repository);

}  // namespace regctl::gc::second
