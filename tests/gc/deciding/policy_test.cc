// What the operator writes to keep things: lists of roots, and globs.
#include "gc/deciding/policy.h"

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include "cli/failure.h"
#include "registry/hasher.h"
#include "tests/support/printing.h"

namespace regctl::gc {
namespace {

using testing::ElementsAre;

const Digest kOne = digest_of("one"), kTwo = digest_of("two", Algorithm::sha512);

// What a list is refused with; "" where it is not.
std::string refusal(const std::string& text) {
  try {
    parse_roots(text, "roots.txt");
    return "";
  } catch (const cli::UsageError& error) {
    EXPECT_FALSE(error.hint().empty()) << text;
    return error.what();
  }
}

TEST(ParseRoots, DigestsWithAndWithoutARepository) {
  const auto roots = parse_roots(kOne.text() + "\nteam/app@" + kTwo.text() + "\n", "roots.txt");
  EXPECT_THAT(roots, ElementsAre(RootDigest{std::nullopt, kOne}, RootDigest{"team/app", kTwo}));
}

TEST(ParseRoots, BlanksCommentsAndCarriageReturnsAreNothing) {
  const std::string text =
      "# written by a cluster\r\n\r\n \t\n  " + kOne.text() + " \t# why\r\n\n#" + kTwo.text();
  EXPECT_THAT(parse_roots(text, "roots.txt"), ElementsAre(RootDigest{std::nullopt, kOne}));
}

TEST(ParseRoots, TheLastLineNeedsNoEnd) {
  EXPECT_THAT(parse_roots(kOne.text(), "roots.txt"), ElementsAre(RootDigest{std::nullopt, kOne}));
}

TEST(ParseRoots, HexInEitherCase) {
  std::string upper = kOne.text();
  for (std::size_t i = 7; i < upper.size(); ++i)
    upper[i] = static_cast<char>(std::toupper(static_cast<unsigned char>(upper[i])));
  EXPECT_THAT(parse_roots(upper, "roots.txt"), ElementsAre(RootDigest{std::nullopt, kOne}));
}

TEST(ParseRoots, TheDigestStandsBehindTheLastAt) {
  EXPECT_THAT(parse_roots("host:5000/app:v1@" + kOne.text(), "roots.txt"),
              ElementsAre(RootDigest{"host:5000/app:v1", kOne}));
  EXPECT_THAT(parse_roots("a@b@" + kOne.text(), "roots.txt"), ElementsAre(RootDigest{"a@b", kOne}));
}

TEST(ParseRoots, AnEmptyListIsRefused) {
  for (const char* text : {"", "\n", "# nothing\n", " \t\r\n\r\n"})
    EXPECT_EQ(refusal(text), "roots.txt names no digest") << text;
}

TEST(ParseRoots, OneBadLineRefusesTheListAndIsNamed) {
  const std::string good = kOne.text() + "\n";
  for (const std::string& bad :
       {std::string("latest"), std::string("app:v1"), kOne.text().substr(0, 70), kOne.text() + "0",
        kOne.text() + " " + kOne.text(), "@" + kOne.text(), std::string("app@"),
        std::string("app@sha256:xyz"), std::string("Error from server (Forbidden)"),
        std::string("md5:0123"), kOne.hex(), "sha512:" + kOne.hex()})
    EXPECT_EQ(refusal("# list\n" + good + bad + "\n" + good), "roots.txt:3: not a digest") << bad;
}

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
}  // namespace regctl::gc
