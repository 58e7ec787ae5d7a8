// refuse_half_stores(): whether what lies here is only a part of a store: a branch of a pooled file
// system, a brick, a copy that has not finished, a volume that is not mounted. What the rest refers
// to would look like garbage. Pure.
#pragma once

#include <vector>

#include "gc/deciding/judged.h"
#include "report/message.h"

namespace regctl::gc {

// Adds to `refusals`: a half is missing, or more than Margins::max_damage of what the references
// promise is not there.
void refuse_half_stores(const Judged& judged, std::vector<report::Message>& refusals);

}  // namespace regctl::gc
