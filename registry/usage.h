// Bytes per repository: what only it reaches, what it shares, its fair share, and the garbage it
// still links. Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "registry/inventory.h"

namespace regctl {

// All in bytes.
struct Usage {
  std::uint64_t exclusive = 0;   // reached by no other repository: freed if only this one went
  std::uint64_t shared = 0;      // reached by others too, counted in full
  std::uint64_t fair_share = 0;  // each blob divided by the number of repositories that reach it
  std::uint64_t garbage =
      0;  // of the blobs in `garbage`, those that this repository alone still links

  bool operator==(const Usage&) const = default;
};

// Digests, and all that they reach.
using Roots = std::vector<DigestId>;

// What each of `groups` uses; `garbage` is 0. Sizes, `live` and shares are as in usage().
std::vector<Usage> shares_of(const Inventory& inventory, const std::vector<KnownSize>& sizes,
                             const std::vector<bool>& live, const std::vector<Roots>& groups);

struct UsageReport {
  std::vector<Usage> repositories;  // in the order of the inventory's
  // Garbage that several repositories link, and that none does.
  std::uint64_t garbage_of_several = 0, garbage_of_none = 0;
  std::uint64_t blobs_of_several = 0, blobs_of_none = 0;
  std::vector<std::uint64_t> garbage_blobs;  // by repository: count behind Usage::garbage
};

// `sizes` as known_sizes() gives them; an unknown size counts as 0. `live` and `garbage` are by
// DigestId. Fair shares add up to the live bytes that some repository reaches: remainders of the
// division go to the first ones. A repository reaches a blob through its revisions, tags and their
// closure.
UsageReport usage(const Inventory& inventory, const std::vector<KnownSize>& sizes,
                  const std::vector<bool>& live, const std::vector<bool>& garbage);

}  // namespace regctl
