// P3: damage that was read pins the repositories that link or reach it, and nothing else. One row a
// fault: F1 to F10, F24, F30 to F38.
#include "registry/scan.h"
#include "tests/support/scene.h"
#include "tests/support/troubled_storage.h"

namespace regctl::gc {
namespace {

using namespace test;

std::string spelled_in_upper_case(const Digest& digest) {
  std::string text = digest.text();
  for (std::size_t i = text.find(':'); i < text.size(); ++i)
    text[i] = static_cast<char>(std::toupper(text[i]));
  return text;
}

// Sound bytes behind a revision link and a tag, whatever they are.
void push(Scene& scene, const std::string& bytes) { scene.registry.manifest("app", bytes, "odd"); }

class P3DamagePins : public testing::TestWithParam<Case> {
 protected:
  P3DamagePins() {
    scene.read_all();
    GetParam().change(scene);
  }
  Scene scene;
};

TEST_P(P3DamagePins, ItsRepositoryAndNoOther) {
  const Looked findings = Look().at(scene.registry);
  EXPECT_EQ(codes(findings.plan.blockers), Codes{});
  EXPECT_EQ(codes(findings.plan.warnings), GetParam().codes);
  EXPECT_EQ(planned(findings), Digests{scene.elsewhere});
  ASSERT_EQ(findings.plan.layer_links.size(), 1u);  // with what it names
  EXPECT_EQ(findings.plan.layer_links[0].digest, scene.elsewhere);
  EXPECT_FALSE(planned_manifests(findings).contains({"app", scene.image}));
}

TEST_P(P3DamagePins, EveryRevisionWithDeleteUntagged) {
  const Looked findings = Look().delete_untagged().at(scene.registry);
  EXPECT_EQ(codes(findings.plan.blockers), Codes{});
  EXPECT_EQ(planned_manifests(findings), (Manifests{{"other", scene.other_untagged}}));
  EXPECT_EQ(planned(findings).size(),
            4u);  // that manifest, its configuration and layer, and what nothing needed
  EXPECT_TRUE(planned(findings).contains(scene.elsewhere));
}

TEST_P(P3DamagePins, OrRefusesIfAskedTo) {
  Look look;
  look.wishes.margins.on_damage = OnDamage::refuse;
  const Looked findings = look.at(scene.registry);
  EXPECT_EQ(codes(findings.plan.blockers), GetParam().codes);
  EXPECT_EQ(codes(findings.plan.warnings), Codes{});
}

INSTANTIATE_TEST_SUITE_P(
    Links, P3DamagePins,
    testing::Values(
        Case{"F1EmptyRevisionLink",
             [](Scene& s) { s.bytes(s.revision_link()).clear(); },
             {"link-empty"}},
        Case{"F1EmptyLayerLink", [](Scene& s) { s.bytes(s.layer_link()).clear(); }, {"link-empty"}},
        Case{"F1ShortRevisionLink",
             [](Scene& s) { s.bytes(s.revision_link()).resize(20); },
             {"link-invalid"}},
        Case{"F2Newline", [](Scene& s) { s.bytes(s.revision_link()) += "\n"; }, {"link-invalid"}},
        Case{"F2CarriageReturn",
             [](Scene& s) { s.bytes(s.layer_link()) += "\r\n"; },
             {"link-invalid"}},
        Case{"F2Space",
             [](Scene& s) { s.bytes(s.revision_link()).insert(0, " "); },
             {"link-invalid"}},
        Case{"F2ByteOrderMark",
             [](Scene& s) { s.bytes(s.revision_link()).insert(0, "\xEF\xBB\xBF"); },
             {"link-invalid"}},
        Case{"F2Nul", [](Scene& s) { s.bytes(s.revision_link()) += '\0'; }, {"link-invalid"}},
        Case{"F2Garbage",
             [](Scene& s) { s.bytes(s.revision_link()) = "not a digest at all"; },
             {"link-invalid"}},
        Case{"F3RevisionNamesAnother",
             [](Scene& s) { s.bytes(s.revision_link()) = s.other_image.text(); },
             {"link-name-mismatch"}},
        Case{"F3LayerNamesAnother",
             [](Scene& s) { s.bytes(s.layer_link()) = s.loose.text(); },
             {"link-name-mismatch"}},
        Case{"F5UpperCaseInALink",
             [](Scene& s) { s.bytes(s.revision_link()) = spelled_in_upper_case(s.image); },
             {"link-invalid"}},
        Case{"F5UpperCaseDirectory",
             [](Scene& s) {
               const std::string hex = spelled_in_upper_case(s.image).substr(7);
               s.put("repositories/app/_manifests/revisions/sha256/" + hex + "/link",
                     s.image.text());
             },
             {"link-invalid"}},
        Case{"F6UnknownAlgorithmInALink",
             [](Scene& s) { s.bytes(s.layer_link()) = "blake3:" + s.layer.hex(); },
             {"link-invalid"}},
        Case{"F6UnknownAlgorithmOfLayers",
             [](Scene& s) {
               s.put("repositories/app/_layers/blake3/" + s.layer.hex() + "/link",
                     "blake3:" + s.layer.hex());
             },
             {"link-invalid"}},
        Case{"F6TarsumLinksOfOldRegistries",
             [](Scene& s) {
               s.put("repositories/app/_layers/tarsum/v1/sha256/" + s.layer.hex() + "/link",
                     s.layer.text());
             },
             {"link-invalid"}},
        Case{"F6WrongLength", [](Scene& s) { s.bytes(s.layer_link()) += "00"; }, {"link-invalid"}},
        Case{"F8LongLink",
             [](Scene& s) { s.bytes(s.revision_link()) += std::string(5000, ' '); },
             {"link-invalid"}},
        Case{"F8HugeLink",
             [](Scene& s) { s.bytes(s.layer_link()).append(std::size_t{16} << 20, '\0'); },
             {"link-invalid"}},
        Case{"F9RevisionLinkIsADirectory",
             [](Scene& s) { s.replace_by_directory(s.revision_link()); },
             {"link-invalid"}},
        Case{"F9LayerLinkIsADirectory",
             [](Scene& s) { s.replace_by_directory(s.layer_link()); },
             {"link-invalid"}},
        Case{"F10RevisionWithoutHex",
             [](Scene& s) {
               s.put("repositories/app/_manifests/revisions/sha256/backup/link", s.image.text());
             },
             {"link-invalid"}},
        Case{"F10LayerWithoutHex",
             [](Scene& s) { s.put("repositories/app/_layers/sha256/abc/link", s.layer.text()); },
             {"link-invalid"}},
        Case{"F13UnknownDirectoryAmongManifests",
             [](Scene& s) { s.put("repositories/app/_manifests/backup/link", s.layer.text()); },
             {"link-invalid"}},
        Case{"F24RevisionLinkIsAPipe",
             [](Scene& s) { s.replace_by_device(s.revision_link()); },
             {"link-invalid"}}),
    name_of_case);

INSTANTIATE_TEST_SUITE_P(
    Manifests, P3DamagePins,
    testing::Values(
        Case{"F30Missing", [](Scene& s) { s.tree.remove(s.data()); }, {"manifest-missing"}},
        Case{"F30MissingWithItsDirectory",
             [](Scene& s) { s.tree.remove(layout::blob(s.image)); },
             {"manifest-missing"}},
        Case{"F4RevisionOfNothing",
             [](Scene& s) { s.registry.link_revision("app", digest_of("nowhere")); },
             {"manifest-missing"}},
        Case{"F31FlippedBit",
             [](Scene& s) { s.bytes(s.data())[20] ^= 1; },
             {"manifest-digest-mismatch"}},
        Case{"F31ReferencesLost",
             [](Scene& s) { s.bytes(s.data()) = "{}"; },
             {"manifest-digest-mismatch"}},
        Case{"F32Empty", [](Scene& s) { s.bytes(s.data()).clear(); }, {"manifest-digest-mismatch"}},
        Case{"F32Truncated",
             [](Scene& s) { s.bytes(s.data()).resize(40); },
             {"manifest-digest-mismatch"}},
        Case{"F32SoundButEmpty", [](Scene& s) { push(s, ""); }, {"manifest-unparsable"}},
        Case{"F33NotJson",
             [](Scene& s) { push(s, "a layer, by the looks of it"); },
             {"manifest-unparsable"}},
        Case{"F33AnArray", [](Scene& s) { push(s, "[]"); }, {"manifest-unparsable"}},
        Case{"F33AString",
             [](Scene& s) { push(s, "\"" + s.loose.text() + "\""); },
             {"manifest-unparsable"}},
        Case{"F38ByteOrderMark",
             [](Scene& s) { push(s, "\xEF\xBB\xBF{}"); },
             {"manifest-unparsable"}},
        Case{"F38Nul",
             [](Scene& s) { push(s, std::string("{\"a\":\"\0\"}", 9)); },
             {"manifest-unparsable"}},
        Case{"F38SomethingBehind", [](Scene& s) { push(s, "{} {}"); }, {"manifest-unparsable"}},
        Case{"F37OverTheLimit",
             [](Scene& s) { push(s, "{}" + std::string(kLargestManifest, ' ')); },
             {"manifest-unparsable"}},
        Case{"F9DataIsADirectory",
             [](Scene& s) { s.replace_by_directory(s.data()); },
             {"manifest-unparsable"}},
        Case{"F24DataIsAPipe",
             [](Scene& s) { s.replace_by_device(s.data()); },
             {"manifest-unparsable"}}),
    name_of_case);

// Tags that cannot be read: their repository is pinned as well, and named once more with
// --delete-untagged.
class P3DamagedTagPins : public testing::TestWithParam<Case> {
 protected:
  P3DamagedTagPins() { GetParam().change(scene); }
  Scene scene;
};

TEST_P(P3DamagedTagPins, ItsRepositoryAndAllItEverPointedTo) {
  const Digest hidden_layer = scene.registry.blob("layer of a former image");
  const Digest former = scene.registry.blob(RegistryBuilder::image_json(hidden_layer, 23, {}));
  scene.put(layout::tag("app", "v1") + "/index/" + layout::digest_path(former) + "/link",
            former.text());
  const Looked findings = Look().at(scene.registry);
  EXPECT_EQ(planned(findings), Digests{scene.elsewhere});
  EXPECT_EQ(codes(findings.plan.warnings), GetParam().codes);
  EXPECT_EQ(codes(findings.plan.blockers), Codes{});
}

TEST_P(P3DamagedTagPins, EveryRevisionWithDeleteUntagged) {
  const Looked findings = Look().delete_untagged().at(scene.registry);
  EXPECT_EQ(planned_manifests(findings), (Manifests{{"other", scene.other_untagged}}));
  EXPECT_EQ(codes(findings.plan.warnings), GetParam().codes);
}

INSTANTIATE_TEST_SUITE_P(
    Tags, P3DamagedTagPins,
    testing::Values(
        Case{"F1Empty", [](Scene& s) { s.bytes(s.tag_link()).clear(); }, {"link-empty"}},
        Case{"F2Newline", [](Scene& s) { s.bytes(s.tag_link()) += "\n"; }, {"link-invalid"}},
        Case{"F5UpperCase",
             [](Scene& s) { s.bytes(s.tag_link()) = spelled_in_upper_case(s.image); },
             {"link-invalid"}},
        Case{"F8Long",
             [](Scene& s) { s.bytes(s.tag_link()) += std::string(5000, ' '); },
             {"link-invalid"}},
        Case{"F9ADirectory",
             [](Scene& s) { s.replace_by_directory(s.tag_link()); },
             {"link-invalid"}}),
    name_of_case);

TEST(P3Damage, F1ALinkThatIsBeingWrittenIsReadAgain) {
  Scene scene;
  const std::string link = scene.revision_link(), text = std::exchange(scene.bytes(link), "");
  int reads = 0;
  const auto write_meanwhile = [&](Verb verb, const std::string& key) {
    if (verb == Verb::read && key == link && ++reads == 2) scene.bytes(link) = text;
    return test::Answer::truth;
  };
  Look look;
  look.looking.settle = std::chrono::milliseconds(2000);
  const Looked findings = look.at(TroubledStorage(scene.tree.storage(), write_meanwhile));
  EXPECT_EQ(reads, 2);
  EXPECT_EQ(codes(findings.plan.warnings), Codes{});
  EXPECT_EQ(planned(findings), (Digests{scene.loose, scene.elsewhere}));
}

TEST(P3Damage, F3BothTheNameAndTheContentOfALinkStayAlive) {
  Scene scene;
  const Digest named =
      scene.registry.blob(RegistryBuilder::image_json(scene.registry.blob("only there"), 10, {}));
  scene.bytes(scene.revision_link()) = named.text();
  EXPECT_EQ(planned(Look().at(scene.registry)), Digests{scene.elsewhere});
}

// Upstream deletes the layers of all of these.
TEST(P3Damage, EveryDigestInsideADamagedThingStaysAlive) {
  for (const char* key : {"repositories/app/_layers/sha256/odd/link",
                          "repositories/app/_manifests/odd/deep/er/file"}) {
    Scene scene;
    const Digest layer = scene.registry.blob("layer behind a hint");
    const Digest manifest = scene.registry.blob(RegistryBuilder::image_json(layer, 19, {}));
    scene.put(key, "see " + spelled_in_upper_case(manifest) + "!");
    // "sha256" itself is not folded, only the hexadecimal digits are.
    scene.bytes(key).replace(4, 6, "sha256");
    EXPECT_EQ(planned(Look().at(scene.registry)), Digests{scene.elsewhere}) << key;
  }
}

TEST(P3Damage, F31EveryDigestInDamagedManifestBytesStaysAlive) {
  Scene scene;
  const Digest unlinked = scene.registry.blob("no link anywhere names this");
  const Digest image =
      scene.registry.manifest("app", RegistryBuilder::image_json(unlinked, 27, {}), "v2");
  scene.bytes(RegistryBuilder::data(image)) += "}}";
  EXPECT_EQ(planned(Look().at(scene.registry)), Digests{scene.elsewhere});
}

TEST(P3Damage, PinsEveryRepositoryThatReachesItThroughAnIndexOrATag) {
  Scene scene;
  const Digest index = scene.registry.index("reaching", {scene.image}, "latest");
  scene.registry.tag("pointing", "latest", scene.image);
  scene.registry.index("far", {index}, "latest");
  for (const char* repository : {"reaching", "pointing", "far"})
    scene.registry.layer(repository, std::string("loose in ") + repository);
  scene.bytes(scene.data())[20] ^= 1;
  EXPECT_EQ(planned(Look().at(scene.registry)), Digests{scene.elsewhere});
}

TEST(P3Damage, NeverMakesAnythingElseCollectable) {
  const Digests sound = [] {
    Scene scene;
    return planned(Look().at(scene.registry));
  }();
  Scene scene;
  scene.bytes(scene.data()).clear();
  const Looked findings = Look().at(scene.registry);
  EXPECT_EQ(sound, (Digests{scene.loose, scene.elsewhere}));
  EXPECT_EQ(planned(findings), Digests{scene.elsewhere});
  EXPECT_EQ(findings.plan.kept_pinned.count,
            3u);  // the layer and configuration nobody names now, and the loose one
}

TEST(P3Damage, AMissingManifestIsToldByTheLinksThatNameIt) {
  Scene scene;
  scene.registry.link_revision("other", scene.image);
  scene.tree.remove(layout::blob(scene.image));
  std::set<std::pair<std::string, std::string>> told;
  for (const report::Message& message : Look().at(scene.registry).plan.warnings) {
    EXPECT_TRUE(scene.tree.has(message.path)) << message.path;
    told.emplace(message.repository, message.path);
  }
  EXPECT_EQ(told, (std::set<std::pair<std::string, std::string>>{
                      {"app", RegistryBuilder::revision("app", scene.image)},
                      {"other", RegistryBuilder::revision("other", scene.image)}}));
}

TEST(P3Damage, PinnedLayerLinksStay) {
  Scene scene;
  scene.read_all();
  scene.registry.link_layer("app", digest_of("gone"));
  scene.registry.link_layer("other", digest_of("gone too"));
  EXPECT_EQ(Look().at(scene.registry).plan.layer_links.size(), 4u);
  scene.bytes(scene.layer_link()).clear();
  const Looked findings = Look().at(scene.registry);
  EXPECT_EQ(findings.plan.layer_links.size(), 2u);
  for (const LayerLinkRemoval& one : findings.plan.layer_links) EXPECT_EQ(one.repository, "other");
}

// Deleting a manifest leaves its directory: in a repository in doubt that is a name like any other.
TEST(P3Damage, NamesOfRevisionsWithoutALinkStayAlive) {
  Scene scene;
  scene.read_all();
  const Digest config = scene.registry.blob("config");
  const Digest deleted = scene.registry.manifest("app", RegistryBuilder::image_json(config, 6, {}));
  scene.tree.remove(RegistryBuilder::revision("app", deleted));
  EXPECT_EQ(planned(Look().at(scene.registry)),
            (Digests{config, deleted, scene.loose, scene.elsewhere}));
  scene.bytes(scene.layer_link()).clear();
  EXPECT_EQ(planned(Look().at(scene.registry)), Digests{scene.elsewhere});
}

TEST(P3Damage, AMessageNamesPlaceRepositoryAndDigest) {
  Scene scene;
  scene.bytes(scene.revision_link()).clear();
  const Looked findings = Look().at(scene.registry);
  ASSERT_EQ(findings.plan.warnings.size(), 1u);
  const report::Message& warning = findings.plan.warnings[0];
  EXPECT_EQ(warning.path, scene.revision_link());
  EXPECT_EQ(warning.repository, "app");
  EXPECT_EQ(warning.digest, scene.image);
  EXPECT_EQ(warning.arguments.size(), 2u);  // what it is, and what is done about it
}

}  // namespace
}  // namespace regctl::gc
