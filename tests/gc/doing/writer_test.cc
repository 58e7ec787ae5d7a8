// What a Writer promises, on a disk, whichever way it finds its places.
#include "gc/doing/writer.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <functional>

#include "tests/support/store_at.h"
#include "tests/support/sweeping.h"
#include "tests/support/unprivileged.h"

namespace {

// Asked ahead of every such call of this program: an errno to fail with, or 0.
std::function<int()> before_rename, before_unlink, before_link,
    before_stat;  // NOLINT(cert-err58-cpp)

int asked(std::function<int()>& before) {
  const std::function<int()> now = before;  // may replace itself
  return now ? now() : 0;
}

}  // namespace

// Takes the place of the C library's.
extern "C" int renameat2(int from, const char* name, int to, const char* new_name,
                         unsigned flags) noexcept {
  if (const int error = asked(before_rename)) return errno = error, -1;
  return static_cast<int>(syscall(SYS_renameat2, from, name, to, new_name, flags));
}
extern "C" int unlinkat(int directory, const char* name, int flags) noexcept {
  if (const int error = asked(before_unlink)) return errno = error, -1;
  return static_cast<int>(syscall(SYS_unlinkat, directory, name, flags));
}

extern "C" int linkat(int from, const char* name, int to, const char* new_name,
                      int flags) noexcept {
  if (const int error = asked(before_link)) return errno = error, -1;
  return static_cast<int>(syscall(SYS_linkat, from, name, to, new_name, flags));
}
extern "C" int fstatat(int directory, const char* name, struct stat* st, int flags) noexcept {
  if (const int error = asked(before_stat)) return errno = error, -1;
  return static_cast<int>(syscall(SYS_newfstatat, directory, name, st, flags));
}

namespace regctl::gc {
namespace {

using namespace test;
using beneath::Resolution;
using Outcome = Writer::Outcome;
namespace fs = std::filesystem;

enum class Rename { native, by_links };

class WriterContract : public testing::TestWithParam<std::tuple<Resolution, Rename>> {
 protected:
  WriterContract() {
    fs::create_directory(root);
    fs::create_directory(outside);
    put("d/data", "bytes");
    std::ofstream(outside / "data") << "precious";
    writer = open_writer(store_at(root, std::get<Resolution>(GetParam())));
    rename_fails_with(0);
  }
  ~WriterContract() override {
    before_rename = before_unlink = before_link = before_stat = nullptr;
  }

  // `more` errors come first; then what the parameter asks for.
  void rename_fails_with(int error, int times = 0) {
    const int usual = std::get<Rename>(GetParam()) == Rename::by_links ? EINVAL : 0;
    before_rename = [=, left = std::make_shared<int>(times)] {
      return (*left)-- > 0 ? error : usual;
    };
  }

  void put(const std::string& key, const std::string& bytes) const {
    fs::create_directories((root / key).parent_path());
    std::ofstream(root / key) << bytes;
  }
  std::string bytes(const std::string& key) const { return read_all(root / key); }
  bool has(const std::string& key) const { return fs::exists(fs::symlink_status(root / key)); }
  static Writer::Expected is(const Identity& expected) {
    return [=](const Identity& found) { return found == expected; };
  }
  Identity identity(const std::string& key) const {
    const auto reader = storage_at(root)->open(key);
    if (!reader) ADD_FAILURE() << key << " is gone";
    return reader ? reader->identity() : Identity();
  }

  template <class Call>
  static Trouble kind_of_failure(Call call) {
    try {
      const Outcome outcome = call();
      ADD_FAILURE() << "nothing was thrown, but outcome " << static_cast<int>(outcome);
    } catch (const StorageError& error) {
      return error.trouble();
    }
    return {};
  }

