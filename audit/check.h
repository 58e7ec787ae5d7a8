// check(): what is known of a store -> findings. Pure.
#pragma once

#include <vector>

#include "audit/facts.h"
#include "audit/finding.h"

namespace regctl::audit {

// Of all rules but blob_unreferenced, by severity, then rule, then place. REQUIRES: all blobs of
// the inventory have been surveyed. In a pull-through cache incomplete images are normal, and only
// information.
std::vector<Finding> check(const Facts& facts);

// Those of blob_unreferenced, by digest; of facts about the same inventory as they were found in.
std::vector<Unreferenced> unreferenced(const Facts& facts);
Finding finding_of(const Unreferenced& one, const Inventory& inventory);

// What cannot be pulled that could be once: dead tags, and platforms that were never pushed, apart.
struct Harm {
  std::uint64_t tags = 0;          // whole, or one of their platforms
  std::uint64_t repositories = 0;  // of those
  std::uint64_t bytes = 0;         // of the blobs, each once, that these images have left
};
// By what `findings`, of the same facts, name.
Harm harm_of(const Facts& facts, const std::vector<Finding>& findings);

}  // namespace regctl::audit
