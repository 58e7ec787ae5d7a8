// A run that cannot do all it set out to do: refused, failing, stopped or dead at any point
// (contract 3.2).
#include "tests/gc/collecting.h"

namespace regctl::gc {
namespace {

using namespace test;

TEST_F(Collect, P2ARefusalTakesNothing) {
  scene.tree.symlink("repositories/elsewhere", "/somewhere", scene.registry.time());
  const Files before = store().files();
  store().run();
  EXPECT_EQ(store().files(), before);
  EXPECT_EQ(codes(store().plan.blockers), Codes{"symlink-in-tree"});
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

TEST_F(Collect, OneFailureDoesNotStopTheRest) {
  store().meddle = [&](Verb verb, const std::string& key) {
    if (verb == Verb::set_aside && key == data(scene.loose))
      throw StorageError(Trouble::unreadable, key, EPERM);
  };
  const Swept swept = store().run();
  EXPECT_TRUE(store().has(data(scene.loose)));
  EXPECT_FALSE(store().has(data(scene.elsewhere)));
  EXPECT_EQ(swept.total.failures.size(), 1u);
  EXPECT_TRUE(swept.is_incomplete());
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
  store().meddle = [&](Verb verb, const std::string&) {
    if (verb == Verb::set_aside) store().stop.request_stop();
  };
  const Swept swept = store().run();
  EXPECT_TRUE(swept.total.stopped);
  EXPECT_EQ(swept.total.layer_links, 1u);  // the one that had begun
  EXPECT_EQ(swept.total.quarantined.count, 0u);
  EXPECT_TRUE(swept.looked_again);
  EXPECT_EQ(count_quarantined(store().files()), 1u);
}

// A manifest that cannot go keeps its blobs in this run, and the next run ends where an undisturbed
// one would have.
TEST_F(Collect, ALinkThatFailsToGoKeepsWhatItNames) {
  const std::string link = RegistryBuilder::revision("app", scene.untagged);
  for (const Verb verb : {Verb::set_aside, Verb::remove_file}) {
    Sweeping sweeping(scene.registry);
    sweeping.delete_untagged().meddle = [&](Verb done, const std::string& key) {
      if (done == verb && key.starts_with(link))
        throw StorageError(Trouble::unreadable, key, EPERM);
    };
    const Swept swept = sweeping.run();
    EXPECT_TRUE(swept.is_incomplete()) << verb;
    EXPECT_EQ(sweeping.has(link) && sweeping.has(data(scene.untagged)) &&
                  sweeping.has(data(digest_of("former"))),
              verb == Verb::set_aside);
    EXPECT_EQ(count_quarantined(sweeping.files()), verb == Verb::set_aside ? 0u : 4u);
    EXPECT_FALSE(sweeping.has(data(scene.loose)) || sweeping.has(data(digest_of("old"))))
        << verb;  // one failure stops nothing else
    sweeping.meddle = [](Verb, const std::string&) {};
    for (int i = 0; i < 2; ++i) {
      EXPECT_FALSE(sweeping.run().is_incomplete()) << verb;
      EXPECT_EQ(codes(sweeping.plan.warnings), Codes{}) << verb;
    }
    EXPECT_FALSE(sweeping.has(link) || sweeping.has(data(scene.untagged))) << verb;
    EXPECT_EQ(count_quarantined(sweeping.files()), 0u) << verb;
  }
}

TEST_F(Collect, AFullDiskHasNoRoomForASign) {
  bool refused = false;
  store().online().meddle = [&](Verb verb, const std::string&) {
    if (verb != Verb::make_directory) return;
    refused = true;
    throw StorageRefuses("", ENOSPC);
  };
  EXPECT_FALSE(store().run().is_incomplete());
  EXPECT_TRUE(refused);
  EXPECT_EQ(count_quarantined(store().files()), 4u);
}

TEST_F(Collect, NothingIsPurgedThatIsNotYetOnTheDisk) {
  bool failed = false;
  store().meddle = [&](Verb verb, const std::string&) {
    if (verb == Verb::sync && !std::exchange(failed, true)) throw StorageRefuses("", EIO);
  };
  const Swept swept = store().run();
  EXPECT_TRUE(failed && swept.is_incomplete());
  EXPECT_EQ(swept.total.purged, Amount{});
  EXPECT_EQ(count_quarantined(store().files()), 4u);
}

TEST_F(Collect, WhatCannotBeGivenBackIsNoSuccess) {
  store().meddle = [&](Verb verb, const std::string& key) {
    if (verb == Verb::set_aside && key == data(scene.loose))
      store().put(RegistryBuilder::layer_link("new", scene.loose), scene.loose.text());
    if (verb == Verb::put_back && key.starts_with(data(scene.loose) + "."))
      throw StorageError(Trouble::unreadable, key, EPERM);
  };
  const Swept swept = store().run();
  EXPECT_FALSE(swept.looked_again);
  EXPECT_TRUE(swept.is_incomplete());
  EXPECT_EQ(swept.quarantined_now.count, 2u);
  EXPECT_EQ(count_quarantined(store().files()), 3u);  // one of the links went back
  EXPECT_EQ(swept.total.purged, Amount{});
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

// P7, in one process: the writer dies before every one of its verbs in turn. Whatever is alive can
// be read at once, and the next run reaches what an uninterrupted one reaches.
TEST_F(Collect, P7DyingBeforeAnyVerbLosesNothing) {
  struct Death {};
  scene.registry.tag("app", "v0", scene.untagged);
  scene.registry.tag("app", "v0", scene.image);
  scene.registry.quarantine(data(scene.layer), kTaken);
  const auto settle = [](Sweeping& sweeping) {
    sweeping.meddle = [](Verb, const std::string&) {};
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
    sweeping.delete_untagged().meddle = [&](Verb, const std::string&) {
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
