// Which symbolic links may be followed, and what a store is with them: found by find_store(), held
// by a Store.
#include "registry/following.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "registry/find_store.h"
#include "registry/store.h"
#include "tests/support/attacker.h"
#include "tests/support/printing.h"
#include "tests/support/temporary_directory.h"

namespace regctl {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr uid_t kOwner = 1234, kOther = 4321;

class FollowingTest : public testing::Test {
 protected:
  FollowingTest() {
    make(v2 / "repositories");
    make(disk / "blobs/sha256");
    fs::permissions(work.path(), fs::perms(0755));
    fs::create_directory_symlink(disk / "blobs", v2 / "blobs");
  }

  static void make(const fs::path& path) { fs::create_directories(path); }
  static void write(const fs::path& path) {
    make(path.parent_path());
    std::ofstream(path) << "x";
  }
  static void own(const fs::path& path, uid_t user) {
    ASSERT_EQ(lchown(path.c_str(), user, user), 0);
  }

  StoreFacts facts(const std::vector<std::string>& follow) const {
    const Found found = find_store(top.string(), follow);
    EXPECT_EQ(found.standing, Standing::store);
    return found.facts;
  }
  // Of the only link.
  Following verdict(const std::string& path = "docker/registry/v2/blobs") const {
    const StoreFacts found = facts({path});
    if (found.links.size() == 1) return found.links[0].following;
    ADD_FAILURE() << found.links.size() << " links";
    return Following::to_nothing;
  }
  void expect_nothing_at(const std::string& path) const {
    const Found found = find_store(top.string(), {path});
    EXPECT_EQ(found.standing, Standing::nothing_to_follow) << path;
    EXPECT_EQ(found.where, path);
  }
  void lead_to(const fs::path& target) {
    fs::remove(v2 / "blobs");
    fs::create_directory_symlink(target, v2 / "blobs");
  }

