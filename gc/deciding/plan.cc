#include "gc/deciding/plan.h"

#include <algorithm>

namespace regctl::gc {

bool purges_anything(const Plan& plan) {
  return !plan.purge.empty() || !plan.uploads.empty() || !plan.leftovers.empty() ||
         !plan.empty_repositories.empty();
}

bool goes(const Plan& plan, const std::string& repository) {
  return std::binary_search(plan.empty_repositories.begin(), plan.empty_repositories.end(),
                            repository);
}

Plan only_give_back(Plan plan) {
  std::erase_if(plan.blockers, report::is_brake);
  return {.restore = std::move(plan.restore),
          .waiting = plan.waiting_unpurged,
          .waiting_unpurged = plan.waiting_unpurged,
          .blockers = std::move(plan.blockers),
          .warnings = std::move(plan.warnings)};
}

}  // namespace regctl::gc
