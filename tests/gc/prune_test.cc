// What nobody can pull through any more: priced in every run, and let go only where an option asks
// for it.
#include <gmock/gmock.h>

#include "tests/support/objecting.h"
#include "tests/support/scene.h"

namespace regctl::gc {
namespace {

using namespace test;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

struct Pruning : testing::Test {
  Scene scene;
  Look look;

  // What the plan takes; the second opinion, asked about all of it, says nothing against it.
  Looked found() const {
    const Looked found = look.at(scene.registry);
    EXPECT_THAT(opinion(scene.registry, doomed_by(found.plan), look.wishes.policy), IsEmpty());
    return found;
  }
  const Advice* advice(const Looked& found, report::Code code) const {
    const auto is_it = [&](const Advice& one) { return one.code == code; };
    const auto at = std::find_if(found.advice.begin(), found.advice.end(), is_it);
    return at == found.advice.end() ? nullptr : &*at;
  }
};

// -- manifests without bytes

struct BrokenManifests : Pruning {
  Digest broken = scene.registry.image("app", {"of the broken one"});
  Digest of_the_broken = digest_of("of the broken one");
  std::pair<std::string, Digest> link{"app", broken};

  BrokenManifests() { scene.tree.remove(RegistryBuilder::data(broken)); }
  Looked pruned() {
    look.wishes.policy.prune_broken_manifests = true;
    return found();
  }
};

TEST_F(BrokenManifests, PinAndAreCountedAndPriced) {
  const Looked all = found();
  EXPECT_THAT(planned(all), Not(Contains(scene.loose)));
  EXPECT_THAT(planned_manifests(all), IsEmpty());
  EXPECT_THAT(codes(all.plan.warnings), Contains("manifest-missing"));
  const Advice* price = advice(all, report::Code::broken_manifests);
  ASSERT_TRUE(price);
  EXPECT_EQ(price->count, 1u);
  std::uint64_t bytes = 0;
  for (const BlobRemoval& blob : pruned().plan.blobs) bytes += blob.bytes;
  EXPECT_EQ(price->bytes + std::string("garbage elsewhere").size(), bytes);
}

TEST_F(BrokenManifests, GoIfAskedForAndPinNothingThen) {
  const Looked all = pruned();
  EXPECT_EQ(planned_manifests(all), Manifests{link});
  ASSERT_EQ(all.plan.manifests.size(), 1u);
  EXPECT_EQ(all.plan.manifests[0].reason, Reason::broken);
  EXPECT_THAT(planned(all), Contains(scene.loose));
  EXPECT_THAT(planned(all), Contains(of_the_broken));
  EXPECT_THAT(planned(all), Not(Contains(scene.layer)));
  EXPECT_THAT(all.plan.warnings, IsEmpty());
  EXPECT_FALSE(advice(all, report::Code::broken_manifests));
  EXPECT_EQ(all.broken.count, 1u);
}

TEST_F(BrokenManifests, GoAlsoWhereATagOrAnIndexNamesThem) {
  scene.registry.tag("app", "gone", broken);
  scene.registry.index("app", {scene.image, broken}, "both");
  const Looked all = pruned();
  EXPECT_EQ(planned_manifests(all), Manifests{link});
  EXPECT_THAT(planned(all), Not(Contains(scene.image)));
}

TEST_F(BrokenManifests, PinWhileAnyLinkToThemIsYoungListedOrWrong) {
  scene.registry.ago(kHour).link_revision("other", broken);
  EXPECT_THAT(planned_manifests(pruned()), IsEmpty());
  EXPECT_THAT(planned(pruned()), IsEmpty()) << "both link it";
  scene.tree.remove(RegistryBuilder::revision("other", broken));
  scene.tree.directory("repositories/other/_manifests/revisions/" + layout::digest_path(broken),
                       kNow - kHour);
  EXPECT_THAT(planned_manifests(pruned()), IsEmpty()) << "its link is being written";
  scene.tree.remove("repositories/other/_manifests/revisions/" + layout::digest_path(broken));
  EXPECT_THAT(planned_manifests(pruned()), Contains(link));
  look.wishes.policy.roots = {{std::nullopt, broken}};
  EXPECT_THAT(planned_manifests(pruned()), IsEmpty());
}

TEST_F(BrokenManifests, StayWhereTheRepositoryIsInDoubtForSomethingElse) {
  scene.bytes(scene.revision_link()) = "rubbish";
  const Looked all = pruned();
  EXPECT_THAT(planned_manifests(all), IsEmpty());
  EXPECT_EQ(planned(all), Digests{scene.elsewhere});
}

TEST_F(BrokenManifests, AreNotBrokenWhileACopyHasTheirBytes) {
  const Digest taken = scene.registry.image("app", {"taken"});
  scene.registry.quarantine(RegistryBuilder::data(taken), kTaken);
  EXPECT_EQ(planned_manifests(pruned()), Manifests{link});
}

TEST_F(BrokenManifests, OnceTakenComeBackOnlyIfSomebodyWritesToTheirLink) {
  scene.registry.tag("app", "gone", broken);
  const std::string key = RegistryBuilder::revision("app", broken);
  scene.registry.quarantine(key, kTaken);
  for (const bool prunes : {false, true}) {
    look.wishes.policy.prune_broken_manifests = prunes;
    const Looked all = found();
    EXPECT_THAT(all.plan.restore, IsEmpty());
    EXPECT_THAT(all.plan.warnings, IsEmpty()) << "nothing is linked any more";
    EXPECT_THAT(planned(all), Contains(scene.loose));
  }
  scene.tree.touch(key.substr(0, key.rfind('/') + 1) +
                       layout::quarantine_name({"link", kTaken, "0123456789abcdef"}),
                   kNow - kDay);
  EXPECT_EQ(found().plan.restore.size(), 1u);
}

TEST_F(BrokenManifests, TheSecondOpinionObjectsWhereTheyAreNone) {
  Doomed doomed;
  doomed.in_place.revisions = {{"app", scene.image}, {"app", broken}};
  Policy policy;
  EXPECT_EQ(opinion(scene.registry, doomed, policy).size(), 2u);
  policy.prune_broken_manifests = true;
  EXPECT_EQ(names_of(opinion(scene.registry, doomed, policy)),
            std::set<std::string>{"revision " + scene.image.text() + " of app"});
  scene.registry.ago(kHour).link_revision("other", broken);
  EXPECT_EQ(opinion(scene.registry, doomed, policy).size(), 2u);
}

// -- tags whose manifests were deleted

// "v0" of "app" points to an image that was deleted through the registry's API.
struct DeadTags : Pruning {
  Digest deleted = scene.registry.image("app", {"of the deleted one"}, "v0");
  Digest of_the_deleted = digest_of("of the deleted one");
  std::string link = RegistryBuilder::revision("app", deleted),
              directory = link.substr(0, link.rfind('/')), tag = layout::tag("app", "v0"),
              current = layout::tag_current_link("app", "v0");

