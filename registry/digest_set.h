// DigestSet: every digest of a registry once, sorted, so that the rest can say a small number for
// each: its place.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include "registry/digest.h"

namespace regctl {

class Workers;

// A digest's place in the DigestSet of its Inventory.
enum class DigestId : std::uint32_t {};

inline std::size_t index_of(DigestId id) { return static_cast<std::size_t>(id); }

// Digests by number, in 32 bytes each: nearly all are sha256.
class DigestList {
 public:
  std::size_t size() const { return heads_.size(); }
  Digest operator[](std::size_t i) const;
  // Whether that is `digest`.
  bool holds(std::size_t i, const Digest& digest) const;
  // Orders as digests do, as far as it tells them apart.
  std::uint64_t first_bytes(std::size_t i) const;

  void push_back(const Digest& digest);
  // Makes them `size`; the new ones are no digests until they are set.
  void resize(std::size_t size) { heads_.resize(size); }
  // Makes that at `place` `from`[i]. Several threads may set several places, but only one at a time
  // those that are no sha256.
  void set(std::size_t place, const DigestList& from, std::size_t i);
  bool all_are_sha256() const { return longer_.empty(); }

  bool operator==(const DigestList&) const = default;

 private:
  using Head = std::array<std::uint8_t, 32>;
  std::vector<Head> heads_;                           // the first bytes of each
  std::unordered_map<std::uint32_t, Digest> longer_;  // by number; those that are no sha256
};

class DigestSet {
 public:
  DigestSet() = default;
  // REQUIRES: `sorted` ascends without duplicates.
  explicit DigestSet(DigestList sorted) : digests_(std::move(sorted)) {}

  std::size_t size() const { return digests_.size(); }
  Digest operator[](DigestId id) const { return digests_[index_of(id)]; }
  // Empty: not in the set.
  std::optional<DigestId> find(const Digest& digest) const;

  bool operator==(const DigestSet&) const = default;

 private:
  DigestList digests_;
};

// Gathers digests from several threads. The numbers it hands out depend on who came first; finish()
// replaces them by places in the sorted set.
class DigestCollector {
 public:
  DigestId add(const Digest& digest);
  // The same for many at once, in less time: their numbers, in their order, go behind `to`.
  void add(const std::vector<Digest>& digests, std::vector<DigestId>& to);
  // REQUIRES: `given` came from add().
  Digest operator[](DigestId given);

  struct Finished {
    DigestSet set;
    std::vector<DigestId> place;  // by the number that add() gave
  };
  // REQUIRES: no add() during or after it.
  Finished finish(const Workers& workers);

 private:
  struct Slot {
    std::uint32_t hash;       // tells most digests apart without a look at them
    std::uint32_t place = 0;  // 1 + index into digests; 0: free
  };
  // One of several hash tables (open addressing), each with its own lock. The digest's first byte
  // chooses it, such that the tables follow one another in the order of digests.
  struct Shard {
    std::mutex mutex;
    DigestList digests;
    std::vector<Slot> slots;  // a power of two of them

    std::uint32_t place_of(const Digest& digest);
    // Tells the processor that this will be asked for.
    void fetch(const Digest& digest) const;
    void grow();
    // Where to look first, by the upper bits, and where next.
    std::size_t start_of(std::uint32_t hash) const {
      return std::uint64_t{hash} * slots.size() >> 32;
    }
    std::size_t next(std::size_t at) const { return (at + 1) & (slots.size() - 1); }
  };
  static constexpr std::size_t kShards = 64;
  static std::size_t shard_of(const Digest& digest) { return digest.hash()[0] / (256 / kShards); }
  std::array<Shard, kShards> shards_;
};

}  // namespace regctl