  test::TemporaryDirectory work;
  const fs::path top = work.path() / "store", v2 = top / "docker/registry/v2",
                 disk = work.path() / "disk";
};

TEST_F(FollowingTest, TellsWhereItLeads) {
  for (const fs::path& path : {fs::path("docker/registry/v2/blobs"), v2 / "blobs", v2 / "blobs/",
                               fs::path("docker/../docker/registry/v2/blobs")}) {
    const StoreFacts found = facts({path.string()});
    ASSERT_EQ(found.links.size(), 1u) << path;
    const LinkBelow& link = found.links[0];
    EXPECT_EQ(link.key, "blobs");
    EXPECT_EQ(link.target, disk / "blobs");
    EXPECT_TRUE(link.is_followed());
    ASSERT_EQ(found.medium.mounts.size(), 1u);
    EXPECT_EQ(found.medium.mounts[0].point, "blobs");
    EXPECT_EQ(found.medium.mounts[0].target, disk / "blobs");
    EXPECT_EQ(found.medium.mounts[0].name, medium_of(disk.string()).name);
    EXPECT_FALSE(found.medium.mounts[0].hides_part);
  }
  EXPECT_THAT(facts({}).links, IsEmpty());
}

TEST_F(FollowingTest, RelativeToV2WhereThatIsRoot) {
  const Found found = find_store(v2.string(), {"blobs"});
  ASSERT_EQ(found.facts.links.size(), 1u);
  EXPECT_TRUE(found.facts.links[0].is_followed());
}

TEST_F(FollowingTest, AnOrdinaryDirectoryIsWhatItIs) {
  EXPECT_THAT(facts({"docker/registry/v2/repositories", "docker", "docker/registry/v2"}).links,
              IsEmpty());
}

TEST_F(FollowingTest, NothingThereIsAMistake) {
  write(v2 / "file");
  for (const char* path : {"docker/registry/v2/blob", "docker/registry/v2/file", "blobs", "../disk",
                           "/etc", "docker/registry/v2/none/x"})
    expect_nothing_at(path);
  fs::create_directory_symlink(disk, work.path() / "beside");
  expect_nothing_at((work.path() / "beside").string());
}

TEST_F(FollowingTest, ALinkBehindALink) {
  const fs::path shard = work.path() / "shard";
  make(shard);
  fs::create_directory_symlink(shard, disk / "blobs/sha256/00");
  const std::string blobs = "docker/registry/v2/blobs", below = blobs + "/sha256/00";
  const StoreFacts found = facts({blobs, below});
  ASSERT_EQ(found.links.size(), 2u);
  EXPECT_EQ(found.links[1].key, "blobs/sha256/00");
  EXPECT_TRUE(found.links[1].is_followed());
  expect_nothing_at(below);
}

TEST_F(FollowingTest, WhereItMayNotLead) {
  lead_to(work.path() / "none");
  EXPECT_EQ(verdict(), Following::to_nothing);
  lead_to("blobs");
  EXPECT_EQ(verdict(), Following::to_nothing);
  write(work.path() / "file");
  lead_to(work.path() / "file");
  EXPECT_EQ(verdict(), Following::to_no_directory);
  lead_to("repositories");
  EXPECT_EQ(verdict(), Following::into_store);
  lead_to(".");
  EXPECT_EQ(verdict(), Following::into_store);
  lead_to(top);
  EXPECT_EQ(verdict(), Following::into_store);
}

TEST_F(FollowingTest, BlobsOfAnotherStoreAreNotOurs) {
  const fs::path other = work.path() / "other/docker/registry/v2";
  make(other / "blobs");
  lead_to(other / "blobs");
  EXPECT_EQ(verdict(), Following::followed);  // a part that was moved, under its old path
  make(other / "repositories");
  EXPECT_EQ(verdict(), Following::into_another_store);
}

TEST_F(FollowingTest, WhatIsFollowedAlreadyIsNotReadTwice) {
  make(disk / "teams/a");
  fs::create_directory_symlink(disk / "teams", v2 / "repositories/teams");
  fs::create_directory_symlink(disk / "teams/a", v2 / "repositories/a");
  const StoreFacts found =
      facts({"docker/registry/v2/repositories/teams", "docker/registry/v2/repositories/a"});
  ASSERT_EQ(found.links.size(), 2u);
  EXPECT_EQ(found.links[0].following, Following::followed);
  EXPECT_EQ(found.links[1].following, Following::to_what_is_followed);
}

TEST_F(FollowingTest, AnEmptyDirectoryIsAVolumeThatIsNotMounted) {
  fs::remove(disk / "blobs/sha256");
  EXPECT_TRUE(facts({"docker/registry/v2/blobs"}).medium.mounts.at(0).hides_part);
}

TEST_F(FollowingTest, LinksOnTheWayToTheStore) {
  for (const std::string link : {"docker", "docker/registry", "docker/registry/v2"}) {
    test::TemporaryDirectory here;
    const fs::path root = here.path() / "root", elsewhere = here.path() / "elsewhere";
    make(root / "docker/registry/v2/blobs");
    fs::rename(root / link, elsewhere);
    fs::create_directory_symlink(elsewhere, root / link);
    const Found found = find_store(root.string(), {link});
    ASSERT_EQ(found.standing, Standing::store) << link;
    EXPECT_EQ(found.facts.v2, fs::canonical(root / "docker/registry/v2"));
    EXPECT_EQ(found.facts.shown_prefix, "docker/registry/v2/");
    EXPECT_TRUE(Store(found.facts).storage().stat("blobs"));
    fs::remove_all(elsewhere);
    EXPECT_NE(find_store(root.string(), {link}).standing, Standing::store);
  }
}

// Who may write below the top: the registry's user, and through it perhaps an attacker.
class FollowingForOthers : public FollowingTest {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "only root can give files to others";
    for (const fs::path& path : {v2, v2 / "blobs", disk / "blobs"}) own(path, kOwner);
  }
};

