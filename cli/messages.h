// Messages for people on stderr: what happened, where, what to do; the same problem at many places
// folded into one. All that a program says there goes through say().
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace regctl::cli {

// Writes to standard error. Never throws: a message that nobody can read must not change what a
// program does.
void say(std::string_view text) noexcept;

struct Problem {
  std::string code;     // problems of one code are folded together
  std::string message;  // one sentence
  std::string where;    // a path; empty: nowhere in particular
  std::string hint;     // what to do; empty: nothing is known
};

// "regctl-gc: warning: ..." with lines "  where  ..." and "  do     ..." as far as there is
// something to say. The texts must be printable.
std::string format_problems(std::string_view program, std::string_view kind,
                            const std::vector<Problem>& problems);

}  // namespace regctl::cli
