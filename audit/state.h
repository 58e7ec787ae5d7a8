// State: what earlier audits of a store verified, and what it held then, kept in an SQLite file.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "registry/inventory.h"
#include "registry/store_facts.h"
#include "registry/time.h"

namespace regctl::audit {

// When a blob was last verified, by whatever means.
struct LastSeen {
  Time at = Time::min();   // Time::min(): never
  bool is_same = false;    // nobody has touched the file since
  bool was_wrong = false;  // by any of its names

  bool is_still_right() const { return is_same && !was_wrong; }

  bool operator==(const LastSeen&) const = default;
};

// What tells a blob's file from another, and from itself after a change: its size, inode, and times
// of modification and change. The device's number does not: another start may give it another.
struct FileState {
  std::uint64_t bytes, inode;
  Time modified, changed;
};

// What a store held when an audit ended.
struct Snapshot {
  struct Share {
    std::string repository;
    std::uint64_t bytes;  // its fair share
  };
  Time at;
  std::uint64_t blobs = 0, bytes = 0, garbage_bytes = 0;
  std::vector<Share> repositories;  // ascending by name
};

// Of one audit at a time: another that opens the same file ends with status 11. One thread at a
// time. A blob is written down only after it was hashed to its end, some seconds later at the most;
// whatever kills the process loses no more than that. What goes wrong after the file was opened is
// no failure of the audit: see trouble().
class State {
 public:
  // Makes the file where there is none. Throws cli::Failure where it is another store's, of a newer
  // version, used by another audit, or cannot be used.
  State(const std::string& file, const StoreFacts& store);
  ~State();
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  // By DigestId. REQUIRES: the blobs were surveyed.
  std::vector<LastSeen> last_seen(const Inventory& inventory);
  // What `by`, a program or a file of evidence, saw at `at` of a blob in that file.
  void note(const Digest& digest, const FileState& file, Time at, const std::string& by,
            bool is_sound);

  // The last that is no younger than `at`, or else the first of all; empty: there is none.
  std::optional<Snapshot> snapshot_before(Time at);
  // All, the oldest first, without repositories.
  std::vector<Snapshot> history();
  void add(const Snapshot& snapshot);

  // Writes down what has been noted.
  void commit();
  // Why nothing more is written down; empty: all is well.
  std::string trouble() const;

 private:
  struct Database;
  std::unique_ptr<Database> database_;
};

}  // namespace regctl::audit