TEST_F(FollowingForOthers, TheOwnersLinkToTheOwnersDirectory) {
  EXPECT_EQ(verdict(), Following::followed);
}

TEST_F(FollowingForOthers, RootsLink) {
  own(v2 / "blobs", 0);
  EXPECT_EQ(verdict(), Following::followed);
  own(disk / "blobs", 0);
  EXPECT_EQ(verdict(), Following::followed);
  fs::permissions(disk, fs::perms(0700));
  EXPECT_EQ(verdict(), Following::followed);
}

TEST_F(FollowingForOthers, WhatAnotherOwns) {
  own(disk / "blobs", kOther);
  EXPECT_EQ(verdict(), Following::to_what_another_owns);
  own(v2 / "blobs", 0);
  EXPECT_EQ(verdict(), Following::to_what_another_owns);
}

TEST_F(FollowingForOthers, ALinkByWhomItIsNot) {
  own(disk / "blobs", 0);  // as /etc is
  EXPECT_EQ(verdict(), Following::for_another);
  own(disk / "blobs", kOwner);
  own(v2 / "blobs", kOther);
  EXPECT_EQ(verdict(), Following::for_another);
}

// Root's link, but others have it lead where they like.
TEST_F(FollowingForOthers, ALinkThroughWhatOthersMayChange) {
  const fs::path hop = top / "hop", target = disk / "blobs";
  make(hop);
  fs::create_directory_symlink(disk, hop / "disk");
  lead_to(hop / "disk/blobs");
  own(v2 / "blobs", 0);
  own(target, 0);
  EXPECT_EQ(verdict(), Following::followed);
  own(hop / "disk", kOwner);
  EXPECT_EQ(verdict(), Following::for_another);
  own(hop / "disk", 0);
  own(hop, kOwner);
  EXPECT_EQ(verdict(), Following::for_another);
  own(target, kOwner);  // whom nothing else is open to by that
  EXPECT_EQ(verdict(), Following::followed);
  own(hop, 0);
  fs::permissions(hop, fs::perms(0777));
  EXPECT_EQ(verdict(), Following::for_another);
  fs::permissions(hop, fs::perms(01777));  // each only his own, as in /tmp
  EXPECT_EQ(verdict(), Following::followed);
  own(hop / "disk", kOther);
  EXPECT_EQ(verdict(), Following::for_another);
}

// Whoever exchanges root's link with his own while it is judged gets his own judged.
TEST_F(FollowingForOthers, ALinkThatIsExchangedWhileItIsJudged) {
  const fs::path evil = work.path() / "evil/blobs";
  make(evil / "sha256");
  fs::permissions(work.path() / "evil", fs::perms(0700));
  own(v2 / "blobs", 0);
  own(disk / "blobs", 0);
  std::uint64_t exchanges = 0, ours = 0;
  {
    const test::Attacker attacker(v2, work.path() / "evil", {"blobs"}, kOwner);
    // Until both have had their turns, also on a busy machine.
    const auto is_enough = [&](int i) {
      return i > 100'000 || (i > 1000 && ours > 0 && attacker.exchanges() > 1000);
    };
    for (int i = 0; !is_enough(i); ++i) {
      const StoreFacts found = facts({"docker/registry/v2/blobs"});
      for (const LinkBelow& link : found.links) {
        ours += link.is_followed();
        EXPECT_FALSE(link.is_followed() && link.target == evil) << i;
      }
    }
    exchanges = attacker.exchanges();
  }
  EXPECT_GT(exchanges, 1000u);
  EXPECT_GT(ours, 0u);
}

TEST_F(FollowingForOthers, WhatTheLinksOwnerMayNotRead) {
  fs::permissions(disk / "blobs", fs::perms(0300));
  EXPECT_EQ(verdict(), Following::out_of_reach);
  fs::permissions(disk / "blobs", fs::perms(0700));
  EXPECT_EQ(verdict(), Following::followed);
  fs::permissions(disk, fs::perms(0770));
  EXPECT_EQ(verdict(), Following::out_of_reach);
  fs::permissions(disk, fs::perms(0711));
  EXPECT_EQ(verdict(), Following::followed);
}

