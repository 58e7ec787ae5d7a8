// Which revisions, layer links and repositories must stay, and why (contract P12).
#include <gmock/gmock.h>

#include "tests/gc/doubting/asking.h"

namespace regctl::gc {
namespace {

using namespace test;
using testing::HasSubstr;

const Time kTaken = kNow - 10 * kDay;

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

TEST_F(SecondOpinionOfRevisions, ACopyBesideANewLinkIsOneTooMany) {
  registry.quarantine(RegistryBuilder::revision("app", tagged), kTaken);
  doomed = {};
  take_revision("app", tagged);
  expect_none();  // it was taken already
  doomed = {};
  purge_revision("app", tagged);
  EXPECT_EQ(why(), "app:v1 needs it");
  registry.link_revision("app", tagged);
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
  registry.tree.symlink("repositories/b", "app", kNow);
  EXPECT_EQ(why(), "app is protected");  // by another name
  policy.protect = {"no/such"};
  registry.tree.symlink("repositories/app/self", "../app", kNow);
  EXPECT_EQ(why(), "app is protected");  // who knows what else it is called
  registry.tree.remove("repositories/app/self");
  policy.protect.clear();
  policy.roots = {{"b", untagged}};
  EXPECT_EQ(why(), "--roots names it");
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

TEST_F(SecondOpinionOfRevisions, YoungByTheCopyOfItsBlob) {
  registry.tree.touch(RegistryBuilder::data(untagged), kNow - kHour);
  registry.quarantine(RegistryBuilder::data(untagged), kTaken);
  EXPECT_EQ(why(), "it is young");
}

TEST_F(SecondOpinionOfRevisions, ARepositoryThatDoesNotTellItsTagsIsLeftAlone) {
  registry.tree.directory(layout::tag("app", "pending"), registry.time());
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

TEST_F(SecondOpinion, ALayerLinkStaysForBytesUnderItsOwnName) {
  registry.image("app", {"x"}, "v1");
  const Digest alias = digest_of("gone", Algorithm::sha512);
  registry.link_layer("app", alias, digest_of("gone"));
  take_layer("app", alias);
  expect_none();
  registry.tree.file(RegistryBuilder::data(alias), "gone", registry.time());
  EXPECT_EQ(why(), "the blob it names is there");
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

TEST_F(SecondOpinion, ARepositoryThatHoldsAnotherNameOfWhatIsNeededStays) {
  registry.image("app", {"x"}, "v1");
  registry.link_layer("alias", digest_of("layer", Algorithm::sha512), registry.blob("layer"));
  doomed.empty_repositories = {"alias"};
  expect_none();
  registry.image("app", {"layer"}, "v2");
  EXPECT_EQ(why(), "it has another name of a blob that is needed");
}

TEST_F(SecondOpinion, ARepositoryInDoubtStays) {
  registry.image("app", {"x"}, "v1");
  const Digest layer = registry.layer("damaged", "layer");
  doomed.empty_repositories = {"damaged"};
  expect_none();
  registry.tree.bytes(RegistryBuilder::layer_link("damaged", layer)).clear();
  EXPECT_THAT(why(), HasSubstr("damaged is in doubt: "));
}

}  // namespace
}  // namespace regctl::gc
