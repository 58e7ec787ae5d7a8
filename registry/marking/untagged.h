// Untagged: what regctl-gc --delete-untagged would take, or keeps only by indulgence. Pure.
#pragma once

#include <vector>

#include "registry/inventory.h"
#include "registry/time.h"

namespace regctl {

struct UntaggedRevision {
  const Repository* repository;
  const Link* link;
};

// However young. Not signatures of what a tag reaches. In the order of `inventory`, which must
// outlive the result.
std::vector<UntaggedRevision> untagged_revisions(const Inventory& inventory, Time now);

}  // namespace regctl
