// Which blobs must stay, and why (contract 3.1, 3.2, P1, P11): what is reachable, also through what
// is in quarantine, and what is young.
#include <gmock/gmock.h>

#include "tests/gc/doubting/asking.h"
#include "tests/support/troubled_storage.h"

namespace regctl::gc {
namespace {

using namespace test;
using testing::HasSubstr;

constexpr Duration kSecond = std::chrono::seconds(1);
const Time kTaken = kNow - 10 * kDay;

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

TEST_F(SecondOpinion, WhatRefersToWhatWaitsForItsLinkStaysWithIt) {
  registry.image("app", {"tagged"}, "v1");
  const Digest image = registry.image("app", {"layer"}),
               signature = registry.image("app", {"signature"}, "", image);
  registry.quarantine(RegistryBuilder::revision("app", signature), kTaken);
  const std::string link = RegistryBuilder::revision("app", image);
  registry.tree.remove(link);
  take(digest_of("signature"));
  expect_none();
  registry.tree.touch(link.substr(0, link.rfind('/')), kNow - kHour);
  EXPECT_EQ(why(), "app keeps its subject");
}

TEST_F(SecondOpinion, WhatWaitsForItsLinkKeepsNoCopy) {
  registry.image("app", {"tagged"}, "v1");
  const Digest image = registry.image("app", {"layer"});
  const std::string link = RegistryBuilder::revision("app", image);
  registry.tree.remove(link);
  registry.tree.touch(link.substr(0, link.rfind('/')), kNow - kHour);
  registry.quarantine(RegistryBuilder::data(digest_of("layer")), kTaken);
  purge(digest_of("layer"));
  expect_none();  // the push will upload it
}

TEST_F(SecondOpinion, WhatATagPointedToJustNowIsYoung) {
  const Digest former = registry.blob("{}");
  registry.tag("app", "v1", former);
  registry.image("app", {"layer"}, "v1");
  policy.delete_untagged = true;
  take(former);
  expect_none();
  registry.tree.touch(layout::tag("app", "v1") + "/index/" + layout::digest_path(former) + "/link",
                      kNow - kHour);
  EXPECT_EQ(why(), "a link to it is young");
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

}  // namespace
}  // namespace regctl::gc
