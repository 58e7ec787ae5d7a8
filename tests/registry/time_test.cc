#include "registry/time.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace regctl {
namespace {

Time at(std::int64_t seconds) { return Time(std::chrono::seconds(seconds)); }

TEST(Rfc3339, PrintsWholeSeconds) {
  EXPECT_EQ(format_rfc3339(at(0)), "1970-01-01T00:00:00Z");
  EXPECT_EQ(format_rfc3339(at(1'795'231'802)), "2026-11-21T03:30:02Z");
  EXPECT_EQ(format_rfc3339(at(0) + std::chrono::nanoseconds(999'999'999)), "1970-01-01T00:00:00Z");
  EXPECT_EQ(format_rfc3339(at(0) - std::chrono::nanoseconds(1)), "1969-12-31T23:59:59Z");
  EXPECT_EQ(format_rfc3339(Time::max()), "2262-04-11T23:47:16Z");
}

TEST(Rfc3339, ReadsAnyZoneAndFractions) {
  const Time time = at(1'795'231'802);
  EXPECT_EQ(parse_rfc3339("2026-11-21t03:30:02z"), time);
  EXPECT_EQ(parse_rfc3339("2026-11-21 03:30:02Z"), time);
  EXPECT_EQ(parse_rfc3339("2026-11-21T04:30:02+01:00"), time);
  EXPECT_EQ(parse_rfc3339("2026-11-20T22:00:02-05:30"), time);
  EXPECT_EQ(parse_rfc3339("2026-11-21T03:30:02.5Z"), time + std::chrono::milliseconds(500));
  EXPECT_EQ(parse_rfc3339("1969-12-31T23:59:59.25+00:00"), at(0) - std::chrono::milliseconds(750));
  EXPECT_EQ(parse_rfc3339("2026-11-21T03:30:02.1234567894Z"),
            time + std::chrono::nanoseconds(123'456'789));
  EXPECT_EQ(parse_rfc3339("2016-12-31T23:59:60Z"), at(1'483'228'800));  // a leap second
}

TEST(Rfc3339, ReadsThatForm) {
  EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:00Z"), at(0));
  EXPECT_EQ(parse_rfc3339("2026-11-21T03:30:02Z"), at(1'795'231'802));
  EXPECT_EQ(parse_rfc3339("2024-02-29T23:59:59Z"), at(1'709'251'199));
  EXPECT_EQ(parse_rfc3339("1969-12-31T23:59:59Z"), at(-1));
}

TEST(Rfc3339, ReadsNothingElse) {
  for (const char* text : {"",
                           "Z",
                           "2026-11-21",
                           "2026-11-21T03:30:02",
                           "2026-11-21T03:30:02+0000",
                           "2026-11-21T03:30:02+24:00",
                           "2026-11-21T03:30:02+00:60",
                           "2026-11-21T03:30:02+",
                           "2026-11-21T03:30:02.Z",
                           "2026-11-21T03:30:02.5",
                           "2026-11-21T03:30:02ZZ",
                           " 2026-11-21T03:30:02Z",
                           "2026-11-21T03:30:02Z\n",
                           "2026-13-21T03:30:02Z",
                           "2026-11-31T03:30:02Z",
                           "2026-02-29T03:30:02Z",
                           "2026-11-00T03:30:02Z",
                           "2026-11-21T24:30:02Z",
                           "2026-11-21T03:60:02Z",
                           "2026-11-21T03:30:61Z",
                           "2026-1-021T03:30:02Z",
                           "2026-1- 21T03:30:02Z",
                           "+026-11-21T03:30:02Z",
                           "-026-11-21T03:30:02Z",
                           "2026-11-21T 3:30:02Z",
                           "12026-11-2T03:30:02Z",
                           "1795231802"})
    EXPECT_FALSE(parse_rfc3339(text)) << text;
  EXPECT_FALSE(parse_rfc3339(std::string_view("2026-11-21T03:30:0\0Z", 20)));
}

// 64 bits of nanoseconds end there; an overflow would turn the far future into the past.
TEST(Rfc3339, ReadsNoTimeThatDoesNotFit) {
  EXPECT_TRUE(parse_rfc3339("2262-04-11T23:47:15Z"));
  for (const char* text : {"2262-04-11T23:47:17Z", "2400-01-01T00:00:00Z", "9999-12-31T23:59:59Z",
                           "0001-01-01T00:00:00Z"})
    EXPECT_FALSE(parse_rfc3339(text)) << text;
}

RC_GTEST_PROP(Rfc3339Law, WhatIsPrintedIsRead, (std::uint32_t seconds)) {
  RC_ASSERT(parse_rfc3339(format_rfc3339(at(seconds))) == at(seconds));
  RC_ASSERT(parse_rfc3339(format_rfc3339(at(-std::int64_t{seconds}))) ==
            at(-std::int64_t{seconds}));
}

}  // namespace
}  // namespace regctl
