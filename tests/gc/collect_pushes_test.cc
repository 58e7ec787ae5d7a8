// What is pushed, linked and written beside a run stays, or comes back (contract 3.2).
#include "tests/gc/collecting.h"

namespace regctl::gc {
namespace {

using namespace test;

TEST_F(Collect, WhatIsLinkedBetweenTheRenamesAndTheSecondLookComesBack) {
  for (const bool offline : {false, true}) {
    Scene fresh;
    Sweeping sweeping(fresh.registry);
    if (!offline) sweeping.online();
    // A client that was told the layer is there pushes an image with it the moment it has been
    // renamed away.
    RegistryBuilder pushed;
    const Digest config = digest_of("{\"os\":\"linux\"}");
    const std::string image = RegistryBuilder::image_json(config, 14, {{fresh.loose, 5}});
    sweeping.meddle = [&](Verb verb, const std::string&) {
      if (verb != Verb::sync || sweeping.has(RegistryBuilder::data(digest_of(image)))) return;
      sweeping.put(RegistryBuilder::data(config), "{\"os\":\"linux\"}");
      sweeping.put(RegistryBuilder::data(digest_of(image)), image);
      sweeping.put(RegistryBuilder::revision("app", digest_of(image)), digest_of(image).text());
      sweeping.put(layout::tag_current_link("app", "new"), digest_of(image).text());
    };
    const Swept swept = sweeping.run();
    EXPECT_TRUE(sweeping.has(RegistryBuilder::data(fresh.loose))) << offline;
    EXPECT_FALSE(sweeping.has(RegistryBuilder::data(fresh.elsewhere))) << offline;
    EXPECT_EQ(swept.total.restored, (Amount{1, 5})) << offline;
    EXPECT_TRUE(swept.looked_again);
  }
}

// The second opinion of a large store takes minutes. A registry that finds the layer in place then
// discards an upload of it.
TEST_F(Collect, WhatIsLinkedBetweenTheLookAndTheRenamesComesBack) {
  const std::string link = RegistryBuilder::layer_link("other", scene.loose);
  store().online().at_phase = [&](const std::string& phase) {
    if (phase != "quarantine") return;
    store().put(link, scene.loose.text());
    // Too early to be of interest for its own sake: names in quarantine carry whole seconds.
    const auto modified = std::filesystem::last_write_time(store().v2() / link);
    const Time at = now();
    std::filesystem::last_write_time(
        store().v2() / link, modified - (at - std::chrono::floor<std::chrono::seconds>(at)) -
                                 std::chrono::milliseconds(1001));
  };
  const Swept swept = store().run();
  EXPECT_TRUE(store().has(data(scene.loose)));
  EXPECT_EQ(swept.total.restored, (Amount{1, 5}));
}

// An image with scene.loose, pushed by a client that was told the layer is there.
class CollectBesideAPush : public Collect {
 protected:
  const Digest config = digest_of("{\"os\":\"linux\"}");
  const std::string json = RegistryBuilder::image_json(config, 14, {{scene.loose, 5}});
  const std::string revision = RegistryBuilder::revision("app", digest_of(json));

