// The exit statuses of both programs, and which wins where several apply.
#pragma once

#include <algorithm>
#include <array>

namespace regctl::cli {

enum class ExitStatus : int {
  done = 0,
  warnings = 1,
  usage = 2,
  wrong_root = 10,
  locked = 11,
  refused = 12,  // of an audit: integrity errors
  incomplete = 13,
  bug = 70,
  hung_up = 129,
  interrupted = 130,
  terminated = 143,
};

// The one to report where both apply.
inline ExitStatus worse(ExitStatus a, ExitStatus b) {
  using enum ExitStatus;
  static constexpr std::array kOrder = {bug,    hung_up, interrupted, terminated, usage, wrong_root,
                                        locked, refused, incomplete,  warnings,   done};
  return *std::find_if(kOrder.begin(), kOrder.end(),
                       [&](ExitStatus status) { return status == a || status == b; });
}

}  // namespace regctl::cli
