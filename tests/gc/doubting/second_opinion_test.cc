// The second opinion, rule by rule (contract 3.1, 3.2, P1, P3, P11, P12): what it objects to, and
// what it lets go.
#include "gc/doubting/second_opinion.h"

#include <gmock/gmock.h>

#include "tests/support/objecting.h"
#include "tests/support/scene.h"
#include "tests/support/troubled_storage.h"

namespace regctl::gc {
namespace {

using namespace test;
using testing::HasSubstr;

constexpr Duration kSecond = std::chrono::seconds(1);
const Time kTaken = kNow - 10 * kDay;

class SecondOpinion : public testing::Test {
 protected:
  RegistryBuilder registry;
  Policy policy;
  Doomed doomed;

  void take(const Digest& blob) { doomed.in_place.blobs.push_back(blob); }
  void take_revision(const std::string& repository, const Digest& digest) {
    doomed.in_place.revisions.push_back({repository, digest});
  }
  void take_layer(const std::string& repository, const Digest& digest) {
    doomed.in_place.layers.push_back({repository, digest});
  }
  void purge(const Digest& blob) { doomed.in_quarantine.blobs.push_back(blob); }
  void purge_revision(const std::string& repository, const Digest& digest) {
    doomed.in_quarantine.revisions.push_back({repository, digest});
  }
  Objections answer() const { return opinion(registry, doomed, policy); }
  // Why the only thing asked for must stay; empty: it need not.
  std::string why() const {
    const Objections objections = answer();
    EXPECT_LE(objections.size(), 1u);
    return objections.empty() ? "" : objections.begin()->second;
  }
  void expect_all() const { EXPECT_EQ(names_of(answer()), everything_in(doomed)); }
  void expect_none() const { EXPECT_EQ(answer(), Objections{}); }
};

// -- P1: what is reachable

TEST_F(SecondOpinion, OfNothingIsNoneAndReadsNothing) {
  const auto never = [](Verb, const std::string&) { return Answer::error; };
  EXPECT_EQ(opinion(TroubledStorage(registry.tree.storage(), never), doomed), Objections{});
}

TEST_F(SecondOpinion, LetsGarbageGoAndNothingElse) {
  const Digest image = registry.image("app", {"layer"}, "v1"),
               garbage = registry.layer("app", "garbage");
  take(garbage);
  take(digest_of("not even there"));
  expect_none();
  take(image);
  take(digest_of("layer"));
  EXPECT_EQ(answer(), (Objections{{"blob " + image.text(), "app:v1 needs it"},
                                  {"blob " + digest_of("layer").text(), "app:v1 needs it"}}));
}

TEST_F(SecondOpinion, ARevisionLinkIsARootUnlessItGoesToo) {
  const Digest image = registry.image("app", {"untagged"});
  registry.image("app", {"tagged"}, "v1");
  take(digest_of("untagged"));
  EXPECT_EQ(why(), "app has its revision link");
  take(image);
  take_revision("app", image);
  policy.delete_untagged = true;
  expect_none();
  registry.link_revision("elsewhere", image);
  EXPECT_EQ(answer().size(), 2u);  // the blobs; the link may still go
}

TEST_F(SecondOpinion, FollowsIndexesOfAnyDepthIntoOtherRepositoriesAndPlainBlobs) {
  const Digest plain = registry.blob(
      RegistryBuilder::image_json(digest_of("config"), 6, {{registry.blob("deep"), 4}}));
  const Digest inner = registry.blob(RegistryBuilder::index_json({plain}));
  const Digest elsewhere = registry.image("library", {"shared"});
  registry.index("app", {registry.index("app", {inner, elsewhere})}, "latest");
  registry.image("library", {"tagged"}, "v1");
  policy.delete_untagged = true;
  take_revision("library", elsewhere);
  take(digest_of("deep"));
  take(digest_of("shared"));
  take(inner);
  EXPECT_EQ(names_of(answer()),
            (std::set<std::string>{"blob " + digest_of("deep").text(),
                                   "blob " + digest_of("shared").text(), "blob " + inner.text()}));
}

TEST_F(SecondOpinion, DoesNotOpenLayersThatAnIndexNames) {
  const Digest named = registry.blob("named by a layer");
  const Digest layer = registry.blob("{\"digest\":\"" + named.text() + "\"}");
  registry.manifest("app",
                    R"({"manifests":[)" + RegistryBuilder::descriptor(kOciLayer, layer, 2) + "]}",
                    "cache");
  take(named);
  expect_none();
  registry.manifest(
      "app",
      R"({"manifests":[)" + RegistryBuilder::descriptor("application/x-unknown", layer, 2) + "]}",
      "cache2");
  EXPECT_NE(why(), "");
}

TEST_F(SecondOpinion, OpensALayerThatIsARevisionSomewhere) {
  const Digest named = registry.blob("named by a layer");
  const Digest layer = registry.manifest("other", "{\"digest\":\"" + named.text() + "\"}");
  registry.image("other", {"x"}, "v1");
  registry.manifest("app", RegistryBuilder::image_json(layer, 2, {}), "v1");
  policy.delete_untagged = true;
  take_revision("other", layer);
  take(named);
  EXPECT_EQ(why(), "app:v1 needs it");
}

TEST_F(SecondOpinion, ReadsEscapesUpperCaseAndAnyKey) {
  const Digest layer = registry.blob("hidden");
  std::string text = layer.text();
  for (std::size_t i = 7; i < text.size(); ++i) text[i] = static_cast<char>(std::toupper(text[i]));
  registry.manifest("app", R"({"LAYERS":[{"\u0064igest":"\u0073)" + text.substr(1) + "\"}]}", "v1");
  take(layer);
  EXPECT_EQ(why(), "app:v1 needs it");
}

TEST_F(SecondOpinion, AnnotationsAndSubjectsKeepNothing) {
  const Digest base = registry.blob("base"), subject = registry.blob("subject");
  registry.manifest("app",
                    R"({"annotations":{"base":")" + base.text() + R"("},"subject":{"digest":")" +
                        subject.text() + R"("}})",
                    "v1");
  take(base);
  take(subject);
  expect_none();
}

