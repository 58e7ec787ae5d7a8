// What only a real file system can do to a Storage; the contract itself is storage_test.cc.
#include "registry/filesystem_storage.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <fstream>
#include <functional>
#include <map>

#include "tests/support/store_at.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/tree.h"
#include "tests/support/unprivileged.h"

namespace regctl {
namespace {

namespace fs = std::filesystem;
using test::kThen;

class FilesystemStorage : public testing::TestWithParam<beneath::Resolution> {
 protected:
  FilesystemStorage() {
    fs::create_directory(root);
    // Another user must reach the root, whose parent is private.
    fs::permissions(directory.path(), fs::perms(0755));
  }

  void write(const test::Tree& tree) { tree.write_to(root); }
  std::unique_ptr<Storage> open() { return test::storage_at(root, GetParam()); }

  test::TemporaryDirectory directory;
  const fs::path root = directory.path() / "root";
};

INSTANTIATE_TEST_SUITE_P(Both, FilesystemStorage,
                         testing::Values(beneath::Resolution::best,
                                         beneath::Resolution::by_component),
                         [](const auto& test) {
                           return test.param == beneath::Resolution::best ? "Best" : "ByComponent";
                         });

Trouble kind_thrown(const std::function<void()>& call) {
  try {
    call();
  } catch (const StorageError& error) {
    return error.trouble();
  }
  ADD_FAILURE() << "nothing was thrown";
  return {};
}

TEST_P(FilesystemStorage, WhatMayNotBeReadIsNeverAbsent) {
  test::Tree tree;
  tree.file("open/file", "x", kThen);
  tree.file("closed/d/file", "x", kThen);
  tree.file("names-only/file", "x", kThen);
  write(tree);
  const auto storage = open();
  fs::permissions(root / "open/file", fs::perms(0));
  fs::permissions(root / "closed", fs::perms(0));
  fs::permissions(root / "names-only", fs::perms(0444));
  {
    const test::Unprivileged unprivileged;
    if (!unprivileged) GTEST_SKIP() << "cannot become another user";
    constexpr auto kUnreadable = Trouble::unreadable;
    EXPECT_EQ(kind_thrown([&] { storage->list("closed"); }), kUnreadable);
    for (const char* key :
         {"closed/d", "closed/d/file", "closed/none", "names-only/file", "names-only/none"}) {
      EXPECT_EQ(kind_thrown([&] { storage->stat(key); }), kUnreadable) << key;
      EXPECT_EQ(kind_thrown([&] { storage->read(key, 10); }), kUnreadable) << key;
    }
    EXPECT_EQ(kind_thrown([&] { storage->list("closed/d"); }), kUnreadable);
    EXPECT_EQ(kind_thrown([&] { storage->below("closed/d")->list(""); }), kUnreadable);
    EXPECT_EQ(kind_thrown([&] { storage->below("closed")->list(""); }), kUnreadable);
    EXPECT_EQ(kind_thrown([&] { storage->read("open/file", 10); }), kUnreadable);
    EXPECT_EQ(storage->stat("open/file")->bytes, 1u);
    EXPECT_EQ(storage->list("names-only")->entries.size(), 1u);
  }
  fs::permissions(root / "closed", fs::perms(0755));
  EXPECT_EQ(storage->read("closed/d/file", 10)->bytes, "x");
}

TEST_P(FilesystemStorage, ErrorsNameTheKeyAsShown) {
  test::Tree tree;
  tree.symlink("a/link", "nowhere", kThen);
  write(tree);
  const auto storage = open();
  for (const auto& call : std::initializer_list<std::function<void()>>{
           [&] { storage->read("a/link", 1); }, [&] { storage->below("a")->read("link", 1); }}) {
    try {
      call();
      ADD_FAILURE() << "nothing was thrown";
    } catch (const StorageError& error) {
      EXPECT_EQ(error.key(), "a/link");
    }
  }
}

TEST_P(FilesystemStorage, ASocketIsNoFileAndNoError) {
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{.sun_family = AF_UNIX};
  (root / "socket").string().copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  close(fd);
  const auto content = open()->read("socket", 10);
  ASSERT_TRUE(content);
  EXPECT_EQ(content->stat.kind, EntryKind::other);
  EXPECT_EQ(content->bytes, "");
}

TEST_P(FilesystemStorage, SparseFilesTakeLessThanTheyHold) {
  std::ofstream(root / "sparse").close();
  fs::resize_file(root / "sparse", 100 << 20);
  const auto content = open()->read("sparse", 5000);
  EXPECT_EQ(content->stat.bytes, 100u << 20);
  EXPECT_LT(content->stat.disk_bytes, 1u << 20);
  EXPECT_EQ(content->bytes, std::string(5000, '\0'));
  EXPECT_FALSE(content->whole);
}

TEST_P(FilesystemStorage, ATimeOutOfRangeIsTheFuture) {
  std::ofstream(root / "file").close();
  const timespec year_2400[2] = {{13'569'465'600, 0}, {13'569'465'600, 0}};
  ASSERT_EQ(utimensat(AT_FDCWD, (root / "file").c_str(), year_2400, 0), 0);
  struct stat st;
  ASSERT_EQ(stat((root / "file").c_str(), &st), 0);
  if (st.st_mtim.tv_sec != 13'569'465'600) GTEST_SKIP() << "this file system ends before 2400";
  const auto now = std::chrono::system_clock::now();
  EXPECT_GT(open()->stat("file")->modified, now);
  EXPECT_GT(open()->read("file", 0)->stat.modified, now);
}

TEST_P(FilesystemStorage, TheTopIsResolvedOnceAndThenHeld) {
  test::Tree tree;
  tree.file("file", "x", kThen);
  write(tree);
  const auto storage = open();
  fs::rename(root, directory.path() / "moved");
  EXPECT_EQ(storage->read("file", 10)->bytes, "x");
  EXPECT_EQ(storage->list("")->entries.size(), 1u);
}

TEST_P(FilesystemStorage, ATopThatIsNoDirectoryThrows) {
  std::ofstream(root / "file").close();
  for (const char* name : {"none", "file"})
    EXPECT_THROW(test::storage_at(root / name, GetParam()), StorageError) << name;
}

TEST_P(FilesystemStorage, AHeldDirectoryThatWasRemovedIsAbsent) {
  fs::create_directories(root / "a/b");
  const auto storage = open(), view = storage->below("a");
  fs::remove_all(root / "a");
  EXPECT_FALSE(view->list(""));
  EXPECT_FALSE(view->list("b"));
  EXPECT_FALSE(view->stat("b"));
  EXPECT_FALSE(view->read("b/file", 10));
}

// Contents and everything stat(2) tells of every object.
std::map<std::string, std::string> state_of(const fs::path& top) {
  std::map<std::string, std::string> state;
  for (const auto& entry : fs::recursive_directory_iterator(top)) {
    struct stat st;
    EXPECT_EQ(lstat(entry.path().c_str(), &st), 0);
    std::string& text = state[entry.path().string()];
    for (const std::int64_t number :
         {static_cast<std::int64_t>(st.st_ino), static_cast<std::int64_t>(st.st_mode),
          static_cast<std::int64_t>(st.st_size), static_cast<std::int64_t>(st.st_mtim.tv_sec),
          static_cast<std::int64_t>(st.st_mtim.tv_nsec),
          static_cast<std::int64_t>(st.st_ctim.tv_sec),
          static_cast<std::int64_t>(st.st_ctim.tv_nsec)})
      text += std::to_string(number) + ' ';
  }
  return state;
}

TEST_P(FilesystemStorage, P5ReadingChangesNothing) {
  test::Tree tree;
  tree.file("a/b/file", "x", kThen);
  tree.symlink("a/link", "b", kThen);
  tree.device("a/fifo", kThen);
  write(tree);
  const auto before = state_of(directory.path());
  const auto storage = open(), view = storage->below("a");
  for (const char* key : {"b", "b/file", "link", "fifo", "none", "none/x", "link/file"}) {
    for (const auto& call : std::initializer_list<std::function<void()>>{
             [&] { view->list(key); }, [&] { view->stat(key); }, [&] { view->read(key, 10); },
             [&] { view->below(key); }}) {
      try {
        call();
      } catch (const StorageError&) {
      }
    }
  }
  EXPECT_EQ(state_of(directory.path()), before);
}

}  // namespace
}  // namespace regctl
