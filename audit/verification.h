// Verification: which blobs an audit hashes, in which order, and what came of it.
#pragma once

#include <cstdint>
#include <vector>

#include "audit/contents.h"
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

// What was asked for, whether or not it could be read.
struct Verification {
  Subset subset;
  std::uint64_t blobs = 0, bytes = 0;  // hashed to their end
  std::uint64_t left = 0;              // not, because the time was up
  double seconds = 0;
  Contents contents;
};

// Ascending by digest. `wanted` is by DigestId; empty: all are.
std::vector<DigestId> blobs_of(const Subset& subset, const Inventory& inventory,
                               const std::vector<bool>& wanted);

// Hashes them. REQUIRES: they have been surveyed. What is gone or written to in between is left to
// the next audit. Throws Interrupted (see Workers).
Verification verify_blobs(const std::vector<DigestId>& blobs, const Inventory& inventory,
                          const Storage& storage, const Crew& crew);

// Reads again what `contents` calls wrong or unread, and keeps what still is.
Contents still_wrong(const Contents& contents, const Storage& storage, const Crew& crew);

}  // namespace regctl::audit
