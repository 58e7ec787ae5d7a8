// Verification: which blobs an audit hashes, in which order, and what came of it.
#pragma once

#include <cstdint>
#include <map>
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
  std::vector<bool> by_evidence;  // by DigestId: some calls it right, and nobody touched it since
  std::vector<bool> doubted;      // by DigestId: somebody saw it wrong
  // What evidence calls wrong, and nobody touched since: what it says that the bytes hash to.
  std::map<Digest, Digest> accused;
  std::uint64_t strangers = 0;  // checksums of what is not here
  std::uint64_t outdated = 0;   // of what may have been written since they were computed
};

// Where the results go, and the order in which they come.
struct Diary {
  State* state = nullptr;  // null: none is kept
  Time now;
};

// What evidence tells is noted in the state. REQUIRES: the blobs were surveyed.
Known known_of(const Inventory& inventory, const Diary& diary, std::vector<Evidence> evidence);

struct Verification {
  Subset subset;
  std::uint64_t blobs = 0, bytes = 0;  // hashed to their end
  std::uint64_t left = 0;              // not: the time was up, or they were being written
  std::uint64_t gone = 0;              // there was no such file any more
  bool is_interrupted = false;         // the others are `left`
  double seconds = 0;
  Contents contents;
  // By whatever audit or evidence, that those there are right; of all blobs.
  struct Share {
    std::uint64_t blobs = 0, bytes = 0;
    std::optional<Time> oldest;  // of these
  } known;
  std::uint64_t strangers = 0, outdated = 0;  // as in Known
  std::vector<Digest> disputed;               // evidence calls them wrong, and they are right
};

// What an audit should read: the subset of what is `wanted` (by DigestId; empty: all is), but not
// what evidence speaks for, nor what was verified no longer ago than `max_age` (empty: however long
// ago, what no evidence speaks for is read again); and all that is doubted, whatever the subset.
// Ascending by digest.
struct Choice {
  Subset subset;
  std::vector<bool> wanted;
  std::optional<Duration> max_age;
};
std::vector<DigestId> to_be_read(const Choice& choice, const Inventory& inventory,
                                 const Known& known, Time now);

// Hashes them, and adds to `known` what is right; with a state first what was wrong, then what was
// not verified for longest. What cannot end before the deadline is not begun. REQUIRES: they have
// been surveyed. What was written to in between is read again. Whoever interrupts it gets what was
// found until then.
Verification verify_blobs(const std::vector<DigestId>& blobs, const Inventory& inventory,
                          const Storage& storage, const Crew& crew, Known& known,
                          const Diary& diary);

// How much of the blobs is known to be right; what is from the future is not.
Verification::Share share_of(const Known& known, const Inventory& inventory, Time now);

// Reads again what `contents` calls wrong or unread, and keeps what still is, or cannot be read
// again: for an error, because the time is up, or because it is being written. What is gone or
// right is left out.
Contents look_again(const Contents& contents, const Inventory& inventory, const Storage& storage,
                    const Crew& crew, const Diary& diary);

}  // namespace regctl::audit
