// Half stores: a half that is missing (F28, F29), and mass damage (--max-damage), whatever shares
// the damage has.
#include <gmock/gmock.h>

#include <random>

#include "registry/hasher.h"
#include "tests/support/scene.h"

namespace regctl::gc {
namespace {

using namespace test;
using testing::ElementsAre;
using testing::IsEmpty;

using report::Code;
using report::Count;
using report::Message;

Codes blockers(const Look& look, const RegistryBuilder& registry) {
  return codes(look.at(registry).plan.blockers);
}

TEST(HalfStores, LinksWithoutBlobsRefuse) {
  Scene scene;
  scene.tree.remove("blobs");
  EXPECT_TRUE(blockers(Look(), scene.registry).contains("blobs-missing"));
  scene.tree.directory("blobs/sha256/00", kNow);
  EXPECT_TRUE(blockers(Look(), scene.registry).contains("blobs-missing"));
}

TEST(HalfStores, ATagAloneIsALink) {
  RegistryBuilder registry;
  registry.tag("app", "v1", digest_of("nowhere"));
  EXPECT_EQ(blockers(Look(), registry), Codes{"blobs-missing"});
}

TEST(HalfStores, F29BlobsWithoutRepositoriesRefuse) {
  Scene scene;
  scene.tree.remove("repositories");
  EXPECT_EQ(blockers(Look(), scene.registry), Codes{"repositories-missing"});
  scene.tree.directory("repositories", kNow);  // an empty mount point looks like this
  EXPECT_EQ(blockers(Look(), scene.registry), Codes{"repositories-missing"});
}

TEST(HalfStores, NothingAtAllIsNothingToDo) {
  RegistryBuilder registry;
  for (const char* directory :
       {"blobs", "repositories", "repositories/app/_layers/sha256", "blobs/sha256/00"}) {
    registry.tree.directory(directory, kNow - kDay);
    const Looked findings = Look().delete_untagged().at(registry);
    EXPECT_THAT(findings.plan.blockers, IsEmpty()) << directory;
    EXPECT_THAT(findings.plan.warnings, IsEmpty()) << directory;
    EXPECT_THAT(findings.plan.blobs, IsEmpty()) << directory;
  }
}

// The registry's own deletion leaves the directory of the link behind, in which there is none.
TEST(HalfStores, WhatDeletionsLeaveBehindIsNoLink) {
  Scene scene;
  for (const Digest& digest : {scene.image, scene.untagged})
    scene.tree.remove(RegistryBuilder::revision("app", digest));
  for (const Digest& digest : {scene.other_image, scene.other_untagged})
    scene.tree.remove(RegistryBuilder::revision("other", digest));
  scene.tree.remove(layout::tag("app", "v1"));
  scene.tree.remove(layout::tag("other", "v1"));
  EXPECT_EQ(blockers(Look(), scene.registry), Codes{});
  EXPECT_EQ(planned(Look().at(scene.registry)).size(), 14u);
  scene.tree.remove("blobs");
  EXPECT_EQ(blockers(Look(), scene.registry), Codes{});
}

// `images` images of two layers each, in four repositories; one layer is common to all.
struct Whole {
  RegistryBuilder registry;
  std::vector<Digest> images;

  explicit Whole(int images_told) {
    for (int i = 0; i < images_told; ++i)
      images.push_back(registry.image(repository(i), {"common", layer(i)}, tag(i)));
  }
  static std::string repository(int i) { return "app" + std::to_string(i % 4); }
  static std::string tag(int i) { return "v" + std::to_string(i); }
  static std::string layer(int i) { return "layer " + std::to_string(i); }

