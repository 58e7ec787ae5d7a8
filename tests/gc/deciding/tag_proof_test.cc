// Whether what a tag reached before a run is there after it.
#include "gc/deciding/tag_proof.h"

#include <gmock/gmock.h>

#include "registry/hasher.h"
#include "tests/support/scanning.h"
#include "tests/support/scene.h"

namespace regctl::gc {

void PrintTo(const BrokenTag& tag, std::ostream* out) {
  *out << tag.repository << ':' << tag.tag << " lacks " << tag.missing.text();
}

namespace {

using namespace test;
using testing::ElementsAre;
using testing::IsEmpty;

class ProofTest : public testing::Test {
 protected:
  static Inventory seen(const RegistryBuilder& registry) {
    const auto storage = registry.tree.storage();
    return surveyed(*storage, scanned(*storage));
  }
  // As the registry is now, against what it was when the test began.
  void begin() { before = seen(registry); }
  Proof proof() const { return broken_tags(before, seen(registry)); }
  void lose(const Digest& digest) { registry.tree.remove(RegistryBuilder::data(digest)); }

  RegistryBuilder registry;
  Inventory before;
};

TEST_F(ProofTest, NothingLostNothingBroken) {
  registry.image("app", {"a", "b"}, "v1");
  registry.image("app", {"c"}, "v2");
  registry.image("other", {"a"}, "v1");
  begin();
  const Proof result = proof();
  EXPECT_EQ(result.tags, 3u);
  EXPECT_THAT(result.broken, IsEmpty());
}

TEST_F(ProofTest, NamesTheTagAndWhatItLacks) {
  const Digest image = registry.image("app", {"a"}, "v1");
  registry.image("app", {"b"}, "v2");
  begin();
  lose(digest_of("a"));
  EXPECT_THAT(proof().broken, ElementsAre(BrokenTag{"app", "v1", digest_of("a")}));
  EXPECT_EQ(proof().tags, 2u);
  lose(image);
  EXPECT_THAT(proof().broken,
              ElementsAre(BrokenTag{"app", "v1", image}, BrokenTag{"app", "v1", digest_of("a")}));
}

TEST_F(ProofTest, EveryTagThatSharesALossIsBroken) {
  registry.image("app", {"shared", "one"}, "v1");
  registry.image("app", {"shared", "two"}, "v2");
  registry.image("other", {"three", "shared"}, "v1");
  registry.image("other", {"fine"}, "v2");
  begin();
  lose(digest_of("shared"));
  const Digest shared = digest_of("shared");
  EXPECT_THAT(proof().broken,
              ElementsAre(BrokenTag{"app", "v1", shared}, BrokenTag{"app", "v2", shared},
                          BrokenTag{"other", "v1", shared}));
}

TEST_F(ProofTest, TwoTagsOfOneManifest) {
  const Digest image = registry.image("app", {"a"}, "v1");
  registry.tag("app", "v2", image);
  begin();
  lose(digest_of("a"));
  EXPECT_THAT(proof().broken, ElementsAre(BrokenTag{"app", "v1", digest_of("a")},
                                          BrokenTag{"app", "v2", digest_of("a")}));
}

TEST_F(ProofTest, ThroughAnIndexToTheLastLayer) {
  const Digest amd = registry.image("app", {"amd"}), arm = registry.image("app", {"arm"});
  const Digest inner = registry.index("app", {amd, arm});
  registry.index("app", {inner}, "multi");
  begin();
  lose(digest_of("arm"));
  EXPECT_THAT(proof().broken, ElementsAre(BrokenTag{"app", "multi", digest_of("arm")}));
}

TEST_F(ProofTest, WhatWasAbsentMayBeAbsent) {
  const Digest amd = registry.image("app", {"amd"}), never_pushed = digest_of("another platform");
  registry.index("app", {amd, never_pushed}, "sparse");
  const Digest config = registry.layer("app", "{}"), foreign = digest_of("fetched from elsewhere");
  registry.manifest("app", RegistryBuilder::image_json(config, 2, {{foreign, 7}}), "windows");
  begin();
  EXPECT_EQ(proof().tags, 2u);
  EXPECT_THAT(proof().broken, IsEmpty());
  lose(config);
  EXPECT_THAT(proof().broken, ElementsAre(BrokenTag{"app", "windows", config}));
}

TEST_F(ProofTest, AForeignLayerThatWasHereMustStay) {
  const Digest config = registry.layer("app", "{}"),
               foreign = registry.blob("kept here all the same");
  registry.manifest("app", RegistryBuilder::image_json(config, 2, {{foreign, 22}}), "windows");
  begin();
  lose(foreign);
  EXPECT_THAT(proof().broken, ElementsAre(BrokenTag{"app", "windows", foreign}));
}

TEST_F(ProofTest, ATagThatMovedOrWentIsNoQuestion) {
  registry.image("app", {"a"}, "moves");
  registry.image("app", {"b"}, "goes");
  registry.image("gone", {"c"}, "v1");
  registry.image("app", {"d"}, "stays");
  begin();
  registry.image("app", {"new"}, "moves");
  registry.tree.remove(layout::tag("app", "goes"));
  registry.tree.remove(layout::repository("gone"));
  for (const char* bytes : {"a", "b", "c"}) lose(digest_of(bytes));
  EXPECT_EQ(proof().tags, 1u);
  EXPECT_THAT(proof().broken, IsEmpty());
}

TEST_F(ProofTest, ATagThatAppearedIsNoQuestionEither) {
  registry.image("app", {"a"}, "v1");
  begin();
  registry.image("app", {"b"}, "v2");
  lose(digest_of("b"));
  EXPECT_EQ(proof().tags, 1u);
  EXPECT_THAT(proof().broken, IsEmpty());
}

TEST_F(ProofTest, UntaggedManifestsMayLoseWhatTheyLike) {
  registry.image("app", {"a"}, "v1");
  const Digest untagged = registry.image("app", {"b"});
  begin();
  lose(untagged);
  lose(digest_of("b"));
  EXPECT_THAT(proof().broken, IsEmpty());
}

// A layer pushed by its sha512 is stored by its sha256, and the link of the one names the other.
TEST_F(ProofTest, ThroughAnAlias) {
  const Digest stored = registry.blob("a layer"), alias = digest_of("a layer", Algorithm::sha512);
  registry.link_layer("app", alias, stored);
  registry.link_layer("app", stored);
  const Digest config = registry.layer("app", "{}");
  registry.manifest("app", RegistryBuilder::image_json(config, 2, {{alias, 7}}), "v1");
  begin();
  EXPECT_THAT(proof().broken, IsEmpty());
  lose(stored);
  EXPECT_THAT(proof().broken, ElementsAre(BrokenTag{"app", "v1", stored}));
}

TEST_F(ProofTest, WhatWentIntoQuarantineIsLostToo) {
  registry.image("app", {"a"}, "v1");
  begin();
  registry.quarantine(RegistryBuilder::data(digest_of("a")), kNow);
  EXPECT_THAT(proof().broken, ElementsAre(BrokenTag{"app", "v1", digest_of("a")}));
}

// A registry serves no manifest and no layer that its repository does not link.
TEST_F(ProofTest, LinksInQuarantineAreLostToTheirRepository) {
  const Digest image = registry.image("app", {"a"}, "v1");
  const Digest child = registry.image("app", {"b"});
  registry.index("app", {child}, "multi");
  registry.image("other", {"a"}, "v1");
  begin();
  using Kind = Quarantined::Kind;
  registry.quarantine(RegistryBuilder::layer_link("app", digest_of("a")), kNow);
  EXPECT_THAT(proof().broken,
              ElementsAre(BrokenTag{"app", "v1", digest_of("a"), Kind::layer_link}));
  registry.quarantine(RegistryBuilder::revision("app", child), kNow);
  EXPECT_THAT(proof().broken,
              ElementsAre(BrokenTag{"app", "multi", child, Kind::revision_link},
                          BrokenTag{"app", "v1", digest_of("a"), Kind::layer_link}));
  registry.quarantine(RegistryBuilder::revision("app", image), kNow);
  EXPECT_EQ(proof().broken.size(), 3u);
}

// Deleted by the registry meanwhile.
TEST_F(ProofTest, LinksThatAreGoneWithoutACopyAreNot) {
  const Digest image = registry.image("app", {"a"}, "v1");
  begin();
  registry.tree.remove(RegistryBuilder::revision("app", image));
  EXPECT_THAT(proof().broken, IsEmpty());
}

TEST_F(ProofTest, AnEmptyRegistry) {
  begin();
  EXPECT_EQ(proof().tags, 0u);
  EXPECT_THAT(proof().broken, IsEmpty());
}

}  // namespace
}  // namespace regctl::gc
