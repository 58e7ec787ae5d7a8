// check(): Inventory -> findings. Pure.
#pragma once

#include <vector>

#include "audit/finding.h"
#include "registry/inventory.h"
#include "registry/store_facts.h"
#include "registry/time.h"

namespace regctl::audit {

// Of all rules, by severity, then rule, then place. REQUIRES: all blobs of `inventory` have been
// surveyed. In a pull-through cache incomplete images are normal, and only information.
std::vector<Finding> check(const Inventory& inventory, const StoreFacts& store, Time now);

}  // namespace regctl::audit
