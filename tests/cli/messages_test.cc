#include "cli/messages.h"

#include <gtest/gtest.h>

#include "cli/exit_status.h"

namespace regctl::cli {
namespace {

TEST(Messages, SayWhatWhereAndWhatToDo) {
  EXPECT_EQ(
      format_problems("regctl-gc", "warning",
                      {{"link-empty", "a link is empty", "repositories/app", "push it again"}}),
      "regctl-gc: warning: a link is empty\n"
      "  where  repositories/app\n"
      "  do     push it again\n");
}

TEST(Messages, SayOnlyWhatThereIsToSay) {
  EXPECT_EQ(format_problems("regctl-gc", "", {{"x", "something", "", ""}}),
            "regctl-gc: something\n");
  EXPECT_EQ(format_problems("regctl-gc", "error", {}), "");
}

TEST(Messages, FoldProblemsOfOneKind) {
  std::vector<Problem> problems;
  for (int i = 0; i < 1235; ++i) {
    problems.push_back({"a", "first kind", "place " + std::to_string(i), "do this"});
    if (i == 0) problems.push_back({"b", "second kind", "", ""});
  }
  problems.push_back({"b", "second kind", "", ""});
  EXPECT_EQ(format_problems("p", "error", problems),
            "p: error: first kind\n"
            "  where  place 0 and 1,234 more\n"
            "  do     do this\n"
            "p: error: second kind\n"
            "  also   and 1 more\n");
}

// Contract 5: the first of 70, 129/130/143, 2, 10, 11, 12, 13, 1 wins.
TEST(ExitStatus, TheWorseOneWins) {
  using enum ExitStatus;
  const std::vector<ExitStatus> order = {bug,        hung_up,    interrupted, terminated,
                                         usage,      wrong_root, locked,      refused,
                                         incomplete, warnings,   done};
  for (std::size_t i = 0; i < order.size(); ++i) {
    for (std::size_t k = i; k < order.size(); ++k) {
      EXPECT_EQ(worse(order[i], order[k]), order[i]);
      EXPECT_EQ(worse(order[k], order[i]), order[i]);
    }
  }
}

}  // namespace
}  // namespace regctl::cli
