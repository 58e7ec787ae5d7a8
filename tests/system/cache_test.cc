// A real pull-through cache in front of a real registry: filled, aged, collected beside it, and
// filled again.
#include <gmock/gmock.h>

#include <fstream>

#include "tests/support/store_on_disk.h"

namespace regctl::test {
namespace {

using testing::Contains;
using testing::IsEmpty;
using testing::Not;

class PullThroughCache : public StoreOnDisk {
 protected:
  PullThroughCache() {
    for (const char* tag : {"v1", "v2"})
      registry.image("app", {std::string("layer of ") + tag}, tag);
    write();
    upstream.emplace(root.path());
    const std::string proxy = "proxy: {remoteurl: \"http://" + upstream->address() + "\"}\n";
    cache.emplace(work.path(), Orders{.more = proxy});
  }

  // As a client does: the manifest by its tag, then its blobs.
  bool pull(const std::string& tag) const {
    const TemporaryDirectory into;
    return run({"skopeo", "--insecure-policy", "copy", "-q", "--src-tls-verify=false",
                "docker://" + cache->address() + "/app:" + tag, "dir:" + into.path().string()})
               .status == 0;
  }
  // Everything was asked for and fetched long ago.
  void age() const {
    const auto then = std::filesystem::file_time_type::clock::now() - std::chrono::hours(40 * 24);
    for (const auto& entry : std::filesystem::recursive_directory_iterator(store()))
      std::filesystem::last_write_time(entry.path(), then);
  }
  std::filesystem::path store() const { return work.path() / "docker/registry/v2"; }
  bool has_tag(const std::string& tag) const {
    return std::filesystem::exists(store() / layout::tag("app", tag));
  }
  Ran collect(std::vector<std::string> options) const {
    options.insert(options.begin(),
                   {regctl_gc(), "--json", "--trust-times", "--max-delete", "100%"});
    options.push_back(work.path());
    return run(options);
  }
  // Nothing of the store itself shows what it is: as with `proxy.ttl: 0s`.
  void hide() const { std::filesystem::remove(work.path() / "scheduler-state.json"); }

  std::optional<DockerRegistry> upstream, cache;
};

TEST_F(PullThroughCache, WhatNobodyAsksForGoesAndIsFetchedAgain) {
  ASSERT_TRUE(pull("v1") && pull("v2"));
  age();
  ASSERT_TRUE(pull("v2"));
  const Ran taken = collect({"--cache-unused", "20d"});
  ASSERT_LE(taken.status, 1) << taken.err;
  const auto plan = report_of(taken)["plan"];
  ASSERT_EQ(plan["tags"].size(), 1u) << taken.out;
  EXPECT_EQ(plan["tags"][0]["tag"], "v1");
  EXPECT_EQ(plan["tags"][0]["reason"], "unused");
  EXPECT_EQ(plan["blobs"].size(), 3u);
  EXPECT_FALSE(has_tag("v1"));
  EXPECT_TRUE(has_tag("v2"));
  EXPECT_TRUE(pull("v2"));
  EXPECT_TRUE(pull("v1"));
  EXPECT_TRUE(has_tag("v1"));
  const Ran healed = collect({"--heal"});
  EXPECT_LE(healed.status, 1) << healed.err;
  EXPECT_TRUE(pull("v1") && pull("v2"));
}

TEST_F(PullThroughCache, IsKnownByTheRegistryThatServesIt) {
  ASSERT_TRUE(pull("v1"));
  hide();
  EXPECT_THAT(codes_of(collect({"-n", "-m"}), "blockers"), Contains("pull-through-cache"));
  EXPECT_EQ(collect({"-n", "--cache-unused", "20d"}).status, 0);
  cache->stop();
  hide();
  EXPECT_THAT(codes_of(collect({"-n", "--cache-unused", "20d"}), "blockers"),
              Contains("not-a-cache"));
  EXPECT_EQ(collect({"-n", "--cache-unused", "20d", "--pull-through-cache"}).status, 0);
}

// Where nothing is scheduled nothing expires, and the report says so.
TEST_F(PullThroughCache, TellsWhatWillNeverExpire) {
  ASSERT_TRUE(pull("v1"));
  cache->stop();
  nlohmann::json state;
  for (const auto& entry : std::filesystem::directory_iterator(store() / "blobs/sha256")) {
    for (const auto& blob : std::filesystem::directory_iterator(entry)) {
      const std::string key = "app@sha256:" + blob.path().filename().string();
      state[key] = {{"Key", key}, {"ExpiryData", "2026-12-02T21:18:54.2Z"}, {"EntryType", 0}};
    }
  }
  std::ofstream(work.path() / "scheduler-state.json") << state;
  EXPECT_THAT(codes_of(collect({"-n"}), "advice"), Not(Contains("never-expires")));
  std::ofstream(work.path() / "scheduler-state.json") << "{}";
  const auto advice = report_of(collect({"-n"}))["advice"];
  ASSERT_EQ(advice.size(), 1u) << advice;
  EXPECT_EQ(advice[0]["code"], "never-expires");
  EXPECT_EQ(advice[0]["count"], 1u);
  EXPECT_GT(advice[0]["bytes"], 100u);
  EXPECT_THAT(codes_of(collect({"-n", "--cache-unused", "20d"}), "advice"), IsEmpty());
}

// What was never asked for is missing, and nothing is wrong.
TEST_F(PullThroughCache, IsSoundWithoutWhatNobodyAskedFor) {
  ASSERT_EQ(run({"skopeo", "inspect", "--raw", "--tls-verify=false",
                 "docker://" + cache->address() + "/app:v1"})
                .status,
            0);
  cache->stop();
  hide();
  const std::string top = work.path();
  EXPECT_EQ(run({regctl_audit(), "--quick", "--json", top}).status, 12);
  EXPECT_EQ(run({regctl_audit(), "--quick", "--json", "--pull-through-cache", top}).status, 0);
}

}  // namespace
}  // namespace regctl::test