TEST_F(SecondOpinion, FollowsAliasesOfEveryRepository) {
  const Digest layer = registry.blob("stored as sha256"),
               alias = digest_of("stored as sha256", Algorithm::sha512);
  take(layer);
  registry.link_layer("other", alias, layer);
  expect_none();
  registry.manifest("app", RegistryBuilder::image_json(alias, 2, {}), "v1");
  EXPECT_EQ(why(), "app:v1 needs it");
}

TEST_F(SecondOpinion, OpensWhatAChildIsAnAliasOf) {
  const std::string child = RegistryBuilder::image_json(registry.blob("config"), 6, {});
  const Digest alias = digest_of(child, Algorithm::sha512);
  registry.link_layer("other", alias, registry.blob(child));
  registry.index("app", {alias}, "v1");
  take(digest_of("config"));
  EXPECT_EQ(why(), "app:v1 needs it");
}

TEST_F(SecondOpinion, ATagIsARootWithoutARevisionLink) {
  const Digest image = registry.image("app", {"layer"}, "v1");
  registry.tree.remove(RegistryBuilder::revision("app", image));
  take(digest_of("layer"));
  EXPECT_EQ(why(), "app:v1 needs it");
}

TEST_F(SecondOpinion, HistoryIsARootOnlyWhereTheTagDoesNotTell) {
  const Digest image = registry.image("app", {"former"}, "v1");
  registry.tree.remove(RegistryBuilder::revision("app", image));
  registry.image("app", {"current"}, "v1");
  take(digest_of("former"));
  expect_none();
  registry.tree.remove(layout::tag_current_link("app", "v1"));
  EXPECT_THAT(why(), HasSubstr("app:v1 needed it once"));
  doomed.in_place.blobs = {registry.blob("held by a link of the history")};
  expect_none();
  registry.tree.bytes(layout::tag("app", "v1") + "/index/" + layout::digest_path(image) + "/link") =
      doomed.in_place.blobs[0].text();
  EXPECT_THAT(why(), HasSubstr("app:v1 needed it once"));
}

