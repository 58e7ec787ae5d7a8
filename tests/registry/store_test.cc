// A Store holds what it opened, and opens nothing through a link.
#include "registry/store.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "tests/support/store_at.h"
#include "tests/support/temporary_directory.h"

namespace regctl {
namespace {

namespace fs = std::filesystem;
using beneath::Resolution;

class StoreTest : public testing::TestWithParam<Resolution> {
 protected:
  StoreTest() { fs::create_directories(v2 / "blobs"); }

  Store open(const fs::path& path) const { return test::store_at(path, GetParam()); }

  test::TemporaryDirectory work;
  const fs::path v2 = work.path() / "root/v2";
};

INSTANTIATE_TEST_SUITE_P(Both, StoreTest,
                         testing::Values(Resolution::best, Resolution::by_component),
                         [](const auto& test) {
                           return test.param == Resolution::best ? "Best" : "ByComponent";
                         });

TEST_P(StoreTest, KnowsWhatItOpened) {
  struct stat st;
  ASSERT_EQ(stat(v2.c_str(), &st), 0);
  const Store store = open(v2);
  EXPECT_EQ(store.facts().device, st.st_dev);
  EXPECT_EQ(store.facts().inode, st.st_ino);
  EXPECT_EQ(store.facts().v2, v2.string());
}

TEST_P(StoreTest, IsTheSameDirectoryWhateverItsNameMeansLater) {
  const Store store = open(v2);
  fs::rename(v2, work.path() / "moved");
  fs::create_directories(v2 / "others");
  ASSERT_TRUE(store.storage().list(""));
  EXPECT_EQ(store.storage().list("")->entries,
            (std::vector<Entry>{{"blobs", EntryKind::directory}}));
}

TEST_P(StoreTest, P6NoLinkLeadsToTheTop) {
  fs::create_directory_symlink(v2, work.path() / "link");
  fs::create_directory_symlink(work.path() / "root", work.path() / "up");
  EXPECT_THROW(open(work.path() / "link"), StorageError);
  EXPECT_THROW(open(work.path() / "up/v2"), StorageError);
  EXPECT_THROW(open(work.path() / "nowhere"), StorageError);
}

}  // namespace
}  // namespace regctl
