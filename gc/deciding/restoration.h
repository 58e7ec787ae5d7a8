// plan_restoration(): what --restore gives back. Pure.
#pragma once

#include <string>

#include "gc/deciding/judged.h"
#include "gc/deciding/plan.h"

namespace regctl::gc {

// Gives back everything in quarantine, or what `run` (empty: any) took, whether anything needs it
// or not. Of several copies of one object the last goes back; where the original is there again,
// none: `waiting` says what stays. Warns if there is nothing of that run.
Plan plan_restoration(const Judged& judged, const std::string& run);

}  // namespace regctl::gc
