// Storage as the second opinion looks at it: slowly, and believing no single absence.
#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "registry/digest.h"
#include "registry/layout.h"
#include "registry/storage.h"

namespace regctl::gc::second {

// What a directory holds in which a link belongs.
struct Link {
  enum class State { in_place, quarantined, absent };
  State state = State::absent;
  Time modified;                // of the link, or of its last copy, or of the directory
  Time latest;                  // of this and of its arrival
  std::string bytes;            // of the link, or of its last copy
  std::optional<Digest> holds;  // empty: `bytes` are not a digest and no more
  std::optional<layout::QuarantineName> copy;  // of a quarantined one
};

struct StoredBlob {
  Content content;
  bool in_place;  // `data` itself, not a copy
};

// Believes an absence after a listing only if another listing agrees. Every function throws
// StorageError for what it cannot find out, and Interrupted if so asked.
class CarefulStorage {
 public:
  // No manifest is read any further.
  static constexpr std::size_t kLargest = std::size_t{64} << 20;

  // `storage` must outlive it.
  CarefulStorage(const Storage& storage, Arrival arrival, std::stop_token stop)
      : storage_(storage), arrival_(arrival), stop_(std::move(stop)) {}

  // When it was modified or came to its place, whichever is later.
  Time latest(const Stat& stat) const;

  // What `key`, which was listed, holds. Empty also if it is provably gone.
  std::vector<Entry> entries(const std::string& key) const;
  // Of these the directories, and files for which `belongs` says that a directory must be there, so
  // that listing them fails. Throws also for whatever else may hide something.
  using Belongs = bool (*)(std::string_view);
  std::vector<std::string> directories(const std::string& key, Belongs belongs = nullptr) const;
  // The same, with the symbolic links whose names no underscore begins by themselves.
  struct Children {
    std::vector<std::string> directories, links;
  };
  Children directories_and_links(const std::string& key, Belongs belongs) const;
  // Empty: `key`, which was listed, is provably gone.
  std::optional<Content> read(const std::string& key, std::size_t limit) const;
  bool is_gone(std::string key) const;

  // The link in directory `name` below `prefix`, which `view` is a view of. Empty: the directory is
  // provably gone.
  std::optional<Link> link(const Storage& view, const std::string& prefix,
                           const std::string& name) const;
  // The link in `directory`.
  std::optional<Link> link(const std::string& directory) const;

  // At most kLargest bytes of `data`, or where that is absent of a copy that hashes to the name.
  // Empty: there is neither.
  std::optional<StoredBlob> blob(const Digest& digest) const;
  // In quarantine, ascending by name. Empty also where the blob has no directory.
  std::vector<std::string> copies_of_data(const Digest& digest) const;

  // The storage itself, which is believed at once.
  const Storage& plain() const { return storage_; }
  // Throws Interrupted if so asked.
  void pause() const;

 private:
  template <class Attempt>
  auto insist(const std::string& key, Attempt attempt) const -> decltype(attempt());

  const Storage& storage_;
  Arrival arrival_;
  std::stop_token stop_;
};

}  // namespace regctl::gc::second
