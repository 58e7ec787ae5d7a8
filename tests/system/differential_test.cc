// Random sound stores: what we plan, what distribution's own collector would delete, and what the
// teller of the store knows to be garbage are the same sets.
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "tests/support/random_store.h"
#include "tests/support/store_on_disk.h"

namespace regctl {
namespace {

using namespace test;

std::set<Digest> digests_after(const std::string& text, const std::string& words) {
  std::set<Digest> digests;
  for (std::size_t at = text.find(words); at != std::string::npos; at = text.find(words, at + 1))
    if (const auto digest = digest_at(text, at + words.size())) digests.insert(*digest);
  return digests;
}

// Calls judge(seed, store) with random stores. REGCTL_TEST_ROUNDS makes the campaign longer,
// REGCTL_TEST_SEED repeats one round.
template <class Judge>
void each_store(Judge judge) {
  const char* rounds = std::getenv("REGCTL_TEST_ROUNDS");
  const char* fixed = std::getenv("REGCTL_TEST_SEED");
  std::random_device entropy;
  for (int round = 0; round < (fixed ? 1 : rounds ? std::atoi(rounds) : 40); ++round) {
    const auto seed =
        fixed ? static_cast<std::uint32_t>(std::strtoul(fixed, nullptr, 10)) : entropy();
    SCOPED_TRACE("REGCTL_TEST_SEED=" + std::to_string(seed));
    judge(seed, random_store(seed));
    if (testing::Test::HasFatalFailure()) return;
  }
}

// What either of us plans for a store on this disk.
class OnThisDisk {
 public:
  explicit OnThisDisk(const Tree& tree) {
    const auto v2 = root_.path() / "docker/registry/v2";
    std::filesystem::create_directories(v2);
    tree.write_to(v2);
  }

  std::set<Digest> ours(const std::vector<std::string>& options = {}) const {
    std::vector<std::string> argv = {
        regctl_gc(), "--dry-run", "--keep-younger-than", "0s", "--max-delete", "100%", "--json"};
    argv.insert(argv.end(), options.begin(), options.end());
    argv.push_back(root_.path());
    const Ran ran = run(argv);
    EXPECT_TRUE(ran.status == 0 || ran.status == 12) << ran.err;  // 12: everything is garbage
    return planned(ran);
  }
  std::set<Digest> upstreams() const {
    const Ran ran = upstream_collect(root_.path(), {"--dry-run"});
    EXPECT_EQ(ran.status, 0) << ran.err;
    return digests_after(ran.out, "blob eligible for deletion: ");
  }

 private:
  TemporaryDirectory root_;
};

TEST(Differential, PlanUpstreamAndTruthAgree) {
  std::size_t garbage = 0;
  each_store([&](std::uint32_t, const RandomStore& store) {
    const OnThisDisk disk(store.registry.tree);
    garbage += store.garbage.size();
    EXPECT_EQ(disk.ours(), store.garbage);
    EXPECT_EQ(disk.upstreams(), store.garbage);
    EXPECT_EQ(disk.ours({"--delete-untagged"}), store.garbage_untagged);
  });
  EXPECT_GT(garbage, 0u);  // or nothing was compared
}

// A manifest that tags name and no other manifest, deleted in one repository as the API does it,
// the tags left as old registries leave them. False: it is another's too, and stays.
bool leave_dead_tag(RegistryBuilder& registry, const std::string& tag_link) {
  const Digest image = *Digest::parse(registry.tree.bytes(tag_link));
  for (const auto& [key, node] : registry.tree.nodes()) {
    if (key.starts_with("blobs/") && node.bytes.find(image.hex()) != std::string::npos)
      return false;
  }
  const std::string repositories = "repositories/";
  const std::string repository =
      tag_link.substr(repositories.size(), tag_link.find("/_manifests") - repositories.size());
  registry.tree.remove(RegistryBuilder::revision(repository, image));
  return true;
}

// Upstream does not ask tags what is in use, and so never kept what dead ones point to.
TEST(Differential, WithPrunedDeadTagsThePlanIsUpstreams) {
  std::size_t dead = 0, kept = 0;
  each_store([&](std::uint32_t seed, RandomStore store) {
    std::mt19937 random(seed);
    std::vector<std::string> links;
    for (const auto& [key, node] : store.registry.tree.nodes()) {
      if (key.ends_with("/current/link") && random() % 2) links.push_back(key);
    }
    for (const std::string& link : links) dead += leave_dead_tag(store.registry, link);
    const OnThisDisk disk(store.registry.tree);
    const std::set<Digest> upstreams = disk.upstreams();
    EXPECT_EQ(disk.ours({"--prune-dead-tags"}), upstreams);
    kept += upstreams.size() - disk.ours().size();
  });
  EXPECT_GT(dead, 0u);
  EXPECT_GT(kept, 0u);  // by dead tags
}

}  // namespace
}  // namespace regctl
