#include "gc/deciding/restoration.h"

#include <map>
#include <tuple>
#include <utility>

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
  const auto give_back = [&](const auto& copy) {
    plan.restore.push_back({copy_of(inventory, copy), Why::returned});
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
  std::map<std::pair<std::uint32_t, std::string>, const QuarantinedTag*> tags;  // the last of each
  for (const QuarantinedTag& copy : inventory.quarantined_tags) {
    const auto& others = inventory.repositories[copy.repository].tags;
    if ((run.empty() || copy.run == run) && !tag_named(others, copy.tag.name))
      tags[{copy.repository, copy.tag.name}] = &copy;
  }
  for (const auto& [place, copy] : tags) give_back(*copy);
  plan.waiting = plan.waiting_unpurged =
      waiting_of(waiting, judged.margins.hold, judged.gate, judged.now);
  if (!run.empty() && plan.restore.empty())
    plan.warnings.push_back({.code = report::Code::run_unknown, .arguments = {run}});
  return plan;
}

}  // namespace regctl::gc