  Look look(std::uint64_t max_damage) const {
    Look look;
    look.wishes.margins.max_damage = max_damage;
    return look;
  }
  // What the refusal counts, with the share that would pass; empty: none is refused.
  std::vector<std::uint64_t> refused(Code code, Look look) const {
    for (const Message& message : look.at(registry).plan.blockers) {
      if (message.code != code) continue;
      const auto count = [&](std::size_t i) { return std::get<Count>(message.arguments[i]).count; };
      return {count(0), count(1), std::get<std::uint64_t>(message.arguments[3])};
    }
    return {};
  }
  std::vector<std::uint64_t> refused(Code code, std::uint64_t max_damage) const {
    return refused(code, look(max_damage));
  }
};

TEST(MassDamage, ManifestsWithoutBytes) {
  Whole whole(40);
  const auto lose = [&](std::size_t i) {
    whole.registry.tree.remove(layout::blob(whole.images[i]));
  };
  lose(0);
  lose(1);
  EXPECT_THAT(whole.refused(Code::half_of_manifests, 0), IsEmpty()) << "two are damage";
  lose(2);
  EXPECT_THAT(whole.refused(Code::half_of_manifests, 0), ElementsAre(3, 40, 8));
  EXPECT_THAT(whole.refused(Code::half_of_manifests, 7), ElementsAre(3, 40, 8));
  EXPECT_THAT(whole.refused(Code::half_of_manifests, 8), IsEmpty()) << "the value it told passes";
  EXPECT_EQ(blockers(whole.look(5), whole.registry), Codes{"half-a-store"});
}

TEST(MassDamage, AManifestInQuarantineIsThere) {
  Whole whole(10);
  for (const Digest& image : whole.images)
    whole.registry.quarantine(RegistryBuilder::data(image), kTaken);
  EXPECT_THAT(whole.refused(Code::half_of_manifests, 0), IsEmpty());
}

TEST(MassDamage, ARevisionWithoutLinkPromisesNothing) {
  Whole whole(10);
  for (int i = 0; i < 10; ++i) {
    const Digest& image = whole.images[static_cast<std::size_t>(i)];
    whole.registry.tree.remove(layout::blob(image));
    whole.registry.tree.remove(RegistryBuilder::revision(Whole::repository(i), image));
  }
  EXPECT_THAT(whole.refused(Code::half_of_manifests, 0), IsEmpty());
}

TEST(MassDamage, TagsWithoutACurrentLink) {
  Whole whole(60);
  const auto link = [](int i) {
    return layout::tag_current_link(Whole::repository(i), Whole::tag(i));
  };
  whole.registry.tree.remove(link(0));
  whole.registry.tree.bytes(link(1)) = "";
  EXPECT_THAT(whole.refused(Code::half_of_tags, 0), IsEmpty());
  whole.registry.tree.bytes(link(2)) = "sha256:0";
  EXPECT_THAT(whole.refused(Code::half_of_tags, 0), ElementsAre(3, 60, 5));
  EXPECT_THAT(whole.refused(Code::half_of_tags, 4), ElementsAre(3, 60, 5));
  EXPECT_THAT(whole.refused(Code::half_of_tags, 5), IsEmpty());
  whole.registry.tree.remove(link(3));
  EXPECT_THAT(whole.refused(Code::half_of_tags, 5), ElementsAre(4, 60, 7));
}

TEST(MassDamage, AYoungTagMayBeGettingItsLink) {
  RegistryBuilder registry;
  registry.image("app", {"fine"}, "v1");
  for (int i = 0; i < 4; ++i)
    registry.tree.directory(layout::tag("app", "new" + std::to_string(i)) + "/current",
                            kNow - kHour);
  Look look;
  look.wishes.margins.max_damage = 0;
  EXPECT_EQ(blockers(look, registry), Codes{});
  EXPECT_EQ(blockers(look.keep_younger_than(Duration(0)), registry), Codes{"half-a-store"});
}

TEST(MassDamage, LiveLayersAndConfigurationsWithoutBytes) {
  Whole whole(20);  // 20 layers, a common one and 20 configurations
  for (int i = 0; i < 3; ++i) whole.registry.tree.remove(layout::blob(digest_of(Whole::layer(i))));
  EXPECT_THAT(whole.refused(Code::half_of_layers, 7), ElementsAre(3, 41, 8));
  EXPECT_THAT(whole.refused(Code::half_of_layers, 8), IsEmpty());
  Look cache = whole.look(0);
  cache.store.pull_through_cache = true;
  EXPECT_THAT(whole.refused(Code::half_of_layers, cache), IsEmpty());
}

// A dry run lists the directories of blobs, a real run looks into them.
TEST(MassDamage, AnEmptyDirectoryIsNoLayerOnceItIsLookedInto) {
  Whole whole(20);
  for (int i = 0; i < 10; ++i)
    whole.registry.tree.remove(RegistryBuilder::data(digest_of(Whole::layer(i))));
  EXPECT_THAT(whole.refused(Code::half_of_layers, 5), IsEmpty());
  Look seen = whole.look(5);
  seen.looking.sizes = Sizes::seen;
  EXPECT_THAT(whole.refused(Code::half_of_layers, seen), ElementsAre(10, 41, 25));
  for (int i = 0; i < 10; ++i) {
    const std::string data = RegistryBuilder::data(digest_of(Whole::layer(i)));
    whole.registry.tree.file(data, Whole::layer(i), kTaken);
    whole.registry.quarantine(data, kTaken);
  }
  EXPECT_THAT(whole.refused(Code::half_of_layers, seen), IsEmpty()) << "they are in quarantine";
}

TEST(MassDamage, WhatMayLiveElsewhereOrIsNotLiveIsNotMissing) {
  Whole whole(1);
  for (int i = 0; i < 10; ++i) {
    const std::string n = std::to_string(i);
    const Digest config = whole.registry.layer("app0", "config " + n);
    std::string json = RegistryBuilder::image_json(config, 8, {{digest_of("foreign " + n), 9}});
    const std::string digest = '"' + digest_of("foreign " + n).text() + '"';
    json.replace(json.find(digest), digest.size(), digest + R"(,"urls":["https://elsewhere/"])");
    whole.registry.manifest("app0", json, "foreign" + n);
    // Quarantined with its manifest, so that nothing needs it.
    const Digest gone = whole.registry.image("app1", {"gone " + n});
    whole.registry.tree.remove(layout::blob(digest_of("gone " + n)));
    whole.registry.quarantine(RegistryBuilder::revision("app1", gone), kTaken);
  }
  Look look = whole.look(0);
  look.looking.sizes = Sizes::seen;
  EXPECT_THAT(whole.refused(Code::half_of_layers, look), IsEmpty());
}

TEST(MassDamage, AnotherNameOfALayerCounts) {
  RegistryBuilder registry;
  std::vector<std::pair<Digest, std::uint64_t>> layers;
  for (int i = 0; i < 5; ++i) {
    const std::string bytes = "by another name " + std::to_string(i);
    const Digest alias = digest_of(bytes, Algorithm::sha512);
    registry.link_layer("app", alias, registry.blob(bytes));
    layers.emplace_back(alias, bytes.size());
  }
  registry.manifest("app", RegistryBuilder::image_json(registry.layer("app", "{}"), 2, layers),
                    "v1");
  Look look;
  look.wishes.margins.max_damage = 0;
  EXPECT_EQ(blockers(look, registry), Codes{});
}

TEST(MassDamage, NothingIsTakenButWhatIsNeededGoesBack) {
  Whole whole(20);
  for (std::size_t i = 0; i < 5; ++i) whole.registry.tree.remove(layout::blob(whole.images[i]));
  whole.registry.quarantine(RegistryBuilder::data(digest_of(Whole::layer(19))), kTaken);
  Look look = whole.look(5);
  look.looking.sizes = Sizes::seen;
  for (const Mode mode : {Mode::online, Mode::heal}) {
    look.wishes.mode = mode;
    const Looked found = look.at(whole.registry);
    EXPECT_EQ(codes(found.plan.blockers), Codes{"half-a-store"});
    ASSERT_EQ(found.plan.restore.size(), 1u);
    EXPECT_EQ(found.plan.restore[0].copy.digest, digest_of(Whole::layer(19)));
  }
}

// Of a random half, third or twentieth that is missing: a half and a third always refuse. Where a
// twentieth does not, an image that is still complete stays complete.
TEST(MassDamage, RandomPartsAreMissing) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  std::size_t ran = 0;
  for (int round = 0; round < 60; ++round) {
    for (const unsigned part : {2u, 3u, 20u}) {
      Whole whole(30);
      std::vector<std::string> files;
      for (const auto& [key, node] : whole.registry.tree.nodes()) {
        if (node.kind == EntryKind::file) files.push_back(key);
      }
      for (const std::string& key : files) {
        if (random() % part == 0) whole.registry.tree.remove(key);
      }
      Look look = whole.look(5);
      look.looking.sizes = Sizes::seen;
      if (round % 2) look.delete_untagged();
      const Looked found = look.at(whole.registry);
      if (part <= 3) {
        EXPECT_TRUE(codes(found.plan.blockers).contains("half-a-store")) << "1 of " << part;
        continue;
      }
      if (!found.plan.blockers.empty()) continue;
      ++ran;
      const Digests taken = planned(found);
      for (int i = 0; i < 30; ++i) {
        const Digest& image = whole.images[static_cast<std::size_t>(i)];
        const bool complete = whole.registry.tree.has(
                                  layout::tag_current_link(Whole::repository(i), Whole::tag(i))) &&
                              whole.registry.tree.has(RegistryBuilder::data(image));
        if (!complete) continue;
        for (const Digest& blob : {image, digest_of("common"), digest_of(Whole::layer(i))})
          EXPECT_FALSE(taken.contains(blob)) << Whole::tag(i) << " needs " << blob.text();
      }
    }
  }
  EXPECT_GT(ran, 0u) << "a twentieth was always refused";
}

}  // namespace
}  // namespace regctl::gc