TEST_F(SecondOpinion, RootsFilesAreRoots) {
  const Digest image = registry.blob(
      RegistryBuilder::image_json(digest_of("config"), 6, {{registry.blob("layer"), 5}}));
  registry.image("app", {"tagged"}, "v1");
  take(digest_of("layer"));
  expect_none();
  policy.roots = {{std::nullopt, image}};
  EXPECT_EQ(why(), "--roots names it");
  policy.roots = {{"registry.example.com/app", image}};
  EXPECT_EQ(why(), "--roots names it");
}

// -- through quarantine

TEST_F(SecondOpinion, ReadsThroughQuarantine) {
  const Digest image = registry.image("app", {"layer"}, "v1");
  registry.quarantine(RegistryBuilder::data(image), kTaken);
  take(digest_of("layer"));
  EXPECT_EQ(why(), "app:v1 needs it");
  const std::string copy =
      RegistryBuilder::data(image) + ".regctl-gc." + "1779408000.0123456789abcdef";
  ASSERT_TRUE(registry.tree.has(copy));
  registry.tree.bytes(copy) += ' ';  // hashes no more: the manifest is missing
  registry.tree.remove(RegistryBuilder::layer_link("app", digest_of("layer")));
  registry.tree.remove(RegistryBuilder::revision("app", image));
  expect_none();
}

TEST_F(SecondOpinion, ACopyThatIsNeededIsNotPurgedUnlessNewDataStandsBesideIt) {
  registry.image("app", {"layer"}, "v1");
  registry.quarantine(RegistryBuilder::data(digest_of("layer")), kTaken);
  purge(digest_of("layer"));
  EXPECT_EQ(answer(),
            (Objections{{"quarantined blob " + digest_of("layer").text(), "app:v1 needs it"}}));
  registry.blob("layer");
  expect_none();
}

TEST_F(SecondOpinion, AgesOfCopiesDoNotCount) {
  registry.image("app", {"x"}, "v1");
  const Digest loose = registry.ago(kHour).blob("loose");
  registry.quarantine(RegistryBuilder::data(loose), kNow - kHour);
  purge(loose);
  expect_none();
}

TEST_F(SecondOpinion, ACopyGoesBackForALinkWrittenSince) {
  const Digest loose = registry.layer("app", "loose");
  registry.quarantine(RegistryBuilder::data(loose), kTaken);
  purge(loose);
  expect_none();
  const std::string link = RegistryBuilder::layer_link("app", loose);
  registry.tree.touch(link, kTaken - kSecond);
  EXPECT_EQ(why(), "a link to it was written since");
  EXPECT_EQ(opinion(registry, doomed, policy, "0123456789abcdef"),
            Objections{});  // that run looks at inodes
  registry.tree.touch(link, kTaken - kSecond - Duration(1));
  expect_none();
  registry.ago(kDay).link_layer("other", digest_of("loose", Algorithm::sha512), loose);
  EXPECT_EQ(why(), "a link to it was written since");
}

TEST_F(SecondOpinion, AQuarantinedRevisionIsNoRootByItself) {
  const Digest image = registry.image("app", {"layer"});
  registry.image("app", {"tagged"}, "v1");
  registry.quarantine(RegistryBuilder::revision("app", image), kTaken);
  take(digest_of("layer"));
  purge_revision("app", image);
  expect_none();
}

TEST_F(SecondOpinion, AQuarantinedRevisionComesBackThroughEveryRuleOfTheKeptSet) {
  const Digest image = registry.image("app", {"layer"}),
               signature = registry.image("app", {"signature"}, "", image);
  registry.image("app", {"tagged"}, "v1");
  for (const Digest& digest : {image, signature})
    registry.quarantine(RegistryBuilder::revision("app", digest), kTaken);
  purge_revision("app", image);
  purge_revision("app", signature);
  take(digest_of("layer"));
  take(digest_of("signature"));
  expect_none();
  policy.roots = {{std::nullopt, image}};
  expect_all();
  policy.roots = {{"other", image}};
  registry.layer("other", "x");
  EXPECT_EQ(names_of(answer()), std::set<std::string>{"blob " + digest_of("layer").text()});
  policy.roots.clear();
  policy.protect = {"a*"};
  expect_all();
  policy.protect.clear();
  registry.tree.touch(
      RegistryBuilder::revision("app", image) + ".regctl-gc.1779408000.0123456789abcdef", kTaken);
  expect_all();
  registry.tree.touch(
      RegistryBuilder::revision("app", image) + ".regctl-gc.1779408000.0123456789abcdef",
      kTaken - kDay);
  expect_none();
  registry.index("app", {image}, "v2");
  expect_all();
}

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

