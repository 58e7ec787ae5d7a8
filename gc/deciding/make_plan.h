// make_plan(): what a run may take, give back and purge. Pure.
#pragma once

#include <set>
#include <vector>

#include "gc/deciding/judged.h"
#include "gc/deciding/plan.h"

namespace regctl::gc {

// REQUIRES: what_to_survey() has been; what was not is left alone.
Plan make_plan(const Judged& judged);

// What manifests and layers of these digests need, themselves included; of what is not in
// `inventory` nothing.
std::set<Digest> needed_by(const Inventory& inventory, const std::vector<Digest>& named);

}  // namespace regctl::gc
