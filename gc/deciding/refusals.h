// Why nothing may be taken or purged. Pure.
#pragma once

#include <vector>

#include "gc/deciding/judged.h"
#include "gc/deciding/plan.h"
#include "report/message.h"

namespace regctl::gc {

// None: `plan`, which need not have any refusals or warnings yet, may be carried out.
std::vector<report::Message> refusals_of(const Judged& judged, const Plan& plan);

}  // namespace regctl::gc