  TemporaryDirectory work;
  const fs::path root = work.path() / "root", outside = work.path() / "outside";
  std::unique_ptr<Writer> writer;
};

INSTANTIATE_TEST_SUITE_P(
    , WriterContract,
    testing::Combine(testing::Values(Resolution::best, Resolution::by_component),
                     testing::Values(Rename::native, Rename::by_links)),
    [](const auto& test) {
      return std::string(std::get<0>(test.param) == Resolution::best ? "Best" : "ByComponent") +
             (std::get<1>(test.param) == Rename::native ? "" : "ByLinks");
    });

TEST_P(WriterContract, RenamesTheVeryObject) {
  const Identity before = identity("d/data");
  EXPECT_EQ(writer->put_back("d", "data", "copy"), Outcome::done);
  EXPECT_EQ(names_in(root / "d"), std::set<std::string>{"copy"});
  const Identity after = identity("d/copy");
  EXPECT_EQ(std::tie(after.inode, after.modified, after.bytes),
            std::tie(before.inode, before.modified, before.bytes));
  struct stat st;
  ASSERT_EQ(stat((root / "d/copy").c_str(), &st), 0);
  EXPECT_EQ(st.st_nlink, 1u);
}

TEST_P(WriterContract, P11RenamesMakeNoDirectoryYoung) {
  const auto long_ago = fs::file_time_type::clock::now() - std::chrono::hours(999);
  fs::last_write_time(root / "d", long_ago);
  EXPECT_EQ(writer->set_aside("d", "data", "copy", is(identity("d/data"))), Outcome::done);
  EXPECT_EQ(fs::last_write_time(root / "d"), long_ago);
  EXPECT_EQ(writer->put_back("d", "copy", "data"), Outcome::done);
  EXPECT_EQ(fs::last_write_time(root / "d"), long_ago);
}

TEST_P(WriterContract, P11ADirectoryIsYoungIfSomethingElseComes) {
  const auto long_ago = fs::file_time_type::clock::now() - std::chrono::hours(999);
  fs::last_write_time(root / "d", long_ago);
  const Identity old = identity("d/data");
  before_stat = [&] {
    if (has("d/copy") && !has("d/data")) put("d/data", "pushed again");
    return 0;
  };
  EXPECT_EQ(writer->set_aside("d", "data", "copy", is(old)), Outcome::done);
  EXPECT_GT(fs::last_write_time(root / "d"), long_ago + std::chrono::hours(998));
}

TEST_P(WriterContract, RenamesInTheTopDirectoryToo) {
  put("data", "x");
  EXPECT_EQ(writer->put_back("", "data", "copy"), Outcome::done);
  EXPECT_EQ(bytes("copy"), "x");
}

TEST_P(WriterContract, NeverRenamesOverAName) {
  put("d/copy", "other");
  fs::create_directory(root / "d/directory");
  fs::create_symlink("nowhere", root / "d/link");
  for (const char* taken : {"copy", "directory", "link", "data"}) {
    EXPECT_EQ(writer->put_back("d", "data", taken), Outcome::occupied) << taken;
    EXPECT_EQ(writer->set_aside("d", "data", taken, is(identity("d/data"))), Outcome::occupied)
        << taken;
  }
  EXPECT_EQ(bytes("d/data"), "bytes");
  EXPECT_EQ(bytes("d/copy"), "other");
  EXPECT_EQ(names_in(root / "d"), (std::set<std::string>{"copy", "data", "directory", "link"}));
}

TEST_P(WriterContract, SaysWhatIsAbsent) {
  const auto any = [](const Identity&) { return true; };
  EXPECT_EQ(writer->set_aside("d", "nothing", "copy", any), Outcome::absent);
  EXPECT_EQ(writer->set_aside("nowhere/at/all", "data", "copy", any), Outcome::absent);
  EXPECT_EQ(writer->put_back("d", "nothing", "copy"), Outcome::absent);
  EXPECT_EQ(writer->put_back("nowhere/at/all", "data", "copy"), Outcome::absent);
  EXPECT_EQ(writer->remove_file("d", "nothing"), Outcome::absent);
  EXPECT_EQ(writer->remove_file("nowhere", "data"), Outcome::absent);
  EXPECT_EQ(writer->remove_directory("nowhere"), Outcome::absent);
  EXPECT_EQ(writer->remove_directory("nowhere/at/all"), Outcome::absent);
  EXPECT_EQ(names_in(root), std::set<std::string>{"d"});
}

TEST_P(WriterContract, RenamesOnlyWhatIsExpected) {
  const Identity expected = identity("d/data");
  EXPECT_EQ(writer->set_aside("d", "data", "copy", is(expected)), Outcome::done);
  EXPECT_EQ(writer->put_back("d", "copy", "data"), Outcome::done);
  // The same state, but not the same time of change: something happened to it.
  EXPECT_EQ(writer->set_aside("d", "data", "copy", is(expected)), Outcome::changed);
  for (auto change : {+[](Identity& one) { ++one.inode; }, +[](Identity& one) { ++one.device; },
                      +[](Identity& one) { ++one.bytes; },
                      +[](Identity& one) { one.modified += std::chrono::nanoseconds(1); }}) {
    Identity other = identity("d/data");
    change(other);
    EXPECT_EQ(writer->set_aside("d", "data", "copy", is(other)), Outcome::changed);
  }
  EXPECT_EQ(names_in(root / "d"), std::set<std::string>{"data"});
}

// A registry writes a new file between our look and our rename.
TEST_P(WriterContract, PutsBackWhatWasExchangedAtTheLastMoment) {
  const Identity expected = identity("d/data");
  put("new", "uploaded again");
  before_rename = [&, before = before_rename] {
    fs::rename(root / "new", root / "d/data");
    before_rename = before;
    return before();
  };
  EXPECT_EQ(writer->set_aside("d", "data", "copy", is(expected)), Outcome::changed);
  EXPECT_EQ(names_in(root / "d"), std::set<std::string>{"data"});
  EXPECT_EQ(bytes("d/data"), "uploaded again");
}

TEST_P(WriterContract, PutsBackWhatWasWrittenToAtTheLastMoment) {
  const Identity expected = identity("d/data");
  before_rename = [&, before = before_rename] {
    put("d/data", "written in place");
    before_rename = before;
    return before();
  };
  EXPECT_EQ(writer->set_aside("d", "data", "copy", is(expected)), Outcome::changed);
  EXPECT_EQ(bytes("d/data"), "written in place");
}

// The object that stands at its name by then is a third one: that stays, and so does the copy.
TEST_P(WriterContract, PutsNothingBackOverANewName) {
  const Identity expected = identity("d/data");
  put("new", "second");
  put("newer", "third");
  before_rename = [&, before = before_rename] {
    fs::rename(root / "new", root / "d/data");
    before_rename = [&, before] {
      fs::rename(root / "newer", root / "d/data");
      before_rename = before;
      return before();
    };
    return before();
  };
  EXPECT_EQ(writer->set_aside("d", "data", "copy", is(expected)), Outcome::changed);
  EXPECT_EQ(bytes("d/data"), "third");
  EXPECT_EQ(bytes("d/copy"), "second");
}

TEST_P(WriterContract, RemovesAFileAndOnlyAFile) {
  put("d/e/file", "x");
  EXPECT_EQ(writer->remove_file("d", "data"), Outcome::done);
  EXPECT_THROW(writer->remove_file("d", "e"), StorageError);
  fs::create_directory(root / "empty");
  EXPECT_THROW(writer->remove_file("", "empty"), StorageError);
  EXPECT_EQ(names_in(root / "d"), std::set<std::string>{"e"});
  EXPECT_TRUE(has("empty"));
}

TEST_P(WriterContract, RemovesALinkAndNotWhatItLeadsTo) {
  fs::create_symlink(outside / "data", root / "d/link");
  EXPECT_EQ(writer->remove_file("d", "link"), Outcome::done);
  EXPECT_FALSE(has("d/link"));
  fs::create_symlink(outside / "data", root / "d/link");
  EXPECT_EQ(writer->put_back("d", "link", "renamed"), Outcome::done);
  EXPECT_TRUE(fs::is_symlink(root / "d/renamed"));
  EXPECT_EQ(read_all(outside / "data"), "precious");
}

TEST_P(WriterContract, RemovesOnlyAnEmptyDirectory) {
  EXPECT_EQ(writer->remove_directory("d"), Outcome::occupied);
  EXPECT_TRUE(has("d/data"));
  fs::create_directories(root / "e/f");
  EXPECT_EQ(writer->remove_directory("e"), Outcome::occupied);
  EXPECT_EQ(writer->remove_directory("e/f"), Outcome::done);
  EXPECT_EQ(writer->remove_directory("e"), Outcome::done);
  EXPECT_EQ(kind_of_failure([&] { return writer->remove_directory("d/data"); }),
            Trouble::not_a_directory);
  EXPECT_EQ(bytes("d/data"), "bytes");
}

TEST_P(WriterContract, P6GoesThroughNoLink) {
  fs::create_directory(outside / "d");
  std::ofstream(outside / "d/data") << "precious";
  fs::create_directory(outside / "empty");
  fs::create_directory_symlink(outside, root / "link");
  fs::create_directory_symlink("../outside", root / "relative");
  fs::create_directory_symlink("d", root / "inside");
  for (const std::string way : {"link", "link/d", "relative", "relative/d", "inside"}) {
    EXPECT_EQ(kind_of_failure([&] { return writer->put_back(way, "data", "copy"); }),
              Trouble::behind_symlink)
        << way;
    EXPECT_EQ(kind_of_failure([&] { return writer->remove_file(way, "data"); }),
              Trouble::behind_symlink)
        << way;
    EXPECT_EQ(kind_of_failure([&] { return writer->remove_directory(way + "/empty"); }),
              Trouble::behind_symlink)
        << way;
  }
  EXPECT_EQ(kind_of_failure([&] { return writer->remove_directory("link"); }),
            Trouble::not_a_directory);
  EXPECT_EQ(names_in(outside), (std::set<std::string>{"d", "data", "empty"}));
  EXPECT_EQ(read_all(outside / "data") + read_all(outside / "d/data"), "preciousprecious");
  EXPECT_EQ(bytes("d/data"), "bytes");
}

TEST_P(WriterContract, AFileWhereADirectoryBelongsIsSaid) {
  EXPECT_EQ(kind_of_failure([&] { return writer->put_back("d/data", "data", "copy"); }),
            Trouble::not_a_directory);
  EXPECT_EQ(kind_of_failure([&] { return writer->remove_file("d/data/x", "data"); }),
            Trouble::not_a_directory);
}

TEST_P(WriterContract, PermissionsAreAboutOneObject) {
  fs::permissions(work.path(), fs::perms(0755));
  const Unprivileged nobody;
  if (!nobody) GTEST_SKIP() << "cannot become another user";
  EXPECT_EQ(kind_of_failure([&] { return writer->put_back("d", "data", "copy"); }),
            Trouble::unreadable);
  EXPECT_EQ(kind_of_failure([&] { return writer->remove_file("d", "data"); }), Trouble::unreadable);
  EXPECT_EQ(kind_of_failure([&] { return writer->remove_directory("d"); }), Trouble::unreadable);
}

TEST_P(WriterContract, AStorageThatTakesNoChangeIsSaidAsSuch) {
  for (const int error : {EROFS, ENOSPC, EDQUOT}) {
    rename_fails_with(error, 1);
    EXPECT_THROW(writer->put_back("d", "data", "copy"), StorageRefuses) << error;
    before_unlink = [=] { return error; };
    EXPECT_THROW(writer->remove_file("d", "data"), StorageRefuses) << error;
    EXPECT_THROW(writer->remove_directory("d"), StorageRefuses) << error;
    before_unlink = nullptr;
  }
  for (const int error : {EPERM, EACCES, EMFILE, ENOMEM, EBUSY}) {
    rename_fails_with(error, 1);
    EXPECT_EQ(kind_of_failure([&] { return writer->put_back("d", "data", "copy"); }),
              Trouble::unreadable)
        << error;
    before_unlink = [=] { return error; };
    EXPECT_EQ(kind_of_failure([&] { return writer->remove_file("d", "data"); }),
              Trouble::unreadable)
        << error;
    before_unlink = nullptr;
  }
  EXPECT_EQ(bytes("d/data"), "bytes");
}

TEST_P(WriterContract, WhatMayPassIsTriedOnceMore) {
  for (const int error : {EIO, ESTALE, ETIMEDOUT}) {
    rename_fails_with(error, 1);
    EXPECT_EQ(writer->put_back("d", "data", "copy"), Outcome::done) << error;
    rename_fails_with(error, 2);
    EXPECT_THROW(writer->put_back("d", "copy", "data"), StorageError) << error;
    rename_fails_with(EINTR, 5);
    EXPECT_EQ(writer->put_back("d", "copy", "data"), Outcome::done);
  }
}

// Between making a second name and removing the first somebody may write there; what is taken is
// renamed at once.
TEST_P(WriterContract, RemovesNothingThatItTakes) {
  const Identity expected = identity("d/data");
  before_unlink = [] {
    ADD_FAILURE() << "a name is removed";
    return 0;
  };
  EXPECT_EQ(writer->set_aside("d", "data", "copy", is(expected)), Outcome::done);
  put("d/data", "again");
  EXPECT_EQ(writer->set_aside("d", "data", "copy", is(identity("d/data"))), Outcome::occupied);
  EXPECT_EQ(bytes("d/copy"), "bytes");
  EXPECT_EQ(bytes("d/data"), "again");
}

TEST_P(WriterContract, WhereNoSecondNameCanBeMadeNothingComesBack) {
  before_link = [] { return EPERM; };
  if (std::get<Rename>(GetParam()) == Rename::native) {
    EXPECT_EQ(writer->put_back("d", "data", "copy"), Outcome::done);
    return;
  }
  EXPECT_EQ(kind_of_failure([&] { return writer->put_back("d", "data", "copy"); }),
            Trouble::unreadable);
  EXPECT_EQ(names_in(root / "d"), std::set<std::string>{"data"});
  before_link = nullptr;
  before_unlink = [] { return EPERM; };
  EXPECT_EQ(kind_of_failure([&] { return writer->put_back("d", "data", "copy"); }),
            Trouble::unreadable);
  EXPECT_EQ(bytes("d/data"), "bytes");
}

// Not to know what stands there is no sign that it changed.
TEST_P(WriterContract, WhatCannotBeLookedAtFailsAndStays) {
  const Identity expected = identity("d/data");
  for (const int working :
       {0, 1}) {  // calls before those that fail: ahead of the rename, or after it
    before_stat = [=, left = std::make_shared<int>(working)] { return (*left)-- > 0 ? 0 : EIO; };
    if (working && std::get<Rename>(GetParam()) == Rename::by_links)
      continue;  // it looks for the new name as well
    EXPECT_EQ(kind_of_failure([&] { return writer->set_aside("d", "data", "copy", is(expected)); }),
              Trouble::unreadable);
    before_stat = nullptr;
    EXPECT_EQ(names_in(root / "d"), std::set<std::string>{"data"}) << working;
  }
  before_stat = [=, left = std::make_shared<int>(1)] { return (*left)-- > 0 ? ESTALE : 0; };
  EXPECT_EQ(writer->set_aside("d", "data", "copy", is(identity("d/data"))), Outcome::done);
}

TEST_P(WriterContract, SaysTheKeyOfWhatFailed) {
  rename_fails_with(EPERM, 1);
  try {
    writer->put_back("d", "data", "copy");
    FAIL();
  } catch (const StorageError& error) {
    EXPECT_EQ(error.key(), "d/data");
    EXPECT_EQ(error.error(), EPERM);
  }
}

TEST_P(WriterContract, SyncsAlsoWhatIsMountedBelow) {
  EXPECT_NO_THROW(writer->sync());
  const Resolution resolution = std::get<Resolution>(GetParam());
  EXPECT_NO_THROW(open_writer(store_at(root, resolution, {"d"}))->sync());
  EXPECT_THROW(open_writer(store_at(root, resolution, {"nowhere"})), StorageError);
}

}  // namespace
}  // namespace regctl::gc
