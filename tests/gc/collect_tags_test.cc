// Tags that a run takes: their directories move, come back, and go.
#include "tests/gc/collecting.h"

namespace regctl::gc {
namespace {

using namespace test;

// "v0" of "app" points to an image that was deleted through the registry's API.
struct CollectTags : Collect {
  Digest deleted = scene.registry.image("app", {"of the deleted one"}, "v0"),
         its_layer = digest_of("of the deleted one");
  std::string tag = layout::tag("app", "v0"), current = layout::tag_current_link("app", "v0");

  CollectTags() { scene.tree.remove(RegistryBuilder::revision("app", deleted)); }
  Sweeping& pruning() {
    store().undertaking.wishes.policy.prune_dead_tags = true;
    return store();
  }
  // Keys below the tag's own place, and below that of a run of ours.
  std::size_t files_in(const std::string& part) {
    std::size_t count = 0;
    for (const auto& [path, file] : store().files())
      count += path.find("repositories/app/_manifests/" + part) != std::string::npos;
    return count;
  }
  bool any_quarantine() {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(store().v2())) {
      if (entry.path().filename().string().starts_with("regctl-gc.")) return true;
    }
    return false;
  }
};

TEST_F(CollectTags, OfflineADeadTagGoesWithAllThatOnlyItKept) {
  const Swept swept = pruning().run();
  EXPECT_EQ(swept.total.tags, 1u);
  EXPECT_TRUE(swept.total.failures.empty());
  EXPECT_FALSE(store().has(tag));
  EXPECT_FALSE(any_quarantine());
  EXPECT_FALSE(store().has(data(its_layer)));
  EXPECT_FALSE(store().has(data(deleted)));
  EXPECT_TRUE(store().has(data(scene.layer)));
  EXPECT_TRUE(store().has(scene.tag_link()));
  EXPECT_EQ(store().run().total.tags, 0u);
  EXPECT_TRUE(store().plan.blobs.empty() && store().plan.purge.empty());
}

TEST_F(CollectTags, P8OnlineItWaitsAndComesBackByteForByte) {
  const Files before = store().files();
  pruning().online().run();
  EXPECT_EQ(files_in("tags/v0"), 0u);
  EXPECT_EQ(files_in("regctl-gc."), 2u);
  EXPECT_FALSE(store().has(data(its_layer)));
  store().mode(Mode::restore).run();
  EXPECT_EQ(store().files(), before);
  EXPECT_FALSE(any_quarantine());
}

TEST_F(CollectTags, ItIsPurgedAfterTheHold) {
  pruning().online().run();
  store().undertaking.wishes.caches.none = true;
  store().run();
  EXPECT_TRUE(any_quarantine()) << "held";
  store().undertaking.wishes.margins.hold = Duration(0);
  store().run();
  EXPECT_FALSE(any_quarantine());
  EXPECT_FALSE(store().has(tag));
}

TEST_F(CollectTags, P9WhatIsWrittenWhileItMovesBringsItBack) {
  pruning().meddle = [&](Verb verb, const std::string& key) {
    if (verb != Verb::move_directory || key != tag) return;
    store().put(RegistryBuilder::revision("app", deleted), deleted.text());
    store().put(current, deleted.text());
  };
  store().run();
  EXPECT_EQ(read_all(store().v2() / current), deleted.text());
  EXPECT_TRUE(store().has(data(its_layer)) && store().has(data(deleted)));
  EXPECT_FALSE(any_quarantine());
}

TEST_F(CollectTags, P9WhatIsPushedRightAfterKeepsItsName) {
  pruning().meddle = [&](Verb verb, const std::string&) {
    if (verb != Verb::sync || store().has(tag)) return;
    store().put(current, scene.image.text());
  };
  store().run();
  EXPECT_EQ(read_all(store().v2() / current), scene.image.text());
  EXPECT_TRUE(store().has(data(scene.image)));
}

TEST_F(CollectTags, P9OneThatWasPushedSinceItWasJudgedStays) {
  pruning().at_phase = [&, looks = 0](const std::string& phase) mutable {
    if (phase == "quarantine" && ++looks == 1) store().put(current, deleted.text());
  };
  const Swept swept = store().run();
  EXPECT_EQ(swept.total.tags, 0u);
  EXPECT_TRUE(store().has(current));
  EXPECT_TRUE(store().has(data(its_layer)) && store().has(data(deleted)));
}

TEST_F(CollectTags, WhatHoldsSomethingOfSomebodyElseStaysWithAllItNames) {
  for (const char* stranger :
       {"/note", "/current/.nfs0001", "/index/.Trash-1/x", "/index/note", "/current/deeper/link"}) {
    scene.put(tag + stranger, "not ours");
    written.reset();
    const Swept swept = pruning().run();
    EXPECT_EQ(swept.total.tags, 0u) << stranger;
    EXPECT_TRUE(store().has(tag + stranger)) << stranger;
    EXPECT_TRUE(store().has(data(its_layer))) << stranger;
    scene.tree.remove(tag + stranger);
  }
}

TEST_F(CollectTags, WhereItCannotBeMovedWhatItNamesStays) {
  pruning().meddle = [&](Verb verb, const std::string& key) {
    if (verb == Verb::move_directory) throw StorageError(Trouble::unreadable, key, EIO);
  };
  const Swept swept = store().run();
  ASSERT_EQ(swept.total.failures.size(), 1u);
  EXPECT_EQ(swept.total.failures[0].path, tag);
  EXPECT_TRUE(store().has(current) && store().has(data(its_layer)) && store().has(data(deleted)));
  EXPECT_FALSE(store().has(data(scene.loose)));
}

TEST_F(CollectTags, WhereTheSecondLookFailsItGoesBack) {
  const Files before = store().files();
  pruning();
  second_look_fails();
  store().run();
  EXPECT_EQ(store().files(), before);
  EXPECT_FALSE(any_quarantine());
}

}  // namespace
}  // namespace regctl::gc
