#include "report/page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

namespace regctl::report {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kHostile = "<img src=x onerror=alert(1)>&\"'";
constexpr const char* kInert = "&lt;img src=x onerror=alert(1)&gt;&amp;&quot;&#39;";

std::string written(const std::function<void(Page&)>& write) {
  std::string text;
  const cli::Sink sink = [&](std::string_view some) { text += some; };
  Page page(sink, "title");
  write(page);
  page.finish();
  return text;
}

Section table(std::vector<std::vector<std::string>> rows) {
  return {.record = "row",
          .title = "SOME TABLE",
          .heads = {"NAME", "SIZE"},
          .aligns = {cli::Align::left, cli::Align::right},
          .rows = std::move(rows)};
}

// Everything that takes a text, one after the other.
TEST(Page, ShowsWhatItIsGivenAsText) {
  const std::vector<std::function<void(Page&)>> ways = {
      [](Page& page) { page.head(kHostile, Tone::good, "", {}); },
      [](Page& page) { page.head("", Tone::good, kHostile, {}); },
      [](Page& page) { page.head("", Tone::good, "", {kHostile}); },
      [](Page& page) {
        page.tiles({{kHostile, ""}});
      },
      [](Page& page) {
        page.tiles({{"", kHostile}});
      },
      [](Page& page) { page.section("", kHostile); },
      [](Page& page) { page.line(kHostile); },
      [](Page& page) {
        page.show(table({{kHostile, "1 B"}}));
      },
      [](Page& page) {
        page.facts({{kHostile, ""}});
      },
      [](Page& page) {
        page.facts({{"", kHostile}});
      },
      [](Page& page) {
        page.areas({{"", {{.label = kHostile, .about = "", .kept = 1}}}});
      },
      [](Page& page) {
        page.areas({{"", {{.label = "", .about = kHostile, .kept = 1}}}});
      },
      [](Page& page) {
        page.areas({{kHostile, {{.label = "a", .kept = 1}, {.label = "b", .kept = 1}}}});
      }};
  for (std::size_t i = 0; i < ways.size(); ++i) {
    const std::string text = written(ways[i]);
    EXPECT_THAT(text, HasSubstr(kInert)) << i;
    EXPECT_THAT(text, Not(HasSubstr("<img"))) << i;
  }
  std::string text;
  const cli::Sink sink = [&](std::string_view some) { text += some; };
  const Page page(sink, kHostile);
  EXPECT_THAT(text, HasSubstr(kInert));
}

TEST(Page, AsksForNothing) {
  const std::string text = written([](Page& page) {
    page.show(table({{"a", "1 B"}, {"b", "2 B"}}));
    page.areas({{"g", {{.label = "a", .kept = 10, .garbage = 5}}}});
    page.curve({{Time(), 10, 5}, {Time() + std::chrono::hours(1), 20, 5}});
  });
  EXPECT_THAT(text, HasSubstr("default-src 'none'; style-src 'sha256-"));
  for (const char* way : {"http:", "https:", "src=", "href=", "@import", "style="})
    EXPECT_THAT(text, Not(HasSubstr(way))) << way;
}

TEST(Page, PutsSumsBelowWhatCanBeSorted) {
  const std::string text = written([](Page& page) {
    Section section = table({{"a", "1 B"}, {"all", "1 B"}});
    section.sums = 1;
    page.show(section);
  });
  EXPECT_LT(text.find("<td>a"), text.find("</tbody>"));
  EXPECT_LT(text.find("<tfoot>"), text.find("<td>all"));
}

TEST(Page, LeavesOutWhatWouldBeEmpty) {
  const std::string text = written([](Page& page) {
    page.show(table({}));
    page.areas({{"g", {{.label = "a"}}}});
    page.curve({{Time(), 1, 0}});
  });
  EXPECT_THAT(text, Not(HasSubstr("<section")));
  EXPECT_THAT(text, Not(HasSubstr("class=\"map")));
  EXPECT_THAT(text, Not(HasSubstr("<polyline")));
}

// In the picture, in bytes of UTF-8.
TEST(Page, CutsNamesBetweenCharacters) {
  const std::string name = "über/üüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüü";
  for (std::size_t others = 1; others < 40; ++others) {
    AreaGroup group{"g", {{.label = name, .kept = 1}}};
    for (std::size_t i = 0; i < others; ++i) group.areas.push_back({.label = "x", .kept = 1});
    const std::string text = written([&](Page& page) { page.areas({group}); });
    EXPECT_TRUE(cli::is_valid_utf8(text)) << others;
  }
}

}  // namespace
}  // namespace regctl::report