// -- P11: what is young

TEST_F(SecondOpinion, YoungBlobsByBytesDirectoryOrAnyLink) {
  registry.image("app", {"x"}, "v1");
  const Digest loose = registry.layer("app", "loose"),
               alias = digest_of("loose", Algorithm::sha512);
  take(loose);
  registry.link_layer("app", alias, loose);
  expect_none();
  const std::vector<std::string> keys{RegistryBuilder::data(loose), layout::blob(loose),
                                      RegistryBuilder::layer_link("app", loose),
                                      RegistryBuilder::layer_link("app", alias)};
  for (const std::string& key : keys) {
    for (const Time young : {kNow - kDay + Duration(1), kNow + kDay}) {
      registry.tree.touch(key, young);
      EXPECT_NE(why(), "") << key;
    }
    registry.tree.touch(key, kNow - kDay);
    expect_none();
  }
}

TEST_F(SecondOpinion, WhatSomethingYoungNamesIsYoungToo) {
  registry.image("app", {"tagged"}, "v1");
  const Digest image = registry.image("app", {"layer"});
  registry.quarantine(RegistryBuilder::revision("app", image), kTaken);
  take(digest_of("layer"));
  expect_none();
  registry.tree.touch(RegistryBuilder::data(image), kNow - kHour);
  EXPECT_EQ(why(), image.text() + " is young and names it");
  doomed = {};
  registry.quarantine(RegistryBuilder::data(digest_of("layer")), kTaken);
  purge(digest_of("layer"));
  expect_none();  // the hold took the place of the age
}

TEST_F(SecondOpinion, ADirectoryThatWaitsForItsLinkIsARoot) {
  registry.image("app", {"tagged"}, "v1");
  const Digest image = registry.image("app", {"layer"});
  registry.tree.remove(RegistryBuilder::revision("app", image));
  take(digest_of("layer"));
  expect_none();
  const std::string link = RegistryBuilder::revision("app", image);
  registry.tree.touch(link.substr(0, link.rfind('/')), kNow - kHour);
  EXPECT_EQ(why(), "app may be getting it now");
}

TEST_F(SecondOpinion, ALinkThatIsYoungThoughItWasTakenKeepsItsBlob) {
  registry.image("app", {"tagged"}, "v1");
  const Digest image = registry.image("app", {"layer"});
  registry.tree.touch(RegistryBuilder::revision("app", image), kNow - 12 * kDay);
  registry.quarantine(RegistryBuilder::revision("app", image), kTaken);
  take(image);
  expect_none();
  policy.keep_younger_than = 15 * kDay;
  EXPECT_EQ(why(), "a link to it is young");
}

TEST_F(SecondOpinion, ACopyIsNotYoung) {
  registry.image("app", {"tagged"}, "v1");
  const Digest image = registry.image("app", {"layer"});
  registry.quarantine(RegistryBuilder::revision("app", image), kTaken);
  registry.tree.touch(RegistryBuilder::data(image), kNow - kHour);
  registry.quarantine(RegistryBuilder::data(image), kTaken);
  take(digest_of("layer"));
  expect_none();
}

// -- P12: revisions

class SecondOpinionOfRevisions : public SecondOpinion {
 protected:
  Digest tagged = registry.image("app", {"tagged"}, "v1"),
         untagged = registry.image("app", {"untagged"});
  SecondOpinionOfRevisions() {
    policy.delete_untagged = true;
    take_revision("app", untagged);
  }
};

TEST_F(SecondOpinionOfRevisions, UntaggedOnesGoIfAskedFor) {
  expect_none();
  policy.delete_untagged = false;
  EXPECT_EQ(why(), "untagged manifests are kept");
}

TEST_F(SecondOpinionOfRevisions, OneThatIsNotThereIsNobodysLoss) {
  registry.tree.remove(RegistryBuilder::revision("app", untagged));
  take_revision("nowhere", untagged);
  policy.delete_untagged = false;
  expect_none();
}

