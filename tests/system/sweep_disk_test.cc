// The collector changes a real disk: what it takes, keeps as it is, and gives back.
#include "registry/hasher.h"
#include "tests/system/sweeping_disk.h"

namespace regctl {
namespace {

using namespace test;
using nlohmann::json;
namespace fs = std::filesystem;

TEST_F(SweepDisk, P15FreedIsWhatHadNoOtherName) {
  write();
  fs::create_hard_link(v2() / RegistryBuilder::data(garbage[5]), root.path() / "second name");
  const Ran ran = collect(root.path());
  ASSERT_TRUE(is_done(ran)) << ran.err;
  const json swept = json::parse(ran.out).at("swept");
  EXPECT_EQ(swept.at("purged").at("count"), 7);
  EXPECT_EQ(garbage_left(root.path()), 0u);
  EXPECT_EQ(read_all(root.path() / "second name").size(), 60'008u);
  EXPECT_EQ(swept.at("purged").at("bytes"), 210'000 + 7 * 8 + 14 - 60'008);
}

TEST_F(SweepDisk, WhatStaysIsNotTouched) {
  write();
  mix_owners();
  const Nodes before = nodes_below(root.path());
  ASSERT_TRUE(is_done(collect(root.path(), {"--offline", "-m"})));
  const Nodes after = nodes_below(root.path());
  EXPECT_LT(after.size(), before.size());
  for (const auto& [path, node] : after) {
    ASSERT_TRUE(before.contains(path)) << path << " is new";
    EXPECT_EQ(node, before.at(path)) << path;
  }
}

TEST_F(SweepDisk, P8RestoredWithOwnersModesAndTimes) {
  write();
  mix_owners();
  const Nodes before = nodes_below(root.path());
  const Ran taken = collect(root.path(), {"-m"});
  ASSERT_TRUE(is_done(taken)) << taken.err;
  EXPECT_EQ(garbage_left(root.path()), 0u);
  EXPECT_EQ(nodes_below(root.path()).size(), before.size() + 1);  // the sign of a quarantine
  ASSERT_TRUE(is_done(collect(root.path(), {"--restore"})));
  EXPECT_EQ(nodes_below(root.path()), before);
}

TEST_F(SweepDisk, P4WhatDoesNotMatchItsDigestIsKeptUnlessItIsWanted) {
  registry.blob_at(digest_of("right"), "wrong");
  write();
  const Ran kept = collect(root.path());
  EXPECT_EQ(kept.status, 1) << kept.err;
  EXPECT_TRUE(codes_of(kept, "warnings").contains("blob-digest-mismatch")) << kept.out;
  EXPECT_EQ(json::parse(kept.out).at("totals").at("kept").at("mismatched").at("count"), 1)
      << kept.out;
  EXPECT_TRUE(has(root.path(), digest_of("right")));
  EXPECT_EQ(garbage_left(root.path()), 0u);
  EXPECT_TRUE(is_done(collect(root.path(), {"--offline", "--remove-mismatched"})));
  EXPECT_FALSE(has(root.path(), digest_of("right")));
}

TEST_F(SweepDisk, OneRunCanBeRestored) {
  write();
  const Files before = files_below(v2());
  const auto take = [&](std::vector<std::string> options) {
    const Ran ran = collect(root.path(), std::move(options));
    EXPECT_TRUE(is_done(ran)) << ran.err;
    return json::parse(ran.out).at("run").at("id").get<std::string>();
  };
  const std::string first = take({}), second = take({"-m"});
  const Files after_both = files_below(v2());
  const Ran none = collect(root.path(), {"--restore", "--run", "0123456789abcdef"});
  EXPECT_EQ(none.status, 1) << none.err;
  EXPECT_TRUE(codes_of(none, "warnings").contains("run-unknown")) << none.out;
  EXPECT_EQ(files_below(v2()), after_both);
  EXPECT_TRUE(is_done(collect(root.path(), {"--restore", "--run", first})));
  EXPECT_EQ(garbage_left(root.path()), garbage.size());
  EXPECT_NE(files_below(v2()), before);
  EXPECT_TRUE(is_done(collect(root.path(), {"--restore", "--run", second})));
  EXPECT_EQ(files_below(v2()), before);
}

// What was purged may be remembered, whoever took it.
TEST_F(SweepDisk, AfterEveryOfflineRemovalARestartIsAdvised) {
  const auto advises = [](const Ran& ran) {
    const json report = json::parse(ran.out);
    const auto is_restart = [](const json& advice) {
      return advice.at("code") == "restart-registry";
    };
    return std::any_of(report.at("advice").begin(), report.at("advice").end(), is_restart);
  };
  write();
  EXPECT_TRUE(advises(collect(root.path(), {})));  // no gate is known to be open
  EXPECT_FALSE(advises(collect(root.path(), {})));
  const Ran purged = collect(root.path(), {"--offline", "--prune-layer-links=no"});
  EXPECT_EQ(json::parse(purged.out).at("swept").at("quarantined").at("count"), 0);
  EXPECT_TRUE(advises(purged));
  EXPECT_FALSE(advises(collect(root.path(), {"--offline", "--prune-layer-links=no"})));
}

}  // namespace
}  // namespace regctl
