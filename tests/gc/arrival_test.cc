// P11: nothing is taken that came to its place lately, however old its modification time is.
#include <gmock/gmock.h>

#include "registry/hasher.h"
#include "tests/support/scene.h"

namespace regctl::gc {
namespace {

using namespace test;
using testing::Contains;
using testing::Not;

struct Arriving : testing::Test {
  Scene scene;
  Look look;

  static std::string blob(const Digest& digest) { return RegistryBuilder::data(digest); }
  Digests taken() const { return planned(look.at(scene.registry)); }
};

TEST_F(Arriving, P11ABlobThatIsBornTodayStays) {
  EXPECT_EQ(taken(), (Digests{scene.loose, scene.elsewhere}));
  scene.tree.arrive(blob(scene.loose), kNow - kHour);
  EXPECT_EQ(taken(), Digests{scene.elsewhere});
  const Looked found = look.at(scene.registry);
  EXPECT_EQ(found.plan.kept_arrived.count, 1u);
  EXPECT_EQ(found.plan.kept_arrived.bytes, std::string("loose").size());
  EXPECT_EQ(found.plan.kept_young.count, 0u);
  look.wishes.policy.arrival = Arrival::ignored;
  EXPECT_EQ(taken(), (Digests{scene.loose, scene.elsewhere}));
}

TEST_F(Arriving, P11ItsDirectoryOrALinkToItTellsAsMuch) {
  const std::string directory = layout::blob(scene.loose),
                    link = RegistryBuilder::layer_link("app", scene.loose);
  for (const std::string& key : {directory, link}) {
    scene.tree.arrive(key, kNow - kHour);
    EXPECT_EQ(taken(), Digests{scene.elsewhere}) << key;
    scene.tree.arrive(key, kNow - 2 * kDay);
    EXPECT_EQ(taken(), (Digests{scene.loose, scene.elsewhere})) << key;
  }
}

TEST_F(Arriving, P11WhatItRefersToStaysWithIt) {
  const Digest manifest = scene.registry.blob(
      RegistryBuilder::image_json(scene.registry.blob("config"), 6, {{scene.loose, 5}}));
  // Its link was deleted by the registry's own API.
  scene.registry.link_revision("app", manifest);
  scene.tree.remove(RegistryBuilder::revision("app", manifest));
  EXPECT_THAT(taken(), Contains(scene.loose));
  scene.tree.arrive(blob(manifest), kNow - kHour);
  EXPECT_THAT(taken(), Not(Contains(scene.loose)));
  EXPECT_EQ(look.at(scene.registry).plan.kept_arrived.count, 3u);
}

TEST_F(Arriving, P11TheTimeOfChangeCountsWhereNoBirthIsToldAndNoHoldHelps) {
  scene.tree.arrive(blob(scene.loose), std::nullopt, kNow - kHour);
  EXPECT_THAT(taken(), Contains(scene.loose)) << "a chown at every start";
  look.wishes.policy.arrival = Arrival::birth_or_change;
  EXPECT_THAT(taken(), Not(Contains(scene.loose)));
  scene.tree.arrive(blob(scene.loose), kNow - 2 * kDay, kNow - kHour);
  EXPECT_THAT(taken(), Contains(scene.loose)) << "a birth is told";
}

TEST_F(Arriving, P11ABirthInTheFutureIsYoungWhateverTheLimit) {
  look.keep_younger_than(Duration(0));
  scene.tree.arrive(blob(scene.loose), kNow + kHour);
  EXPECT_THAT(taken(), Not(Contains(scene.loose)));
}

TEST_F(Arriving, P11UntaggedManifestsStay) {
  look.delete_untagged();
  const auto untagged = std::pair(std::string("app"), scene.untagged);
  const auto manifests = [&] { return planned_manifests(look.at(scene.registry)); };
  EXPECT_THAT(manifests(), Contains(untagged));
  for (const std::string& key : {RegistryBuilder::revision("app", scene.untagged),
                                 blob(scene.untagged), layout::blob(scene.untagged)}) {
    scene.tree.arrive(key, kNow - kHour);
    EXPECT_THAT(manifests(), Not(Contains(untagged))) << key;
    EXPECT_EQ(look.at(scene.registry).plan.kept_arrived.count, 3u) << key;
    scene.tree.arrive(key, std::nullopt);
  }
}

TEST_F(Arriving, P11LayerLinksStay) {
  scene.tree.remove(layout::blob(scene.loose));
  const std::string link = RegistryBuilder::layer_link("app", scene.loose);
  EXPECT_EQ(look.at(scene.registry).plan.layer_links.size(), 2u);  // and that of another blob
  scene.tree.arrive(link, kNow - kHour);
  EXPECT_EQ(look.at(scene.registry).plan.layer_links.size(), 1u);
}

// A copy names no repository that it has not reached yet: whatever has come, nothing goes.
TEST_F(Arriving, P11NothingOfACopyIsTaken) {
  std::vector<std::string> keys;
  for (const auto& [key, node] : scene.tree.nodes()) keys.push_back(key);
  for (const std::string& key : keys) scene.tree.arrive(key, kNow - kHour);
  scene.tree.remove("repositories/app");
  for (const bool untagged : {false, true}) {
    if (untagged) look.delete_untagged();
    const Looked found = look.at(scene.registry);
    EXPECT_EQ(planned(found), Digests{});
    EXPECT_EQ(planned_manifests(found), Manifests{});
    EXPECT_TRUE(found.plan.layer_links.empty());
  }
}

}  // namespace
}  // namespace regctl::gc
