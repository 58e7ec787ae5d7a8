// broken_tags(): whether every image that was complete before a run is complete after it. Pure.
#pragma once

#include <string>
#include <vector>

#include "registry/inventory.h"

namespace regctl::gc {

struct BrokenTag {
  std::string repository, tag;
  Digest missing;  // one of what it needs and has lost; there is a BrokenTag for each
  Quarantined::Kind kind = Quarantined::Kind::blob;  // its bytes, or the repository's link to it

  bool operator==(const BrokenTag&) const = default;
};

struct Proof {
  std::uint64_t tags = 0;  // that point where they pointed before
  std::vector<BrokenTag> broken;
};

// Of every tag that points to the same manifest in both: what it reaches, and was there before,
// must be there still, and the links to it that its repository had must not be in quarantine now (a
// registry may delete links meanwhile). What was absent before (sparse indexes, foreign layers) may
// be absent. REQUIRES: all blobs were surveyed in both.
Proof broken_tags(const Inventory& before, const Inventory& after);

}  // namespace regctl::gc
