#include "cli/messages.h"

#include <algorithm>
#include <cstdio>

#include "cli/units.h"

namespace regctl::cli {

void say(std::string_view text) noexcept {
  if (std::fwrite(text.data(), 1, text.size(), stderr) == text.size()) std::fflush(stderr);
}

std::string format_problems(std::string_view program, std::string_view kind,
                            const std::vector<Problem>& problems) {
  std::string text;
  std::vector<std::string> told;
  for (const Problem& problem : problems) {
    if (std::find(told.begin(), told.end(), problem.code) != told.end()) continue;
    told.push_back(problem.code);
    const auto same = std::count_if(problems.begin(), problems.end(), [&](const Problem& other) {
      return other.code == problem.code;
    });
    text += std::string(program) + ": ";
    if (!kind.empty()) text += std::string(kind) + ": ";
    text += problem.message + '\n';
    const std::string more =
        same > 1 ? " and " + format_count(static_cast<std::uint64_t>(same - 1)) + " more" : "";
    if (!problem.where.empty())
      text += "  where  " + problem.where + more + '\n';
    else if (!more.empty())
      text += "  also  " + more + '\n';
    if (!problem.hint.empty()) text += "  do     " + problem.hint + '\n';
  }
  return text;
}

}  // namespace regctl::cli
