#include "registry/usage.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <numeric>
#include <random>

#include "registry/hasher.h"
#include "tests/support/scanning.h"

namespace regctl {
namespace {

using namespace test;

struct Told {
  Inventory inventory;
  std::vector<KnownSize> sizes;

  explicit Told(const RegistryBuilder& registry) {
    const auto storage = registry.tree.storage();
    inventory = surveyed(*storage, scanned(*storage));
    sizes = known_sizes(inventory);
  }

  std::vector<bool> all(bool value) const {
    return std::vector<bool>(inventory.digests.size(), value);
  }
  std::vector<bool> only(const std::vector<Digest>& digests) const {
    std::vector<bool> chosen = all(false);
    for (const Digest& digest : digests) chosen[index_of(*inventory.digests.find(digest))] = true;
    return chosen;
  }
};

TEST(Usage, SharesWhatSeveralRepositoriesReach) {
  RegistryBuilder registry;
  const std::string config = "{}",
                    json_a = RegistryBuilder::image_json(
                        digest_of(config), 2, {{digest_of("shared"), 6}, {digest_of("only a"), 6}}),
                    json_b = RegistryBuilder::image_json(digest_of(config), 2,
                                                         {{digest_of("shared"), 6}});
  registry.image("a", {"shared", "only a"}, "v1", {}, config);
  registry.image("b", {"shared"}, "v1", {}, config);
  const Told told(registry);
  const UsageReport report = usage(told.inventory, told.sizes, told.all(true), told.all(false));
  ASSERT_EQ(report.repositories.size(), 2u);
  EXPECT_EQ(
      report.repositories[0],
      (Usage{.exclusive = json_a.size() + 6, .shared = 8, .fair_share = json_a.size() + 6 + 4}));
  EXPECT_EQ(report.repositories[1],
            (Usage{.exclusive = json_b.size(), .shared = 8, .fair_share = json_b.size() + 4}));
}

TEST(Usage, TheFirstRepositoryGetsTheRemainder) {
  RegistryBuilder registry;
  for (const char* name : {"a", "b", "c"}) registry.manifest(name, R"({"one":1})");
  const Told told(registry);
  const UsageReport report = usage(told.inventory, told.sizes, told.all(true), told.all(false));
  registry.blob("x");
  EXPECT_EQ(report.repositories[0].fair_share, 3u);
  const std::vector<KnownSize> eleven(told.sizes.size(), 11);
  const UsageReport uneven = usage(told.inventory, eleven, told.all(true), told.all(false));
  EXPECT_EQ(uneven.repositories[0].fair_share, 5u);
  EXPECT_EQ(uneven.repositories[1].fair_share, 3u);
  EXPECT_EQ(uneven.repositories[2].fair_share, 3u);
}

TEST(Usage, GarbageBelongsToWhoLinksIt) {
  RegistryBuilder registry;
  const Digest mine = registry.layer("a", "mine"), both = registry.layer("a", "of both"),
               nobody = registry.blob("of nobody");
  registry.link_layer("b", both);
  const Told told(registry);
  const UsageReport report =
      usage(told.inventory, told.sizes, told.all(false), told.only({mine, both, nobody}));
  EXPECT_EQ(report.repositories[0], (Usage{.garbage = 4}));
  EXPECT_EQ(report.repositories[1], Usage());
  EXPECT_EQ(report.garbage_blobs, (std::vector<std::uint64_t>{1, 0}));
  EXPECT_EQ(report.garbage_of_several, 7u);
  EXPECT_EQ(report.blobs_of_several, 1u);
  EXPECT_EQ(report.garbage_of_none, 9u);
  EXPECT_EQ(report.blobs_of_none, 1u);
}

TEST(Usage, WhatIsNotThereOrNotLiveCountsNothing) {
  RegistryBuilder registry;
  const Digest image = registry.image("a", {"layer"}, "v1");
  const Digest layer = digest_of("layer");
  registry.tree.remove(layout::blob(layer));
  const Told told(registry);
  EXPECT_EQ(usage(told.inventory, told.sizes, told.all(false), told.all(false)).repositories[0],
            Usage());
  const Usage all =
      usage(told.inventory, told.sizes, told.all(true), told.all(false)).repositories[0];
  const Usage only =
      usage(told.inventory, told.sizes, told.only({image, layer}), told.all(false)).repositories[0];
  EXPECT_EQ(only.exclusive, *told.sizes[index_of(*told.inventory.digests.find(image))]);
  EXPECT_GT(all.exclusive, only.exclusive);  // the configuration
}

// Repositories that share layers, manifests and children as chance has it.
RegistryBuilder random_registry(std::uint32_t seed) {
  std::mt19937 random(seed);
  const auto below = [&](unsigned limit) { return static_cast<unsigned>(random() % limit); };
  RegistryBuilder registry;
  std::vector<Digest> images;
  for (unsigned i = below(12); i > 0; --i) {
    const std::string name = "r" + std::to_string(below(5));
    std::vector<std::string> layers;
    for (unsigned k = below(4); k > 0; --k)
      layers.push_back(std::string(below(50), static_cast<char>('a' + below(5))));
    images.push_back(registry.image(name, layers, below(2) ? "v" + std::to_string(below(3)) : ""));
    if (below(3) == 0)
      registry.index("r" + std::to_string(below(5)),
                     {images[below(static_cast<unsigned>(images.size()))]}, "i");
    if (below(4) == 0) registry.link_revision("r" + std::to_string(below(5)), images.back());
    if (below(5) == 0) registry.layer(name, "garbage " + std::to_string(below(3)));
  }
  return registry;
}

RC_GTEST_PROP(UsageLaw, SharesAddUpToWhatIsReached, (std::uint32_t seed)) {
  const Told told(random_registry(seed));
  std::mt19937 random(seed);
  std::vector<bool> live = told.all(true), garbage = told.all(false);
  for (std::size_t i = 0; i < live.size(); ++i) {
    if (random() % 4 == 0)
      live[i] = false, garbage[i] = told.inventory.blob(static_cast<DigestId>(i)) != nullptr;
  }
  const UsageReport report = usage(told.inventory, told.sizes, live, garbage);
  // Computed another way: each repository's set of reached blobs, as sets.
  std::vector<std::set<std::size_t>> reached(told.inventory.repositories.size());
  for (std::size_t r = 0; r < reached.size(); ++r) {
    std::set<std::size_t> seen;
    std::vector<std::size_t> open;
    for (const Link& link : told.inventory.repositories[r].revisions)
      open.push_back(index_of(link.target));
    for (const Tag& tag : told.inventory.repositories[r].tags)
      open.push_back(index_of(*tag.target));
    std::erase_if(open, [&](std::size_t id) { return !live[id]; });
    while (!open.empty()) {
      const std::size_t id = open.back();
      open.pop_back();
      if (!seen.insert(id).second) continue;
      if (live[id] && told.inventory.blob(static_cast<DigestId>(id))) reached[r].insert(id);
      if (const Document* document = told.inventory.document(static_cast<DigestId>(id))) {
        for (const Reference& reference : document->references)
          open.push_back(index_of(reference.to));
      }
    }
  }
  std::set<std::size_t> anyone;
  std::uint64_t total = 0, fair = 0, lost = 0,
                counted = report.garbage_of_none + report.garbage_of_several;
  for (std::size_t r = 0; r < reached.size(); ++r) {
    std::uint64_t exclusive = 0, shared = 0;
    for (const std::size_t id : reached[r]) {
      const auto users = std::count_if(reached.begin(), reached.end(),
                                       [&](const auto& set) { return set.contains(id); });
      (users == 1 ? exclusive : shared) += *told.sizes[id];
      if (anyone.insert(id).second) total += *told.sizes[id];
    }
    RC_ASSERT(report.repositories[r].exclusive == exclusive);
    RC_ASSERT(report.repositories[r].shared == shared);
    fair += report.repositories[r].fair_share;
    counted += report.repositories[r].garbage;
  }
  for (std::size_t i = 0; i < garbage.size(); ++i) lost += garbage[i] ? *told.sizes[i] : 0;
  RC_ASSERT(fair == total);
  RC_ASSERT(counted == lost);
}

}  // namespace
}  // namespace regctl
