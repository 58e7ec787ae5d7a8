// plan_restoration(): what --restore gives back. Pure.
#pragma once

#include <string>

#include "gc/deciding/cache_gate.h"
#include "gc/deciding/plan.h"
#include "gc/deciding/policy.h"
#include "registry/inventory.h"

namespace regctl::gc {

// Gives back everything in quarantine, or what `run` took, whether anything needs it or not. Of
// several copies of one object the last goes back; where the original is there again, none:
// `waiting_unpurged` says what stays. Warns if there is nothing of that run.
Plan plan_restoration(const Inventory& inventory, const std::string& run, const Margins& margins,
                      const GateEvidence& gate, Time now);

}  // namespace regctl::gc
