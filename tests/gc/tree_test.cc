// Wrong kinds of objects, wrong places and wrong names in the tree: what hides entries refuses (P2,
// F9, F17, F19, F20, F24), what merely does not belong there is a warning (F10 to F16).
#include "tests/support/scene.h"

namespace regctl::gc {
namespace {

using namespace test;

std::string shard_of(const Digest& digest) { return layout::blob_shard(digest); }

class P2WhatMayHideEntriesRefuses : public testing::TestWithParam<Case> {};

TEST_P(P2WhatMayHideEntriesRefuses, ThereIsABlocker) {
  Scene scene;
  GetParam().change(scene);
  const Looked findings = Look().at(scene.registry);
  EXPECT_EQ(codes(findings.plan.blockers), GetParam().codes);
}

INSTANTIATE_TEST_SUITE_P(
    F9FileWhereADirectoryBelongs, P2WhatMayHideEntriesRefuses,
    testing::Values(
        Case{"Layers",
             [](Scene& s) { s.replace_by_file("repositories/app/_layers"); },
             {"not-a-directory"}},
        Case{"LayersOfAnAlgorithm",
             [](Scene& s) { s.replace_by_file("repositories/app/_layers/sha256"); },
             {"not-a-directory"}},
        Case{"ALayer",
             [](Scene& s) {
               s.replace_by_file("repositories/app/_layers/" + layout::digest_path(s.layer));
             },
             {"not-a-directory"}},
        Case{"Manifests",
             [](Scene& s) { s.replace_by_file("repositories/app/_manifests"); },
             {"not-a-directory"}},
        Case{"Revisions",
             [](Scene& s) { s.replace_by_file("repositories/app/_manifests/revisions"); },
             {"not-a-directory"}},
        Case{"RevisionsOfAnAlgorithm",
             [](Scene& s) { s.replace_by_file("repositories/app/_manifests/revisions/sha256"); },
             {"not-a-directory"}},
        Case{"ARevision",
             [](Scene& s) {
               s.replace_by_file("repositories/app/_manifests/revisions/" +
                                 layout::digest_path(s.image));
             },
             {"not-a-directory"}},
        Case{"Tags",
             [](Scene& s) { s.replace_by_file("repositories/app/_manifests/tags"); },
             {"not-a-directory"}},
        Case{"Current",
             [](Scene& s) { s.replace_by_file(layout::tag("app", "v1") + "/current"); },
             {"not-a-directory"}},
        Case{"BlobsOfAnAlgorithm",
             [](Scene& s) { s.replace_by_file("blobs/sha256"); },
             {"not-a-directory"}},
        Case{"Shard", [](Scene& s) { s.replace_by_file(shard_of(s.layer)); }, {"not-a-directory"}},
        Case{"Blob",
             [](Scene& s) { s.replace_by_file(layout::blob(s.layer)); },
             {"not-a-directory"}},
        Case{"Blobs", [](Scene& s) { s.replace_by_file("blobs"); }, {"not-a-directory"}},
        Case{"Repositories",
             [](Scene& s) { s.replace_by_file("repositories"); },
             {"not-a-directory"}}),
    name_of_case);

INSTANTIATE_TEST_SUITE_P(
    F19SymbolicLink, P2WhatMayHideEntriesRefuses,
    testing::Values(
        Case{"Blobs", [](Scene& s) { s.replace_by_symlink("blobs"); }, {"symlink-in-tree"}},
        Case{"BlobsOfAnAlgorithm",
             [](Scene& s) { s.replace_by_symlink("blobs/sha256"); },
             {"symlink-in-tree"}},
        Case{"Shard",
             [](Scene& s) { s.replace_by_symlink(shard_of(s.layer)); },
             {"symlink-in-tree"}},
        Case{"Blob",
             [](Scene& s) { s.replace_by_symlink(layout::blob(s.layer)); },
             {"symlink-in-tree"}},
        Case{"DataOfAManifest",
             [](Scene& s) { s.replace_by_symlink(s.data()); },
             {"symlink-in-tree"}},
        Case{"Repositories",
             [](Scene& s) { s.replace_by_symlink("repositories"); },
             {"symlink-in-tree"}},
        Case{"Repository",
             [](Scene& s) { s.replace_by_symlink("repositories/app"); },
             {"symlink-in-tree"}},
        Case{"DanglingBesideRepositories",
             [](Scene& s) { s.replace_by_symlink("repositories/team"); },
             {"symlink-in-tree"}},
        Case{"NestedRepository",
             [](Scene& s) { s.replace_by_symlink("repositories/app/b"); },
             {"symlink-in-tree"}},
        Case{"Layers",
             [](Scene& s) { s.replace_by_symlink("repositories/app/_layers"); },
             {"symlink-in-tree"}},
        Case{"LayersOfAnAlgorithm",
             [](Scene& s) { s.replace_by_symlink("repositories/app/_layers/sha256"); },
             {"symlink-in-tree"}},
        Case{"ALayer",
             [](Scene& s) {
               s.replace_by_symlink("repositories/app/_layers/" + layout::digest_path(s.layer));
             },
             {"symlink-in-tree"}},
        Case{"LayerLink",
             [](Scene& s) {
               s.read_all();
               s.replace_by_symlink(s.layer_link());
             },
             {"symlink-in-tree"}},
        Case{"Manifests",
             [](Scene& s) { s.replace_by_symlink("repositories/app/_manifests"); },
             {"symlink-in-tree"}},
        Case{"Revisions",
             [](Scene& s) { s.replace_by_symlink("repositories/app/_manifests/revisions"); },
             {"symlink-in-tree"}},
        Case{"RevisionsOfAnAlgorithm",
             [](Scene& s) { s.replace_by_symlink("repositories/app/_manifests/revisions/sha256"); },
             {"symlink-in-tree"}},
        Case{"ARevision",
             [](Scene& s) {
               s.replace_by_symlink("repositories/app/_manifests/revisions/" +
                                    layout::digest_path(s.image));
             },
             {"symlink-in-tree"}},
        Case{"RevisionLink",
             [](Scene& s) { s.replace_by_symlink(s.revision_link()); },
             {"symlink-in-tree"}},
        Case{"Tags",
             [](Scene& s) { s.replace_by_symlink("repositories/app/_manifests/tags"); },
             {"symlink-in-tree"}},
        Case{"Tag",
             [](Scene& s) { s.replace_by_symlink(layout::tag("app", "v1")); },
             {"symlink-in-tree"}},
        Case{"Current",
             [](Scene& s) { s.replace_by_symlink(layout::tag("app", "v1") + "/current"); },
             {"symlink-in-tree"}},
        Case{"TagLink", [](Scene& s) { s.replace_by_symlink(s.tag_link()); }, {"symlink-in-tree"}},
        Case{"InADirectoryOfUnknownMeaning",
             [](Scene& s) { s.replace_by_symlink("repositories/app/_layers/tarsum/v1"); },
             {"symlink-in-tree"}},
        Case{"Uploads",
             [](Scene& s) { s.replace_by_symlink("repositories/app/_uploads"); },
             {"symlink-in-tree"}}),
    name_of_case);

INSTANTIATE_TEST_SUITE_P(
    F24DeviceWhereADirectoryBelongs, P2WhatMayHideEntriesRefuses,
    testing::Values(Case{"Repository",
                         [](Scene& s) { s.replace_by_device("repositories/app"); },
                         {"not-a-directory"}},
                    Case{"Tag",
                         [](Scene& s) { s.replace_by_device(layout::tag("app", "v1")); },
                         {"not-a-directory"}},
                    Case{"Shard",
                         [](Scene& s) { s.replace_by_device(shard_of(s.layer)); },
                         {"not-a-directory"}}),
    name_of_case);

INSTANTIATE_TEST_SUITE_P(
    F17UnknownDirectory, P2WhatMayHideEntriesRefuses,
    testing::Values(Case{"AmongRepositories",
                         [](Scene& s) { s.put("repositories/_trash/x", ""); },
                         {"unknown-directory"}},
                    Case{"LayersOfNoRepository",
                         [](Scene& s) { s.put("repositories/_layers/sha256/x", ""); },
                         {"unknown-directory"}},
                    Case{"InARepository",
                         [](Scene& s) { s.put("repositories/app/_referrers/x", ""); },
                         {"unknown-directory"}},
                    Case{"InANamespace",
                         [](Scene& s) { s.put("repositories/team/_x/y", ""); },
                         {"unknown-directory"}},
                    Case{"AmongManifests",
                         [](Scene& s) { s.put("repositories/app/_manifests/_x/y", ""); },
                         {"unknown-directory"}}),
    name_of_case);

// Nothing of it is ever a reference, nor hides one: the plan is that of the scene without it.
class WhatDoesNotBelong : public testing::TestWithParam<Case> {};

TEST_P(WhatDoesNotBelong, ChangesNothingInThePlan) {
  Scene scene;
  GetParam().change(scene);
  const Looked findings = Look().at(scene.registry);
  EXPECT_EQ(codes(findings.plan.blockers), Codes{});
  EXPECT_EQ(codes(findings.plan.warnings), GetParam().codes);
  EXPECT_EQ(planned(findings), (Digests{scene.loose, scene.elsewhere}));
  const Looked untagged = Look().delete_untagged().at(scene.registry);
  EXPECT_EQ(planned_manifests(untagged),
            (std::set<std::pair<std::string, Digest>>{{"app", scene.untagged},
                                                      {"other", scene.other_untagged}}));
}

INSTANTIATE_TEST_SUITE_P(
    Files, WhatDoesNotBelong,
    testing::Values(
        // Upstream (2.8) deletes the blobs of every repository that sorts behind such a file.
        Case{"UnderscoreFileAmongRepositories",
             [](Scene& s) { s.put("repositories/_note", ""); },
             {"unexpected-file"}},
        Case{"UnderscoreFileInARepository",
             [](Scene& s) { s.put("repositories/app/_note", ""); },
             {"unexpected-file"}},
        Case{"FileAmongRepositories",
             [](Scene& s) { s.put("repositories/README", ""); },
             {"unexpected-file"}},
        Case{"FileInARepository",
             [](Scene& s) { s.put("repositories/app/backup.tar", ""); },
             {"unexpected-file"}},
        Case{"FileAmongTags",
             [](Scene& s) { s.put(layout::tag("app", "v2.bak"), ""); },
             {"unexpected-file"}},
        Case{"FileAmongManifests",
             [](Scene& s) { s.put("repositories/app/_manifests/x", ""); },
             {"unexpected-file"}},
        Case{"FileAmongRevisions",
             [](Scene& s) { s.put("repositories/app/_manifests/revisions/sha256/x", ""); },
             {"unexpected-file"}},
        Case{"FileAmongBlobs",
             [](Scene& s) { s.put("blobs/sha256/data", "x"); },
             {"unexpected-file"}},
        Case{"FileInAShard",
             [](Scene& s) { s.put(shard_of(s.layer) + "/x", ""); },
             {"unexpected-file"}},
        Case{"FileBesideData",
             [](Scene& s) {
               s.read_all();
               s.put(layout::blob(s.loose) + "/data.bak", "x");
             },
             {"unexpected-file"}},
        Case{"F10WrongShard",
             [](Scene& s) { s.put("blobs/sha256/zz/" + s.image.hex() + "/data", "x"); },
             {"blob-misplaced"}},
        Case{"F10WrongFanOut",
             [](Scene& s) {
               const std::string shard = s.image.hex().starts_with("00") ? "11" : "00";
               s.put("blobs/sha256/" + shard + '/' + s.image.hex() + "/data", "x");
             },
             {"blob-misplaced"}},
        Case{"F10NoHex",
             [](Scene& s) { s.put(shard_of(s.image) + "/backup/data", "x"); },
             {"blob-misplaced"}},
        Case{"F6UnknownAlgorithm",
             [](Scene& s) { s.put("blobs/blake3/00/00ff/data", "x"); },
             {"blob-misplaced"}}),
    name_of_case);

INSTANTIATE_TEST_SUITE_P(
    Litter, WhatDoesNotBelong,
    testing::Values(
        Case{"F12TemporaryLink",
             [](Scene& s) {
               s.put(s.revision_link() + ".0193f0e2-8d7a-7000-8000-000000000000.tmp", "sha");
             },
             {}},
        Case{"F12TemporaryData",
             [](Scene& s) {
               s.put(RegistryBuilder::data(s.loose) + ".0193f0e2-8d7a-7000-8000-000000000000.tmp",
                     "half");
             },
             {}},
        Case{"F13LostAndFound", [](Scene& s) { s.put("repositories/lost+found/#1", ""); }, {}},
        Case{"F13LostAndFoundBesideBlobs", [](Scene& s) { s.put("blobs/lost+found/#1", ""); }, {}},
        Case{"F13Snapshot",
             [](Scene& s) { s.put("repositories/.snapshot/hourly/_manifests/x", ""); },
             {}},
        Case{"F13SilentlyRenamed",
             [](Scene& s) { s.put(layout::blob(s.loose) + "/.nfs000000000000abcd", "x"); },
             {}},
        Case{"F13Synology",
             [](Scene& s) { s.put("repositories/app/_manifests/tags/@eaDir/x", ""); },
             {}},
        Case{"F13MacAmongTags",
             [](Scene& s) { s.put("repositories/app/_manifests/tags/.DS_Store", "x"); },
             {}},
        Case{"F13MacAmongLayers",
             [](Scene& s) { s.put("repositories/app/_layers/.DS_Store", "x"); },
             {}},
        Case{"F13MacAmongManifests",
             [](Scene& s) { s.put("repositories/app/_manifests/._revisions", "x"); },
             {}}),
    name_of_case);

TEST(F11RevisionDirectoryWithoutALink, IsARootWhileItIsYoungAndNothingWhenItIsOld) {
  Scene scene;
  const Digest layer = scene.registry.blob("layer of what is being pushed");
  const Digest manifest = scene.registry.blob(RegistryBuilder::image_json(layer, 29, {}));
  const std::string directory =
      "repositories/app/_manifests/revisions/" + layout::digest_path(manifest);
  scene.tree.directory(directory, kNow - kHour);
  EXPECT_EQ(planned(Look().at(scene.registry)), (Digests{scene.loose, scene.elsewhere}));
  scene.tree.touch(directory, kNow + kHour);
  EXPECT_EQ(planned(Look().keep_younger_than(Duration(0)).at(scene.registry)),
            (Digests{scene.loose, scene.elsewhere}));
  scene.tree.touch(directory, kNow - kDay);
  const Looked findings = Look().at(scene.registry);
  EXPECT_EQ(planned(findings), (Digests{scene.loose, scene.elsewhere, layer, manifest}));
  EXPECT_EQ(codes(findings.plan.warnings), Codes{});
}

TEST(P14NamesAreUntrusted, F14AnyLegalBytesAreARepositoryAndATag) {
  for (const std::string& name : {std::string("-n"), std::string("[::1]:5000"), std::string("A:b"),
                                  std::string(255, 'x') + "/" + std::string(255, 'y')}) {
    RegistryBuilder registry;
    registry.image(name, {"kept"}, "v1");
    registry.image(name, {"kept too"}, name.substr(0, name.find('/')));
    const Digest loose = registry.layer(name, "loose");
    const Looked findings = Look().at(registry);
    EXPECT_EQ(planned(findings), Digests{loose}) << testing::PrintToString(name);
    EXPECT_EQ(codes(findings.plan.blockers), Codes{});
  }
}

TEST(P14NamesAreUntrusted, F17AnIllegalNameIsARepositoryAllTheSame) {
  for (const char* name : {"good/BAD", "a..b", "-x", "localhost:5000/app", "[::1]/app", "BAD"}) {
    RegistryBuilder registry;
    registry.image(name, {"kept"}, "v1");
    const Digest loose = registry.layer(name, "loose");
    const Looked findings = Look().at(registry);
    EXPECT_EQ(planned(findings), Digests{loose}) << name;
    EXPECT_EQ(codes(findings.plan.warnings), Codes{"illegal-name"}) << name;
  }
}

// What NAS boxes, desktops, file systems, backup and synchronising programs leave anywhere.
const std::string kForeign[] = {".AppleDouble", ".Trash-1000", ".nfs000000000001", "._data",
                                ".DS_Store",    "@eaDir",      "#recycle",         "lost+found",
                                "~tmp",         "a b",         "caf\u00e9",        "esc\x1b[2J",
                                "\xff\xfe",     "new\nline",   ".stversions",      "<b>",
                                "..hidden..",   "x\\y"};

TEST(ForeignNames, HideNothingAnywhere) {
  for (const std::string& name : kForeign) {
    SCOPED_TRACE(testing::PrintToString(name));
    for (const EntryKind kind : {EntryKind::directory, EntryKind::file, EntryKind::symlink}) {
      Scene scene;
      const Digests garbage = planned(Look().delete_untagged().at(scene.registry));
      std::vector<std::string> directories{"blobs", "repositories"};
      for (const auto& [key, node] : scene.tree.nodes()) {
        if (node.kind == EntryKind::directory) directories.push_back(key);
      }
      for (const std::string& directory : directories) {
        const std::string key = layout::join(directory, name);
        if (kind == EntryKind::directory)
          scene.put(key + "/link", scene.image.text());
        else if (kind == EntryKind::file)
          scene.put(key, "x");
        else
          scene.tree.symlink(key, "/elsewhere", scene.registry.time());
      }
      const Looked found = Look().delete_untagged().at(scene.registry);
      EXPECT_EQ(planned(found), garbage);
      EXPECT_EQ(codes(found.plan.blockers), Codes{});
      EXPECT_EQ(codes(found.plan.warnings), Codes{});
      ASSERT_EQ(found.advice.size(), 1u);
      EXPECT_EQ(found.advice[0].code, report::Code::foreign_names);
      EXPECT_GT(found.advice[0].count, 20u);
    }
  }
}

TEST(ForeignNames, ARepositoryOfSuchANameIsNone) {
  Scene scene;
  scene.registry.image("caf\u00e9", {"nobody can pull this"}, "v1");
  EXPECT_TRUE(planned(Look().at(scene.registry)).contains(digest_of("nobody can pull this")));
}

TEST(F15OddTags, AreOrdinaryTags) {
  RegistryBuilder registry;
  const Digest digest = digest_of("anything");
  for (const std::string& tag :
       {std::string("_x"), "sha256-" + digest.hex(), "sha256-" + digest.hex() + ".sig",
        std::string(128, 't'), std::string("--help"), std::string("link")}) {
    registry.image("app", {"layer of " + tag}, tag);
  }
  const Digest untagged = registry.image("app", {"untagged"});
  const Looked findings = Look().delete_untagged().at(registry);
  EXPECT_EQ(planned_manifests(findings),
            (std::set<std::pair<std::string, Digest>>{{"app", untagged}}));
  EXPECT_EQ(codes(findings.plan.warnings), Codes{});
}

TEST(F16NestedNames, EveryDirectoryThatHoldsOneIsARepository) {
  RegistryBuilder registry;
  std::string deep = "d";
  for (int i = 0; i < 100; ++i) deep += "/d";
  Digests loose;
  for (const std::string& name :
       {std::string("a"), std::string("a/b"), std::string("a/tags/list"),
        std::string("a/manifests"), std::string("blobs/uploads"), std::string("repositories"),
        std::string("Host.example/app"), deep}) {
    registry.image(name, {"layer of " + name}, "latest");
    loose.insert(registry.layer(name, "loose in " + name));
  }
  const Looked findings = Look().at(registry);
  EXPECT_EQ(planned(findings), loose);
  EXPECT_EQ(findings.inventory.repositories.size(), 8u);
  EXPECT_EQ(codes(findings.plan.warnings), Codes{});
}

TEST(F16NestedNames, ARepositoryMayLackAnyOfItsDirectories) {
  RegistryBuilder registry;
  // An index only, as a cache has it: no _layers (upstream 2.8 deletes its manifests).
  registry.index("cache", {digest_of("never fetched")}, "latest");
  // Layers only: nothing but time holds them.
  const Digest layer = registry.layer("layers", "orphan");
  registry.tree.file("repositories/uploading/_uploads/0/startedat", "", registry.time());
  const Looked findings = Look().at(registry);
  EXPECT_EQ(planned(findings), Digests{layer});
  EXPECT_EQ(codes(findings.plan.blockers), Codes{});
  EXPECT_EQ(codes(findings.plan.warnings), Codes{});
  EXPECT_EQ(findings.inventory.repositories.size(), 3u);
}

}  // namespace
}  // namespace regctl::gc
