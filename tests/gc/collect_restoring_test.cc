// A run finds something in quarantine (contract 3.2): it gives it back, lets it wait, or lets it go
// where the original is there again.
#include "tests/gc/collecting.h"

namespace regctl::gc {
namespace {

using namespace test;

TEST_F(Collect, OnlineRenamesInPlaceAndP8RestoresByteForByte) {
  const Files before = store().online().delete_untagged().files();
  const Swept swept = store().run();
  EXPECT_EQ(swept.total.manifests, 2u);
  EXPECT_EQ(swept.total.purged, Amount{});
  EXPECT_EQ(swept.quarantined_now, swept.total.quarantined);
  const Files quarantined = store().files();
  EXPECT_EQ(quarantined.size(), before.size());
  EXPECT_EQ(count_quarantined(quarantined),
            swept.total.quarantined.count + 2 + swept.total.layer_links);
  EXPECT_EQ(swept.total.layer_links, 6u);
  const Swept given_back = store().mode(Mode::restore).run();
  EXPECT_EQ(given_back.total.restored, swept.total.quarantined);
  EXPECT_EQ(given_back.total.links_restored, 2u + 6u);
  EXPECT_EQ(given_back.quarantined_now, Amount{});
  EXPECT_EQ(given_back.waiting.oldest, std::nullopt);
  EXPECT_EQ(given_back.waiting.until, std::nullopt);
  EXPECT_EQ(store().files(), before);
}

// A dry run reads every layer link only where there is a sign that something is in quarantine.
TEST_F(Collect, ASignStandsWhileAnythingIsInQuarantine) {
  const auto stands = [&] { return store().has(std::string(layout::kQuarantineSign)); };
  scene.registry.quarantine(RegistryBuilder::layer_link("app", scene.loose), kTaken);
  scene.tree.remove(std::string(layout::kQuarantineSign));
  EXPECT_FALSE(stands());
  store().online(Duration(0)).run();
  EXPECT_TRUE(stands());
  store().mode(Mode::restore).run();
  EXPECT_FALSE(stands());
  store().offline().run();
  EXPECT_FALSE(stands()) << "all that it took is gone";
  EXPECT_FALSE(store().has(data(scene.loose)));
}

TEST_F(Collect, RestoresWhatOneRunTook) {
  store().online().run();
  const Files after_first = store().files();
  store().delete_untagged().run();
  store().undertaking.wishes.only_run = store().undertaking.run;
  store().mode(Mode::restore).run();
  EXPECT_EQ(store().files(), after_first);
}

TEST_F(Collect, ARefusedRunStillGivesBackWhatIsNeeded) {
  scene.registry.quarantine(data(scene.layer), kTaken);
  scene.registry.quarantine(data(scene.loose), kTaken);
  scene.tree.symlink("repositories/elsewhere", "/somewhere", scene.registry.time());
  const Swept swept = store().run();
  EXPECT_TRUE(store().has(data(scene.layer)));
  EXPECT_FALSE(store().has(data(scene.loose)));
  EXPECT_EQ(swept.total.restored.count, 1u);
  EXPECT_EQ(count_quarantined(store().files()), 1u);
}

TEST_F(Collect, HealingGivesBackAndTakesNothing) {
  scene.registry.quarantine(data(scene.layer), kTaken);
  scene.registry.quarantine(data(scene.untagged), kTaken);
  const Files before = store().files();
  const Swept swept = store().mode(Mode::heal).run();
  EXPECT_EQ(swept.total.restored.count, 2u);
  EXPECT_EQ(store().files().size(), before.size());
  EXPECT_TRUE(store().has(data(scene.loose)));
  EXPECT_EQ(count_quarantined(store().files()), 0u);
}

TEST_F(Collect, ACopyThatVanishedIsNotGivenBack) {
  scene.registry.quarantine(data(scene.layer), kTaken);
  store().meddle = [&](Verb verb, const std::string& key) {
    if (verb == Verb::put_back && key.starts_with(data(scene.layer)))
      std::filesystem::remove(store().v2() / key);
  };
  const Swept swept = store().run();
  EXPECT_EQ(codes(swept.total.failures), Codes{"copy-vanished"});
  EXPECT_TRUE(swept.is_incomplete());
}

// A refusal stops taking, never giving back: neither does one that comes hours later.
TEST_F(Collect, WhatIsNeededSinceTheFirstLookGoesBackInARefusedRun) {
  scene.registry.quarantine(data(scene.registry.blob("taken yesterday")), kNow);
  store().online().at_phase = [&](const std::string& phase) {
    if (phase != "verify") return;
    store().put(RegistryBuilder::layer_link("app", digest_of("taken yesterday")),
                digest_of("taken yesterday").text());
    std::filesystem::create_symlink("/somewhere", store().v2() / "repositories/elsewhere2");
  };
  const Swept swept = store().run();
  EXPECT_EQ(codes(store().plan.blockers), Codes{"symlink-in-tree"});
  EXPECT_EQ(swept.total.restored.count, 1u);
  EXPECT_TRUE(store().has(data(digest_of("taken yesterday"))));
}

TEST_F(Collect, WhatCouldBePurgedAndIsNotWaits) {
  scene.registry.quarantine(data(scene.loose), kTaken);
  scene.tree.symlink("repositories/elsewhere", "/somewhere", scene.registry.time());
  const auto expect_waiting = [&](const Swept& swept) {
    EXPECT_EQ(swept.waiting.amount, (Amount{1, 5}));
    EXPECT_EQ(swept.waiting.oldest, kTaken);
    EXPECT_EQ(swept.waiting.until, kTaken);  // the hold of an offline run is none
  };
  expect_waiting(store().run());
  std::filesystem::remove(store().v2() / "repositories/elsewhere");
  expect_waiting(store().mode(Mode::heal).run());
  EXPECT_EQ(store().offline().run().waiting, (Waiting{.gate = {Shut::no}}));
}

TEST_F(Collect, RestoringSaysWhyItDoesNot) {
  scene.registry.quarantine(data(scene.layer), kTaken);
  store().undertaking.wishes.only_run = "nobody";
  store().online().mode(Mode::restore).run();
  EXPECT_EQ(codes(store().plan.warnings), Codes{"run-unknown"});
  store().undertaking.wishes.only_run.clear();
  std::filesystem::create_directories(store().v2().parent_path() / "lockfiles");
  std::ofstream(store().v2().parent_path() / "lockfiles/database-in-use");
  store().run();
  EXPECT_FALSE(codes(store().plan.blockers).empty());
  EXPECT_FALSE(store().has(data(scene.layer)));
}

TEST_F(Collect, DuplicatesOfLinksGoToo) {
  const std::string link = RegistryBuilder::layer_link("app", scene.layer);
  scene.registry.quarantine(link, kTaken);
  scene.put(link, scene.layer.text());
  const Swept swept = store().run();
  EXPECT_EQ(swept.total.links_purged, 1u + 2u);  // and those of the garbage
  EXPECT_TRUE(store().has(link));
  EXPECT_EQ(count_quarantined(store().files()), 0u);
}

TEST_F(Collect, ADuplicateGoesOnlyIfTheNewDataIsSound) {
  scene.registry.quarantine(data(scene.layer), kTaken);
  scene.put(data(scene.layer), "precious");
  scene.registry.quarantine(data(digest_of("fine")), kTaken);
  scene.put(data(digest_of("fine")), "damaged");
  const Swept swept = store().run();
  EXPECT_EQ(count_quarantined(store().files()), 1u);
  EXPECT_EQ(codes(swept.total.failures), Codes{"duplicate-kept"});
  EXPECT_EQ(read_all(store().v2() / data(scene.layer)), "precious");
}

TEST_F(Collect, ADuplicateIsHashedAtTheRateAndStaysOnceTheTimeIsUp) {
  const std::string large(100'000, 'x');
  scene.registry.quarantine(data(scene.registry.layer("app", large)), kTaken);
  scene.put(data(digest_of(large)), large);
  store().undertaking.bytes_per_second = 20'000;
  store().undertaking.deadline = std::chrono::seconds(1);
  const Swept swept = store().run();
  EXPECT_EQ(count_quarantined(store().files()), 1u);
  EXPECT_EQ(codes(swept.problems), Codes{"deadline"});
  EXPECT_EQ(swept.quarantined_now.count, 1u);
}

// Deleted since the look: the copy is no duplicate any more, and the next look judges it anew.
TEST_F(Collect, ADuplicateStaysWithoutItsOriginal) {
  const std::string link = RegistryBuilder::layer_link("app", scene.layer);
  scene.registry.quarantine(link, kTaken);
  scene.put(link, scene.layer.text());
  store().at_phase = [&, purges = 0](const std::string& phase) mutable {
    if (phase == "purge" && ++purges == 1) std::filesystem::remove(store().v2() / link);
  };
  const Swept swept = store().run();
  EXPECT_EQ(swept.total.failures.size(), 0u);
  EXPECT_EQ(swept.total.skipped, 1u);
  EXPECT_EQ(swept.total.links_purged, 2u);  // those of the garbage
  EXPECT_EQ(swept.total.links_restored, 1u);
  EXPECT_TRUE(store().has(link));
}

TEST_F(Collect, ADuplicateStaysWhileItsOriginalIsBeingWritten) {
  const std::string link = RegistryBuilder::revision("app", scene.image);
  scene.registry.quarantine(link, kTaken);
  scene.put(link, scene.image.text());
  store().at_phase = [&, purges = 0](const std::string& phase) mutable {
    if (phase == "purge" && ++purges == 1)
      store().put(link, "");
    else if (phase == "verify")
      store().put(link, scene.image.text());
  };
  const Swept swept = store().run();
  EXPECT_EQ(swept.total.failures.size(), 0u);
  EXPECT_EQ(swept.total.skipped, 1u);
  EXPECT_EQ(swept.total.links_purged, 1u + 2u);  // once it was written, and those of the garbage
}

TEST_F(Collect, ADuplicateLeavesTheHistoryOfTags) {
  scene.registry.tag("app", "v0", scene.untagged);
  scene.registry.tag("app", "v0", scene.image);
  const std::string link = RegistryBuilder::revision("app", scene.untagged);
  scene.registry.quarantine(link, kTaken);
  scene.put(link, scene.untagged.text());
  EXPECT_EQ(store().run().total.links_purged, 1u + 2u);  // and those of the garbage
  EXPECT_TRUE(store().has(layout::tag("app", "v0") + "/index/" +
                          layout::digest_path(scene.untagged) + "/link"));
}

TEST_F(Collect, ADuplicateOfALinkStaysBesideADamagedOne) {
  const std::string link = RegistryBuilder::layer_link("app", scene.layer);
  scene.registry.quarantine(link, kTaken);
  scene.put(link, scene.loose.text());
  store().run();
  EXPECT_EQ(count_quarantined(store().files()), 1u);
}

}  // namespace
}  // namespace regctl::gc
