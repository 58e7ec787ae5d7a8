// Stores that are not ours to collect (contract 8), and the brake (--max-delete).
#include <gmock/gmock.h>

#include "tests/support/scene.h"

namespace regctl::gc {
namespace {

using namespace test;
using testing::IsEmpty;

using report::Code;
using report::Message;

const Message* find(const std::vector<Message>& messages, const std::string& code) {
  for (const Message& message : messages) {
    if (report::info_of(message.code).id == code) return &message;
  }
  return nullptr;
}

Codes blockers(const Look& look, const RegistryBuilder& registry) {
  return codes(look.at(registry).plan.blockers);
}

TEST(StoresOfOthers, GitLabsDatabaseRefusesAlways) {
  Scene scene;
  Look look;
  look.store.owned_by_database = true;
  EXPECT_EQ(blockers(look, scene.registry), Codes{"database-in-use"});
  EXPECT_EQ(blockers(look.delete_untagged(), scene.registry), Codes{"database-in-use"});
  EXPECT_EQ(blockers(look.offline(), scene.registry), Codes{"database-in-use"});
}

TEST(StoresOfOthers, F78APullThroughCacheRefusesOnlyDeleteUntagged) {
  Scene scene;
  Look look;
  look.store.pull_through_cache = true;
  EXPECT_EQ(blockers(look, scene.registry), Codes{});
  EXPECT_EQ(blockers(look.delete_untagged(), scene.registry), Codes{"pull-through-cache"});
}

TEST(StoresOfOthers, F78APullThroughCacheIsLegallyIncomplete) {
  RegistryBuilder registry;
  // A tag that was asked for only: tag, revision, manifest; neither layers nor children.
  const Digest image =
      registry.blob(RegistryBuilder::image_json(digest_of("config"), 6, {{digest_of("layer"), 5}}));
  registry.link_revision("library/alpine", image);
  registry.tag("library/alpine", "latest", image);
  registry.index("library/debian", {digest_of("amd64"), digest_of("arm64")}, "latest");
  // Tag before manifest, and a manifest whose revision link has expired.
  registry.tag("library/busybox", "latest", digest_of("not fetched yet"));
  const Digest expired = registry.blob("{}");
  Look look;
  look.store.pull_through_cache = true;
  const Looked findings = look.at(registry);
  EXPECT_EQ(planned(findings), Digests{expired});
  EXPECT_EQ(codes(findings.plan.warnings), Codes{});
  EXPECT_EQ(codes(findings.plan.blockers), Codes{});
}

TEST(StoresOfOthers, F79RevisionsWithoutATagAnywhereRefuseDeleteUntagged) {
  RegistryBuilder registry;
  registry.image("project/app", {"tagged in a database"});
  registry.layer("project/app", "garbage");
  EXPECT_EQ(blockers(Look(), registry), Codes{});
  EXPECT_EQ(blockers(Look().delete_untagged(), registry), Codes{"no-tags"});
  registry.tree.directory("repositories/project/app/_manifests/tags", registry.time());
  EXPECT_TRUE(blockers(Look().delete_untagged(), registry).contains("no-tags"));
}

TEST(StoresOfOthers, F79TagsSevenDaysOlderThanRevisionsRefuseDeleteUntagged) {
  RegistryBuilder registry;
  registry.ago(20 * kDay).image("app", {"the last tag"}, "v1");
  const Digest pushed = registry.ago(13 * kDay).image("app", {"pushed"});
  Look look = Look().delete_untagged();
  EXPECT_EQ(blockers(look, registry), Codes{});
  registry.tree.touch(RegistryBuilder::revision("app", pushed), kNow - 13 * kDay + Duration(1));
  EXPECT_EQ(blockers(look, registry), Codes{"tags-look-dead"});
  look.wishes.margins.insist = {Insisted::tags_look_dead};
  EXPECT_EQ(blockers(look, registry), Codes{});
  look.wishes.margins.insist.clear();
  EXPECT_EQ(blockers(Look(), registry), Codes{});
  registry.ago(12 * kDay).tag("other", "moved", pushed);
  EXPECT_EQ(blockers(look, registry), Codes{});
}

TEST(StoresOfOthers, F79ChildrenOfIndexesAreNoSignOfDeadTags) {
  RegistryBuilder registry;
  const Digest child = registry.ago(2 * kDay).image("app", {"child"});
  registry.ago(20 * kDay).index("app", {child}, "v1");
  EXPECT_EQ(blockers(Look().delete_untagged(), registry), Codes{});
}

TEST(StoresOfOthers, RepositoriesWithLayersButWithoutManifestsRefuse) {
  RegistryBuilder registry;
  registry.image("fine", {"tagged"}, "v1");
  for (const char* name : {"project/a", "project/b"}) registry.layer(name, name);
  EXPECT_EQ(blockers(Look(), registry), Codes{}) << "two may be pushes that never ended";
  // Old registries kept signatures beside a revision's link.
  const Digest gone = digest_of("kept in etcd");
  registry.layer("project/c", "c");
  const std::string link = RegistryBuilder::revision("project/c", gone);
  registry.tree.file(link.substr(0, link.rfind('/')) + "/signatures/sha256/x/link", "x",
                     registry.time());
  EXPECT_EQ(blockers(Look(), registry), Codes{"manifests-elsewhere"});
  Look insisting;
  insisting.wishes.margins.insist = {Insisted::manifests_elsewhere};
  EXPECT_EQ(blockers(insisting, registry), Codes{});
  for (int i = 0; i < 10; ++i) registry.image("fine" + std::to_string(i), {"tagged"}, "v1");
  EXPECT_EQ(blockers(Look(), registry), Codes{}) << "fewer than every fourth";
}

TEST(StoresOfOthers, WhatDeletionsLeaveIsNoSignOfManifestsElsewhere) {
  RegistryBuilder registry;
  for (const char* name : {"a", "b", "c", "d"}) {
    const Digest image = registry.image(name, {name});
    registry.tree.remove(RegistryBuilder::revision(name, image));
  }
  registry.image("fine", {"tagged"}, "v1");
  EXPECT_EQ(blockers(Look(), registry), Codes{});
}

TEST(StoresOfOthers, F82AnObjectStoreBehindAMountRefuses) {
  Scene scene;
  Look look;
  look.store.medium.name = "fuse.s3fs";
  EXPECT_EQ(blockers(look, scene.registry), Codes{"object-store"});
  for (const char* filesystem : {"fuse", "fuse.mergerfs", "fuseblk", "xfs"}) {
    look.store.medium.name = filesystem;
    EXPECT_EQ(blockers(look, scene.registry), Codes{}) << filesystem;
  }
}

TEST(StoresOfOthers, F82ARenameThatCopiesRefuses) {
  Scene scene;
  Look look;
  look.store.medium.name = "fuse";
  for (const auto& [renames, codes] : {std::pair(Renames::untried, Codes{}),
                                       {Renames::keep, Codes{}},
                                       {Renames::copy, Codes{"fuse"}},
                                       {Renames::fail, Codes{"fuse"}}}) {
    look.store.medium.renames = renames;
    EXPECT_EQ(blockers(look, scene.registry), codes);
  }
}

TEST(StoresOfOthers, F23MountPointsAreReadAcrossUnlessTheyAreEmpty) {
  Scene scene;
  Look look;
  look.store.medium.mounts = {{"blobs", "xfs"}, {"repositories/app", "xfs"}};
  EXPECT_EQ(blockers(look, scene.registry), Codes{});
  look.store.medium.mounts[0].hides_part = true;
  EXPECT_EQ(blockers(look, scene.registry), Codes{"empty-mount"});
}

// 1,000 bytes of live blobs, and as many of garbage in two.
RegistryBuilder half_garbage() {
  RegistryBuilder registry;
  const std::string config = "{}";
  const std::string layer(
      1000 - 2 - RegistryBuilder::image_json(digest_of(config), 2, {{digest_of(""), 500}}).size(),
      'x');
  registry.manifest("app",
                    RegistryBuilder::image_json(registry.layer("app", config), 2,
                                                {{registry.layer("app", layer), layer.size()}}),
                    "v1");
  registry.layer("app", std::string(300, 'a'));
  registry.layer("app", std::string(700, 'b'));
  return registry;
}

struct Brake {
  MaxDelete::Unit unit;
  std::uint64_t passes;
  Code code;
};

class MaxDeleteBrake : public testing::TestWithParam<Brake> {};

TEST_P(MaxDeleteBrake, NamesTheExactValueThatPasses) {
  const RegistryBuilder registry = half_garbage();
  Look look;
  look.wishes.margins.max_delete = {GetParam().unit, GetParam().passes};
  EXPECT_EQ(blockers(look, registry), Codes{});
  --look.wishes.margins.max_delete.value;
  const Looked findings = look.at(registry);
  const Message* message = find(findings.plan.blockers, "max-delete");
  ASSERT_NE(message, nullptr);
  EXPECT_EQ(message->code, GetParam().code);
  EXPECT_EQ(message->arguments.at(0), report::Argument(GetParam().passes));
  EXPECT_EQ(findings.plan.blobs.size(), 2u);  // the plan is shown all the same
}

INSTANTIATE_TEST_SUITE_P(
    Units, MaxDeleteBrake,
    testing::Values(Brake{MaxDelete::Unit::percent, 50, Code::max_delete_share_of_bytes},
                    Brake{MaxDelete::Unit::blobs, 2, Code::max_delete_blobs},
                    Brake{MaxDelete::Unit::bytes, 1000, Code::max_delete_bytes}));

TEST(MaxDelete, RoundsPercentUp) {
  RegistryBuilder registry = half_garbage();
  registry.layer("app", "c");
  Look look;
  look.wishes.margins.max_delete = MaxDelete{};
  const Looked findings = look.at(registry);
  const Message* message = find(findings.plan.blockers, "max-delete");
  ASSERT_NE(message, nullptr);
  EXPECT_EQ(message->code, Code::max_delete_share_of_bytes);
  EXPECT_EQ(message->arguments.at(0), report::Argument(std::uint64_t{51}));
}

TEST(MaxDelete, CountsRevisionsToo) {
  RegistryBuilder registry;
  const std::string large(100'000, 'x');
  registry.image("app", {large}, "v1");
  for (int i = 0; i < 3; ++i)
    registry.image("app", {large}, "", {}, "{\"n\":" + std::to_string(i) + "}");
  Look look = Look().delete_untagged();
  look.wishes.margins.max_delete = {MaxDelete::Unit::percent, 75};
  EXPECT_EQ(blockers(look, registry), Codes{});
  look.wishes.margins.max_delete.value = 74;
  const Looked findings = look.at(registry);
  const Message* message = find(findings.plan.blockers, "max-delete");
  ASSERT_NE(message, nullptr);
  EXPECT_EQ(message->code, Code::max_delete_share_of_manifests);
  EXPECT_EQ(message->arguments.at(0), report::Argument(std::uint64_t{75}));
  // Directories that the registry's own deletion leaves are no revisions.
  for (int i = 0; i < 100; ++i)
    registry.tree.directory("repositories/app/_manifests/revisions/" +
                                layout::digest_path(digest_of(std::to_string(i))),
                            registry.time());
  EXPECT_EQ(blockers(look, registry), Codes{"max-delete"});
}

TEST(F85TakesEverything, IsRefusedWhateverTheBrake) {
  RegistryBuilder registry;
  registry.tag("app", "v1", digest_of("nowhere"));
  registry.layer("app", "left");
  registry.layer("app", "right");
  Look look;
  EXPECT_EQ(blockers(look, registry), Codes{"takes-everything"});
  look.wishes.margins.max_delete = {MaxDelete::Unit::blobs, 1000};
  EXPECT_EQ(blockers(look, registry), Codes{"takes-everything"});
  registry.ago(kHour).layer("app", "young");
  EXPECT_EQ(blockers(look, registry), Codes{});
}

TEST(F85TakesEverything, EmptyDirectoriesAndQuarantineDoNotCountAsLeft) {
  RegistryBuilder registry;
  registry.tag("app", "v1", digest_of("nowhere"));
  registry.layer("app", "left");
  registry.tree.directory(layout::blob(digest_of("empty")), registry.time());
  const Digest taken = registry.layer("app", "taken");
  registry.quarantine(RegistryBuilder::data(taken), kNow - kHour);
  EXPECT_EQ(blockers(Look(), registry), Codes{"takes-everything"});
}

TEST(F59Clocks, AgesInTheFutureOrAtTheEpoch) {
  RegistryBuilder registry;
  registry.image("app", {"kept"}, "v1");
  const Digest future = registry.layer("app", "future"), epoch = registry.layer("app", "epoch");
  registry.tree.touch(RegistryBuilder::layer_link("app", future), kNow + Duration(1));
  for (const std::string& key : {RegistryBuilder::data(epoch),
                                 RegistryBuilder::layer_link("app", epoch), layout::blob(epoch)})
    registry.tree.touch(key, Time{});
  EXPECT_EQ(planned(Look().keep_younger_than(Duration(0)).at(registry)), Digests{epoch});
}

TEST(P11NothingYoungIsTaken, UpToTheNanosecond) {
  RegistryBuilder registry;
  registry.image("app", {"kept"}, "v1");
  const Digest just = registry.ago(kDay).layer("app", "a day old"),
               almost = registry.ago(kDay - Duration(1)).layer("app", "almost");
  EXPECT_EQ(planned(Look().at(registry)), Digests{just});
  EXPECT_EQ(planned(Look().keep_younger_than(kHour).at(registry)), (Digests{just, almost}));
}

// What has been uploaded may be linked, and named by a manifest, in a moment; what it names is kept
// with it.
TEST(P11NothingYoungIsTaken, AYoungManifestKeepsWhatItNames) {
  Scene scene;
  const Digest layer = scene.registry.blob("old layer");
  const Digest manifest = scene.registry.ago(kHour).blob(RegistryBuilder::image_json(layer, 9, {}));
  Look look;
  EXPECT_FALSE(planned(look.at(scene.registry)).contains(manifest));
  // As soon as a revision link calls it a manifest.
  scene.registry.link_revision("app", manifest);
  EXPECT_EQ(planned(look.at(scene.registry)), (Digests{scene.loose, scene.elsewhere}));
}

TEST(Uploads, AreTakenOnlyWhenAskedForAndOldByEveryTime) {
  Scene scene;
  const auto upload = [&](const std::string& uuid, const std::string& started, Duration newest) {
    const std::string key = "repositories/app/_uploads/" + uuid;
    scene.tree.file(key + "/startedat", started, kNow - newest);
    scene.tree.file(key + "/data", "part", kNow - newest);
    scene.tree.file(key + "/hashstates/sha256/4", "state", kNow - newest);
  };
  const std::string old = format_rfc3339(kNow - 10 * kDay);
  upload("old", old, 9 * kDay);
  upload("busy", old, kHour);
  upload("new", format_rfc3339(kNow - kDay), 9 * kDay);
  upload("unknown", "last week", 9 * kDay);
  Look look;
  EXPECT_THAT(look.at(scene.registry).plan.uploads, IsEmpty());
  look.wishes.margins.purge_uploads = 7 * kDay;
  const Looked findings = look.at(scene.registry);
  ASSERT_EQ(findings.plan.uploads.size(), 2u);
  EXPECT_EQ(findings.plan.uploads[0],
            (UploadRemoval{"app", "old", kNow - 10 * kDay, kNow - 9 * kDay, 4 + 5 + old.size()}));
  EXPECT_EQ(findings.plan.uploads[1].uuid, "unknown");
  EXPECT_EQ(findings.plan.uploads[1].started_at, std::nullopt);
}

// A full disk leaves an empty `startedat`, a cancelled push none.
TEST(Uploads, WithoutATimeOfBeginningAreAsOldAsTheNewestOfAllInside) {
  RegistryBuilder registry;
  registry.image("app", {"layer"}, "v1");
  const std::string top = "repositories/app/_uploads/";
  registry.tree.file(top + "full/startedat", "", kNow - 9 * kDay);
  registry.tree.file(top + "full-lately/startedat", "", kNow - 9 * kDay);
  registry.tree.directory(top + "full-lately", kNow - kHour);
  registry.tree.file(top + "cancelled/hashstates/sha256/4", "state", kNow - 9 * kDay);
  registry.tree.file(top + "cancelled-lately/hashstates/sha256/4", "state", kNow - 9 * kDay);
  registry.tree.touch(top + "cancelled-lately/hashstates/sha256", kNow - kHour);
  Look look;
  look.wishes.margins.purge_uploads = 7 * kDay;
  std::vector<std::string> taken;
  for (const UploadRemoval& one : look.at(registry).plan.uploads) taken.push_back(one.uuid);
  EXPECT_THAT(taken, testing::ElementsAre("cancelled", "full"));
}

TEST(Uploads, WhatWasCancelledIsNotInTheWayOfAnOfflineRun) {
  RegistryBuilder registry;
  registry.image("app", {"layer"}, "v1");
  const std::string top = "repositories/app/_uploads/1";
  registry.tree.file(top + "/hashstates/sha256/4", "state", kNow - kSecond);
  Look look = Look().offline();
  look.wishes.margins.uploads_idle = 10 * kHour / 60;
  EXPECT_EQ(blockers(look, registry), Codes{});
  registry.tree.file(top + "/data", "part", kNow - kSecond);
  EXPECT_EQ(blockers(look, registry), Codes{"upload-in-progress"});
}

TEST(EmptyRepositories, AreTakenOnlyWhenAskedForAndEmptyOfAllThatMatters) {
  Scene scene;
  scene.registry.layer("empty", "old layer");
  scene.tree.directory("repositories/empty/_manifests/revisions", scene.registry.time());
  scene.tree.file("repositories/uploading/_uploads/1/startedat", "", scene.registry.time());
  scene.registry.tag("tagged", "v1", digest_of("nowhere"));
  scene.registry.ago(kHour).layer("young", "young layer");
  scene.put("repositories/damaged/_layers/sha256/x/link", "");
  Look look;
  EXPECT_THAT(look.at(scene.registry).plan.empty_repositories, IsEmpty());
  look.wishes.margins.prune_empty_repositories = true;
  EXPECT_THAT(look.at(scene.registry).plan.empty_repositories, testing::ElementsAre("empty"));
}

// Old registries left signatures/ beside a revision's link, a NAS its own.
TEST(EmptyRepositories, OneThatCannotGoIsNamedWithWhatStandsInIt) {
  for (const std::string& stranger :
       {std::string("repositories/empty/_layers/@eaDir/x"),
        std::string("repositories/empty/_manifests/notes.txt"),
        "repositories/empty/_manifests/revisions/" + layout::digest_path(digest_of("deleted")) +
            "/signatures/sha256/x/link"}) {
    Scene scene;
    scene.registry.layer("empty", "old layer");
    scene.registry.layer("hollow", "old layer");
    scene.tree.file(stranger, "", scene.registry.time());
    Look look;
    look.wishes.margins.prune_empty_repositories = true;
    const Looked found = look.at(scene.registry);
    EXPECT_THAT(found.plan.empty_repositories, testing::ElementsAre("hollow")) << stranger;
    const Message* told = find(found.plan.warnings, "empty-repository-kept");
    ASSERT_TRUE(told) << stranger;
    EXPECT_EQ(told->repository, "empty");
    EXPECT_TRUE(stranger.starts_with(told->path)) << told->path;
  }
}

}  // namespace
}  // namespace regctl::gc
