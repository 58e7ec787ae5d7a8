// What nobody can pull through any more: priced in every run, and let go only where an option asks
// for it.
#include <gmock/gmock.h>

#include "tests/support/objecting.h"
#include "tests/support/scene.h"

namespace regctl::gc {
namespace {

using namespace test;
using testing::Contains;
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
  EXPECT_EQ(all.broken.manifests, 1u);
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
  scene.bytes(scene.layer_link()) = "rubbish";
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

}  // namespace
}  // namespace regctl::gc
