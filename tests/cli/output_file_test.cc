// Reports are written whole or not at all, and nothing is left behind.
#include "cli/output_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "tests/support/temporary_directory.h"
#include "tests/support/unprivileged.h"

namespace regctl::cli {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class OutputFile : public testing::Test {
 protected:
  test::TemporaryDirectory directory;
  const fs::path file = directory.path() / "report.json";

  std::set<std::string> names() const { return test::names_in(directory.path()); }
  static std::string complaint(const fs::path& path) {
    try {
      write_file(path.string(), whole("new"));
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    ADD_FAILURE() << path << " was written";
    return {};
  }
};

TEST_F(OutputFile, WritesAndReads) {
  for (const std::string& text : {std::string("{}\n"), std::string(), std::string("a\0b\r\n", 5),
                                  std::string(3'000'000, 'x')}) {
    write_file(file.string(), whole(text));
    EXPECT_EQ(read_file(file.string()), text);
    EXPECT_EQ(names(), std::set<std::string>{"report.json"});
  }
}

TEST_F(OutputFile, ReplacesTheFileAndNotItsBytes) {
  write_file(file.string(), whole("old"));
  std::ifstream reader(file);
  write_file(file.string(), whole("new"));
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(reader), {}),
            "old");  // who has it open sees the whole old one
  EXPECT_EQ(read_file(file.string()), "new");
}

TEST_F(OutputFile, FailureLeavesEverythingAsItWas) {
  write_file(file.string(), whole("old"));
  fs::create_directories(directory.path() / "taken" / "inside");
  EXPECT_THAT(complaint(directory.path() / "none" / "report"), HasSubstr("cannot write"));
  EXPECT_THAT(complaint(file / "below-a-file"), HasSubstr("cannot write"));
  EXPECT_THAT(complaint(directory.path() / "taken"), HasSubstr("taken"));
  EXPECT_THAT(names(), testing::UnorderedElementsAre("report.json", "taken"));
  EXPECT_EQ(read_file(file.string()), "old");
}

TEST_F(OutputFile, AnUnwritableDirectoryKeepsTheOldFile) {
  write_file(file.string(), whole("old"));
  fs::permissions(directory.path(), fs::perms(0555));
  {
    const test::Unprivileged unprivileged;
    if (!unprivileged) GTEST_SKIP() << "cannot become another user";
    EXPECT_THAT(complaint(file), HasSubstr(file.string()));
  }
  fs::permissions(directory.path(), fs::perms(0755));
  EXPECT_EQ(read_file(file.string()), "old");
  EXPECT_EQ(names(), std::set<std::string>{"report.json"});
}

// --report /dev/stdout, as root, must not replace the device for everybody.
TEST_F(OutputFile, WhatIsNoFileIsWrittenToAndNotReplaced) {
  ASSERT_EQ(mkfifo(file.c_str(), 0600), 0);
  std::fstream reader(
      file,
      std::ios::in | std::ios::out);  // read and write: opening does not wait for the other end
  write_file(file.string(), whole("text\n"));
  EXPECT_TRUE(fs::is_fifo(file));
  std::string line;
  ASSERT_TRUE(fs::is_fifo(file) && std::getline(reader, line));
  EXPECT_EQ(line, "text");
  fs::create_symlink("/dev/null", directory.path() / "null");
  write_file((directory.path() / "null").string(), whole("text"));
  EXPECT_TRUE(fs::is_symlink(directory.path() / "null"));
  EXPECT_THAT(names(), testing::UnorderedElementsAre("report.json", "null"));
}

TEST_F(OutputFile, WhereAFileWouldBeMade) {
  const fs::path top = directory.path() / "top", beside = directory.path() / "beside";
  fs::create_directories(top / "deep");
  fs::create_directories(beside);
  const auto link = [&](const fs::path& to, const char* name) {
    fs::create_symlink(to, beside / name);
    return beside / name;
  };
  for (const fs::path& inside :
       {top / "new", top / "deep" / ".." / "new", top, link(top, "directory") / "new",
        link(top / "new", "dangling"), link("../top/new", "relative"), link("dangling", "twice")})
    EXPECT_TRUE(is_below(inside.string(), top.string())) << inside;
  for (const fs::path& outside :
       {beside / "new", directory.path() / "topmost", top / ".." / "new",
        link("../new", "elsewhere"), link("endless", "endless"), fs::path()})
    EXPECT_FALSE(is_below(outside.string(), top.string())) << outside;
}

TEST_F(OutputFile, IsBegunWhenItIsMade) {
  const auto before = std::chrono::system_clock::now() - std::chrono::seconds(1);
  write_file(file.string(), whole("old"));
  const auto day = std::chrono::hours(24);
  fs::last_write_time(file, fs::file_time_type::clock::now() + day);
  const Written later = when_written(file.string());
  EXPECT_GT(later.begun, before);
  EXPECT_LT(later.begun, std::chrono::system_clock::now());
  EXPECT_GT(later.ended, before + day);
  // A copy that kept its time is younger than what is in it.
  fs::last_write_time(file, fs::file_time_type::clock::now() - day);
  const Written copied = when_written(file.string());
  EXPECT_LT(copied.ended, before);
  EXPECT_EQ(copied.begun, copied.ended - kLongestWriting);
  EXPECT_THROW(when_written((directory.path() / "none").string()), std::runtime_error);
}

TEST_F(OutputFile, WhatCannotBeReadIsNotEmpty) {
  EXPECT_THROW(read_file((directory.path() / "none").string()), std::runtime_error);
  EXPECT_THROW(read_file(directory.path().string()), std::runtime_error);
}

}  // namespace
}  // namespace regctl::cli
