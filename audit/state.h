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

  // By DigestId: when the bytes that are there now were last seen to be right. Time::min(): they
  // were not. REQUIRES: the blobs were surveyed.
  std::vector<Time> verified_at(const Inventory& inventory);
  // What was seen at `at` of a blob as it stood there then.
  void note(const Digest& digest, std::uint64_t bytes, Time modified, Time at, bool is_sound);

  // The last that is no younger than `at`, or else the first of all; empty: there is none.
  std::optional<Snapshot> snapshot_before(Time at);
  void add(const Snapshot& snapshot);

  // Writes down what has been noted.
  void commit();
  // Why nothing more is written down; empty: all is well.
  const std::string& trouble() const;

 private:
  struct Database;
  std::unique_ptr<Database> database_;
};

}  // namespace regctl::audit