// --- what a Store makes of it

TEST_F(FollowingTest, AStoreReadsWhatTheLinkLedToAtTheStart) {
  const Store store(facts({"docker/registry/v2/blobs"}));
  write(disk / "blobs/sha256/data");
  EXPECT_THAT(store.storage().list("blobs")->entries,
              ElementsAre(Entry{"sha256", EntryKind::directory}));
  EXPECT_EQ(store.storage().read("blobs/sha256/data", 9)->bytes, "x");
  EXPECT_EQ(store.storage().stat("blobs")->kind, EntryKind::directory);
  EXPECT_EQ(store.storage().below("blobs")->read("sha256/data", 9)->bytes, "x");
  EXPECT_EQ(store.storage().below("")->read("blobs/sha256/data", 9)->bytes, "x");
  const auto top_listing = store.storage().list("");
  ASSERT_TRUE(top_listing);
  for (const Entry& entry : top_listing->entries)
    EXPECT_EQ(entry.kind, EntryKind::directory) << entry.name;
}

TEST_F(FollowingTest, TheTopSeesThatALinkAnywhereHasChanged) {
  make(disk / "team/app");
  fs::create_directory_symlink(disk / "team", v2 / "repositories/team");
  const Store store(facts({"docker/registry/v2/repositories/team"}));
  EXPECT_TRUE(store.storage().list(""));
  fs::remove(v2 / "repositories/team");
  fs::create_directory_symlink(disk / "blobs", v2 / "repositories/team");
  EXPECT_THROW(store.storage().list(""), StorageError);
}

// Somebody has been quicker: the link leads elsewhere, is gone, or no link any more.
TEST_F(FollowingTest, AStoreSeesThatTheLinkHasChanged) {
  make(work.path() / "elsewhere");
  const std::function<void()> changes[] = {
      [&] { lead_to(work.path() / "elsewhere"); }, [&] { fs::remove(v2 / "blobs"); },
      [&] { fs::remove(v2 / "blobs"), make(v2 / "blobs"); },
      [&] { fs::remove(v2 / "blobs"), write(v2 / "blobs"); },
      // What is on the way to it counts as well.
      [&] { fs::rename(disk, work.path() / "moved"), make(disk / "blobs"); }};
  for (const auto& change : changes) {
    const StoreFacts found = facts({"docker/registry/v2/blobs"});
    const Store store(found);
    change();
    for (const auto& look : {std::function<void()>([&] { store.storage().list(""); }),
                             std::function<void()>([&] { store.storage().list_with_stats(""); }),
                             std::function<void()>([&] { store.storage().stat("blobs"); })}) {
      try {
        look();
        ADD_FAILURE() << "nothing was noticed";
      } catch (const StorageError& error) {
        EXPECT_EQ(error.trouble(), Trouble::led_elsewhere);
        EXPECT_EQ(error.key(), "blobs");
      }
    }
    std::error_code none;
    fs::remove_all(v2 / "blobs", none);
    fs::rename(work.path() / "moved", disk, none);
    fs::remove_all(work.path() / "moved");
    make(disk / "blobs/sha256");
    fs::create_directory_symlink(disk / "blobs", v2 / "blobs");
  }
}

TEST_F(FollowingTest, AStoreOpensNothingElseThanWasJudged) {
  const StoreFacts found = facts({"docker/registry/v2/blobs"});
  fs::rename(disk / "blobs", disk / "before");
  make(disk / "blobs");
  EXPECT_THROW(Store{found}, StorageError);
  fs::remove(disk / "blobs");
  fs::create_directory_symlink(disk / "before", disk / "blobs");
  EXPECT_THROW(Store{found}, StorageError);
}

}  // namespace
}  // namespace regctl
