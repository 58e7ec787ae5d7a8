#include "registry/marking/policy.h"

#include <algorithm>

#include "registry/inventory.h"

namespace regctl {

bool matches_glob(std::string_view glob, std::string_view name) {
  // Greedy with one point to come back to: the last star is the only one that ever needs to match
  // more.
  std::size_t g = 0, n = 0, star = std::string_view::npos, resume = 0;
  while (n < name.size()) {
    if (g < glob.size() && glob[g] == '*') {
      star = g++;
      resume = n;
    } else if (g < glob.size() && glob[g] == name[n]) {
      ++g;
      ++n;
    } else if (star != std::string_view::npos) {
      g = star + 1;
      n = ++resume;
    } else {
      return false;
    }
  }
  return glob.find_first_not_of('*', g) == std::string_view::npos;
}

bool matches_glob(std::string_view glob, const Repository& repository) {
  const auto matches = [&](const std::string& name) { return matches_glob(glob, name); };
  return matches(repository.name) ||
         std::any_of(repository.other_names.begin(), repository.other_names.end(), matches);
}

bool is_protected(const Policy& policy, std::string_view name) {
  return std::any_of(policy.protect.begin(), policy.protect.end(),
                     [&](const std::string& glob) { return matches_glob(glob, name); });
}

bool is_protected(const Policy& policy, const Repository& repository) {
  if (repository.has_more_names && !policy.protect.empty()) return true;
  return std::any_of(policy.protect.begin(), policy.protect.end(),
                     [&](const std::string& glob) { return matches_glob(glob, repository); });
}

}  // namespace regctl