  DeadTags() { scene.tree.remove(link); }
  Looked pruned() {
    look.wishes.policy.prune_dead_tags = true;
    return found();
  }
  static std::vector<std::string> tags_of(const Looked& found) {
    std::vector<std::string> names;
    for (const TagRemoval& one : found.plan.tags) names.push_back(one.repository + ':' + one.tag);
    return names;
  }
  // As a run at kTaken would have left it.
  std::string take() {
    const std::string place = layout::quarantined_tag("app", "v0", {kTaken, "0123456789abcdef"});
    for (const auto& [key, node] : std::map(scene.tree.nodes())) {
      if (key.starts_with(tag + '/') && node.kind == EntryKind::file)
        scene.tree.file(place + key.substr(tag.size()), node.bytes, node.modified);
    }
    scene.tree.remove(tag);
    return place;
  }
};

TEST_F(DeadTags, AreKeptWithAllTheyNameAndCountedAndPriced) {
  const Looked all = found();
  EXPECT_THAT(tags_of(all), IsEmpty());
  EXPECT_THAT(planned(all), Not(Contains(of_the_deleted)));
  EXPECT_THAT(all.plan.warnings, IsEmpty()) << "the row and the advice say it";
  const Advice* price = advice(all, report::Code::dead_tags);
  ASSERT_TRUE(price);
  EXPECT_EQ(price->count, 1u);
  EXPECT_GT(price->bytes, 100u);
  std::uint64_t bytes = 0;
  for (const BlobRemoval& blob : pruned().plan.blobs) bytes += blob.bytes;
  EXPECT_EQ(price->bytes + std::string("loosegarbage elsewhere").size(), bytes);
  EXPECT_FALSE(advice(pruned(), report::Code::dead_tags));
}

TEST_F(DeadTags, GoIfAskedForWithWhatOnlyTheyKeep) {
  const Looked all = pruned();
  EXPECT_THAT(tags_of(all), ElementsAre("app:v0"));
  EXPECT_EQ(all.plan.tags[0].target, deleted);
  EXPECT_EQ(all.plan.tags[0].reason, Reason::dead);
  EXPECT_THAT(planned(all), Contains(of_the_deleted));
  EXPECT_THAT(planned(all), Contains(deleted));
  EXPECT_THAT(planned(all), Not(Contains(scene.layer)));
}

TEST_F(DeadTags, GoWhereTheBytesAreNowhereAndWhereNothingIsLeftOfThem) {
  const Digest lost = scene.registry.image("app", {"lost"}, "lost");
  scene.tree.remove(RegistryBuilder::revision("app", lost));
  scene.tree.remove("repositories/app/_manifests/revisions/" + layout::digest_path(lost));
  EXPECT_THAT(tags_of(pruned()), ElementsAre("app:v0")) << "that is damage";
  scene.tree.remove(RegistryBuilder::data(lost));
  scene.tree.remove(layout::blob(lost));
  EXPECT_THAT(tags_of(pruned()), ElementsAre("app:lost", "app:v0"));
  scene.tree.directory(layout::tag("app", "empty"), scene.registry.time());
  scene.tree.directory(layout::tag("app", "hollow") + "/current", scene.registry.time());
  EXPECT_THAT(tags_of(pruned()), ElementsAre("app:empty", "app:hollow", "app:lost", "app:v0"));
  EXPECT_THAT(found().plan.warnings, IsEmpty());
}

TEST_F(DeadTags, DirectoriesThatAPushMayBeMakingStayHoweverShortTheLimit) {
  look.keep_younger_than(Duration(0));
  scene.tree.directory(layout::tag("app", "new"), kNow - kHour / 2);
  EXPECT_THAT(tags_of(pruned()), ElementsAre("app:v0"));
  Doomed doomed;
  doomed.in_place.tags = {{"app", "new"}};
  EXPECT_EQ(opinion(scene.registry, doomed, look.wishes.policy),
            (Objections{{"tag new of app", "it is young"}}));
}

TEST_F(DeadTags, AFlippedBitIsDamageAndKeepsTheHistory) {
  look.delete_untagged();
  char& bit = scene.bytes(scene.tag_link()).back();
  bit = bit == '0' ? '1' : '0';
  EXPECT_THAT(tags_of(pruned()), ElementsAre("app:v0"));
  EXPECT_THAT(planned(pruned()), Not(Contains(scene.layer)));
  EXPECT_EQ(codes(found().plan.warnings), Codes{"tag-dangling"});
  scene.tree.remove(layout::tag("app", "v1") + "/index");
  EXPECT_THAT(tags_of(pruned()), ElementsAre("app:v0")) << "nothing tells which";
}

TEST_F(DeadTags, ATagWithoutALinkKeepsItsHistory) {
  scene.tree.remove(scene.tag_link());
  EXPECT_THAT(tags_of(pruned()), ElementsAre("app:v0"));
  EXPECT_THAT(planned(pruned()), Not(Contains(scene.layer)));
}

TEST_F(DeadTags, StayWhileAnythingAboutThemIsYoung) {
  const std::string entry = tag + "/index/" + layout::digest_path(deleted) + "/link";
  for (const std::string& key : {current, entry, directory}) {
    const Time before = scene.tree.nodes().at(key).modified;
    scene.tree.touch(key, kNow - kHour);
    EXPECT_THAT(tags_of(pruned()), IsEmpty()) << key;
    EXPECT_THAT(planned(pruned()), Not(Contains(of_the_deleted))) << key;
    scene.tree.touch(key, before);
    scene.tree.arrive(key, kNow - kHour);
    EXPECT_THAT(tags_of(pruned()), IsEmpty()) << key << " arrived";
    scene.tree.arrive(key, kNow - 9 * kDay);
  }
  EXPECT_THAT(tags_of(pruned()), ElementsAre("app:v0"));
}

TEST_F(DeadTags, StayWhereTheyAreListedOrTheRepositoryIsInDoubt) {
  look.wishes.policy.roots = {{std::nullopt, deleted}};
  EXPECT_THAT(tags_of(pruned()), IsEmpty());
  look.wishes.policy.roots.clear();
  scene.bytes(scene.revision_link()) = "rubbish";
  EXPECT_THAT(tags_of(pruned()), IsEmpty());
  EXPECT_THAT(planned(pruned()), Not(Contains(of_the_deleted)));
}

TEST_F(DeadTags, AreDeadOnlyInTheirOwnRepository) {
  scene.registry.link_revision("other", deleted);
  const Looked all = pruned();
  EXPECT_THAT(tags_of(all), ElementsAre("app:v0"));
  EXPECT_THAT(planned(all), Not(Contains(of_the_deleted)));
}

TEST_F(DeadTags, InQuarantineKeepNothingAndWaitForTheirEnd) {
  take();
  for (const bool prunes : {false, true}) {
    look.wishes.policy.prune_dead_tags = prunes;
    const Looked all = found();
    EXPECT_THAT(all.plan.restore, IsEmpty());
    EXPECT_THAT(planned(all), Contains(of_the_deleted));
    EXPECT_THAT(all.plan.purge, IsEmpty()) << "no gate is open";
  }
  look.offline();
  ASSERT_EQ(found().plan.purge.size(), 1u);
  EXPECT_EQ(found().plan.purge[0].copy.tag, "v0");
}

TEST_F(DeadTags, InQuarantineComeBackWithAllTheyNeedOnceTheManifestIsPushedAgain) {
  take();
  scene.registry.ago(kHour).link_revision("app", deleted);
  look.offline();
  const Looked all = found();
  ASSERT_EQ(all.plan.restore.size(), 1u);
  EXPECT_EQ(all.plan.restore[0].copy.tag, "v0");
  EXPECT_EQ(all.plan.restore[0].reason, Why::returned);
  EXPECT_THAT(all.plan.purge, IsEmpty());
  Doomed doomed;
  doomed.in_quarantine.tags = {{"app", "v0"}};
  doomed.in_place.blobs = {of_the_deleted};
  EXPECT_EQ(opinion(scene.registry, doomed).size(), 2u);
}

TEST_F(DeadTags, InQuarantineStayThereWhereAPurgeHasBegun) {
  const std::string place = take();
  scene.tree.remove(place + "/current/link");
  scene.tree.touch(place + "/current", kNow - kHour);
  EXPECT_THAT(found().plan.restore, IsEmpty());
  look.offline();
  EXPECT_EQ(found().plan.purge.size(), 1u);
}

TEST_F(DeadTags, InQuarantineComeBackIfSomebodyWroteToThem) {
  const std::string place = take();
  scene.tree.touch(place + "/current/link", kTaken);
  EXPECT_EQ(found().plan.restore.size(), 1u);
  EXPECT_THAT(planned(found()), Not(Contains(of_the_deleted)));
  scene.registry.tag("app", "v0", scene.image);
  EXPECT_THAT(found().plan.restore, IsEmpty()) << "its name was given again";
  look.offline();
  EXPECT_EQ(found().plan.purge.size(), 1u);
  scene.tree.remove(current);
  EXPECT_THAT(found().plan.purge, IsEmpty()) << "the new one is no tag yet";
}

TEST_F(DeadTags, TheSecondOpinionObjectsToEveryOther) {
  Doomed doomed;
  doomed.in_place.tags = {{"app", "v0"}, {"app", "v1"}, {"no such", "v1"}, {"app", "no such"}};
  Policy policy;
  EXPECT_EQ(opinion(scene.registry, doomed, policy),
            (Objections{{"tag v0 of app", "tags are kept"}, {"tag v1 of app", "tags are kept"}}));
  policy.prune_dead_tags = true;
  EXPECT_EQ(opinion(scene.registry, doomed, policy),
            (Objections{{"tag v1 of app", "its manifest can be pulled"}}));
  doomed.in_place.blobs = {of_the_deleted, scene.layer};
  EXPECT_EQ(names_of(opinion(scene.registry, doomed, policy)),
            (std::set<std::string>{"tag v1 of app", "blob " + scene.layer.text()}));
  doomed.in_place.tags = {{"app", "v1"}};
  EXPECT_EQ(names_of(opinion(scene.registry, doomed, policy)),
            (std::set<std::string>{"tag v1 of app", "blob " + scene.layer.text(),
                                   "blob " + of_the_deleted.text()}));
}

// -- signatures of images that are gone

// "app" holds an image that was deleted, with all that may refer to one: cosign's tag, the index of
// the referrers tag schema, a referrer, and a signature of that.
struct Orphaned : Pruning {
  Digest image = scene.registry.image("app", {"signed"}, "signed");
  std::string name = "sha256-" + image.hex();
  Digest cosign = scene.registry.image("app", {"a signature"}, name + ".sig"),
         referrer = scene.registry.image("app", {"an sbom"}, "", image),
         second = scene.registry.image("app", {"a signature of it"}, "", referrer),
         index = scene.registry.index("app", {referrer}, name);
  Manifests all{{"app", cosign}, {"app", referrer}, {"app", second}, {"app", index}};

