// A run that changes a registry (contract 3.2): what it frees, and what it keeps all the same.
#include "tests/gc/collecting.h"

namespace regctl::gc {
namespace {

using namespace test;

TEST_F(Collect, OfflineFreesThePlanAndNothingElse) {
  const Files before = store().files();
  const Swept swept = store().run();
  Files after = without(before, {scene.loose, scene.elsewhere});
  after.erase(RegistryBuilder::layer_link("app", scene.loose));
  after.erase(RegistryBuilder::layer_link("other", scene.elsewhere));
  EXPECT_EQ(store().files(), after);
  EXPECT_EQ(swept.total.layer_links, 2u);
  EXPECT_EQ(swept.total.links_purged, 2u);
  EXPECT_EQ(swept.total.quarantined, (Amount{2, 22}));
  EXPECT_EQ(swept.total.purged, (Amount{2, 22}));
  EXPECT_EQ(swept.verification.read, (Amount{2, 22}));
  EXPECT_EQ(swept.tags_proved, 2u);
  EXPECT_TRUE(swept.looked_again);
  EXPECT_FALSE(swept.is_incomplete());
  EXPECT_EQ(swept.quarantined_now, Amount{});
  EXPECT_FALSE(std::filesystem::exists((store().v2() / data(scene.loose)).parent_path()));
}

TEST_F(Collect, TheRunAfterAnOfflineOnePlansNothing) {
  store().delete_untagged().run();
  const Files before = store().files();
  const Swept again = store().run();
  EXPECT_EQ(store().files(), before);
  EXPECT_TRUE(again.plan.blobs.empty() && again.plan.manifests.empty() &&
              again.plan.layer_links.empty() && again.plan.purge.empty());
}

TEST_F(Collect, LinksToWhatIsHeldGoWithIt) {
  store().online().run();
  EXPECT_EQ(count_quarantined(store().files()), 4u);
  // As an earlier run left them that took no links along.
  const std::string link = RegistryBuilder::layer_link("app", scene.loose);
  for (const auto& [key, file] : store().files()) {
    if (key.starts_with(link)) std::filesystem::rename(store().v2() / key, store().v2() / link);
  }
  ASSERT_TRUE(store().has(link));
  store().offline().run();
  EXPECT_EQ(count_quarantined(store().files()), 0u);
  EXPECT_FALSE(store().has(link));
}

TEST_F(Collect, ALinkToABlobThatIsKeptAfterAllStays) {
  scene.bytes(data(scene.loose)) = "lOOse";
  const Swept swept = store().run();
  EXPECT_EQ(swept.kept_mismatched->count, 1u);
  EXPECT_TRUE(store().has(data(scene.loose)));
  EXPECT_TRUE(store().has(RegistryBuilder::layer_link("app", scene.loose)));
  EXPECT_FALSE(store().has(RegistryBuilder::layer_link("other", scene.elsewhere)));
}

TEST_F(Collect, UntaggedManifestsGoWithTheirTagHistories) {
  scene.registry.tag("app", "v0", scene.untagged);
  scene.registry.tag("app", "v0", scene.image);  // moved on
  const std::string entry =
      layout::tag("app", "v0") + "/index/" + layout::digest_path(scene.untagged) + "/link";
  ASSERT_TRUE(store().has(entry));
  const Swept swept = store().delete_untagged().run();
  EXPECT_EQ(swept.total.manifests, 2u);
  EXPECT_FALSE(store().has(RegistryBuilder::revision("app", scene.untagged)));
  EXPECT_FALSE(store().has(entry));
  EXPECT_TRUE(store().has(layout::tag("app", "v0") + "/index/" + layout::digest_path(scene.image) +
                          "/link"));
}

TEST_F(Collect, P4KeepsWhatDoesNotHashToItsName) {
  const Digest wrong = scene.registry.blob_at(digest_of("right"), "wrong");
  Swept swept = store().run();
  EXPECT_TRUE(store().has(data(wrong)));
  EXPECT_FALSE(store().has(data(scene.loose)));
  EXPECT_EQ(swept.verification.mismatched.size(), 1u);
  store().undertaking.mismatched = Mismatched::take;
  swept = store().run();
  EXPECT_FALSE(store().has(data(wrong)));
  EXPECT_EQ(swept.total.purged, (Amount{1, 5}));
}

TEST_F(Collect, AnUploadThatIsWrittenToRefusesAnOfflineRun) {
  store().undertaking.wishes.margins.uploads_idle = std::chrono::minutes(10);
  store().put("repositories/app/_uploads/6ba7b810-9dad-11d1-80b4-00c04fd430c8/data", "half");
  const Files before = store().files();
  store().run();
  EXPECT_EQ(store().files(), before);
  EXPECT_EQ(codes(store().plan.blockers), Codes{"upload-in-progress"});
}

TEST_F(Collect, LeftoversGoWithOldUploads) {
  const std::string suffix = ".6ba7b810-9dad-11d1-80b4-00c04fd430c8.tmp";
  const std::string old = data(scene.layer) + suffix, young = scene.revision_link() + suffix,
                    odd = data(scene.layer) + ".tmp";
  for (const std::string& path : {old, odd}) scene.put(path, "half");
  store().put(young, "half");
  store().run();
  EXPECT_TRUE(store().has(old));
  store().undertaking.wishes.margins.purge_uploads = 7 * kDay;
  const Swept swept = store().run();
  EXPECT_EQ(swept.total.leftovers, 1u);
  EXPECT_FALSE(store().has(old));
  EXPECT_TRUE(store().has(young));
  EXPECT_TRUE(store().has(odd));
}

TEST_F(Collect, OldUploadsGoWithAllThatARegistryWrites) {
  const std::string upload = "repositories/app/_uploads/6ba7b810-9dad-11d1-80b4-00c04fd430c8/";
  scene.put(upload + "startedat", "2026-05-02T00:00:00Z");
  scene.put(upload + "data", "half");
  scene.put(upload + "hashstates/sha256/0", "state");
  scene.put(upload + "hashstates/sha256/4", "state");
  store().undertaking.wishes.margins.purge_uploads = 7 * kDay;
  const Swept swept = store().run();
  EXPECT_EQ(swept.total.uploads, 1u);
  EXPECT_FALSE(store().has(upload));
  EXPECT_TRUE(store().has("repositories/app/_uploads"));
}

TEST_F(Collect, AnEmptyRepositoryGoesWithItsLinksAndTheOnesBelowStay) {
  scene.registry.link_layer("team/empty", scene.layer);
  scene.tree.directory("repositories/team/empty/_uploads", scene.registry.time());
  scene.registry.image("team/empty/full", {"kept"}, "v1");
  scene.registry.link_layer("lonely/empty", scene.layer);
  scene.tree.directory("repositories/bare/_layers", scene.registry.time());
  store().undertaking.wishes.margins.prune_empty_repositories = true;
  const Swept swept = store().run();
  EXPECT_EQ(store().plan.empty_repositories,
            (std::vector<std::string>{"bare", "lonely/empty", "team/empty"}));
  EXPECT_EQ(codes(store().plan.blockers), Codes{});
  EXPECT_EQ(swept.total.empty_repositories, 3u);
  EXPECT_FALSE(store().has("repositories/lonely"));
  EXPECT_FALSE(store().has("repositories/team/empty/_layers"));
  EXPECT_TRUE(store().has(layout::tag_current_link("team/empty/full", "v1")));
  EXPECT_TRUE(store().has(data(scene.layer)));
}

TEST_F(Collect, P15WhatHasAnotherNameIsNotFreed) {
  std::filesystem::create_hard_link(store().v2() / data(scene.elsewhere),
                                    store().v2().parent_path() / "second name");
  const Swept swept = store().run();
  EXPECT_FALSE(store().has(data(scene.elsewhere)));
  EXPECT_EQ(swept.total.purged, (Amount{2, 5}));
  EXPECT_EQ(swept.total.still_named, 17u);
  EXPECT_EQ(swept.quarantined_now, Amount{});
}

TEST_F(Collect, P15WhatIsGoneCountsThoughItsDirectoryStays) {
  scene.registry.quarantine(data(scene.loose), kTaken);
  store().meddle = [&](Verb verb, const std::string& key) {
    if (verb == Verb::remove_directory && data(scene.loose).starts_with(key))
      throw StorageError(Trouble::unreadable, key, EPERM);
  };
  const Swept swept = store().run();
  EXPECT_EQ(swept.total.purged, (Amount{2, 22}));
  EXPECT_EQ(swept.quarantined_now, Amount{});
  ASSERT_EQ(swept.total.failures.size(), 1u);
  EXPECT_TRUE(data(scene.loose).starts_with(swept.total.failures[0].path + '/'));
}

TEST_F(Collect, AQuarantinedManifestWithoutItsBytesIsNoDamage) {
  scene.registry.quarantine(RegistryBuilder::revision("app", scene.untagged), kTaken);
  scene.tree.remove(data(scene.untagged));
  const Swept swept = store().run();
  EXPECT_EQ(codes(store().plan.warnings), Codes{});
  EXPECT_EQ(swept.total.links_purged, 1u + 4u);  // and those of the garbage
}

TEST_F(Collect, ANeededAliasKeepsItsRepository) {
  const Digest alias = digest_of("precious", Algorithm::sha512);
  scene.registry.link_layer("team/empty", alias, scene.layer);
  const Digest config = scene.registry.layer("app", "{}");
  scene.registry.manifest("app", RegistryBuilder::image_json(config, 2, {{alias, 5}}), "by-alias");
  store().undertaking.wishes.margins.prune_empty_repositories = true;
  store().run();
  EXPECT_TRUE(store().has(RegistryBuilder::layer_link("team/empty", alias)));
}

TEST_F(Collect, OnlyWhatIsKeptCountsAsKept) {
  scene.registry.blob_at(digest_of("right"), "wrong");
  EXPECT_EQ(store().run().kept_mismatched, (Amount{1, 5}));
  store().undertaking.mismatched = Mismatched::take;
  EXPECT_EQ(store().run().kept_mismatched, Amount{});
  EXPECT_EQ(store().mode(Mode::heal).run().kept_mismatched, std::nullopt);
}

}  // namespace
}  // namespace regctl::gc
