// One run at a time, however it names the storage.
#include "gc/doing/lock.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <functional>

#include "registry/find_store.h"
#include "tests/support/program.h"
#include "tests/support/store_at.h"
#include "tests/support/unprivileged.h"

namespace {

// Asked ahead of every flock() of this program: an errno to fail with, or 0.
std::function<int(int fd)> before_flock;  // NOLINT(cert-err58-cpp)

}  // namespace

// Takes the place of the C library's.
extern "C" int flock(int fd, int operation) noexcept {
  const int error = before_flock ? before_flock(fd) : 0;
  if (error) return errno = error, -1;
  return static_cast<int>(syscall(SYS_flock, fd, operation));
}

namespace regctl::gc {
namespace {

using test::TemporaryDirectory;
namespace fs = std::filesystem;

class LockTest : public testing::Test {
 protected:
  LockTest() { fs::create_directories(v2); }
  ~LockTest() override { before_flock = nullptr; }

  // As on NFS, where a directory cannot be locked.
  static void lock_no_directories() {
    before_flock = [](int fd) {
      struct stat st;
      return fstat(fd, &st) == 0 && S_ISDIR(st.st_mode) ? EBADF : 0;
    };
  }
  static struct stat stat_of(const fs::path& path) {
    struct stat st {};
    EXPECT_EQ(lstat(path.c_str(), &st), 0) << path;
    return st;
  }
  static Lock lock(const fs::path& at) { return Lock::acquire(test::store_at(at)); }
  Lock lock() const { return lock(v2); }
  void expect_held() const { EXPECT_THROW(lock(), LockHeld); }

  TemporaryDirectory work;
  const fs::path root = work.path() / "root", v2 = root / "docker/registry/v2",
                 file = v2 / ".regctl-gc.lock";
};

TEST_F(LockTest, P10OneAtATime) {
  {
    const Lock held = lock();
    expect_held();
    expect_held();
  }
  const Lock again = lock();
  EXPECT_TRUE(fs::is_empty(v2));
}

TEST_F(LockTest, P10AlsoUnderAnotherName) {
  fs::create_directory_symlink(root, work.path() / "link");
  const Lock held = lock();
  for (const fs::path& name : {work.path() / "link", root, v2})
    EXPECT_THROW(Lock::acquire(Store(find_store(name).facts)), LockHeld) << name;
  fs::create_directories(work.path() / "other");
  EXPECT_NO_THROW(lock(work.path() / "other"));
}

// A link that was put there after the storage had been found.
TEST_F(LockTest, P6NoLinkLeadsToAnotherStorage) {
  fs::create_directories(work.path() / "other/registry/v2");
  fs::rename(root / "docker", work.path() / "aside");
  fs::create_directory_symlink(work.path() / "other", root / "docker");
  EXPECT_THROW(lock(), StorageError);
}

TEST_F(LockTest, MovesWithItsOwner) {
  std::optional<Lock> kept;
  {
    Lock held = lock();
    kept.emplace(std::move(held));
  }
  expect_held();
  kept.reset();
  EXPECT_NO_THROW(lock());
}

TEST_F(LockTest, EndsWithTheProcess) {
  for (const bool file_instead : {false, true}) {
    if (file_instead) lock_no_directories();
    int ready[2];
    ASSERT_EQ(pipe(ready), 0);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      try {
        const Lock held = lock();
        if (write(ready[1], "x", 1) == 1) pause();
      } catch (...) {
      }
      _exit(1);
    }
    close(ready[1]);
    char x = 0;
    EXPECT_EQ(read(ready[0], &x, 1), 1);
    expect_held();
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    close(ready[0]);
    EXPECT_NO_THROW(lock());
  }
}

TEST_F(LockTest, AFileWhereDirectoriesCannotBeLocked) {
  lock_no_directories();
  if (geteuid() == 0) {
    ASSERT_EQ(chown(v2.c_str(), 1234, 2345), 0);
  }
  {
    const Lock held = lock();
    expect_held();
  }
  const struct stat first = stat_of(file);
  EXPECT_EQ(first.st_mode, S_IFREG | 0600u);
  EXPECT_EQ(first.st_uid, stat_of(v2).st_uid);
  EXPECT_EQ(first.st_gid, stat_of(v2).st_gid);
  // It is the same file for ever: removing it would let two runs lock two files of one name.
  const Lock held = lock();
  EXPECT_EQ(stat_of(file).st_ino, first.st_ino);
}

TEST_F(LockTest, AFileThatRootHasMadeIsForTheRegistrysUserToo) {
  lock_no_directories();
  fs::permissions(work.path(), fs::perms(0755));
  if (geteuid() != 0 || chown(v2.c_str(), 65534, 65534) != 0) GTEST_SKIP() << "needs root";
  { const Lock as_root = lock(); }
  const test::Unprivileged nobody;
  const Lock held = lock();
  expect_held();
}

TEST_F(LockTest, ALinkInPlaceOfTheFileIsRefused) {
  lock_no_directories();
  std::ofstream(work.path() / "precious") << "x";
  fs::create_symlink(work.path() / "precious", file);
  EXPECT_THROW(lock(), StorageError);
  fs::remove(file);
  fs::create_symlink(work.path() / "made by nobody", file);
  EXPECT_THROW(lock(), StorageError);
  EXPECT_FALSE(fs::exists(work.path() / "made by nobody"));
}

// Whoever owns the directory may have given somebody else's file its name.
TEST_F(LockTest, P6AnotherNameOfAForeignFileDoesNotGiveItAway) {
  lock_no_directories();
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  ASSERT_EQ(chown(v2.c_str(), 1234, 2345), 0);
  std::ofstream(work.path() / "precious") << "x";
  fs::create_hard_link(work.path() / "precious", file);
  try {
    const Lock held = lock();
  } catch (const StorageError&) {
  }
  EXPECT_EQ(stat_of(work.path() / "precious").st_uid, 0u);
  EXPECT_EQ(test::read_all(work.path() / "precious"), "x");
}

TEST_F(LockTest, AQueueInPlaceOfTheFileDoesNotHoldUsUp) {
  lock_no_directories();
  ASSERT_EQ(mkfifo(file.c_str(), 0600), 0);
  try {
    const Lock held = lock();
  } catch (const StorageError&) {
  }
}

// The host of an NFS export, and its client.
TEST_F(LockTest, P10EitherWay) {
  lock_no_directories();
  {
    const Lock client = lock();
    before_flock = nullptr;
    expect_held();
  }
  const Lock host = lock();
  lock_no_directories();
  expect_held();
}

TEST_F(LockTest, WhereNothingCanBeLockedItSaysSo) {
  before_flock = [](int) { return ENOLCK; };
  try {
    const Lock held = lock();
    FAIL();
  } catch (const StorageError& error) {
    EXPECT_EQ(error.trouble(), Trouble::unlockable);
    EXPECT_EQ(error.error(), ENOLCK);
  }
}

TEST_F(LockTest, AnInterruptedCallIsMadeAgain) {
  before_flock = [left = 3](int) mutable { return left-- > 0 ? EINTR : 0; };
  const Lock held = lock();
  EXPECT_TRUE(fs::is_empty(v2));
}

}  // namespace
}  // namespace regctl::gc
