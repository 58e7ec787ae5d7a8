// The same bytes give the same inventory, and what keeps a scan from being complete is an obstacle.
#include "registry/scan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "registry/hasher.h"
#include "tests/support/scanning.h"
#include "tests/support/store_at.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/troubled_storage.h"

namespace regctl {
namespace {

using namespace test;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

// Sound and damaged, present and taken: something of everything that an inventory can hold.
RegistryBuilder something_of_everything(int images = 30) {
  RegistryBuilder registry;
  Tree& tree = registry.tree;
  for (int i = 0; i < images; ++i) {
    const std::string name = "team" + std::to_string(i % 3) + "/app" + std::to_string(i);
    const Digest one = registry.ago(i * kDay).image(name, {"shared", "layer " + name}, "v1");
    registry.image(name, {"shared", "other " + name}, "", one);
    registry.index(name, {one, digest_of("nowhere")}, "latest");
    registry.tag(name, "v1", one);
  }
  const Digest alias = digest_of("by sha512", Algorithm::sha512);
  registry.link_layer("alias", alias, registry.layer("alias", "by sha512"));
  const Digest damaged = registry.image("damaged", {"x"}, "v1"),
               missing = registry.image("damaged", {"y"}, "gone");
  tree.bytes(RegistryBuilder::data(damaged)) += ' ';
  tree.remove(RegistryBuilder::data(missing));
  registry.tag("damaged", "empty", registry.image("damaged", {"z"}));
  tree.bytes(layout::tag_current_link("damaged", "empty")).clear();
  tree.bytes(RegistryBuilder::layer_link("damaged", registry.layer("damaged", "w"))) =
      digest_of("v").text();
  tree.bytes(RegistryBuilder::layer_link("damaged", registry.layer("damaged", "v"))) =
      "nonsense " + digest_of("u").text();
  tree.file(layout::repository("damaged") + "/_manifests/other/link", digest_of("t").text(), kNow);
  const Digest pending = registry.manifest("pending", "{}");
  tree.remove(RegistryBuilder::revision("pending", pending));
  registry.quarantine(RegistryBuilder::data(registry.blob("taken")), kNow - kDay);
  const Digest doubly = registry.manifest("taken", R"({"config":{}})", "v1");
  registry.blob_at(doubly, R"({"config":{}})");
  registry.quarantine(RegistryBuilder::data(doubly), kNow - 2 * kDay, "first");
  registry.blob_at(doubly, R"({"config":{}})");
  registry.quarantine(RegistryBuilder::data(doubly), kNow - kDay, "second");
  registry.quarantine(RegistryBuilder::revision("taken", doubly), kNow - kDay);
  const std::string upload =
      layout::repository("team0/app0") + "/_uploads/b1a5f0e8-6d1c-4a6e-9a5e-0d6f6b1c2d3e";
  tree.file(upload + "/startedat", "2026-05-01T00:00:00Z", kNow - kDay);
  tree.file(upload + "/data", "half of it", kNow - kHour);
  tree.file("blobs/sha256/stray", "", kNow);
  tree.file("blobs/sha256/aa/" + std::string(64, 'b') + "/data", "misplaced", kNow);
  tree.directory("blobs/md5", kNow);
  tree.file(layout::repository("team0/app0") + "/_manifests/.DS_Store", "", kNow);
  tree.directory(layout::repository("team0/app0") + "/_unknown", kNow);
  tree.symlink(layout::repository("elsewhere"), "/mnt", kNow);
  tree.device(layout::repository("team1/app1") + "/_layers/sha256/fifo", kNow);
  return registry;
}

// Sizes on the disk and inodes are the file system's affair.
Inventory without_disk(Inventory inventory) {
  for (Blob& blob : inventory.blobs) {
    blob.disk_bytes = blob.inode = 0;
    blob.changed = {};
  }
  for (Quarantined& copy : inventory.quarantined) copy.disk_bytes = copy.inode = 0;
  for (Repository& repository : inventory.repositories) {
    for (auto* links : {&repository.layers, &repository.revisions}) {
      for (Link& link : *links) link.inode = 0;
    }
    for (Tag& tag : repository.tags) tag.inode = 0;
  }
  return inventory;
}

// Field by field, so that a failure says where.
void expect_equal(const Inventory& a, const Inventory& b) {
  ASSERT_TRUE(a.digests == b.digests);  // or no number means the same
  EXPECT_EQ(a.repositories.size(), b.repositories.size());
  for (std::size_t i = 0; i < std::min(a.repositories.size(), b.repositories.size()); ++i)
    EXPECT_TRUE(a.repositories[i] == b.repositories[i]) << a.repositories[i].name;
  EXPECT_TRUE(a.blobs == b.blobs);
  EXPECT_TRUE(a.documents == b.documents);
  EXPECT_TRUE(a.quarantined == b.quarantined);
  EXPECT_EQ(obstacles(a), obstacles(b));
  EXPECT_TRUE(a.strays == b.strays);
  EXPECT_TRUE(a == b);
}

// What cannot be listed hides nothing of what can.
TEST(Scan, AnAlgorithmThatCannotBeListedHidesNoOther) {
  RegistryBuilder registry;
  const Digest blob = registry.blob("sha256 comes first");
  registry.blob_at(digest_of("by sha512", Algorithm::sha512), "by sha512");
  const TroubledStorage storage(registry.tree.storage(), [](Verb, const std::string& key) {
    return key == "blobs/sha512" ? Answer::error : Answer::truth;
  });
  const Inventory inventory = scanned(storage);
  ASSERT_EQ(inventory.blob_directories.size(), 1u);
  EXPECT_EQ(inventory.digests[inventory.blob_directories[0]], blob);
  EXPECT_EQ(obstacles(inventory), (Places{{"read-error", "blobs/sha512"}}));
}

TEST(Scan, P13TheNumberOfWorkersDoesNotMatter) {
  const RegistryBuilder registry = something_of_everything();
  const auto storage = registry.tree.storage();
  for (const Detail detail : {Detail::where_needed, Detail::everything}) {
    const Inventory one = scanned(*storage, 1, detail), eight = scanned(*storage, 8, detail);
    expect_equal(one, eight);
    expect_equal(surveyed(*storage, one), surveyed(*storage, eight, 8));
    EXPECT_GT(one.documents.size(), 90u);  // it has seen something
    EXPECT_EQ(one.repositories.size(), 34u);
    EXPECT_EQ(one.obstacles.size(), 3u);
    EXPECT_GE(damage(one).size(), 6u);
    EXPECT_FALSE(one.strays.empty());
  }
}

TEST(Scan, ADiskGivesWhatMemoryGives) {
  const RegistryBuilder registry = something_of_everything();
  const TemporaryDirectory directory;
  registry.tree.write_to(directory.path());
  const auto memory = registry.tree.storage();
  for (const beneath::Resolution resolution :
       {beneath::Resolution::best, beneath::Resolution::by_component}) {
    const auto disk = storage_at(directory.path(), resolution);
    expect_equal(without_disk(surveyed(*memory, scanned(*memory, 1, Detail::everything))),
                 without_disk(surveyed(*disk, scanned(*disk, 8, Detail::everything), 8)));
  }
}

TEST(Scan, TheOrderOfListingsDoesNotMatter) {
  RegistryBuilder registry = something_of_everything();
  // Two runs took the same link, and in between it said something else.
  const Digest digest = registry.layer("taken", "twice");
  const std::string link = RegistryBuilder::layer_link("taken", digest);
  registry.quarantine(link, kNow - 3 * kDay, "zzzz");
  registry.tree.file(link, digest_of("another").text(), kNow - 3 * kDay);
  registry.quarantine(link, kNow - 2 * kDay, "aaaa");
  const auto storage = registry.tree.storage();
  const TroubledStorage reversed(registry.tree.storage(), {.listed = [](Listing& listing) {
                                   std::reverse(listing.entries.begin(), listing.entries.end());
                                 }});
  expect_equal(scanned(*storage, 1, Detail::everything), scanned(reversed, 1, Detail::everything));
  expect_equal(surveyed(*storage, scanned(*storage)), surveyed(reversed, scanned(reversed)));
}

TEST(Scan, AnEmptyStoreIsAnEmptyInventory) {
  Tree tree;
  EXPECT_TRUE(scanned(*tree.storage()) == Inventory());
  tree.directory("blobs/sha256", kNow);
  tree.directory("repositories", kNow);
  const Inventory inventory = scanned(*tree.storage());
  EXPECT_TRUE(inventory.has_blobs && inventory.has_repositories);
  EXPECT_TRUE(inventory.repositories.empty() && inventory.blob_directories.empty() &&
              inventory.obstacles.empty());
}

TEST(Scan, RepositoriesNestAndHaveAnyName) {
  RegistryBuilder registry;
  for (const char* name :
       {"a", "a/b", "a/b/tags/list", "blobs/uploads", "with blank", "\xFF", ".x", "UPPER"})
    registry.layer(name, "x");
  registry.tree.directory("repositories/only/_uploads", kNow);
  registry.tree.directory("repositories/namespace/empty", kNow);
  std::vector<std::string> names;
  const Inventory inventory = scanned(registry);
  for (const Repository& repository : inventory.repositories) names.push_back(repository.name);
  EXPECT_THAT(names, ElementsAre("UPPER", "a", "a/b", "a/b/tags/list", "blobs/uploads", "only"));
  std::vector<std::string> illegal, foreign;
  for (const Stray& stray : inventory.strays) {
    if (stray.kind == Stray::Kind::illegal_name) illegal.push_back(stray.path);
    if (stray.kind == Stray::Kind::foreign) foreign.push_back(stray.path);
  }
  EXPECT_THAT(illegal, ElementsAre("repositories/UPPER"));
  EXPECT_THAT(foreign,
              ElementsAre("repositories/.x", "repositories/with blank", "repositories/\xFF"));
}

TEST(Scan, OtherDirectoriesBesideBlobsAndRepositoriesAreStrays) {
  RegistryBuilder registry;
  registry.image("app", {"layer"}, "v1");
  registry.tree.directory("backup", kNow);
  registry.tree.file("notes.txt", "", kNow);
  registry.tree.file(".regctl-gc.lock", "", kNow);
  registry.tree.directory(".Trash-1000", kNow);
  const Inventory inventory = scanned(registry);
  ASSERT_EQ(inventory.strays.size(), 2u);
  EXPECT_EQ(inventory.strays[0].kind, Stray::Kind::unexpected);
  EXPECT_EQ(inventory.strays[0].path, "backup");
  EXPECT_EQ(inventory.strays[1].path, ".Trash-1000");
}

TEST(Scan, ANameThatARegistryCanMakeIsNoLitter) {
  RegistryBuilder registry;
  for (const char* tag : {"Thumbs.db", "lost_found", "snapshot", "nfs1", "link", "current", "index",
                          "data", "_x", "1"})
    registry.image("app", {tag}, tag);
  registry.image("Thumbs.db/app", {"x"}, "v1");  // a first component may be a host's name
  const Inventory inventory = scanned(registry);
  EXPECT_EQ(repository(inventory, "app").tags.size(), 10u);
  EXPECT_EQ(repository(inventory, "Thumbs.db/app").tags.size(), 1u);
}

TEST(Scan, WhatHidesEntriesIsAnObstacle) {
  RegistryBuilder registry;
  registry.image("app", {"x"}, "v1");
  Tree& tree = registry.tree;
  const std::string app = "repositories/app", layers = app + "/_layers",
                    manifests = app + "/_manifests";
  tree.symlink("blobs/sha256/00", "../elsewhere", kNow);
  tree.file("blobs/sha256/01", "", kNow);
  tree.device("blobs/sha256/02", kNow);
  tree.file("blobs/sha512", "", kNow);
  tree.symlink("repositories/moved", "/mnt/moved", kNow);
  tree.device("repositories/fifo", kNow);
  tree.directory("repositories/_top", kNow);
  tree.directory(app + "/_what", kNow);
  tree.symlink(app + "/_uploads", "/tmp", kNow);
  tree.file(layers + "/sha384", "", kNow);
  tree.symlink(layers + "/sha256/" + std::string(64, 'a'), "x", kNow);
  tree.symlink(manifests + "/tags/v2", "v1", kNow);
  tree.directory(manifests + "/_odd", kNow);
  tree.file("repositories/filed/_manifests", "", kNow);
  tree.file("repositories/half/_manifests/revisions", "", kNow);
  EXPECT_THAT(
      obstacles(scanned(registry)),
      UnorderedElementsAre(std::pair("symlink-in-tree", "blobs/sha256/00"),
                           std::pair("not-a-directory", "blobs/sha256/01"),
                           std::pair("not-a-directory", "blobs/sha256/02"),
                           std::pair("not-a-directory", "blobs/sha512"),
                           std::pair("symlink-in-tree", "repositories/moved"),
                           std::pair("not-a-directory", "repositories/fifo"),
                           std::pair("unknown-directory", "repositories/_top"),
                           std::pair("unknown-directory", app + "/_what"),
                           std::pair("symlink-in-tree", app + "/_uploads"),
                           std::pair("not-a-directory", layers + "/sha384"),
                           std::pair("symlink-in-tree", layers + "/sha256/" + std::string(64, 'a')),
                           std::pair("symlink-in-tree", manifests + "/tags/v2"),
                           std::pair("unknown-directory", manifests + "/_odd"),
                           std::pair("not-a-directory", "repositories/filed/_manifests"),
                           std::pair("not-a-directory", "repositories/half/_manifests/revisions")));
}

TEST(Scan, ALinkToWhatIsReadAnywayIsAnotherName) {
  RegistryBuilder registry;
  registry.image("team/app", {"x"}, "v1");
  registry.image("other", {"y"}, "v1");
  Tree& tree = registry.tree;
  tree.symlink("repositories/old-team", "team", kNow);
  tree.symlink("repositories/deep/alias", "../team/app", kNow);
  tree.symlink("repositories/team/more", "../other", kNow);
  const Inventory inventory = scanned(registry);
  EXPECT_THAT(obstacles(inventory), IsEmpty());
  EXPECT_THAT(inventory.aliases,
              ElementsAre(Alias{"deep/alias", "team/app"}, Alias{"old-team", "team"},
                          Alias{"team/more", "other"}));
  ASSERT_EQ(inventory.repositories.size(), 2u);
  EXPECT_THAT(repository(inventory, "team/app").other_names,
              ElementsAre("deep/alias", "old-team/app"));
  EXPECT_THAT(repository(inventory, "other").other_names,
              ElementsAre("old-team/more", "team/more"));
  EXPECT_EQ(inventory.repository("old-team/app"), inventory.repository("team/app"));
  EXPECT_EQ(inventory.repository("old-team"), nullptr);
}

TEST(Scan, ALinkToADirectoryAboveItGivesNamesWithoutEnd) {
  RegistryBuilder registry;
  registry.image("team/app", {"x"}, "v1");
  registry.tree.symlink("repositories/team/self", "../team", kNow);
  const Inventory inventory = scanned(registry);
  EXPECT_THAT(obstacles(inventory), IsEmpty());
  EXPECT_TRUE(repository(inventory, "team/app").has_more_names);
}

TEST(Scan, ALinkToWhatIsNotReadByItsOwnNameHidesIt) {
  RegistryBuilder registry;
  registry.image("team/app", {"x"}, "v1");
  registry.image(".hidden/app", {"z"}, "v1");
  Tree& tree = registry.tree;
  tree.symlink("repositories/all", ".", kNow);
  tree.symlink("repositories/up", "..", kNow);
  tree.symlink("repositories/blobs", "../blobs", kNow);
  tree.symlink("repositories/inside", "team/app/_manifests", kNow);
  tree.symlink("repositories/seen", ".hidden/app", kNow);
  tree.symlink("repositories/dangling", "none", kNow);
  tree.symlink("repositories/team/app2/_manifests", "../app/_manifests", kNow);
  const Inventory inventory = scanned(registry);
  EXPECT_THAT(inventory.aliases, IsEmpty());
  std::vector<std::string> paths;
  for (const Obstacle& obstacle : inventory.obstacles) {
    EXPECT_EQ(obstacle.trouble, Trouble::symlink);
    paths.push_back(obstacle.path);
  }
  EXPECT_THAT(paths, ElementsAre("repositories/all", "repositories/blobs", "repositories/dangling",
                                 "repositories/inside", "repositories/seen",
                                 "repositories/team/app2/_manifests", "repositories/up"));
}

TEST(Scan, TopDirectoriesOfAnotherKindAreObstacles) {
  Tree tree;
  tree.symlink("blobs", "/mnt/blobs", kNow);
  tree.file("repositories", "", kNow);
  const Inventory inventory = scanned(*tree.storage());
  EXPECT_THAT(obstacles(inventory),
              UnorderedElementsAre(std::pair("symlink-in-tree", "blobs"),
                                   std::pair("not-a-directory", "repositories")));
  EXPECT_FALSE(inventory.has_blobs || inventory.has_repositories);
}

TEST(Scan, LinksInTheLastPlaceAreObstacles) {
  RegistryBuilder registry;
  const Digest image = registry.image("app", {"x"}, "v1");
  for (const std::string& key :
       {RegistryBuilder::revision("app", image), layout::tag_current_link("app", "v1"),
        RegistryBuilder::data(image)}) {
    RegistryBuilder changed = registry;
    changed.tree.remove(key);
    changed.tree.symlink(key, "elsewhere", kNow);
    EXPECT_THAT(obstacles(scanned(changed)), ElementsAre(std::pair("symlink-in-tree", key)));
  }
}

std::size_t calls_of_a_scan(const RegistryBuilder& registry) {
  std::size_t calls = 0;
  const auto count = [&](Verb, const std::string&) {
    ++calls;
    return Answer::truth;
  };
  scanned(TroubledStorage(registry.tree.storage(), count), 1, Detail::everything);
  return calls;
}

// A link is first asked whether it holds what it should, a question that may fail in silence
// because it is then asked in full: so what fails once goes on failing.
TEST(Scan, P2AnyFailingCallIsAnObstacle) {
  const RegistryBuilder registry = something_of_everything(2);
  const std::size_t calls = calls_of_a_scan(registry);
  ASSERT_GT(calls, 100u);
  for (std::size_t fatal = 0; fatal < calls; ++fatal) {
    std::size_t call = 0;
    std::string where;
    const TroubledStorage failing(registry.tree.storage(), [&](Verb, const std::string& key) {
      if (call++ == fatal) where = key;
      return call > fatal && key == where ? Answer::error : Answer::truth;
    });
    const Places found = obstacles(scanned(failing, 1, Detail::everything));
    EXPECT_THAT(found, testing::Contains(std::pair(std::string("read-error"), where)));
  }
}

// What is absent for a moment, with everything below it, is believed to be gone only if the
// listings agree.
TEST(Scan, P2AnAbsenceThatTheListingDeniesIsNotBelieved) {
  const RegistryBuilder registry = something_of_everything(2);
  const auto storage = registry.tree.storage();
  Inventory expected = scanned(*storage, 1, Detail::everything);
  const std::size_t calls = calls_of_a_scan(registry);
  for (const std::size_t moment : {1, 2}) {
    for (std::size_t hiding = 1; hiding < calls; ++hiding) {  // call 0 lists the top
      std::size_t call = 0;
      std::string gone;
      Verb verb = Verb::list;
      const auto blink = [&](Verb asked, const std::string& key) {
        const std::size_t now = call++;
        if (now == hiding && storage->stat(key)) {
          // At first one object, then with it the directory it is in.
          gone = moment == 1 ? key : key.substr(0, key.rfind('/'));
          verb = asked;
        }
        return now >= hiding && now < hiding + moment && !gone.empty() &&
                       (key == gone || key.starts_with(gone + '/'))
                   ? Answer::absence
                   : Answer::truth;
      };
      const TroubledStorage blinking(registry.tree.storage(), blink);
      Inventory inventory = scanned(blinking, 1, Detail::everything);
      if (gone.find("_uploads") != std::string::npos)
        continue;  // nothing is kept or taken by what is in there
      EXPECT_TRUE(inventory == expected || inventory.obstacles.size() > expected.obstacles.size())
          << verb << ' ' << gone;
    }
  }
}

TEST(Scan, WhatIsListedAndNeverThereIsAnObstacle) {
  RegistryBuilder registry;
  const Digest image = registry.image("app", {"x"}, "v1");
  const auto scanned_without = [&](const std::string& hidden) {
    return scanned(TroubledStorage(registry.tree.storage(), [&](Verb, const std::string& key) {
      return key == hidden ? Answer::absence : Answer::truth;
    }));
  };
  EXPECT_THAT(obstacles(scanned_without("repositories/app/_layers")),
              ElementsAre(std::pair("unstable-directory", "repositories/app/_layers")));
  const std::string revision = layout::revision_link("app", image),
                    directory = revision.substr(0, revision.rfind('/'));
  EXPECT_THAT(obstacles(scanned_without(revision)),
              ElementsAre(std::pair("unstable-directory", directory)));
}

TEST(Scan, StopsWhenAsked) {
  const RegistryBuilder registry = something_of_everything(2);
  const auto storage = registry.tree.storage();
  std::stop_source source;
  source.request_stop();
  NullProgress progress;
  for (const unsigned workers : {1u, 8u})
    EXPECT_THROW(scan(*storage, {}, Workers(workers, source.get_token()), progress), Interrupted);
}

}  // namespace
}  // namespace regctl
