// All that refusals and warnings are concluded from.
#pragma once

#include "gc/deciding/cache_gate.h"
#include "gc/deciding/mark.h"
#include "gc/deciding/policy.h"
#include "registry/inventory.h"
#include "registry/store_facts.h"

namespace regctl::gc {

struct Judged {
  const Inventory& inventory;
  const Mark& mark;
  const StoreFacts& store;
  const Margins& margins;
  const GateEvidence& gate;
  Time now;
};

}  // namespace regctl::gc
