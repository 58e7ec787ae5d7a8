// A run that changes a registry, from the first look to the second, on a disk (contract 3.2).
#include <gmock/gmock.h>

#include "tests/support/scene.h"
#include "tests/support/sweeping.h"
#include "tests/support/scanning.h"

namespace regctl::gc {
namespace {

using namespace test;

const Time kTaken = kNow - 10 * kDay;

class Collect : public testing::Test {
 protected:
  Scene scene;
  std::optional<Sweeping> written;

  // The scene on a disk, from the first use on.
  Sweeping& store() {
    if (!written) written.emplace(scene.registry);
    return *written;
  }
  std::string data(const Digest& digest) const { return RegistryBuilder::data(digest); }

  // Everything that was there before, but for `digests`' data.
  static Files without(Files files, const std::set<Digest>& digests) {
    for (const Digest& digest : digests) files.erase(RegistryBuilder::data(digest));
    return files;
  }
};

TEST_F(Collect, OfflineFreesThePlanAndNothingElse) {
  const Files before = store().files();
  const Swept swept = store().run();
  EXPECT_EQ(store().files(), without(before, {scene.loose, scene.elsewhere}));
  EXPECT_EQ(swept.total.quarantined, (Amount{2, 22}));
  EXPECT_EQ(swept.total.purged, (Amount{2, 22}));
  EXPECT_EQ(swept.verification.read, (Amount{2, 22}));
  EXPECT_EQ(swept.tags_proved, 2u);
  EXPECT_TRUE(swept.looked_again);
  EXPECT_FALSE(swept.is_incomplete());
  EXPECT_EQ(swept.quarantined_now, Amount{});
  EXPECT_FALSE(std::filesystem::exists((store().v2() / data(scene.loose)).parent_path()));
}

TEST_F(Collect, TheNextRunTakesTheLinksThatLeadNowhereAndTheOneAfterNothing) {
  store().run();
  EXPECT_TRUE(store().has(RegistryBuilder::layer_link("app", scene.loose)));
  const Swept second = store().run();
  EXPECT_EQ(second.total.layer_links, 2u);
  EXPECT_EQ(second.total.links_purged, 2u);
  EXPECT_FALSE(store().has(RegistryBuilder::layer_link("app", scene.loose)));
  const Files before = store().files();
  const Swept third = store().run();
  EXPECT_EQ(store().files(), before);
  EXPECT_EQ(third.total.layer_links, 0u);
  EXPECT_FALSE(third.looked_again);  // nothing was renamed
}

TEST_F(Collect, OnlineRenamesInPlaceAndP8RestoresByteForByte) {
  const Files before = store().online().delete_untagged().files();
  const Swept swept = store().run();
  EXPECT_EQ(swept.total.manifests, 2u);
  EXPECT_EQ(swept.total.purged, Amount{});
  EXPECT_EQ(swept.quarantined_now, swept.total.quarantined);
  const Files quarantined = store().files();
  EXPECT_EQ(quarantined.size(), before.size());
  EXPECT_EQ(count_quarantined(quarantined), swept.total.quarantined.count + 2);
  const Swept given_back = store().mode(Mode::restore).run();
  EXPECT_EQ(given_back.total.restored, swept.total.quarantined);
  EXPECT_EQ(given_back.total.links_restored, 2u);
  EXPECT_EQ(given_back.quarantined_now, Amount{});
  EXPECT_EQ(store().files(), before);
}

TEST_F(Collect, RestoresWhatOneRunTook) {
  store().online().run();
  const Files after_first = store().files();
  store().delete_untagged().run();
  store().undertaking.request.only_run = store().undertaking.run;
  store().mode(Mode::restore).run();
  EXPECT_EQ(store().files(), after_first);
}

TEST_F(Collect, UntaggedManifestsGoWithTheirTagHistories) {
  scene.registry.tag("app", "v0", scene.untagged);
  scene.registry.tag("app", "v0", scene.image);  // moved on
  const std::string entry = layout::tag("app", "v0") + "/index/" + layout::digest_path(scene.untagged) + "/link";
  ASSERT_TRUE(store().has(entry));
  const Swept swept = store().delete_untagged().run();
  EXPECT_EQ(swept.total.manifests, 2u);
  EXPECT_FALSE(store().has(RegistryBuilder::revision("app", scene.untagged)));
  EXPECT_FALSE(store().has(entry));
  EXPECT_TRUE(store().has(layout::tag("app", "v0") + "/index/" + layout::digest_path(scene.image) + "/link"));
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

TEST_F(Collect, P2ARefusalTakesNothing) {
  scene.tree.symlink("repositories/elsewhere", "/somewhere", scene.registry.time());
  const Files before = store().files();
  store().run();
  EXPECT_EQ(store().files(), before);
  EXPECT_EQ(codes(store().findings->plan.blockers), Codes{"symlink-in-tree"});
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

TEST_F(Collect, AnUploadThatIsWrittenToRefusesAnOfflineRun) {
  store().undertaking.request.margins.uploads_idle = std::chrono::minutes(10);
  store().put("repositories/app/_uploads/6ba7b810-9dad-11d1-80b4-00c04fd430c8/data", "half");
  const Files before = store().files();
  store().run();
  EXPECT_EQ(store().files(), before);
  EXPECT_EQ(codes(store().findings->plan.blockers), Codes{"upload-in-progress"});
}

TEST_F(Collect, OldUploadsGoWithAllThatARegistryWrites) {
  const std::string upload = "repositories/app/_uploads/6ba7b810-9dad-11d1-80b4-00c04fd430c8/";
  scene.put(upload + "startedat", "2026-05-02T00:00:00Z");
  scene.put(upload + "data", "half");
  scene.put(upload + "hashstates/sha256/0", "state");
  scene.put(upload + "hashstates/sha256/4", "state");
  store().undertaking.request.margins.purge_uploads = 7 * kDay;
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
  store().undertaking.request.margins.prune_empty_repositories = true;
  const Swept swept = store().run();
  EXPECT_EQ(store().findings->plan.empty_repositories, (std::vector<std::string>{"lonely/empty", "team/empty"}));
  EXPECT_EQ(codes(store().findings->plan.blockers), Codes{});
  EXPECT_EQ(swept.total.empty_repositories, 2u);
  EXPECT_FALSE(store().has("repositories/lonely"));
  EXPECT_FALSE(store().has("repositories/team/empty/_layers"));
  EXPECT_TRUE(store().has(layout::tag_current_link("team/empty/full", "v1")));
  EXPECT_TRUE(store().has(data(scene.layer)));
}

TEST_F(Collect, WhatIsLinkedBetweenTheRenamesAndTheSecondLookComesBack) {
  for (const bool offline : {false, true}) {
    Scene fresh;
    Sweeping sweeping(fresh.registry);
    if (!offline) sweeping.online();
    // A client that was told the layer is there pushes an image with it the moment it has been renamed away.
    RegistryBuilder pushed;
    const Digest config = digest_of("{\"os\":\"linux\"}");
    const std::string image = RegistryBuilder::image_json(config, 14, {{fresh.loose, 5}});
    sweeping.meddle = [&](std::string_view verb, const std::string&) {
      if (verb != "sync" || sweeping.has(RegistryBuilder::data(digest_of(image)))) return;
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

TEST_F(Collect, AFailedSecondLookPutsEverythingBack) {
  const Files before = store().delete_untagged().files();
  bool renamed = false;
  store().meddle = [&](std::string_view verb, const std::string&) { renamed |= verb == "sync"; };
  store().wrap = [&](std::unique_ptr<Storage> storage) {
    static std::unique_ptr<Storage> inner;
    inner = std::move(storage);
    return std::make_unique<Meddled>(*inner, [&](std::string_view, const std::string& key) {
      if (renamed && key == "repositories/other/_manifests/tags")
        throw StorageError(StorageError::Kind::unreadable, key, "Input/output error");
      return false;
    });
  };
  const Swept swept = store().run();
  EXPECT_TRUE(renamed);
  EXPECT_EQ(store().files(), before);
  EXPECT_TRUE(swept.is_incomplete());
  EXPECT_EQ(codes(swept.problems), Codes{"second-look-failed"});
}

TEST_F(Collect, AFileThatChangedSinceItWasHashedStays) {
  store().meddle = [&](std::string_view verb, const std::string& key) {
    if (verb == "rename" && key == data(scene.loose)) store().put(key, "other bytes");
  };
  const Swept swept = store().run();
  EXPECT_EQ(read_all(store().v2() / data(scene.loose)), "other bytes");
  EXPECT_EQ(swept.total.skipped, 1u);
  EXPECT_FALSE(store().has(data(scene.elsewhere)));
}

TEST_F(Collect, OneFailureDoesNotStopTheRest) {
  store().meddle = [&](std::string_view verb, const std::string& key) {
    if (verb == "rename" && key == data(scene.loose))
      throw StorageError(StorageError::Kind::unreadable, key, "Operation not permitted");
  };
  const Swept swept = store().run();
  EXPECT_TRUE(store().has(data(scene.loose)));
  EXPECT_FALSE(store().has(data(scene.elsewhere)));
  EXPECT_EQ(swept.total.failures.size(), 1u);
  EXPECT_TRUE(swept.is_incomplete());
}

TEST_F(Collect, P15WhatHasAnotherNameIsNotFreed) {
  std::filesystem::create_hard_link(store().v2() / data(scene.elsewhere), store().v2().parent_path() / "second name");
  const Swept swept = store().run();
  EXPECT_FALSE(store().has(data(scene.elsewhere)));
  EXPECT_EQ(swept.total.purged, (Amount{2, 5}));
  EXPECT_EQ(swept.total.still_named, 17u);
  EXPECT_EQ(swept.quarantined_now, Amount{});
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

TEST_F(Collect, DuplicatesOfLinksGoToo) {
  const std::string link = RegistryBuilder::layer_link("app", scene.layer);
  scene.registry.quarantine(link, kTaken);
  scene.put(link, scene.layer.text());
  const Swept swept = store().run();
  EXPECT_EQ(swept.total.links_purged, 1u);
  EXPECT_TRUE(store().has(link));
  EXPECT_EQ(count_quarantined(store().files()), 0u);
}

TEST_F(Collect, TheDeadlineStopsBetweenSteps) {
  const Files before = store().files();
  store().undertaking.deadline = Duration(0);
  const Swept swept = store().run();
  EXPECT_EQ(store().files(), before);
  EXPECT_TRUE(swept.is_incomplete());
  EXPECT_EQ(codes(swept.problems), Codes{"deadline"});
}

TEST_F(Collect, ASignalWhileTakingLeavesNothingThatIsNeededAway) {
  store().online();
  store().meddle = [&](std::string_view verb, const std::string&) {
    if (verb == "rename") store().stop.request_stop();
  };
  const Swept swept = store().run();
  EXPECT_TRUE(swept.total.stopped);
  EXPECT_EQ(swept.total.quarantined.count, 1u);  // the one that had begun
  EXPECT_TRUE(swept.looked_again);
  EXPECT_EQ(count_quarantined(store().files()), 1u);
}

// P7, in one process: the writer dies before every one of its verbs in turn. Whatever is alive can be read at once, and
// the next run reaches what an uninterrupted one reaches.
TEST_F(Collect, P7DyingBeforeAnyVerbLosesNothing) {
  struct Death {};
  scene.registry.tag("app", "v0", scene.untagged);
  scene.registry.tag("app", "v0", scene.image);
  scene.registry.quarantine(data(scene.layer), kTaken);
  const auto settle = [](Sweeping& sweeping) {
    sweeping.meddle = [](std::string_view, const std::string&) {};
    for (int i = 0; i < 3; ++i) sweeping.run();
    EXPECT_EQ(codes(sweeping.findings->plan.blockers), Codes{});
    return sweeping.files();
  };
  Sweeping undisturbed(scene.registry);
  const Files end = settle(undisturbed.delete_untagged());
  std::size_t deaths = 0;
  for (bool died = true; died; ++deaths) {
    Sweeping sweeping(scene.registry);
    std::size_t verbs = 0;
    died = false;
    sweeping.delete_untagged().meddle = [&](std::string_view, const std::string&) {
      if (verbs++ == deaths) {
        died = true;
        throw Death();
      }
    };
    try {
      sweeping.run();
    } catch (const Death&) {
    }
    EXPECT_TRUE(sweeping.has(data(scene.image)) && sweeping.has(scene.revision_link()) && sweeping.has(scene.tag_link())) << deaths;
    EXPECT_EQ(settle(sweeping), end) << "died before verb " << deaths;
  }
  EXPECT_GT(deaths, 20u);
}

}  // namespace
}  // namespace regctl::gc
