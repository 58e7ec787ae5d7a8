// What is said of a path that is no store: contract 8 row by row.
#include "report/find_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "cli/failure.h"
#include "tests/support/temporary_directory.h"

namespace regctl::report {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::StartsWith;

class WrongRoot : public testing::Test {
 protected:
  WrongRoot() { fs::create_directory(top); }

  void make(const std::string& path) { fs::create_directories(top / path); }
  void write(const std::string& path, const std::string& text = "") {
    fs::create_directories((top / path).parent_path());
    std::ofstream(top / path) << text;
  }

  // Message and hint of the refusal, a line each; empty: there was none.
  static std::string refusal(const fs::path& path) {
    try {
      find_store(path.string(), {}, "regctl-gc --dry-run");
    } catch (const cli::Failure& failure) {
      EXPECT_EQ(failure.status(), cli::ExitStatus::wrong_root);
      return failure.what() + ('\n' + failure.hint());
    }
    ADD_FAILURE() << path << " was accepted";
    return {};
  }

  test::TemporaryDirectory directory;
  const fs::path top = directory.path() / "store";
};

TEST_F(WrongRoot, IsNoStoreAndNoEmptyDirectory) {
  EXPECT_EQ(find_store(top.string(), {}, "regctl-gc").v2, "");
  make("docker/registry/v2");
  EXPECT_EQ(find_store(top.string(), {}, "regctl-gc").v2, (top / "docker/registry/v2").string());
}

TEST_F(WrongRoot, SaysWhatIsMissing) {
  EXPECT_EQ(
      refusal(top / "none"),
      (top / "none").string() + " does not exist\ncheck the path, and that the volume is mounted");
  fs::create_symlink("nowhere", top / "dangling");
  EXPECT_THAT(refusal(top / "dangling"), HasSubstr("dangling is a link that leads nowhere"));
}

TEST_F(WrongRoot, SaysWhereAStoreWasExpected) {
  write("notes.txt");
  EXPECT_EQ(refusal(top),
            "no registry storage under " + top.string() + " (expected " +
                (top / "docker/registry/v2").string() +
                ")\ngive the directory that the registry's configuration calls rootdirectory");
}

TEST_F(WrongRoot, SuggestsTheRootdirectoryOfAConfiguration) {
  write("config.yml", "storage:\n  filesystem:\n    rootdirectory: /var/lib/registry\n");
  EXPECT_EQ(refusal(top / "config.yml"),
            (top / "config.yml").string() +
                " is a registry's configuration; ROOT must be the storage directory\n"
                "its rootdirectory is /var/lib/registry:  regctl-gc --dry-run /var/lib/registry");
  write("file", "hello");
  EXPECT_EQ(refusal(top / "file"),
            (top / "file").string() + " is a file; ROOT must be the storage directory\n");
  EXPECT_THAT(refusal("/dev/null"), HasSubstr("/dev/null is not a directory"));
}

TEST_F(WrongRoot, SuggestsTheStoreBesideIt) {
  make("docker/registry/v2/blobs");
  const fs::path blobs = top / "docker/registry/v2/blobs";
  EXPECT_EQ(refusal(blobs), blobs.string() + " is not the top of a registry's storage; that is " +
                                top.string() + "\ndid you mean  regctl-gc --dry-run " +
                                top.string() + " ?");
}

TEST_F(WrongRoot, NamesTheLink) {
  make("elsewhere/registry/v2");
  make("root");
  fs::create_directory_symlink(top / "elsewhere", top / "root/docker");
  EXPECT_THAT(refusal(top / "root"),
              StartsWith((top / "root/docker").string() + " is a symbolic link"));
  EXPECT_THAT(refusal(top / "root"), HasSubstr("mount --bind"));
}

TEST_F(WrongRoot, NamesTheStrangers) {
  struct Stranger {
    std::string path;
    const char* called;
  };
  for (const auto& [path, called] :
       {Stranger{"oci-layout", "an OCI image layout"},
        Stranger{"alpine/oci-layout", "the storage of a zot registry"},
        Stranger{"io.containerd.content.v1.content/x", "the data directory of containerd"},
        Stranger{"content/vol-01/x", "a Nexus blob store"}}) {
    fs::remove_all(top);
    write(path);
    EXPECT_THAT(refusal(top), StartsWith(top.string() + " is " + called));
  }
  make("images");
  make("repositories");
  EXPECT_THAT(refusal(top), StartsWith(top.string() + " is the storage of a version 1 registry"));
  make("../engine/image/overlay2");
  make("../engine/overlay2");
  EXPECT_THAT(refusal(directory.path() / "engine"), HasSubstr("the data directory of a Docker"));
}

TEST_F(WrongRoot, EscapesANameOnce) {
  const fs::path odd = top / "back\\slash\x1b";
  EXPECT_THAT(refusal(odd), HasSubstr("back\\x5cslash\\x1b does not exist"));
}

}  // namespace
}  // namespace regctl::report
