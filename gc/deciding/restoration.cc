#include "gc/deciding/restoration.h"

#include <tuple>

#include "gc/deciding/make_plan.h"
#include "gc/deciding/waiting.h"

namespace regctl::gc {

Plan plan_restoration(const Judged& judged, const std::string& run) {
  const Inventory& inventory = judged.inventory;
  Plan plan = only_give_back(make_plan(judged));
  plan.restore.clear();
  Copies waiting;
  const Quarantined* last =
      nullptr;  // copies of one object follow one another, the newest at the end
  const auto is_same_object = [](const Quarantined& a, const Quarantined& b) {
    return std::tie(a.kind, a.digest, a.repository) == std::tie(b.kind, b.digest, b.repository);
  };
  const auto give_back = [&](const Quarantined& copy) {
    const bool blob = copy.kind == Quarantined::Kind::blob;
    plan.restore.push_back({{copy.kind, blob ? "" : inventory.repositories[copy.repository].name,
                             inventory.digests[copy.digest], copy.taken, copy.run},
                            Why::returned});
  };
  for (const Quarantined& copy : inventory.quarantined) {
    if (copy.duplicate || (!run.empty() && copy.run != run)) {
      waiting.push_back(&copy);
      continue;
    }
    if (last && is_same_object(*last, copy))
      waiting.push_back(last);
    else if (last)
      give_back(*last);
    last = &copy;
  }
  if (last) give_back(*last);
  plan.waiting = plan.waiting_unpurged =
      waiting_of(waiting, judged.margins.hold, judged.gate, judged.now);
  if (!run.empty() && plan.restore.empty())
    plan.warnings.push_back({.code = report::Code::run_unknown, .arguments = {run}});
  return plan;
}

}  // namespace regctl::gc
