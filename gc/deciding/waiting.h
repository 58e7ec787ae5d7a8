// What stays in quarantine, and for what.
#pragma once

#include <vector>

#include "gc/deciding/cache_gate.h"
#include "gc/deciding/plan.h"
#include "registry/inventory.h"

namespace regctl::gc {

using Copies = std::vector<const Quarantined*>;

Waiting waiting_of(const Copies& copies, Duration hold, const GateEvidence& gate, Time now);

}  // namespace regctl::gc
