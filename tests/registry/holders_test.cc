#include "registry/holders.h"

#include <gtest/gtest.h>

#include "registry/hasher.h"
#include "tests/support/scanning.h"

namespace regctl {
namespace {

using namespace test;
using Tags = std::vector<std::pair<std::string, std::string>>;

Holders holders_of(const RegistryBuilder& registry, const Digest& blob) {
  const auto storage = registry.tree.storage();
  const Inventory inventory = surveyed(*storage, scanned(*storage));
  return holders_of(inventory, {*inventory.digests.find(blob)}).front();
}

TEST(Holders, AreTagsOfAllRepositories) {
  RegistryBuilder registry;
  registry.image("a", {"base"}, "v1");
  registry.image("a", {"base", "more"}, "v2");
  registry.image("b", {"base"}, "v1");
  EXPECT_EQ(holders_of(registry, digest_of("base")),
            (Holders{2, 3, {{"a", "v1"}, {"a", "v2"}, {"b", "v1"}}, false}));
  EXPECT_EQ(holders_of(registry, digest_of("more")), (Holders{1, 1, {{"a", "v2"}}, false}));
}

TEST(Holders, ATagOfAnIndexHoldsOnceWhatAllPlatformsNeed) {
  RegistryBuilder registry;
  const Digest one = registry.image("a", {"base", "one"}), two = registry.image("a", {"base"});
  registry.index("a", {one, two}, "v1");
  EXPECT_EQ(holders_of(registry, digest_of("base")), (Holders{1, 1, {{"a", "v1"}}, false}));
}

TEST(Holders, AManifestThatNoTagReachesHoldsToo) {
  RegistryBuilder registry;
  registry.image("a", {"base"}, "v1");
  registry.image("b", {"base", "alone"});
  EXPECT_EQ(holders_of(registry, digest_of("base")), (Holders{2, 1, {{"a", "v1"}}, true}));
  EXPECT_EQ(holders_of(registry, digest_of("alone")), (Holders{1, 0, {}, true}));
}

TEST(Holders, OnlyTheFirstAreTold) {
  RegistryBuilder registry;
  for (const char* tag : {"v1", "v2", "v3", "v4"}) registry.image("a", {"base"}, tag);
  const Holders holders = holders_of(registry, digest_of("base"));
  EXPECT_EQ(holders.tags, 4u);
  EXPECT_EQ(holders.first, (Tags{{"a", "v1"}, {"a", "v2"}, {"a", "v3"}}));
}

TEST(Holders, NothingHoldsGarbage) {
  RegistryBuilder registry;
  registry.image("a", {"base"}, "v1");
  const Digest garbage = registry.layer("a", "garbage");
  EXPECT_EQ(holders_of(registry, garbage), Holders());
}

}  // namespace
}  // namespace regctl
