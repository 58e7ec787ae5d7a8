// Globs, and what counts as young.
#include "registry/marking/policy.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace regctl {
namespace {

TEST(Glob, AStarCrossesSlashesAndEverythingElseStandsForItself) {
  EXPECT_TRUE(matches_glob("*", ""));
  EXPECT_TRUE(matches_glob("*", "team/app"));
  EXPECT_TRUE(matches_glob("team/*", "team/app/deep"));
  EXPECT_TRUE(matches_glob("*/app", "a/b/app"));
  EXPECT_TRUE(matches_glob("a*b*c", "a-b-b-c"));
  EXPECT_TRUE(matches_glob("**x**", "x"));
  EXPECT_TRUE(matches_glob("", ""));
  EXPECT_TRUE(matches_glob("a?[b]{c}.", "a?[b]{c}."));
}

TEST(Glob, MatchesTheWholeNameOnly) {
  EXPECT_FALSE(matches_glob("", "a"));
  EXPECT_FALSE(matches_glob("app", "app2"));
  EXPECT_FALSE(matches_glob("app", "team/app"));
  EXPECT_FALSE(matches_glob("team/*", "team"));
  EXPECT_FALSE(matches_glob("a*b*c", "a-b-b"));
  EXPECT_FALSE(matches_glob("a?", "ab"));
  EXPECT_FALSE(matches_glob("App", "app"));
}

TEST(Glob, ManyStarsDoNotTakeForEver) {
  std::string glob;
  for (int i = 0; i < 200; ++i) glob += "*a";
  EXPECT_FALSE(matches_glob(glob + "b", std::string(20'000, 'a')));
}

// A slow and simple reading of the same rule.
bool matches_slowly(std::string_view glob, std::string_view name) {
  if (glob.empty()) return name.empty();
  if (glob[0] == '*')
    return matches_slowly(glob.substr(1), name) ||
           (!name.empty() && matches_slowly(glob, name.substr(1)));
  return !name.empty() && glob[0] == name[0] && matches_slowly(glob.substr(1), name.substr(1));
}

RC_GTEST_PROP(GlobLaw, IsWhatASlowReadingSays, ()) {
  const auto word = [](const char* letters, int longest) {
    return *rc::gen::resize(
        longest, rc::gen::container<std::string>(rc::gen::elementOf(std::string(letters))));
  };
  const std::string glob = word("ab*", 8), name = word("ab", 10);
  RC_ASSERT(matches_glob(glob, name) == matches_slowly(glob, name));
}

TEST(IsYoung, TheFutureIsYoungWhateverTheLimit) {
  const Time now{std::chrono::hours(1000)};
  EXPECT_TRUE(is_young(now + Duration(1), Duration(0), now));
  EXPECT_FALSE(is_young(now, Duration(0), now));
  EXPECT_TRUE(is_young(now - std::chrono::hours(1) + Duration(1), std::chrono::hours(1), now));
  EXPECT_FALSE(is_young(now - std::chrono::hours(1), std::chrono::hours(1), now));
  EXPECT_TRUE(is_young(Time::max(), std::chrono::hours(1), now));
}

}  // namespace
}  // namespace regctl
