// What the second opinion is asked about a plan, and what is left of the plan where it objects.
// Pure.
#pragma once

#include <set>
#include <vector>

#include "gc/deciding/plan.h"
#include "gc/doubting/second_opinion.h"

namespace regctl::gc {

// What a stage of `plan` removes, as a question. A duplicate is none: its original stays.
Doomed taken_by(const Plan& plan);
Doomed purged_by(const Plan& plan);

using Targets = std::set<Target>;
Targets targets_of(const std::vector<Objection>& objections);

// `plan` without what is disputed. A repository that stays keeps its links: those were not asked
// about one by one.
Plan without(Plan plan, const Targets& disputed);

// What nobody looks at a second time goes only if the later plan says so too.
Plan in_both(Plan plan, const Plan& later);

}  // namespace regctl::gc