  void delete_image() {
    scene.tree.remove(RegistryBuilder::revision("app", image));
    scene.tree.remove(layout::tag("app", "signed"));
  }
  Looked pruned() {
    look.wishes.policy.prune_orphaned_referrers = true;
    return found();
  }
  static std::vector<std::string> tags_of(const Looked& found) {
    std::vector<std::string> names;
    for (const TagRemoval& one : found.plan.tags) names.push_back(one.tag);
    return names;
  }
};

TEST_F(Orphaned, AreNoneWhileTheImageIsThere) {
  const Looked none = pruned();
  EXPECT_THAT(tags_of(none), IsEmpty());
  EXPECT_THAT(planned_manifests(none), IsEmpty());
  EXPECT_EQ(none.orphaned, Amount());
}

TEST_F(Orphaned, AreKeptAndCountedAndPricedWithoutTheOption) {
  delete_image();
  const Looked kept = found();
  EXPECT_THAT(planned_manifests(kept), IsEmpty());
  const Advice* price = advice(kept, report::Code::orphaned_referrers);
  ASSERT_TRUE(price);
  EXPECT_EQ(price->count, 2u + 4u);
  const auto bytes_of = [](const Looked& found) {
    std::uint64_t bytes = 0;
    for (const BlobRemoval& blob : found.plan.blobs) bytes += blob.bytes;
    return bytes;
  };
  EXPECT_EQ(price->bytes, bytes_of(pruned()) - bytes_of(kept));
}

TEST_F(Orphaned, GoIfAskedForWithAllThatRefersToThem) {
  delete_image();
  const Looked gone = pruned();
  EXPECT_THAT(tags_of(gone), ElementsAre(name, name + ".sig"));
  EXPECT_EQ(planned_manifests(gone), all);
  for (const ManifestRemoval& one : gone.plan.manifests) EXPECT_EQ(one.reason, Reason::orphaned);
  for (const char* layer : {"a signature", "an sbom", "a signature of it"})
    EXPECT_THAT(planned(gone), Contains(digest_of(layer))) << layer;
  EXPECT_THAT(planned(gone), Not(Contains(scene.layer)));
  EXPECT_THAT(planned(gone), Not(Contains(scene.untagged)));
  look.delete_untagged();
  EXPECT_EQ(pruned().plan.tags.size(), 2u);
  EXPECT_THAT(planned_manifests(pruned()), Contains(std::pair("app", scene.untagged)));
}

TEST_F(Orphaned, StayWhereAnotherRepositoryHasTheImageAndThisOneNeverHad) {
  delete_image();
  // Signatures in a repository of their own.
  scene.registry.link_revision("other", image);
  EXPECT_EQ(planned_manifests(pruned()), all) << "it was deleted here";
  scene.tree.remove("repositories/app/_manifests/revisions/" + layout::digest_path(image));
  EXPECT_THAT(planned_manifests(pruned()), IsEmpty());
  scene.tree.remove(RegistryBuilder::revision("other", image));
  EXPECT_EQ(planned_manifests(pruned()), all);
}

TEST_F(Orphaned, StayWhileTheImageWaitsInQuarantine) {
  scene.tree.remove(layout::tag("app", "signed"));
  scene.registry.quarantine(RegistryBuilder::revision("app", image), kTaken);
  EXPECT_THAT(planned_manifests(pruned()), IsEmpty());
}

TEST_F(Orphaned, StayWhereATagOrAnIndexNamesThem) {
  delete_image();
  scene.registry.tag("app", "sbom", referrer);
  const Looked gone = pruned();
  EXPECT_EQ(planned_manifests(gone), (Manifests{{"app", cosign}, {"app", index}}))
      << "what refers to it stays with it";
}

TEST_F(Orphaned, StayWhereAnIndexStillNamesTheImage) {
  scene.registry.index("app", {image, scene.image}, "both");
  delete_image();
  EXPECT_THAT(planned_manifests(pruned()), Not(Contains(std::pair("app", referrer))));
}

TEST_F(Orphaned, StayWhileTheyOrWhatMayBeTheImageIsYoung) {
  delete_image();
  const std::string signature = layout::tag("app", name + ".sig"),
                    revision =
                        "repositories/app/_manifests/revisions/" + layout::digest_path(image);
  const std::pair<std::string, Digest> of_cosign{"app", cosign};
  for (const std::string& key :
       {signature + "/current/link", signature + "/index/" + layout::digest_path(cosign) + "/link",
        RegistryBuilder::revision("app", cosign)}) {
    const Time before = scene.tree.nodes().at(key).modified;
    scene.tree.touch(key, kNow - kHour);
    EXPECT_THAT(planned_manifests(pruned()), Not(Contains(of_cosign))) << key;
    EXPECT_THAT(planned(pruned()), Not(Contains(digest_of("a signature")))) << key;
    scene.tree.touch(key, before);
  }
  EXPECT_THAT(planned_manifests(pruned()), Contains(of_cosign));
  scene.tree.touch(revision, kNow - kHour);
  EXPECT_THAT(planned_manifests(pruned()), IsEmpty());
}

TEST_F(Orphaned, StayWhereTheyAreListedProtectedOrInDoubt) {
  delete_image();
  look.wishes.policy.protect = {"ap*"};
  EXPECT_THAT(planned_manifests(pruned()), IsEmpty());
  EXPECT_THAT(tags_of(pruned()), IsEmpty());
  look.wishes.policy.protect.clear();
  look.wishes.policy.roots = {{"app", referrer}, {"app", cosign}};
  EXPECT_EQ(planned_manifests(pruned()), (Manifests{{"app", index}}));
  EXPECT_THAT(tags_of(pruned()), ElementsAre(name));
  look.wishes.policy.roots.clear();
  scene.bytes(scene.revision_link()) = "rubbish";
  EXPECT_THAT(planned_manifests(pruned()), IsEmpty());
  EXPECT_THAT(tags_of(pruned()), IsEmpty());
}

TEST_F(Orphaned, InQuarantineComeBackWithTheirImage) {
  delete_image();
  const std::string tag = layout::tag("app", name + ".sig"),
                    place =
                        layout::quarantined_tag("app", name + ".sig", {kTaken, "0123456789abcdef"});
  scene.tree.file(place + "/current/link", cosign.text(), scene.registry.time());
  scene.tree.remove(tag);
  scene.registry.quarantine(RegistryBuilder::revision("app", cosign), kTaken);
  EXPECT_THAT(found().plan.restore, IsEmpty());
  scene.registry.ago(kHour).link_revision("app", image);
  const Looked back = found();
  ASSERT_EQ(back.plan.restore.size(), 2u);
  EXPECT_EQ(back.plan.restore[0].copy.digest, cosign);
  EXPECT_EQ(back.plan.restore[1].copy.tag, name + ".sig");
}

TEST_F(Orphaned, TheSecondOpinionObjectsWhileTheImageIsThere) {
  Doomed doomed;
  doomed.in_place.revisions = {{"app", cosign}, {"app", referrer}, {"app", second}};
  doomed.in_place.tags = {{"app", name + ".sig"}};
  Policy policy;
  policy.prune_orphaned_referrers = true;
  EXPECT_EQ(opinion(scene.registry, doomed, policy).size(), 4u);
  delete_image();
  EXPECT_EQ(names_of(opinion(scene.registry, doomed, policy)),
            (std::set<std::string>{"revision " + referrer.text() + " of app",
                                   "revision " + second.text() + " of app"}))
      << "the index keeps them";
  doomed.in_place.tags.push_back({"app", name});
  doomed.in_place.revisions.push_back({"app", index});
  EXPECT_THAT(opinion(scene.registry, doomed, policy), IsEmpty());
  policy.prune_orphaned_referrers = false;
  EXPECT_EQ(opinion(scene.registry, doomed, policy).size(), 6u);
}

// -- a pull-through cache

struct Cached : Pruning {
  // Asked for two days ago, though fetched long before; and an index of which one platform was.
  Digest used = fetched({"used"}, "used", 2 * kDay),
         child = scene.registry.image("app", {"of one platform"}),
         index = scene.registry.index("app", {child, digest_of("never asked for")}, "multi");