TEST_F(SecondOpinionOfRevisions, ATagAnIndexOrAnyStringOfAKeptOneKeepsIt) {
  registry.tag("other", "v1", untagged);
  expect_none();
  registry.tag("app", "again", untagged);
  EXPECT_EQ(why(), "app:again needs it");
  registry.tree.remove(layout::tag("app", "again"));
  registry.index("app", {registry.index("app", {untagged})}, "multi");
  EXPECT_EQ(why(), "app:multi needs it");
  registry.tree.remove(layout::tag("app", "multi"));
  EXPECT_EQ(why(), "app has its revision link");  // of the index
}

TEST_F(SecondOpinionOfRevisions, ItsSubjectKeepsItAndItDoesNotKeepItsSubject) {
  const Digest signature = registry.image("app", {"signature"}, "", untagged);
  const Digest of_signature = registry.image("app", {"signature of a signature"}, "", signature);
  take_revision("app", signature);
  take_revision("app", of_signature);
  expect_none();
  registry.tag("app", "sig", of_signature);
  EXPECT_EQ(names_of(answer()),
            std::set<std::string>{"revision " + of_signature.text() + " of app"});
  registry.tree.remove(layout::tag("app", "sig"));
  registry.tag("app", "again", untagged);
  expect_all();
}

TEST_F(SecondOpinionOfRevisions, ProtectionAndRootsKeepIt) {
  policy.protect = {"a*p"};
  EXPECT_EQ(why(), "app is protected");
  policy.protect = {"b*"};
  policy.roots = {{std::nullopt, untagged}};
  EXPECT_EQ(why(), "--roots names it");
  policy.roots = {{"app", untagged}};
  EXPECT_EQ(why(), "--roots names it");
  policy.roots = {{"other", untagged}};
  EXPECT_EQ(why(), "--roots names it");  // no such repository: it counts in every one
  registry.layer("other", "x");
  expect_none();
}

TEST_F(SecondOpinionOfRevisions, YoungByAnyLinkOfItsRepositoryItsBlobOrDirectory) {
  registry.tag("app", "moved", untagged);
  registry.tag("app", "moved", tagged);
  registry.link_layer("app", untagged);
  expect_none();
  for (const std::string& key :
       {RegistryBuilder::data(untagged), layout::blob(untagged),
        RegistryBuilder::revision("app", untagged), RegistryBuilder::layer_link("app", untagged),
        layout::tag("app", "moved") + "/index/" + layout::digest_path(untagged) + "/link"}) {
    registry.tree.touch(key, kNow - kHour);
    EXPECT_EQ(why(), "it is young") << key;
    registry.tree.touch(key, kNow - 30 * kDay);
    expect_none();
  }
}

TEST_F(SecondOpinionOfRevisions, ARepositoryThatDoesNotTellItsTagsIsLeftAlone) {
  registry.tree.directory(layout::tag("app", "pending"), registry.time());
  EXPECT_EQ(why(), "app does not tell its tags");
  registry.tree.remove(layout::tag("app", "pending"));
  expect_none();
  registry.image("other", {"elsewhere"}, "v1");
  registry.tree.remove("repositories/app/_manifests/tags");
  EXPECT_EQ(why(), "app does not tell its tags");
}

TEST_F(SecondOpinionOfRevisions, ADanglingTagKeepsTheManifestsItPointedTo) {
  const Digest index = registry.blob(RegistryBuilder::index_json({untagged}));
  registry.tag("app", "v2", index);
  registry.tag("app", "v2", tagged);
  expect_none();
  registry.tag("app", "v2", digest_of("a flipped bit"));
  EXPECT_THAT(why(), HasSubstr("needed it once"));
  take(index);
  EXPECT_EQ(answer().size(), 1u);  // history alone keeps no blob
}

