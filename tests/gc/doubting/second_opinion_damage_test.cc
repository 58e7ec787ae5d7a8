// What the second opinion makes of a store that it cannot understand (contract P3), or cannot
// read.
#include <gmock/gmock.h>

#include "tests/gc/doubting/asking.h"
#include "tests/support/scene.h"
#include "tests/support/troubled_storage.h"

namespace regctl::gc {
namespace {

using namespace test;
using testing::HasSubstr;

constexpr Duration kSecond = std::chrono::seconds(1);

// -- P3: damage

class SecondOpinionOfDamage : public SecondOpinion {
 protected:
  Scene scene;
  // Asks about everything that an intact scene could lose, and about what is loose.
  Objections ask() {
    doomed.in_place.blobs = {scene.loose, scene.layer, scene.elsewhere};
    return opinion(scene.registry, doomed, policy);
  }
  void expect_app_is_kept() {
    EXPECT_EQ(names_of(ask()),
              (std::set<std::string>{"blob " + scene.loose.text(), "blob " + scene.layer.text()}));
  }
};

TEST_F(SecondOpinionOfDamage, IsAsBeforeWithoutIt) {
  EXPECT_EQ(names_of(ask()), std::set<std::string>{"blob " + scene.layer.text()});
}

TEST_F(SecondOpinionOfDamage, LinksThatSayNothingOrSomethingElse) {
  for (const std::string& key : {scene.revision_link(), scene.layer_link(), scene.tag_link()}) {
    const std::string before = scene.bytes(key);
    for (const std::string& wrong : {std::string(), before + "\n", before.substr(0, 30),
                                     std::string("x"), before + std::string(5000, ' ')}) {
      scene.bytes(key) = wrong;
      expect_app_is_kept();
    }
    if (key != scene.tag_link()) {
      scene.bytes(key) = scene.other_image.text();
      expect_app_is_kept();
    }
    scene.bytes(key) = before;
  }
  scene.replace_by_directory(scene.revision_link());
  expect_app_is_kept();
}

TEST_F(SecondOpinionOfDamage, ManifestsThatAreMissingWrongOrNotManifests) {
  const std::string before = scene.bytes(scene.data());
  scene.bytes(scene.data())[20] ^= 1;
  expect_app_is_kept();
  scene.tree.remove(scene.data());
  expect_app_is_kept();
  scene.replace_by_directory(scene.data());
  expect_app_is_kept();
  scene.tree.remove(scene.data());
  scene.put(scene.data(), before);
  EXPECT_EQ(ask().size(), 1u);
  scene.registry.manifest("app", "[]", "odd");
  expect_app_is_kept();
}

TEST_F(SecondOpinionOfDamage, ATagThatPointsToALayer) {
  scene.registry.tag("app", "odd", scene.registry.blob("a layer"));
  expect_app_is_kept();
}

TEST_F(SecondOpinionOfDamage, AnUntaggedRevisionIsEnough) {
  const Digest image = scene.registry.image("untagged", {"layer of it"});
  doomed.in_place.blobs = {scene.registry.layer("untagged", "loose in it")};
  EXPECT_EQ(opinion(scene.registry, doomed), Objections{});
  scene.bytes(RegistryBuilder::data(image))[20] ^= 1;
  EXPECT_EQ(opinion(scene.registry, doomed).size(), 1u);
}

TEST_F(SecondOpinionOfDamage, WhatDamagedBytesNameMayBeAManifest) {
  const Digest layer = scene.registry.blob("deep");
  const Digest plain = scene.registry.blob(RegistryBuilder::image_json(layer, 4, {}));
  const Digest image =
      scene.registry.manifest("app", RegistryBuilder::image_json(plain, 4, {}), "v2");
  doomed.in_place.blobs = {layer};
  EXPECT_EQ(opinion(scene.registry, doomed), Objections{});
  scene.bytes(RegistryBuilder::data(image)) += "}";
  EXPECT_EQ(opinion(scene.registry, doomed).size(), 1u);
}

TEST_F(SecondOpinionOfDamage, KeepsWhatTheTagsOfItsRepositoryEverPointedTo) {
  const Digest former = scene.registry.blob(
      RegistryBuilder::image_json(scene.registry.blob("former config"), 13, {}));
  scene.registry.tag("app", "moved", former);
  scene.registry.tag("app", "moved", scene.image);
  doomed.in_place.blobs = {digest_of("former config")};
  EXPECT_EQ(opinion(scene.registry, doomed), Objections{});
  scene.bytes(scene.layer_link()).clear();
  EXPECT_EQ(opinion(scene.registry, doomed).size(), 1u);
}

TEST_F(SecondOpinionOfDamage, OneTooLargeToRead) {
  scene.registry.manifest("app", "{}" + std::string(std::size_t{64} << 20, ' '), "large");
  expect_app_is_kept();
}

TEST_F(SecondOpinionOfDamage, ReachesRepositoriesThroughIndexesTagsAndLayers) {
  const Digest index = scene.registry.index("reaching", {scene.image}, "latest");
  scene.registry.index("far", {index}, "latest");
  scene.registry.tag("pointing", "latest", scene.image);
  scene.registry.link_layer("linking", scene.image);
  const Digest alias = digest_of(scene.bytes(scene.data()), Algorithm::sha512);
  scene.registry.link_layer("app", alias, scene.image);
  scene.registry.manifest("naming", RegistryBuilder::image_json(alias, 2, {}), "latest");
  scene.bytes(scene.data())[20] ^= 1;
  for (const char* name : {"reaching", "far", "pointing", "linking", "naming"}) {
    doomed.in_place.blobs = {scene.registry.layer(name, std::string("loose in ") + name)};
    EXPECT_THAT(opinion(scene.registry, doomed).begin()->second, HasSubstr(" is in doubt: "))
        << name;
  }
}

TEST_F(SecondOpinionOfDamage, KeepsWhatIsNamedAtPlacesOfNoMeaning) {
  const Digest layer = scene.registry.blob("behind a hint");
  const Digest manifest = scene.registry.blob(RegistryBuilder::image_json(layer, 13, {}));
  doomed.in_place.blobs = {layer};
  for (const char* key :
       {"repositories/app/_layers/sha256/odd/link", "repositories/app/_manifests/odd/deep/er/file",
        "repositories/app/_layers/tarsum/v1/sha256/x/link"}) {
    scene.put(key, "see " + manifest.text());
    EXPECT_EQ(opinion(scene.registry, doomed).size(), 1u) << key;
    scene.tree.remove(key);
    scene.tree.remove(std::string(key).substr(0, std::string(key).rfind('/')));
  }
  scene.registry.tree.remove("repositories/app/_manifests/odd");
  scene.registry.tree.remove("repositories/app/_layers/tarsum");
  EXPECT_EQ(opinion(scene.registry, doomed), Objections{});
}

TEST_F(SecondOpinionOfDamage, KeepsEveryRevisionAndLayerLinkOfItsRepository) {
  scene.registry.link_layer("app", digest_of("gone"));
  scene.registry.link_layer("other", digest_of("gone too"));
  policy.delete_untagged = true;
  take_revision("app", scene.untagged);
  take_revision("other", scene.other_untagged);
  take_layer("app", digest_of("gone"));
  take_layer("other", digest_of("gone too"));
  EXPECT_EQ(opinion(scene.registry, doomed, policy), Objections{});
  scene.bytes(scene.layer_link()).clear();
  EXPECT_EQ(names_of(opinion(scene.registry, doomed, policy)),
            (std::set<std::string>{"revision " + scene.untagged.text() + " of app",
                                   "layer link " + digest_of("gone").text() + " of app"}));
}

TEST_F(SecondOpinionOfDamage, AnAbsentChildTagTargetOrSubjectIsNone) {
  scene.registry.index("app", {digest_of("sparse")}, "sparse");
  scene.registry.tag("app", "dangling", digest_of("expired"));
  scene.registry.image("app", {"signature"}, "sig", digest_of("gone"));
  EXPECT_EQ(names_of(ask()), std::set<std::string>{"blob " + scene.layer.text()});
}

TEST_F(SecondOpinionOfDamage, WaitsForALinkThatIsBeingWritten) {
  const std::string link = scene.revision_link(), text = std::exchange(scene.bytes(link), "");
  scene.tree.touch(link, kNow - kSecond);
  int reads = 0;
  const auto write_meanwhile = [&](Verb verb, const std::string& key) {
    if (verb == Verb::read && key == link && ++reads == 2) scene.bytes(link) = text;
    return Answer::truth;
  };
  doomed.in_place.blobs = {scene.loose};
  const TroubledStorage storage(scene.tree.storage(), write_meanwhile);
  policy.delete_untagged = true;  // one reading, whatever it finds
  EXPECT_TRUE(second_opinion(storage, doomed, {.policy = policy, .now = kNow}).empty());
  EXPECT_EQ(reads, 2);
}

// -- ignorance

TEST_F(SecondOpinion, ThrowsWhereAnythingCannotBeRead) {
  registry.index("app", {registry.image("app", {"layer"}, "v1")}, "v2");
  take(registry.layer("app", "loose"));
  int calls = 0;
  const auto count = [&](Verb, const std::string&) {
    ++calls;
    return Answer::truth;
  };
  EXPECT_EQ(opinion(TroubledStorage(registry.tree.storage(), count), doomed), Objections{});
  const int all = calls;
  EXPECT_GT(all, 20);
  for (int failing = 1; failing <= all; ++failing) {
    int call = 0;
    const auto fail = [&](Verb, const std::string&) {
      return ++call == failing ? Answer::error : Answer::truth;
    };
    EXPECT_THROW(opinion(TroubledStorage(registry.tree.storage(), fail), doomed), StorageError)
        << failing;
  }
}

// One absence among truths is noticed or harmless; it never makes an objection disappear.
TEST_F(SecondOpinion, BelievesNoSingleAbsence) {
  registry.index("app", {registry.image("app", {"layer"}, "v1")}, "v2");
  registry.image("other", {"shared"});
  for (const char* layer : {"layer", "shared"}) take(digest_of(layer));
  for (int absent = 1;; ++absent) {
    int call = 0;
    const auto hide = [&](Verb, const std::string&) {
      return ++call == absent ? Answer::absence : Answer::truth;
    };
    try {
      EXPECT_EQ(opinion(TroubledStorage(registry.tree.storage(), hide), doomed).size(), 2u)
          << absent;
    } catch (const StorageError&) {
    }
    if (call < absent) break;
  }
}

TEST_F(SecondOpinion, ThrowsWhereEntriesMayBeHidden) {
  for (const char* key : {"repositories/hidden", "repositories/app/_manifests",
                          "repositories/app/_manifests/tags/v1", "repositories/app/_layers/sha256",
                          "repositories/app/_unknown", "repositories/app/_manifests/_unknown"}) {
    Scene scene;
    doomed.in_place.blobs = {scene.loose};
    scene.replace_by_symlink(key);
    EXPECT_THROW(opinion(scene.registry, doomed), StorageError) << key;
  }
  for (const char* key :
       {"repositories/app/_unknown/file", "repositories/app/_manifests/_unknown/file",
        "repositories/_unknown/file"}) {
    Scene scene;
    scene.put(key, "x");
    EXPECT_THROW(opinion(scene.registry, doomed), StorageError) << key;
  }
  Scene empty;
  empty.tree.remove("repositories");
  EXPECT_THROW(opinion(empty.registry, doomed), StorageError);
}

TEST_F(SecondOpinion, AnotherNameOfWhatItReadsHidesNothing) {
  for (const char* target : {"app", "../repositories/app", "nowhere", "..", "app/_manifests"}) {
    Scene scene;
    doomed.in_place.blobs = {scene.loose, scene.elsewhere};
    scene.tree.symlink("repositories/link", target, kNow);
    if (std::string_view(target).ends_with("app"))
      EXPECT_EQ(opinion(scene.registry, doomed), Objections{}) << target;
    else
      EXPECT_THROW(opinion(scene.registry, doomed), StorageError) << target;
  }
}

TEST_F(SecondOpinion, StrayFilesAndTheLitterOfOthersHideNothing) {
  Scene scene;
  for (const char* key :
       {"repositories/file", "repositories/lost+found/x", "repositories/app/_file",
        "repositories/app/_layers/.DS_Store", "repositories/app/_manifests/tags/.nfs0001",
        "repositories/app/_uploads/x/data"})
    scene.put(key, "x");
  scene.tree.symlink("repositories/app/.snapshot", "/elsewhere", kNow);
  doomed.in_place.blobs = {scene.loose, scene.elsewhere};
  EXPECT_EQ(opinion(scene.registry, doomed), Objections{});
}

TEST_F(SecondOpinion, CanBeInterrupted) {
  take(registry.layer("app", "loose"));
  std::stop_source source;
  source.request_stop();
  EXPECT_THROW(second_opinion(*registry.tree.storage(), doomed, {.now = kNow}, source.get_token()),
               Interrupted);
}

}  // namespace
}  // namespace regctl::gc
