#include "registry/image.h"

#include <gtest/gtest.h>

#include "registry/hasher.h"
#include "tests/support/printing.h"

namespace regctl {
namespace {

const Digest a = digest_of("a"), b = digest_of("b");

TEST(Image, PlatformsOfAnIndex) {
  const auto entries = parse_index(
      R"({"manifests":[{"digest":")" + a.text() +
      R"(","platform":{"os":"linux","architecture":"arm","variant":"v7"}},{"digest":")" + b.text() +
      R"("},{"digest":"none"},1]})");
  ASSERT_TRUE(entries);
  EXPECT_EQ(*entries, (std::vector<IndexEntry>{{a, {"linux", "arm", "v7"}}, {b, {}}}));
  EXPECT_EQ((*entries)[0].platform.text(), "linux/arm/v7");
  EXPECT_EQ((*entries)[1].platform.text(), "");
}

TEST(Image, AConfiguration) {
  const auto config =
      parse_image_config(R"({"created":"2026-01-02T03:04:05Z","os":"linux","architecture":"amd64",)"
                         R"("rootfs":{"type":"layers","diff_ids":[")" +
                         a.text() +
                         R"(","none",2]},"history":[{"created_by":"COPY . .","comment":"c"},)"
                         R"({"created_by":"ENV A=1","empty_layer":true},3]})");
  ASSERT_TRUE(config);
  EXPECT_EQ(config->created, "2026-01-02T03:04:05Z");
  EXPECT_EQ(config->platform.text(), "linux/amd64");
  EXPECT_EQ(config->diff_ids, (std::vector<std::optional<Digest>>{a, {}, {}}));
  EXPECT_EQ(config->history, (std::vector<HistoryStep>{
                                 {"", "COPY . .", "c", false}, {"", "ENV A=1", "", true}, {}}));
}

TEST(Image, WhatIsNoneSaysNothing) {
  EXPECT_FALSE(parse_image_config("[]"));
  EXPECT_FALSE(parse_index("\xff"));
  const auto odd = parse_image_config(R"({"os":1,"rootfs":[],"history":{}})");
  ASSERT_TRUE(odd);
  EXPECT_EQ(odd->platform, Platform());
  EXPECT_TRUE(odd->history.empty());
}

}  // namespace
}  // namespace regctl