  void push() {
    store().put(data(config), "{\"os\":\"linux\"}");
    store().put(data(digest_of(json)), json);
    store().put(revision, digest_of(json).text());
  }
};

TEST_F(CollectBesideAPush, WhatIsPushedBeforeTheSecondOpinionIsNoDisagreement) {
  int opinions = 0;
  store().online().at_phase = [&](const std::string& phase) {
    if (phase == "second opinion" && ++opinions == 1) push();
  };
  const Swept swept = store().run();
  EXPECT_GT(opinions, 0);
  EXPECT_TRUE(store().has(data(scene.loose)));
  EXPECT_FALSE(store().has(data(scene.elsewhere)));
  EXPECT_EQ(swept.total.quarantined, (Amount{1, 17}));
  EXPECT_EQ(swept.total.restored, Amount{});
  EXPECT_FALSE(swept.is_incomplete());
}

TEST_F(CollectBesideAPush, NorIsItBeforeThatOnAPurge) {
  for (const Digest& digest : {scene.loose, scene.elsewhere})
    scene.registry.quarantine(data(digest), kTaken);
  store().online(Duration(0)).undertaking.wishes.caches.none = true;
  bool pushed = false;
  store().at_phase = [&](const std::string& phase) {
    if (phase == "second opinion" && !std::exchange(pushed, true)) push();
  };
  EXPECT_EQ(store().run().total.purged, (Amount{1, 17}));
  EXPECT_EQ(count_quarantined(store().files()), 1u);
  store().run();
  EXPECT_TRUE(store().has(data(scene.loose)));
}

// Only ever there when the second opinion looks: what the first one cannot see.
TEST_F(CollectBesideAPush, WhatTwoComputationsSeeDifferentlyAgainAndAgainIsOne) {
  store().online().at_phase = [&](const std::string& phase) {
    if (phase == "second opinion")
      push();
    else
      std::filesystem::remove_all((store().v2() / revision).parent_path());
  };
  EXPECT_THROW(store().run(), Disagreement);
  EXPECT_TRUE(store().has(data(scene.loose)));
  EXPECT_TRUE(store().has(data(scene.elsewhere)));
}

TEST_F(CollectBesideAPush, NothingIsPurgedThatTwoComputationsSeeDifferently) {
  for (const Digest& digest : {scene.loose, scene.elsewhere})
    scene.registry.quarantine(data(digest), kTaken);
  store().online(Duration(0)).undertaking.wishes.caches.none = true;
  store().at_phase = [&](const std::string& phase) {
    if (phase == "second opinion")
      push();
    else
      std::filesystem::remove_all((store().v2() / revision).parent_path());
  };
  EXPECT_THROW(store().run(), Disagreement);
  EXPECT_EQ(count_quarantined(store().files()), 2u);
}

TEST_F(CollectBesideAPush, WhatThisRunTookGoesBackThen) {
  int opinions = 0;
  store().at_phase = [&](const std::string& phase) {
    if (phase == "second opinion" && ++opinions == 2) push();
  };
  EXPECT_THROW(store().run(), Disagreement);
  EXPECT_EQ(opinions, 2);
  EXPECT_TRUE(store().has(data(scene.loose)));
  EXPECT_TRUE(store().has(data(scene.elsewhere)));
}

TEST_F(Collect, AFileThatChangedSinceItWasHashedStays) {
  store().meddle = [&](Verb verb, const std::string& key) {
    if (verb == Verb::set_aside && key == data(scene.loose)) store().put(key, "other bytes");
  };
  const Swept swept = store().run();
  EXPECT_EQ(read_all(store().v2() / data(scene.loose)), "other bytes");
  EXPECT_EQ(swept.total.skipped, 1u);
  EXPECT_FALSE(store().has(data(scene.elsewhere)));
}

TEST_F(Collect, ARepositoryIsNotEmptyOnceAnUploadBegins) {
  scene.registry.link_layer("team/empty", scene.layer);
  scene.tree.directory("repositories/team/empty/_uploads", scene.registry.time());
  store().undertaking.wishes.margins.prune_empty_repositories = true;
  const std::string upload =
      "repositories/team/empty/_uploads/6ba7b810-9dad-11d1-80b4-00c04fd430c8";
  store().at_phase = [&, purges = 0](const std::string& phase) mutable {
    if (phase == "purge" && ++purges == 2)
      std::filesystem::create_directories(store().v2() / upload);  // its links are gone by then
  };
  EXPECT_EQ(store().run().total.empty_repositories, 0u);
  EXPECT_TRUE(store().has(upload));
}

TEST_F(Collect, P9ALinkThatIsWrittenBeforeItsRenameStays) {
  const std::string link = RegistryBuilder::revision("app", scene.untagged);
  int looks = 0;
  store().online().delete_untagged().at_phase = [&](const std::string& phase) {
    if (phase == "quarantine" && ++looks == 1)
      std::ofstream(store().v2() / link) << scene.untagged.text();
  };
  store().run();
  EXPECT_EQ(looks, 1);
  EXPECT_TRUE(store().has(link));
  EXPECT_TRUE(store().has(data(scene.untagged)));
}

TEST_F(Collect, AHistoryThatIsWrittenNowStays) {
  scene.registry.tag("app", "v0", scene.untagged);
  scene.registry.tag("app", "v0", scene.image);
  scene.registry.quarantine(RegistryBuilder::revision("app", scene.untagged), kTaken);
  const std::string entry =
      layout::tag("app", "v0") + "/index/" + layout::digest_path(scene.untagged) + "/link";
  store().at_phase = [&, purges = 0](const std::string& phase) mutable {
    if (phase == "purge" && ++purges == 1) store().put(entry, scene.untagged.text());
  };
  EXPECT_EQ(store().run().total.links_purged, 1u + 4u);  // and those of the garbage
  EXPECT_TRUE(store().has(entry));
}

TEST_F(Collect, AnUploadThatGoesOnStays) {
  const std::string upload = "repositories/app/_uploads/6ba7b810-9dad-11d1-80b4-00c04fd430c8/";
  scene.put(upload + "startedat", "2026-05-02T00:00:00Z");
  scene.put(upload + "data", "half");
  store().undertaking.wishes.margins.purge_uploads = 7 * kDay;
  store().at_phase = [&](const std::string& phase) {
    if (phase == "purge") store().put(upload + "data", "half and more");
  };
  const Swept swept = store().run();
  EXPECT_EQ(swept.total.uploads, 0u);
  EXPECT_EQ(read_all(store().v2() / (upload + "data")), "half and more");
}

}  // namespace
}  // namespace regctl::gc
