// Holders: which tags, and which manifests without one, need a blob. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "registry/inventory.h"

namespace regctl {

struct Holders {
  static constexpr std::size_t kTold = 3;

  std::uint64_t repositories = 0;  // with a tag or manifest that needs it
  std::uint64_t tags = 0;
  std::vector<std::pair<std::string, std::string>> first;  // repository and tag of kTold of them
  bool untagged = false;  // somewhere a manifest that no tag reaches needs it as well

  bool operator==(const Holders&) const = default;
};

// Of each of `blobs`, by references, as Closure follows them.
std::vector<Holders> holders_of(const Inventory& inventory, const std::vector<DigestId>& blobs);

}  // namespace regctl
