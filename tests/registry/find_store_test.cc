// What find_store() finds at a path: contract 8 row by row, and what contract 1 promises of ROOT.
#include "registry/find_store.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/temporary_directory.h"
#include "tests/support/unprivileged.h"

namespace regctl {
namespace {

namespace fs = std::filesystem;

class FindStore : public testing::Test {
 protected:
  test::TemporaryDirectory directory;
  const fs::path top = directory.path() / "store";

  FindStore() { fs::create_directory(top); }

  void make(const std::string& path) { fs::create_directories(top / path); }
  void write(const std::string& path, const std::string& text = "") {
    fs::create_directories((top / path).parent_path());
    std::ofstream(top / path) << text;
  }
  void make_registry() {
    make("docker/registry/v2/blobs/sha256");
    make("docker/registry/v2/repositories");
  }

  static StoreFacts found(const fs::path& path) {
    const Found one = find_store(path.string());
    EXPECT_EQ(one.standing, Standing::store) << path;
    return one.facts;
  }
  static Standing standing(const fs::path& path) { return find_store(path.string()).standing; }
  void expect_beside_top(const fs::path& path) const {
    const Found one = find_store(path.string());
    EXPECT_EQ(one.standing, Standing::beside_store) << path;
    EXPECT_EQ(one.where, top.string());
    EXPECT_EQ(one.path, path.string());
  }
};

TEST_F(FindStore, TakesTheDirectoryAboveDocker) {
  make_registry();
  const StoreFacts store = found(top);
  EXPECT_EQ(store.path, top.string());
  EXPECT_EQ(store.v2, (top / "docker/registry/v2").string());
  EXPECT_EQ(store.shown_prefix, "docker/registry/v2/");
  EXPECT_FALSE(store.pull_through_cache);
  EXPECT_FALSE(store.owned_by_database);
  EXPECT_EQ(store.medium.name, medium_of(store.v2).name);
  EXPECT_GT(store.medium.size_bytes, 0u);
}

TEST_F(FindStore, TakesV2Itself) {
  make_registry();
  const StoreFacts store = found(top / "docker/registry/v2");
  EXPECT_EQ(store.v2, (top / "docker/registry/v2").string());
  EXPECT_EQ(store.shown_prefix, "");
}

TEST_F(FindStore, TakesATrailingSlashAndDots) {
  make_registry();
  const std::string v2 = (top / "docker/registry/v2").string();
  EXPECT_EQ(found(top.string() + "/").v2, v2);
  EXPECT_EQ(found(top / "docker/..").v2, v2);
  EXPECT_EQ(found(v2 + "/").v2, v2);
  EXPECT_EQ(found(v2 + "/").shown_prefix, "");
}

TEST_F(FindStore, FollowsALinkGivenAsRootOnce) {
  make_registry();
  fs::create_directory_symlink(top, directory.path() / "link");
  fs::create_directory_symlink(top / "docker/registry/v2", directory.path() / "link-to-v2");
  EXPECT_EQ(found(directory.path() / "link").v2, (top / "docker/registry/v2").string());
  EXPECT_EQ(found(directory.path() / "link").shown_prefix, "docker/registry/v2/");
  EXPECT_EQ(found(directory.path() / "link-to-v2").v2, (top / "docker/registry/v2").string());
}

TEST_F(FindStore, RefusesLinksBelowRoot) {
  for (const std::string link : {"docker", "docker/registry", "docker/registry/v2"}) {
    const fs::path elsewhere = directory.path() / "elsewhere";
    fs::remove_all(top);
    fs::remove_all(elsewhere);
    make_registry();
    fs::rename(top / link, elsewhere);
    fs::create_directory_symlink(elsewhere, top / link);
    EXPECT_EQ(standing(top), Standing::behind_link);
    EXPECT_EQ(find_store(top.string()).where, (top / link).string());
  }
}

TEST_F(FindStore, KnowsWhatIsMissing) {
  EXPECT_EQ(standing(top / "none"), Standing::missing);
  EXPECT_EQ(find_store((top / "none").string()).path, (top / "none").string());
  fs::create_symlink("nowhere", top / "dangling");
  EXPECT_EQ(standing(top / "dangling"), Standing::dangling_link);
}

TEST_F(FindStore, AnEmptyDirectoryIsAValue) {
  EXPECT_EQ(standing(top), Standing::empty_directory);
  EXPECT_EQ(find_store(top.string()).facts.path, top.string());
  EXPECT_EQ(find_store(top.string()).facts.v2, "");
  EXPECT_GT(find_store(top.string()).facts.medium.size_bytes, 0u);
  make("lost+found");
  write(".hidden");
  make(".snapshot");
  EXPECT_EQ(standing(top), Standing::empty_directory);
  write("visible");
  EXPECT_EQ(standing(top), Standing::unknown);
}

TEST_F(FindStore, AnyOtherDirectoryIsNoRegistry) {
  write("notes.txt");
  make("docker/registry");
  EXPECT_EQ(standing(top), Standing::unknown);
  EXPECT_EQ(find_store(top.string()).where, (top / "docker/registry/v2").string());
  write("docker/registry/v2");  // a file
  EXPECT_EQ(standing(top), Standing::unknown);
}

TEST_F(FindStore, KnowsTheRootdirectoryOfAConfiguration) {
  write("config.yml",
        "version: 0.1\nstorage:\n  filesystem:\n    rootdirectory: /var/lib/registry\n    "
        "maxthreads: 100\n");
  EXPECT_EQ(standing(top / "config.yml"), Standing::configuration);
  EXPECT_EQ(find_store((top / "config.yml").string()).where, "/var/lib/registry");
  write("quoted.yml", "storage: {filesystem: {rootdirectory: \"/data\"}}\n");
  EXPECT_EQ(find_store((top / "quoted.yml").string()).where, "/data");
}

TEST_F(FindStore, AnyOtherFileIsNoDirectory) {
  write("file", "hello");
  EXPECT_EQ(standing(top / "file"), Standing::file);
  EXPECT_EQ(standing("/dev/null"), Standing::not_a_directory);
}

TEST_F(FindStore, FindsTheTopFromBelow) {
  make_registry();
  make("docker/registry/v2/blobs/sha256/aa");
  for (const char* path : {"docker", "docker/registry", "docker/registry/v2/blobs",
                           "docker/registry/v2/repositories", "docker/registry/v2/blobs/sha256/aa"})
    expect_beside_top(top / path);
}

TEST_F(FindStore, FindsTheTopFromOneAbove) {
  make_registry();
  write("../neighbour");
  expect_beside_top(directory.path());
}

TEST_F(FindStore, APlaceInsideIsNoRegistryEvenIfEmpty) {
  make_registry();
  make("docker/registry/v2/repositories/empty");
  expect_beside_top(top / "docker/registry/v2/repositories/empty");
}

TEST_F(FindStore, KnowsTheStrangers) {
  struct Stranger {
    std::vector<std::string> directories, files;
    Standing standing;
  };
  for (const auto& [directories, files, expected] : {
           Stranger{{"blobs/sha256"}, {"oci-layout", "index.json"}, Standing::oci_layout},
           Stranger{{"images", "repositories"}, {}, Standing::version_1},
           Stranger{{"image/overlay2", "overlay2", "containers"}, {}, Standing::docker_engine},
           Stranger{{"io.containerd.content.v1.content"}, {}, Standing::containerd},
           Stranger{{"content/vol-01"}, {}, Standing::nexus},
           Stranger{{"content"}, {"metadata.properties"}, Standing::nexus},
           Stranger{{"alpine/blobs"}, {"alpine/oci-layout"}, Standing::zot},
       }) {
    fs::remove_all(top);
    fs::create_directory(top);
    for (const std::string& path : directories) make(path);
    for (const std::string& path : files) write(path);
    EXPECT_EQ(standing(top), expected) << testing::PrintToString(directories);
  }
}

TEST_F(FindStore, OneInsideAnotherIsNotGuessed) {
  make_registry();
  make("docker/registry/v2/docker/registry/v2/blobs");
  const fs::path inner = top / "docker/registry/v2/docker/registry/v2";
  for (const fs::path& outer : {fs::path(top), top / "docker/registry/v2"}) {
    const Found found = find_store(outer);
    EXPECT_EQ(found.standing, Standing::nested);
    EXPECT_EQ(found.where, inner);
  }
  EXPECT_EQ(standing(inner), Standing::store);
}

TEST_F(FindStore, ABucketOfMinioIsNone) {
  make_registry();
  write("docker/registry/v2/blobs/sha256/ab/abc/data/xl.meta");
  EXPECT_EQ(standing(top), Standing::minio);
  fs::remove_all(top / "docker/registry/v2/blobs/sha256/ab");
  EXPECT_EQ(standing(top), Standing::store);
}

TEST_F(FindStore, ARegistryBesideAStrangersFilesIsStillOne) {
  make_registry();
  make("images");
  make("repositories");
  EXPECT_EQ(standing(top), Standing::store);
}

TEST_F(FindStore, RefusesTheRootOfTheFileSystem) {
  if (fs::exists("/docker/registry/v2")) GTEST_SKIP() << "there is a registry at /";
  EXPECT_EQ(standing("/"), Standing::filesystem_root);
}

TEST_F(FindStore, SeesWhatBelongsToOthers) {
  make_registry();
  write("scheduler-state.json", "{}");
  write("docker/registry/lockfiles/database-in-use");
  for (const fs::path& path : {top, top / "docker/registry/v2"}) {
    EXPECT_TRUE(found(path).pull_through_cache);
    EXPECT_TRUE(found(path).owned_by_database);
  }
}

TEST_F(FindStore, WhatMayNotBeReadIsNotEmpty) {
  make_registry();
  make("closed");
  fs::permissions(directory.path(), fs::perms(0755));
  fs::permissions(top / "closed", fs::perms(0));
  fs::permissions(top / "docker", fs::perms(0));
  const test::Unprivileged unprivileged;
  if (!unprivileged) GTEST_SKIP() << "cannot become another user";
  for (const fs::path& path : {top, top / "closed", top / "docker"}) {
    EXPECT_EQ(standing(path), Standing::unreadable) << path;
    EXPECT_EQ(find_store(path.string()).error, EACCES);
  }
}

}  // namespace
}  // namespace regctl
