// What find_root() says of a path: contract 8 row by row, and what contract 1 promises of ROOT.
#include "registry/root.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "registry/error.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/unprivileged.h"

namespace regctl {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class FindRoot : public testing::Test {
 protected:
  test::TemporaryDirectory directory;
  const fs::path top = directory.path() / "store";

  FindRoot() { fs::create_directory(top); }

  void make(const std::string& path) { fs::create_directories(top / path); }
  void write(const std::string& path, const std::string& text = "") {
    fs::create_directories((top / path).parent_path());
    std::ofstream(top / path) << text;
  }
  void make_registry() {
    make("docker/registry/v2/blobs/sha256");
    make("docker/registry/v2/repositories");
  }

  Root found(const fs::path& path) { return find_root(path.string(), "regctl-gc --dry-run"); }

  // Message and hint of the refusal, a line each; empty: there was none.
  std::string refusal(const fs::path& path) {
    try {
      find_root(path.string(), "regctl-gc --dry-run");
    } catch (const WrongRoot& error) {
      return error.what() + ('\n' + error.hint());
    }
    ADD_FAILURE() << path << " was accepted";
    return {};
  }
  void expect_did_you_mean_top(const fs::path& path) {
    EXPECT_EQ(refusal(path), path.string() + " is not the top of a registry's storage; that is " +
                                 top.string() + "\ndid you mean  regctl-gc --dry-run " +
                                 top.string() + " ?");
  }
};

TEST_F(FindRoot, TakesTheDirectoryAboveDocker) {
  make_registry();
  const Root root = found(top);
  EXPECT_EQ(root.path, top.string());
  EXPECT_EQ(root.v2, (top / "docker/registry/v2").string());
  EXPECT_EQ(root.shown_prefix, "docker/registry/v2/");
  EXPECT_FALSE(root.is_empty_directory());
  EXPECT_FALSE(root.pull_through_cache);
  EXPECT_FALSE(root.owned_by_database);
  EXPECT_FALSE(root.filesystem.empty());
  EXPECT_GT(root.size_bytes, 0u);
  EXPECT_GE(root.size_bytes, root.free_bytes);
  EXPECT_TRUE(root.mounts.empty());
}

TEST_F(FindRoot, TakesV2Itself) {
  make_registry();
  const Root root = found(top / "docker/registry/v2");
  EXPECT_EQ(root.v2, (top / "docker/registry/v2").string());
  EXPECT_EQ(root.shown_prefix, "");
}

TEST_F(FindRoot, TakesATrailingSlashAndDots) {
  make_registry();
  const std::string v2 = (top / "docker/registry/v2").string();
  EXPECT_EQ(found(top.string() + "/").v2, v2);
  EXPECT_EQ(found(top / "docker/..").v2, v2);
  EXPECT_EQ(found(v2 + "/").v2, v2);
  EXPECT_EQ(found(v2 + "/").shown_prefix, "");
}

TEST_F(FindRoot, FollowsALinkGivenAsRootOnce) {
  make_registry();
  fs::create_directory_symlink(top, directory.path() / "link");
  fs::create_directory_symlink(top / "docker/registry/v2", directory.path() / "link-to-v2");
  EXPECT_EQ(found(directory.path() / "link").v2, (top / "docker/registry/v2").string());
  EXPECT_EQ(found(directory.path() / "link").shown_prefix, "docker/registry/v2/");
  EXPECT_EQ(found(directory.path() / "link-to-v2").v2, (top / "docker/registry/v2").string());
}

TEST_F(FindRoot, RefusesLinksBelowRoot) {
  for (const std::string link : {"docker", "docker/registry", "docker/registry/v2"}) {
    const fs::path elsewhere = directory.path() / "elsewhere";
    fs::remove_all(top);
    fs::remove_all(elsewhere);
    make_registry();
    fs::rename(top / link, elsewhere);
    fs::create_directory_symlink(elsewhere, top / link);
    const std::string text = refusal(top);
    EXPECT_THAT(text, HasSubstr((top / link).string() + " is a symbolic link"));
    EXPECT_THAT(text, HasSubstr("mount --bind"));
  }
}

TEST_F(FindRoot, SaysWhatIsMissing) {
  EXPECT_EQ(
      refusal(top / "none"),
      (top / "none").string() + " does not exist\ncheck the path, and that the volume is mounted");
  fs::create_symlink("nowhere", top / "dangling");
  EXPECT_THAT(refusal(top / "dangling"), HasSubstr("dangling is a link that leads nowhere"));
}

TEST_F(FindRoot, AnEmptyDirectoryIsAValue) {
  EXPECT_TRUE(found(top).is_empty_directory());
  EXPECT_EQ(found(top).path, top.string());
  make("lost+found");
  write(".hidden");
  make(".snapshot");
  EXPECT_TRUE(found(top).is_empty_directory());
  write("visible");
  EXPECT_THAT(refusal(top), HasSubstr("no registry storage under " + top.string()));
}

TEST_F(FindRoot, AnyOtherDirectoryIsNoRegistry) {
  write("notes.txt");
  make("docker/registry");
  EXPECT_EQ(refusal(top),
            "no registry storage under " + top.string() + " (expected " +
                (top / "docker/registry/v2").string() +
                ")\ngive the directory that the registry's configuration calls rootdirectory");
  write("docker/registry/v2");  // a file
  EXPECT_THAT(refusal(top), HasSubstr("no registry storage under"));
}

TEST_F(FindRoot, NamesTheRootdirectoryOfAConfiguration) {
  write("config.yml",
        "version: 0.1\nstorage:\n  filesystem:\n    rootdirectory: /var/lib/registry\n    "
        "maxthreads: 100\n");
  EXPECT_EQ(refusal(top / "config.yml"),
            (top / "config.yml").string() +
                " is a registry's configuration; ROOT must be the storage directory\n"
                "its rootdirectory is /var/lib/registry:  regctl-gc --dry-run /var/lib/registry");
  write("quoted.yml", "storage: {filesystem: {rootdirectory: \"/data\"}}\n");
  EXPECT_THAT(refusal(top / "quoted.yml"), HasSubstr("--dry-run /data"));
  EXPECT_THAT(refusal(top / "quoted.yml"), testing::Not(HasSubstr("\"")));
}

TEST_F(FindRoot, AnyOtherFileIsNoDirectory) {
  write("file", "hello");
  EXPECT_EQ(refusal(top / "file"),
            (top / "file").string() + " is a file; ROOT must be the storage directory\n");
  EXPECT_THAT(refusal("/dev/null"), HasSubstr("/dev/null is not a directory"));
}

TEST_F(FindRoot, FindsTheTopFromBelow) {
  make_registry();
  make("docker/registry/v2/blobs/sha256/aa");
  for (const char* path : {"docker", "docker/registry", "docker/registry/v2/blobs",
                           "docker/registry/v2/repositories", "docker/registry/v2/blobs/sha256/aa"})
    expect_did_you_mean_top(top / path);
}

TEST_F(FindRoot, FindsTheTopFromOneAbove) {
  make_registry();
  write("../neighbour");
  expect_did_you_mean_top(directory.path());
}

TEST_F(FindRoot, APlaceInsideIsNoRegistryEvenIfEmpty) {
  make_registry();
  make("docker/registry/v2/repositories/empty");
  expect_did_you_mean_top(top / "docker/registry/v2/repositories/empty");
}

TEST_F(FindRoot, KnowsTheStrangers) {
  struct Stranger {
    std::vector<std::string> directories, files;
    const char* called;
  };
  for (const auto& [directories, files, called] : {
           Stranger{{"blobs/sha256"}, {"oci-layout", "index.json"}, "an OCI image layout"},
           Stranger{{"images", "repositories"}, {}, "the storage of a version 1 registry"},
           Stranger{{"image/overlay2", "overlay2", "containers"},
                    {},
                    "the data directory of a Docker engine"},
           Stranger{{"io.containerd.content.v1.content"}, {}, "the data directory of containerd"},
           Stranger{{"content/vol-01"}, {}, "a Nexus blob store"},
           Stranger{{"content"}, {"metadata.properties"}, "a Nexus blob store"},
           Stranger{{"alpine/blobs"}, {"alpine/oci-layout"}, "the storage of a zot registry"},
       }) {
    fs::remove_all(top);
    fs::create_directory(top);
    for (const std::string& path : directories) make(path);
    for (const std::string& path : files) write(path);
    EXPECT_THAT(refusal(top), testing::StartsWith(top.string() + " is " + called));
  }
}

TEST_F(FindRoot, ARegistryBesideAStrangersFilesIsStillOne) {
  make_registry();
  make("images");
  make("repositories");
  EXPECT_FALSE(found(top).is_empty_directory());
}

TEST_F(FindRoot, RefusesTheRootOfTheFileSystem) {
  if (fs::exists("/docker/registry/v2")) GTEST_SKIP() << "there is a registry at /";
  EXPECT_THAT(refusal("/"), testing::AnyOf(HasSubstr("/ is the root of the file system"),
                                           HasSubstr("did you mean")));
}

TEST_F(FindRoot, SeesWhatBelongsToOthers) {
  make_registry();
  write("scheduler-state.json", "{}");
  write("docker/registry/lockfiles/database-in-use");
  for (const fs::path& path : {top, top / "docker/registry/v2"}) {
    EXPECT_TRUE(found(path).pull_through_cache);
    EXPECT_TRUE(found(path).owned_by_database);
  }
}

TEST_F(FindRoot, WhatMayNotBeReadIsNotEmpty) {
  make_registry();
  make("closed");
  fs::permissions(directory.path(), fs::perms(0755));
  fs::permissions(top / "closed", fs::perms(0));
  fs::permissions(top / "docker", fs::perms(0));
  const test::Unprivileged unprivileged;
  if (!unprivileged) GTEST_SKIP() << "cannot become another user";
  EXPECT_THAT(refusal(top), HasSubstr("store cannot be read: Permission denied"));
  EXPECT_THAT(refusal(top / "closed"), HasSubstr("closed cannot be read: Permission denied"));
  EXPECT_THAT(refusal(top / "docker"), HasSubstr("docker cannot be read: Permission denied"));
}

}  // namespace
}  // namespace regctl
