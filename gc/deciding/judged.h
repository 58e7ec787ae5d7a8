// All that a plan, its refusals and its warnings are concluded from.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "gc/deciding/cache_gate.h"
#include "gc/deciding/margins.h"
#include "registry/inventory.h"
#include "registry/marking/mark.h"
#include "registry/marking/policy.h"
#include "registry/store_facts.h"

namespace regctl::gc {

struct Judged {
  const Inventory& inventory;
  const Mark& mark;
  const std::vector<KnownSize>& sizes;  // known_sizes()
  const StoreFacts& store;
  const Policy& policy;
  const Margins& margins;
  const GateEvidence& gate;
  Time now;
};

}  // namespace regctl::gc
