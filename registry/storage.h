// Storage: named bytes, readable. It knows keys ("a/b/c"), never what they mean, and has no verb
// that changes anything. A file system is one (filesystem_storage.h); an object store can be
// another.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/error.h"
#include "registry/identity.h"
#include "registry/time.h"

namespace regctl {

enum class EntryKind : std::uint8_t { file, directory, symlink, other };

struct Entry {
  std::string name;
  EntryKind kind = EntryKind::file;

  auto operator<=>(const Entry&) const = default;
};

struct Stat {
  EntryKind kind = EntryKind::file;
  std::uint64_t bytes = 0;
  std::uint64_t disk_bytes = 0;  // that go with this name: less than `bytes` for sparse files, 0
                                 // while there is another name
  Time modified;
  std::optional<Time> born;  // empty: the storage does not tell
  Time changed{};            // by anything, a chown or a rename included
  std::uint64_t inode = 0;   // which object has the name; 0: the storage does not know
  std::uint64_t names = 1;   // of the same object; more than this one: hard links
  std::uint32_t owner = 0;   // the user's number; 0 also where the storage knows none

  bool operator==(const Stat&) const = default;
};

struct Listing {
  Stat stat;                   // of the directory itself
  std::vector<Entry> entries;  // in no particular order
  std::vector<std::optional<Stat>>
      stats;  // of the entries, where asked for; empty: was absent when asked
};

struct Content {
  Stat stat;          // bytes are empty unless stat.kind is file
  std::string bytes;  // from the start, `limit` at the most
  bool whole = true;  // nothing was cut off
};

// An object of any size, read from its beginning to its end by one thread.
class Reader {
 public:
  virtual ~Reader() = default;
  // The next bytes, at most `limit`; empty at the end. Valid until the next call. Throws
  // StorageError.
  virtual std::string_view next(std::size_t limit) = 0;
  // As it is now: of the object that is open, whatever its name means by then.
  virtual Identity identity() const = 0;
};

// As far as it counts; what does not, arrived in 1970.
Time arrival_of(const Stat& stat, Arrival what_counts);

// Every function may be called from several threads at once. Absence is an empty optional, and only
// if storage is sure of it; whatever else keeps the answer away is a StorageError with the complete
// key. A symbolic link is never followed on the way to a key: meeting one throws.
class Storage {
 public:
  virtual ~Storage() = default;

  // The names directly below `key` ("" for the top).
  virtual std::optional<Listing> list(std::string_view key) const = 0;
  virtual std::optional<Listing> list_with_stats(std::string_view key) const;
  // Of the object itself, also where that is a symbolic link.
  virtual std::optional<Stat> stat(std::string_view key) const = 0;
  virtual std::optional<Content> read(std::string_view key, std::size_t limit) const = 0;
  // The key of the directory that the symbolic link `key` leads to in the end. Empty: it leads out
  // of this storage, to no directory, or nobody can tell.
  virtual std::optional<std::string> leads_to(std::string_view key) const;
  // Null: absent, or no file.
  virtual std::unique_ptr<Reader> open(std::string_view key) const;
  // The same storage, seen from a prefix: cheaper where many keys share one. Everything in a view
  // of an absent prefix is absent. The view must not outlive the storage.
  virtual std::unique_ptr<Storage> below(std::string_view prefix) const = 0;
};

}  // namespace regctl
