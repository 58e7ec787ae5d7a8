// The rules of contract 3 on told registries, one behaviour a test.
#include "tests/support/scene.h"

namespace regctl::gc {
namespace {

using namespace test;

TEST(P1NothingReachableIsTaken, AnUnlinkedBlobGoesAndALinkedImageStays) {
  RegistryBuilder registry;
  registry.image("app", {"one", "two"}, "v1");
  const Digest garbage = registry.layer("app", "left over");
  const Looked findings = Look().at(registry);
  EXPECT_EQ(planned(findings), Digests{garbage});
  EXPECT_EQ(findings.plan.blobs[0].last_repository, "app");
  EXPECT_TRUE(findings.plan.blockers.empty());
  EXPECT_TRUE(findings.plan.warnings.empty());
}

TEST(P1NothingReachableIsTaken, AnAliasLinkKeepsWhatItLeadsTo) {
  RegistryBuilder registry;
  const std::string bytes = "pushed by sha512";
  const Digest stored = registry.layer("app", bytes), name = digest_of(bytes, Algorithm::sha512);
  registry.link_layer("app", name, stored);
  const Digest config = registry.layer("app", "{}");
  registry.manifest("app", RegistryBuilder::image_json(config, 2, {{name, bytes.size()}}), "v1");
  registry.layer("app", "garbage");
  EXPECT_FALSE(planned(Look().at(registry)).contains(stored));
}

TEST(P11NothingYoungIsTaken, ByBlobDirectoryOrLink) {
  RegistryBuilder registry;
  registry.image("app", {"kept"}, "v1");
  const Digest old = registry.layer("app", "old"), relinked = registry.layer("app", "linked again"),
               moved = registry.layer("app", "its directory changed"),
               future = registry.layer("app", "future");
  const Digest young = registry.ago(kHour).layer("app", "young");
  registry.link_layer("other", relinked);
  registry.tree.touch(layout::blob(moved), kNow - kHour);
  registry.tree.touch(RegistryBuilder::data(future), kNow + kHour);
  const Looked findings = Look().at(registry);
  EXPECT_EQ(planned(findings), Digests{old});
  EXPECT_EQ(findings.plan.kept_young.count, 4u);
  EXPECT_EQ(planned(Look().keep_younger_than(Duration(0)).at(registry)),
            (Digests{old, relinked, moved, young}));
}

TEST(P12DeleteUntagged, ChildrenOfATaggedIndexStayAtAnyDepth) {
  RegistryBuilder registry;
  const Digest amd = registry.image("app", {"amd64"}), arm = registry.image("app", {"arm64"});
  const Digest inner = registry.index("app", {amd, arm});
  registry.index("app", {inner}, "latest");
  const Digest old = registry.image("app", {"overwritten"});
  const Looked findings = Look().delete_untagged().at(registry);
  EXPECT_EQ(planned_manifests(findings), (std::set<std::pair<std::string, Digest>>{{"app", old}}));
  EXPECT_EQ(planned(findings).size(), 3u);  // manifest, configuration, layer
}

TEST(P12DeleteUntagged, ReferrersOfKeptManifestsStayAndOthersGo) {
  RegistryBuilder registry;
  const Digest tagged = registry.image("app", {"tagged"}, "v1"),
               untagged = registry.image("app", {"untagged"});
  const Digest signature = registry.image("app", {"signature"}, "", tagged);
  registry.image("app", {"signature of the signature"}, "", signature);
  const Digest orphan = registry.image("app", {"orphan signature"}, "", untagged);
  const Looked findings = Look().delete_untagged().at(registry);
  EXPECT_EQ(planned_manifests(findings),
            (std::set<std::pair<std::string, Digest>>{{"app", untagged}, {"app", orphan}}));
}

TEST(P12DeleteUntagged, ATagWithAFlippedBitKeepsWhatItPointedTo) {
  RegistryBuilder registry;
  const Digest image = registry.image("app", {"meant"}, "v1");
  registry.image("app", {"other"}, "v2");
  std::string& link = registry.tree.bytes(layout::tag_current_link("app", "v1"));
  link.back() = link.back() == '0' ? '1' : '0';
  const Looked findings = Look().delete_untagged().at(registry);
  EXPECT_TRUE(findings.plan.manifests.empty());
  EXPECT_TRUE(planned(findings).empty());
  EXPECT_EQ(codes(findings.plan.warnings), Codes{"tag-dangling"});
  EXPECT_TRUE(findings.mark.live(*findings.inventory.digests.find(image)));
}

TEST(P3DamagePins, AManifestWithAFlippedDigestKeepsItsRepositoryWhole) {
  RegistryBuilder registry;
  const Digest image = registry.image("app", {"precious"}, "v1"),
               loose = registry.layer("app", "loose");
  const Digest elsewhere = registry.layer("other", "garbage elsewhere");
  registry.image("other", {"fine"}, "v1");
  std::string& bytes = registry.tree.bytes(RegistryBuilder::data(image));
  const auto at = bytes.rfind("sha256:") + 10;
  bytes[at] = bytes[at] == '0' ? '1' : '0';
  const Looked findings = Look().at(registry);
  EXPECT_EQ(planned(findings), Digests{elsewhere});
  EXPECT_EQ(codes(findings.plan.warnings), Codes{"manifest-digest-mismatch"});
  EXPECT_EQ(findings.plan.kept_pinned.count,
            2u);  // the layer that the text no longer names, and the loose one
  EXPECT_FALSE(planned(findings).contains(loose));
}

TEST(P12DeleteUntagged, ARootOfAnUnknownRepositoryCountsEverywhere) {
  RegistryBuilder registry;
  registry.image("team/app", {"tagged"}, "v1");
  const Digest running = registry.image("team/app", {"running in the cluster"});
  Look look;
  look.wishes.policy.roots = {{"registry.example.com:5000/team/app", running}};
  const Looked findings = look.delete_untagged().at(registry);
  EXPECT_TRUE(findings.plan.manifests.empty());
  EXPECT_EQ(codes(findings.plan.warnings), Codes{"roots-repository-unknown"});
}

TEST(P12DeleteUntagged, ATagFromTheFutureProvesNothing) {
  RegistryBuilder registry;
  registry.image("app", {"old"}, "v1");
  registry.ago(10 * kDay).image("app", {"pushed since, without a tag"});
  registry.tree.touch(layout::tag_current_link("app", "v1"), kNow + 365 * kDay);
  registry.ago(40 * kDay).image("app", {"older"}, "v0");
  EXPECT_EQ(codes(Look().delete_untagged().at(registry).plan.blockers), Codes{"tags-look-dead"});
}

TEST(P3DamagePins, NamesInTheHistoryOfAnUnreadableTagStay) {
  RegistryBuilder registry;
  registry.image("app", {"kept"}, "v1");
  const Digest hinted = registry.blob("named in upper case");
  std::string upper = hinted.hex();
  for (char& c : upper) c = static_cast<char>(std::toupper(c));
  registry.tree.bytes(layout::tag_current_link("app", "v1")).clear();
  registry.tree.file(layout::tag("app", "v1") + "/index/sha256/" + upper + "/link", hinted.text(),
                     registry.time());
  EXPECT_FALSE(planned(Look().at(registry)).contains(hinted));
}

// A registry of version 3 writes beside the name and renames. What that leaves stands anywhere.
TEST(Looking, ADryRunPlansTheTemporaryFilesThatARunRemoves) {
  Scene scene;
  const std::string rest = ".b1a5f0e8-6d1c-4a6e-9a5e-0d6f6b1c2d3e.tmp";
  for (const std::string& key :
       {scene.data() + rest, scene.layer_link() + rest, scene.tag_link() + rest,
        RegistryBuilder::data(scene.loose) + rest})
    scene.put(key, "half");
  Look dry, real;
  real.looking.sizes = Sizes::seen;
  for (Look* look : {&dry, &real}) {
    look->wishes.margins.purge_uploads = kDay;
    EXPECT_EQ(look->at(scene.registry).plan.leftovers.size(), 4u);
  }
}

}  // namespace
}  // namespace regctl::gc