TEST_F(SecondOpinionOfRevisions, OneNewerThanEveryTagStaysUnlessItIsAChildOrAReferrer) {
  const std::string link = RegistryBuilder::revision("app", untagged);
  registry.tree.touch(link, kNow - 30 * kDay + kHour);
  expect_none();
  registry.tree.touch(link, kNow - 30 * kDay + kHour + Duration(1));
  EXPECT_EQ(why(), "it is newer than every tag");
  const Digest index = registry.index("app", {untagged});
  take_revision("app", index);
  expect_none();
  registry.tree.remove(RegistryBuilder::revision("app", index));
  registry.tree.remove(link.substr(0, link.rfind('/')));
  const Digest referrer = registry.image("app", {"signature"}, "", digest_of("gone"));
  registry.tree.touch(RegistryBuilder::revision("app", referrer), kNow - 2 * kDay);
  doomed = {};
  take_revision("app", referrer);
  expect_none();
}

TEST_F(SecondOpinionOfRevisions, ATagOfTheFutureIsNotTheNewest) {
  registry.tree.touch(RegistryBuilder::revision("app", untagged), kNow - 2 * kDay);
  registry.tag("other", "newer", tagged);
  registry.tree.touch(layout::tag_current_link("other", "newer"), kNow - kDay);
  expect_none();
  registry.tree.touch(layout::tag_current_link("other", "newer"), kNow + kDay);
  EXPECT_EQ(why(), "it is newer than every tag");
}

// -- layer links and empty repositories

TEST_F(SecondOpinion, LayerLinksGoOnlyWithEverythingTheyName) {
  registry.image("app", {"x"}, "v1");
  const Digest gone = digest_of("gone"), alias = digest_of("gone", Algorithm::sha512);
  registry.link_layer("app", gone);
  registry.link_layer("app", alias, gone);
  take_layer("app", gone);
  take_layer("app", alias);
  take_layer("app", digest_of("no such link"));
  expect_none();
  registry.blob("gone");
  EXPECT_EQ(answer().size(), 2u);
  registry.quarantine(RegistryBuilder::data(gone), kTaken);
  EXPECT_EQ(answer().size(), 2u);
  registry.tree.remove(layout::blob(gone));
  registry.tree.touch(RegistryBuilder::layer_link("app", gone), kNow - kHour);
  EXPECT_EQ(answer(), (Objections{{"layer link " + gone.text() + " of app", "it is young"}}));
  registry.tree.touch(RegistryBuilder::layer_link("app", gone), kTaken);
  registry.manifest("other", RegistryBuilder::image_json(alias, 4, {}), "v1");
  EXPECT_EQ(answer().size(), 2u);
  registry.tree.remove("repositories/other");
  expect_none();
  registry.manifest("other", RegistryBuilder::image_json(gone, 4, {}), "v1");
  EXPECT_EQ(answer().size(), 2u);
}

TEST_F(SecondOpinion, QuarantinedLayerLinksComeBackWithWhatTheyName) {
  registry.image("app", {"layer"}, "v1");
  registry.link_layer("app", digest_of("gone"));
  for (const char* bytes : {"layer", "gone"}) {
    registry.quarantine(RegistryBuilder::layer_link("app", digest_of(bytes)), kTaken);
    doomed.in_quarantine.layers.push_back({"app", digest_of(bytes)});
  }
  EXPECT_EQ(answer(),
            (Objections{{"quarantined layer link " + digest_of("layer").text() + " of app",
                         "app:v1 needs it"}}));
  registry.link_layer("app", digest_of("layer"));
  expect_none();
}

TEST_F(SecondOpinion, RepositoriesGoOnlyEmptyAndOld) {
  registry.image("app", {"x"}, "v1");
  registry.layer("empty", "old");
  doomed.empty_repositories = {"empty", "no such"};
  expect_none();
  registry.tree.touch("repositories/empty/_layers/sha256", kNow - kHour);
  EXPECT_EQ(why(), "a directory in it is young");
  registry.tree.touch("repositories/empty/_layers/sha256", kNow - 30 * kDay);
  registry.tree.file("repositories/empty/_uploads/uuid/data", "x", registry.time());
  EXPECT_EQ(why(), "it has uploads");
  registry.tree.remove("repositories/empty/_uploads");
  expect_none();
  registry.ago(kHour).layer("empty", "young");
  EXPECT_EQ(why(), "a link in it is young");
  doomed.empty_repositories = {"app"};
  EXPECT_EQ(why(), "it has tags");
  registry.tree.remove(layout::tag("app", "v1"));
  EXPECT_EQ(why(), "it has manifests");
}

}  // namespace
}  // namespace regctl::gc
