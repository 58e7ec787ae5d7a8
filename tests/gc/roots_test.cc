// Lists of digests that must survive.
#include "gc/roots.h"

#include <gmock/gmock.h>

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

}  // namespace
}  // namespace regctl::gc