  Cached() {
    look.store.pull_through_cache = true;
    look.wishes.policy.cache_unused = 10 * kDay;
    scene.tree.touch(layout::tag_current_link("app", "multi"), kNow - 3 * kDay);
  }
  Digest fetched(const std::vector<std::string>& layers, const std::string& tag, Duration asked) {
    const Digest image = scene.registry.image("app", layers, tag);
    scene.tree.touch(layout::tag_current_link("app", tag), kNow - asked);
    return image;
  }
};

TEST_F(Cached, WhatNobodyAsksForGoesWithItsTags) {
  const Looked all = found();
  EXPECT_THAT(all.plan.blockers, IsEmpty());
  ASSERT_EQ(all.plan.tags.size(), 2u);
  EXPECT_EQ(all.plan.tags[0].repository + all.plan.tags[1].repository, "appother");
  EXPECT_EQ(all.plan.tags[0].reason, Reason::unused);
  EXPECT_EQ(planned_manifests(all), (Manifests{{"app", scene.image},
                                               {"app", scene.untagged},
                                               {"other", scene.other_image},
                                               {"other", scene.other_untagged}}));
  EXPECT_THAT(planned(all), Contains(scene.layer));
  EXPECT_THAT(planned(all), Not(Contains(digest_of("used"))));
  EXPECT_THAT(planned(all), Not(Contains(digest_of("of one platform"))));
}

TEST_F(Cached, WhatWasFetchedLatelyStaysWithItsTag) {
  scene.tree.touch(scene.revision_link(), kNow - 2 * kDay);
  const Looked all = found();
  EXPECT_THAT(planned_manifests(all), Not(Contains(std::pair("app", scene.image))));
  EXPECT_THAT(planned(all), Not(Contains(scene.layer)));
  ASSERT_EQ(all.plan.tags.size(), 1u);
  EXPECT_EQ(all.plan.tags[0].repository, "other");
}

TEST_F(Cached, OfAnyOtherStoreNothingGoes) {
  look.store.pull_through_cache = false;
  EXPECT_EQ(codes(look.at(scene.registry).plan.blockers), Codes{"not-a-cache"});
  look.looking.registries = [] {
    RegistryProcess cache{.pid = 1, .certain = true};
    cache.proxy = true;
    return ProcessEvidence{.processes = {cache}};
  };
  EXPECT_THAT(look.at(scene.registry).plan.blockers, IsEmpty()) << "a registry tells";
}

TEST_F(Cached, WhatWasAskedForAfterItWasTakenComesBackWithItsTag) {
  look.wishes.policy.cache_unused = 5 * kDay;
  scene.registry.quarantine(scene.revision_link(), kTaken);
  scene.tree.touch(scene.tag_link(), kTaken + kDay);
  const Looked back = found();
  ASSERT_EQ(back.plan.restore.size(), 1u);
  EXPECT_THAT(planned(back), Not(Contains(scene.layer)));
  for (const TagRemoval& one : back.plan.tags) EXPECT_EQ(one.repository, "other");
}

TEST_F(Cached, OnceTakenItComesBackWhenItIsFetchedAgain) {
  const std::string place = layout::quarantined_tag("app", "v1", {kTaken, "0123456789abcdef"});
  scene.tree.file(place + "/current/link", scene.image.text(), scene.registry.time());
  scene.tree.remove(layout::tag("app", "v1"));
  scene.registry.quarantine(scene.revision_link(), kTaken);
  scene.registry.quarantine(scene.data(), kTaken);
  EXPECT_THAT(found().plan.restore, IsEmpty());
  scene.registry.ago(kHour).tag("app", "v1", scene.image);
  const Looked back = found();
  ASSERT_FALSE(back.plan.restore.empty());
  for (const Restoration& one : back.plan.restore) EXPECT_EQ(one.copy.tag, "");
}

}  // namespace
}  // namespace regctl::gc
