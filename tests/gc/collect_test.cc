// A run that changes a registry, from the first look to the second, on a disk (contract 3.2).
#include <gmock/gmock.h>

#include "tests/support/scanning.h"
#include "tests/support/scene.h"
#include "tests/support/sweeping.h"

namespace regctl::gc {
namespace {

using namespace test;

const Time kTaken = kNow - 10 * kDay;

class Collect : public testing::Test {
 protected:
  Scene scene;
  std::optional<Sweeping> written;
  bool renamed = false;
  std::unique_ptr<Storage> inner;

  // The scene on a disk, from the first use on.
  Sweeping& store() {
    if (!written) written.emplace(scene.registry);
    return *written;
  }
  std::string data(const Digest& digest) const { return RegistryBuilder::data(digest); }

  // Once something was taken, a directory of blobs cannot be read.
  void second_look_fails() {
    store().meddle = [&](std::string_view verb, const std::string&) { renamed |= verb == "sync"; };
    store().wrap = [&](std::unique_ptr<Storage> storage) {
      inner = std::move(storage);
      return std::make_unique<Meddled>(*inner, [&](std::string_view, const std::string& key) {
        if (renamed && key == "blobs/sha256/" + scene.loose.hex().substr(0, 2))
          throw StorageError(Trouble::unreadable, key, EIO);
        return false;
      });
    };
  }

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
  EXPECT_EQ(given_back.waiting.oldest, std::nullopt);
  EXPECT_EQ(given_back.waiting.until, std::nullopt);
  EXPECT_EQ(store().files(), before);
}

TEST_F(Collect, RestoresWhatOneRunTook) {
  store().online().run();
  const Files after_first = store().files();
  store().delete_untagged().run();
  store().undertaking.wishes.only_run = store().undertaking.run;
  store().mode(Mode::restore).run();
  EXPECT_EQ(store().files(), after_first);
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

TEST_F(Collect, P2ARefusalTakesNothing) {
  scene.tree.symlink("repositories/elsewhere", "/somewhere", scene.registry.time());
  const Files before = store().files();
  store().run();
  EXPECT_EQ(store().files(), before);
  EXPECT_EQ(codes(store().plan.blockers), Codes{"symlink-in-tree"});
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
  store().undertaking.wishes.margins.prune_empty_repositories = true;
  const Swept swept = store().run();
  EXPECT_EQ(store().plan.empty_repositories,
            (std::vector<std::string>{"lonely/empty", "team/empty"}));
  EXPECT_EQ(codes(store().plan.blockers), Codes{});
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
    // A client that was told the layer is there pushes an image with it the moment it has been
    // renamed away.
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

TEST_F(Collect, AFailedSecondLookPutsEverythingBack) {
  scene.registry.quarantine(data(scene.registry.blob("waits already")), now() + kHour);
  const Files before = store().delete_untagged().files();
  second_look_fails();
  const Swept swept = store().run();
  EXPECT_TRUE(renamed);
  EXPECT_EQ(store().files(), before);
  EXPECT_TRUE(swept.is_incomplete());
  EXPECT_EQ(codes(swept.problems), (Codes{"read-error", "second-look-failed"}));
  EXPECT_EQ(swept.quarantined_now, (Amount{1, 13}));
  EXPECT_EQ(swept.waiting.amount, (Amount{1, 13}));
}

TEST_F(Collect, WhatWasSaidBeforeAFailedSecondLookIsStillSaid) {
  scene.registry.blob(std::string(100'000, 'x'));
  store().undertaking.deadline = std::chrono::seconds(1);
  store().undertaking.bytes_per_second = 20'000;
  second_look_fails();
  const Swept swept = store().run();
  EXPECT_TRUE(renamed);
  EXPECT_EQ(codes(swept.problems), (Codes{"deadline", "read-error", "second-look-failed"}));
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
      throw StorageError(Trouble::unreadable, key, EPERM);
  };
  const Swept swept = store().run();
  EXPECT_TRUE(store().has(data(scene.loose)));
  EXPECT_FALSE(store().has(data(scene.elsewhere)));
  EXPECT_EQ(swept.total.failures.size(), 1u);
  EXPECT_TRUE(swept.is_incomplete());
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
  EXPECT_EQ(swept.total.links_purged, 0u);
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
  EXPECT_EQ(swept.total.links_purged, 0u);
}

TEST_F(Collect, P15WhatIsGoneCountsThoughItsDirectoryStays) {
  scene.registry.quarantine(data(scene.loose), kTaken);
  store().meddle = [&](std::string_view verb, const std::string& key) {
    if (verb == "remove_directory" && data(scene.loose).starts_with(key))
      throw StorageError(Trouble::unreadable, key, EPERM);
  };
  const Swept swept = store().run();
  EXPECT_EQ(swept.total.purged, (Amount{2, 22}));
  EXPECT_EQ(swept.quarantined_now, Amount{});
  ASSERT_EQ(swept.total.failures.size(), 1u);
  EXPECT_TRUE(data(scene.loose).starts_with(swept.total.failures[0].path + '/'));
}

TEST_F(Collect, ACopyThatVanishedIsNotGivenBack) {
  scene.registry.quarantine(data(scene.layer), kTaken);
  store().meddle = [&](std::string_view verb, const std::string& key) {
    if (verb == "rename" && key.starts_with(data(scene.layer)))
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

// A manifest that cannot go keeps its blobs in this run, and the next run ends where an undisturbed
// one would have.
TEST_F(Collect, ALinkThatFailsToGoKeepsWhatItNames) {
  const std::string link = RegistryBuilder::revision("app", scene.untagged);
  for (const std::string verb : {"rename", "remove_file"}) {
    Sweeping sweeping(scene.registry);
    sweeping.delete_untagged().meddle = [&](std::string_view done, const std::string& key) {
      if (done == verb && key.starts_with(link))
        throw StorageError(Trouble::unreadable, key, EPERM);
    };
    const Swept swept = sweeping.run();
    EXPECT_TRUE(swept.is_incomplete()) << verb;
    EXPECT_EQ(sweeping.has(link) && sweeping.has(data(scene.untagged)) &&
                  sweeping.has(data(digest_of("former"))),
              verb == "rename");
    EXPECT_EQ(count_quarantined(sweeping.files()), verb == "rename" ? 0u : 4u);
    EXPECT_FALSE(sweeping.has(data(scene.loose)) || sweeping.has(data(digest_of("old"))))
        << verb;  // one failure stops nothing else
    sweeping.meddle = [](std::string_view, const std::string&) {};
    for (int i = 0; i < 2; ++i) {
      EXPECT_FALSE(sweeping.run().is_incomplete()) << verb;
      EXPECT_EQ(codes(sweeping.plan.warnings), Codes{}) << verb;
    }
    EXPECT_FALSE(sweeping.has(link) || sweeping.has(data(scene.untagged))) << verb;
    EXPECT_EQ(count_quarantined(sweeping.files()), 0u) << verb;
  }
}

TEST_F(Collect, AQuarantinedManifestWithoutItsBytesIsNoDamage) {
  scene.registry.quarantine(RegistryBuilder::revision("app", scene.untagged), kTaken);
  scene.tree.remove(data(scene.untagged));
  const Swept swept = store().run();
  EXPECT_EQ(codes(store().plan.warnings), Codes{});
  EXPECT_EQ(swept.total.links_purged, 1u);
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

TEST_F(Collect, NothingIsPurgedThatIsNotYetOnTheDisk) {
  bool failed = false;
  store().meddle = [&](std::string_view verb, const std::string&) {
    if (verb == "sync" && !std::exchange(failed, true)) throw StorageRefuses("", EIO);
  };
  const Swept swept = store().run();
  EXPECT_TRUE(failed && swept.is_incomplete());
  EXPECT_EQ(swept.total.purged, Amount{});
  EXPECT_EQ(count_quarantined(store().files()), 2u);
}

TEST_F(Collect, WhatCannotBeGivenBackIsNoSuccess) {
  store().meddle = [&](std::string_view verb, const std::string& key) {
    if (verb == "rename" && key == data(scene.loose))
      store().put(RegistryBuilder::layer_link("new", scene.loose), scene.loose.text());
    if (verb == "rename" && key.starts_with(data(scene.loose) + "."))
      throw StorageError(Trouble::unreadable, key, EPERM);
  };
  const Swept swept = store().run();
  EXPECT_FALSE(swept.looked_again);
  EXPECT_TRUE(swept.is_incomplete());
  EXPECT_EQ(count_quarantined(store().files()), swept.quarantined_now.count);
  EXPECT_EQ(swept.total.purged, Amount{});
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
  EXPECT_EQ(store().run().total.links_purged, 1u);
  EXPECT_TRUE(store().has(entry));
}

TEST_F(Collect, ADuplicateLeavesTheHistoryOfTags) {
  scene.registry.tag("app", "v0", scene.untagged);
  scene.registry.tag("app", "v0", scene.image);
  const std::string link = RegistryBuilder::revision("app", scene.untagged);
  scene.registry.quarantine(link, kTaken);
  scene.put(link, scene.untagged.text());
  EXPECT_EQ(store().run().total.links_purged, 1u);
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

TEST_F(Collect, ANeededAliasKeepsItsRepository) {
  const Digest alias = digest_of("precious", Algorithm::sha512);
  scene.registry.link_layer("team/empty", alias, scene.layer);
  const Digest config = scene.registry.layer("app", "{}");
  scene.registry.manifest("app", RegistryBuilder::image_json(config, 2, {{alias, 5}}), "by-alias");
  store().undertaking.wishes.margins.prune_empty_repositories = true;
  store().run();
  EXPECT_TRUE(store().has(RegistryBuilder::layer_link("team/empty", alias)));
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

TEST_F(Collect, ARefusalAfterAPurgeIsIncomplete) {
  scene.registry.quarantine(data(scene.registry.blob("taken long ago")), kTaken);
  store().at_phase = [&](const std::string& phase) {
    if (phase == "verify")
      std::filesystem::create_symlink("/somewhere", store().v2() / "repositories/elsewhere2");
  };
  const Swept swept = store().run();
  EXPECT_EQ(swept.total.purged.count, 1u);
  EXPECT_EQ(codes(store().plan.blockers), Codes{});
  EXPECT_EQ(codes(swept.problems), Codes{"symlink-in-tree"});
}

TEST_F(Collect, OnlyWhatIsKeptCountsAsKept) {
  scene.registry.blob_at(digest_of("right"), "wrong");
  EXPECT_EQ(store().run().kept_mismatched, (Amount{1, 5}));
  store().undertaking.mismatched = Mismatched::take;
  EXPECT_EQ(store().run().kept_mismatched, Amount{});
  EXPECT_EQ(store().mode(Mode::heal).run().kept_mismatched, std::nullopt);
}

// P7, in one process: the writer dies before every one of its verbs in turn. Whatever is alive can
// be read at once, and the next run reaches what an uninterrupted one reaches.
TEST_F(Collect, P7DyingBeforeAnyVerbLosesNothing) {
  struct Death {};
  scene.registry.tag("app", "v0", scene.untagged);
  scene.registry.tag("app", "v0", scene.image);
  scene.registry.quarantine(data(scene.layer), kTaken);
  const auto settle = [](Sweeping& sweeping) {
    sweeping.meddle = [](std::string_view, const std::string&) {};
    for (int i = 0; i < 3; ++i) sweeping.run();
    EXPECT_EQ(codes(sweeping.plan.blockers), Codes{});
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
    EXPECT_TRUE(sweeping.has(data(scene.image)) && sweeping.has(scene.revision_link()) &&
                sweeping.has(scene.tag_link()))
        << deaths;
    EXPECT_EQ(settle(sweeping), end) << "died before verb " << deaths;
  }
  EXPECT_GT(deaths, 20u);
}

}  // namespace
}  // namespace regctl::gc
