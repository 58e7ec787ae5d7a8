// What a registry would not hand out, told store by store.
#include "registry/pulling.h"

#include <gtest/gtest.h>

#include <set>

#include "registry/hasher.h"
#include "tests/support/scanning.h"

namespace regctl {
namespace {

using namespace test;

struct Told {
  std::vector<std::string> tags;
  std::optional<Digest> manifest;
  std::vector<std::pair<Digest, Lack>> lacks;

  bool operator==(const Told&) const = default;
};

std::vector<Told> unpullable(const RegistryBuilder& registry,
                             const std::vector<Digest>& wrong = {}) {
  const auto storage = registry.tree.storage();
  const Inventory inventory = surveyed(*storage, scanned(*storage));
  std::vector<bool> are_wrong(inventory.digests.size());
  for (const Digest& digest : wrong) are_wrong[index_of(*inventory.digests.find(digest))] = true;
  std::vector<Told> told;
  for (const Unpullable& one : Pulling(inventory, {are_wrong, {}}).unpullable()) {
    Told& last = told.emplace_back();
    for (const std::uint32_t tag : one.tags)
      last.tags.push_back(inventory.repositories[one.repository].tags[tag].name);
    if (one.manifest) last.manifest = inventory.digests[*one.manifest];
    for (const Lacking& lacking : one.lacks)
      last.lacks.emplace_back(inventory.digests[lacking.digest], lacking.lack);
  }
  return told;
}

using All = std::vector<Told>;

class PullingTest : public testing::Test {
 protected:
  RegistryBuilder registry;
  const Digest layer = digest_of("layer"), image = registry.image("app", {"layer"}, "v1");
  const std::string revision = RegistryBuilder::revision("app", image),
                    layer_link = RegistryBuilder::layer_link("app", layer);
};

TEST_F(PullingTest, ASoundImageLacksNothing) { EXPECT_EQ(unpullable(registry), All{}); }

TEST_F(PullingTest, ALayerThatATagPointsToIsNoManifestAndStillALayer) {
  registry.tag("app", "odd", layer);
  EXPECT_EQ(unpullable(registry), (All{{{"odd"}, layer, {{layer, Lack::right_bytes}}}}));
}

// A link by another name is wrong together with the blob that it leads to.
TEST_F(PullingTest, ALinkByAnotherNameThatIsWrong) {
  const Digest name = digest_of("another", Algorithm::sha512), config = registry.layer("app", "{}");
  registry.link_layer("app", name, layer);
  registry.manifest("app", RegistryBuilder::image_json(config, 2, {{name, 5}}), "v2");
  const auto storage = registry.tree.storage();
  const Inventory inventory = surveyed(*storage, scanned(*storage));
  const auto id = [&](const Digest& digest) { return *inventory.digests.find(digest); };
  const std::vector<bool> blobs(inventory.digests.size());
  EXPECT_TRUE(Pulling(inventory, {blobs, {{id(name), id(config)}}}).unpullable().empty());
  EXPECT_EQ(Pulling(inventory, {blobs, {{id(name), id(layer)}}}).unpullable().size(), 1u);
}

TEST_F(PullingTest, EveryTagOfIt) {
  registry.ago(kHour).tag("app", "newest", image);
  registry.ago(kDay).tag("app", "newer", image);
  registry.tree.remove(layout::blob(layer));
  EXPECT_EQ(unpullable(registry),
            (All{{{"newest", "newer", "v1"}, image, {{layer, Lack::bytes}}}}));
}

TEST_F(PullingTest, WithoutTheLayersLink) {
  registry.tree.remove(layer_link);
  EXPECT_EQ(unpullable(registry), (All{{{"v1"}, image, {{layer, Lack::link}}}}));
}

TEST_F(PullingTest, WithoutTheManifestsLink) {
  registry.tree.remove(revision);
  EXPECT_EQ(unpullable(registry), (All{{{"v1"}, image, {{image, Lack::link}}}}));
}

// As registries of 2.1 wrote them: distribution still looks there.
TEST_F(PullingTest, AManifestUnderALayerLinkIsHandedOut) {
  registry.tree.remove(revision);
  registry.link_layer("app", image);
  EXPECT_EQ(unpullable(registry), All{});
}

TEST_F(PullingTest, AnotherRepositorysLinksDoNotCount) {
  registry.image("other", {"layer"}, "v1");
  registry.tree.remove(layer_link);
  EXPECT_EQ(unpullable(registry), (All{{{"v1"}, image, {{layer, Lack::link}}}}));
}

TEST_F(PullingTest, WhatIsOnlyInQuarantineIsNotThere) {
  registry.quarantine(RegistryBuilder::data(layer), kTaken);
  EXPECT_EQ(unpullable(registry), (All{{{"v1"}, image, {{layer, Lack::bytes}}}}));
  registry.quarantine(layer_link, kTaken);
  EXPECT_EQ(unpullable(registry), (All{{{"v1"}, image, {{layer, Lack::link}}}}));
  registry.quarantine(revision, kTaken);
  EXPECT_EQ(unpullable(registry), (All{{{"v1"}, image, {{image, Lack::link}}}}));
}

TEST_F(PullingTest, WrongBytesAreNotWhatWasAskedFor) {
  EXPECT_EQ(unpullable(registry, {layer}), (All{{{"v1"}, image, {{layer, Lack::right_bytes}}}}));
  registry.tree.bytes(RegistryBuilder::data(layer)) += '!';
  EXPECT_EQ(unpullable(registry), (All{{{"v1"}, image, {{layer, Lack::right_bytes}}}}));
  registry.tree.bytes(RegistryBuilder::data(image)) += ' ';
  EXPECT_EQ(unpullable(registry), (All{{{"v1"}, image, {{image, Lack::right_bytes}}}}));
}

TEST_F(PullingTest, ATagThatDoesNotTellWhatItPointsTo) {
  registry.tree.bytes(layout::tag_current_link("app", "v1")).clear();
  EXPECT_EQ(unpullable(registry), (All{{{"v1"}, std::nullopt, {}}}));
}

TEST_F(PullingTest, OnePlatformOfAnIndex) {
  const Digest other = registry.image("app", {"other"}),
               index = registry.index("app", {image, other}, "many");
  EXPECT_EQ(unpullable(registry), All{});
  registry.tree.remove(RegistryBuilder::revision("app", other));
  EXPECT_EQ(unpullable(registry), (All{{{"many"}, other, {{other, Lack::link}}}}));
  registry.tree.remove(RegistryBuilder::revision("app", index));
  EXPECT_EQ(unpullable(registry), (All{{{"many"}, index, {{index, Lack::link}}}}));
}

TEST_F(PullingTest, EveryTagThatLeadsToItThroughWhateverIndexes) {
  const Digest inner = registry.index("app", {image}, "inner"),
               middle = registry.ago(kHour).index("app", {inner}, "middle");
  registry.ago(2 * kHour).index("app", {middle, image}, "outer");
  registry.tree.remove(RegistryBuilder::layer_link("app", layer));
  const auto told = unpullable(registry);  // by its own tag, by inner and by outer
  ASSERT_EQ(told.size(), 3u);
  const std::vector<std::string> by_any = {"middle", "outer", "inner"}, by_outer = {"outer"};
  EXPECT_EQ(told[0].tags, std::vector<std::string>{"v1"});
  EXPECT_EQ((std::set{told[1].tags, told[2].tags}), (std::set{by_any, by_outer}));
}

// Its bytes may be there for another repository that has all platforms.
TEST_F(PullingTest, APlatformThatWasNeverPushedIsLackedByNobody) {
  const Digest nowhere = digest_of("nowhere"), elsewhere = registry.image("all", {"elsewhere"});
  registry.index("app", {image, nowhere}, "one");
  registry.index("app", {image, elsewhere}, "two");
  EXPECT_EQ(unpullable(registry), All{});
}

TEST_F(PullingTest, ButAnIndexOfOnlySuchIs) {
  const Digest inner = registry.index("app", {digest_of("nowhere"), digest_of("nor here")});
  registry.index("app", {image, inner}, "outer");
  EXPECT_EQ(unpullable(registry), (All{{{"outer"}, inner, {{inner, Lack::platforms}}}}));
  registry.tag("app", "inner", inner);
  EXPECT_EQ(unpullable(registry), (All{{{"inner"}, inner, {{inner, Lack::platforms}}},
                                       {{"outer"}, inner, {{inner, Lack::platforms}}}}));
}

// The registry's own deletion leaves the directory of the link.
TEST_F(PullingTest, APlatformThatWasDeletedWasPushed) {
  const Digest other = registry.image("app", {"other"});
  registry.image("all", {"other"});
  registry.index("app", {image, other}, "many");
  registry.tree.remove(RegistryBuilder::revision("app", other));
  registry.tree.directory(std::string(layout::parent_of(RegistryBuilder::revision("app", other))),
                          registry.time());
  EXPECT_EQ(unpullable(registry), (All{{{"many"}, other, {{other, Lack::link}}}}));
}

TEST_F(PullingTest, ForeignLayersAreFetchedElsewhere) {
  const Digest config = registry.layer("app", "{}"), foreign = digest_of("foreign");
  registry.manifest(
      "app",
      R"({"schemaVersion":2,"config":)" + RegistryBuilder::descriptor(kOciConfig, config, 2) +
          R"(,"layers":[{"mediaType":"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",)"
          R"("size":7,"digest":")" +
          foreign.text() + R"(","urls":["https://example.org/layer"]}]})",
      "windows");
  EXPECT_EQ(unpullable(registry), All{});
}

// BuildKit's cache is an index whose children are layers.
TEST_F(PullingTest, LayersInAnIndexAreBlobs) {
  const Digest cached = registry.layer("cache", "cached");
  const auto entry = RegistryBuilder::descriptor(kOciLayer, cached, 6);
  registry.manifest("cache", R"({"schemaVersion":2,"manifests":[)" + entry + "]}", "build");
  EXPECT_EQ(unpullable(registry), All{});
  registry.tree.remove(RegistryBuilder::layer_link("cache", cached));
  const auto told = unpullable(registry);
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].lacks, (std::vector<std::pair<Digest, Lack>>{{cached, Lack::link}}));
}

TEST_F(PullingTest, WhatIsBehindAnObstacleIsNotCalledMissing) {
  registry.tree.remove("repositories/app/_layers");
  registry.tree.symlink("repositories/app/_layers", "/elsewhere", registry.time());
  EXPECT_EQ(unpullable(registry), All{});
}

}  // namespace
}  // namespace regctl
