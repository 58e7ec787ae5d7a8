// Verification: which blobs an audit hashes, in which order, and what came of it.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "audit/contents.h"
#include "audit/evidence.h"
#include "audit/state.h"
#include "registry/inventory.h"
#include "registry/verify.h"

namespace regctl::audit {

// The part of a store that is to be hashed.
struct Subset {
  enum class Kind : std::uint8_t { nothing, all, slice, share };
  Kind kind = Kind::all;
  // Of a slice: the `number`th of `of`, by digest. Each blob is in exactly one, whatever else the
  // store holds: as many nights as there are slices read everything.
  std::uint32_t number = 1, of = 1;
  // Of a random share.
  double share = 1;
  std::uint64_t seed = 0;
};

// What was known of the blobs' bytes before any was read.
struct Known {
  std::vector<LastSeen> blobs;    // by DigestId
  std::vector<bool> by_evidence;  // by DigestId: the last to see it right
  Contents contents;              // what evidence calls wrong
  std::uint64_t strangers = 0;    // checksums of blobs that are not here
};

// `state` may be null; what evidence tells is noted there. REQUIRES: the blobs were surveyed.
Known known_of(const Inventory& inventory, State* state, const std::vector<Evidence>& evidence);

// Leaves out what evidence speaks for, and what was verified no longer ago than `max_age`; empty:
// however long ago, others are read again.
std::vector<DigestId> to_be_read(std::vector<DigestId> blobs, const Known& known,
                                 std::optional<Duration> max_age, Time now);

struct Verification {
  Subset subset;
  std::uint64_t blobs = 0, bytes = 0;  // hashed to their end
  std::uint64_t left = 0;              // not: the time was up, or they were being written
  double seconds = 0;
  Contents contents;
  // By whatever audit or evidence, that those there are right; of all blobs.
  struct Share {
    std::uint64_t blobs = 0, bytes = 0;
    std::optional<Time> oldest;  // of these
  } known;
  std::uint64_t strangers = 0;   // as in Known
  std::vector<Digest> disputed;  // evidence calls them wrong, and they are right
};

// Ascending by digest. `wanted` is by DigestId; empty: all are.
std::vector<DigestId> blobs_of(const Subset& subset, const Inventory& inventory,
                               const std::vector<bool>& wanted);

// Where the results go, and the order in which they come.
struct Diary {
  State* state = nullptr;  // null: none is kept
  Time now;
};

// Hashes them, and adds to `known` what is right; with a state those first that were not verified
// for longest. REQUIRES: they have been surveyed. What was written to in between is read again, and
// what is gone by then is forgotten. Throws Interrupted (see Workers).
Verification verify_blobs(const std::vector<DigestId>& blobs, const Inventory& inventory,
                          const Storage& storage, const Crew& crew, Known& known,
                          const Diary& diary);

// How much of the blobs is known to be right.
Verification::Share share_of(const Known& known, const Inventory& inventory);

// Reads again what `contents` calls wrong or unread, and keeps what still is, or cannot be read
// again because the time is up. `right` are those that are neither.
struct SecondLook {
  Contents contents;
  std::vector<Digest> right;
};
SecondLook look_again(const Contents& contents, const Storage& storage, const Crew& crew);

}  // namespace regctl::audit
