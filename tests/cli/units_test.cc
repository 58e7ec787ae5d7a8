#include "cli/units.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace regctl::cli {
namespace {

using namespace std::chrono_literals;
constexpr std::uint64_t kLargest = ~std::uint64_t{0};

TEST(FormatBytes, ScaledAndExact) {
  EXPECT_EQ(format_bytes(0), "0 B");
  EXPECT_EQ(format_bytes(1023), "1023 B");
  EXPECT_EQ(format_bytes(1024), "1.00 KiB");
  EXPECT_EQ(format_bytes(1536), "1.50 KiB");
  EXPECT_EQ(format_bytes(std::uint64_t{1} << 20), "1.00 MiB");
  EXPECT_EQ(format_bytes(134'000'000'000), "124.80 GiB");
  EXPECT_EQ(format_bytes(kLargest), "16.00 EiB");
  EXPECT_EQ(format_bytes(134'000'000'000, Bytes::exact), "134000000000");
}

TEST(FormatCount, GroupsThousands) {
  EXPECT_EQ(format_count(0), "0");
  EXPECT_EQ(format_count(999), "999");
  EXPECT_EQ(format_count(1000), "1,000");
  EXPECT_EQ(format_count(18'402), "18,402");
  EXPECT_EQ(format_count(1'000'000), "1,000,000");
  EXPECT_EQ(format_count(kLargest), "18,446,744,073,709,551,615");
}

TEST(FormatShare, OfAWhole) {
  EXPECT_EQ(format_share(11, 100), "11.0%");
  EXPECT_EQ(format_share(1, 3), "33.3%");
  EXPECT_EQ(format_share(0, 0), "0.0%");
  EXPECT_EQ(format_share(5, 0), "0.0%");
}

TEST(FormatElapsed, InTwoUnitsAtMost) {
  EXPECT_EQ(format_elapsed(4900ms), "4.9 s");
  EXPECT_EQ(format_elapsed(0ns), "0.0 s");
  EXPECT_EQ(format_elapsed(9min + 45s), "9 min 45 s");
  EXPECT_EQ(format_elapsed(7h + 20min + 59s), "7 h 20 min");
  EXPECT_EQ(format_elapsed(47h), "47 h 0 min");
  EXPECT_EQ(format_elapsed(83 * 24h), "83 days");
}

TEST(ParseSize, BinaryDecimalAndPlain) {
  for (const auto& [text, bytes] : std::initializer_list<std::pair<const char*, std::uint64_t>>{
           {"0", 0},
           {"10", 10},
           {"10B", 10},
           {"10K", 10240},
           {"10KiB", 10240},
           {"10KB", 10000},
           {"10GiB", 10737418240},
           {"10G", 10737418240},
           {"10GB", 10000000000},
           {"1.5GiB", 1610612736},
           {"0.5K", 512},
           {"1T", 1099511627776},
           {"2P", 2251799813685248},
           {"1E", 1152921504606846976},
           {"18446744073709551615", kLargest},
           {"15EiB", 15ull << 60}})
    EXPECT_EQ(parse_size(text), bytes) << text;
}

TEST(ParseSize, NothingElse) {
  for (const char* text : {"",      " ",
                           "G",     "GiB",
                           "B",     "-1",
                           "+1",    "-1G",
                           "1 G",   "1G ",
                           " 1G",   "1X",
                           "1Gi",   "1GiBB",
                           "1GBi",  "1e3",
                           "0x10",  "1,000",
                           "1.5",   "1.5B",
                           "inf",   "nan",
                           "infG",  "nanG",
                           "16E",   "99999999999999999999",
                           "1..5G", "50%"})
    EXPECT_FALSE(parse_size(text)) << text;
  EXPECT_FALSE(parse_size(std::string_view("1\0", 2)));
}

TEST(ParseDuration, AsTheRegistryWritesThem) {
  for (const auto& [text, duration] :
       std::initializer_list<std::pair<const char*, std::chrono::nanoseconds>>{
           {"0", 0s},
           {"0s", 0s},
           {"168h", 168h},
           {"2h10m", 130min},
           {"1.5s", 1500ms},
           {"90m", 90min},
           {"2d", 48h},
           {"1w", 168h},
           {"1w2d3h4m5s6ms", 168h + 48h + 3h + 4min + 5s + 6ms},
           {"1ns", 1ns},
           {"1us", 1us},
           {".5h", 30min},
           {"1m1h", 61min},
           {"36500d", 36500 * 24h}})
    EXPECT_EQ(parse_duration(text), duration) << text;
}

TEST(ParseDuration, NothingElse) {
  for (const char* text :
       {"",     " ",   "5",     "1.5",  "h",     "-1h",  "+1h",           "1h-1m",
        "1 h",  "1h ", "1h 1m", "1H",   "1y",    "1hm",  "1h30",          "1e3s",
        "0x1h", "inf", "infh",  "nanh", "1..5h", "1h.h", "999999999999h", "40000d",
        "1,5h"})
    EXPECT_FALSE(parse_duration(text)) << text;
}

RC_GTEST_PROP(UnitsLaw, ExactBytesAreReadAgain, (std::uint64_t bytes)) {
  RC_ASSERT(parse_size(format_bytes(bytes, Bytes::exact)) == bytes);
}

RC_GTEST_PROP(UnitsLaw, NoTextThrows, (const std::string& text)) {
  parse_size(text);
  const auto duration = parse_duration(text);
  RC_ASSERT(!duration || duration->count() >= 0);
}

}  // namespace
}  // namespace regctl::cli
