// The collector changes real disks that are full, read-only, immutable, without renames, or
// attacked meanwhile. What this host's kernel refuses is skipped with the reason.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "tests/support/attacker.h"
#include "tests/support/mounting.h"
#include "tests/system/sweeping_disk.h"

namespace regctl {
namespace {

using namespace test;
using nlohmann::json;
using testing::HasSubstr;
namespace fs = std::filesystem;

// To the last block, and the last byte of that.
void fill(const fs::path& directory) {
  const int file = open((directory / "fill").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  const std::string block(1 << 20, 'f');
  for (std::size_t size = block.size(); size > 0; size /= 2) {
    while (write(file, block.data(), size) > 0) {
    }
  }
  fsync(file);
  close(file);
  std::ofstream more(directory / "more", std::ios::binary);
  more << block;
  more.close();
  ASSERT_FALSE(more.good()) << "the disk is not full";
  fs::remove(directory / "more");
}

std::uint64_t free_bytes(const fs::path& directory) {
  struct statvfs st;
  return statvfs(directory.c_str(), &st) == 0 ? st.f_bfree * st.f_frsize : 0;
}

class FullDisk : public SweepDisk, public testing::WithParamInterface<const char*> {
 protected:
  std::vector<std::string> disk() const {
    if (GetParam() == std::string("tmpfs")) return {"-t", "tmpfs", "-o", "size=2m", "tmpfs"};
    const std::string image = work.path() / "image";
    EXPECT_EQ(run({"truncate", "-s", "8M", image}).status, 0);
    EXPECT_EQ(run({"/sbin/mkfs.ext4", "-q", "-F", "-m", "0", image}).status, 0);
    return {"-o", "loop", image};
  }
};

INSTANTIATE_TEST_SUITE_P(, FullDisk, testing::Values("ext4", "tmpfs"),
                         [](const auto& test) { return std::string(test.param); });

TEST_P(FullDisk, OfflineFrees) {
  const Mounted mounted(disk(), at());
  if (!mounted) GTEST_SKIP() << mounted.refusal();
  write_to(at());
  fill(at());
  const auto before = free_bytes(at());
  const Ran ran = collect(at(), {"--offline", "-m"});
  ASSERT_TRUE(is_done(ran)) << ran.out << ran.err;
  EXPECT_EQ(garbage_left(at()), 0u);
  expect_alive(files_below(v2_of(at())), "on a full disk");
  const auto freed = json::parse(ran.out).at("swept").at("purged").at("bytes").get<std::uint64_t>();
  EXPECT_GE(freed, 210'000u);
  EXPECT_GE(free_bytes(at()), before + freed / 2);
}

TEST_P(FullDisk, P8QuarantineGoesAndComesBack) {
  const Mounted mounted(disk(), at());
  if (!mounted) GTEST_SKIP() << mounted.refusal();
  write_to(at());
  fill(at());
  const Nodes before = nodes_below(at());
  const Ran taken = collect(at(), {"-m"});
  ASSERT_TRUE(is_done(taken)) << taken.err;
  EXPECT_EQ(garbage_left(at()), 0u);
  const Ran restored = collect(at(), {"--restore"});
  ASSERT_TRUE(is_done(restored)) << restored.err;
  EXPECT_EQ(nodes_below(at()), before);
}

TEST_F(SweepDisk, AReadOnlyMountSaysSoAndStaysAsItIs) {
  registry.quarantine(RegistryBuilder::data(garbage[0]),
                      registry.time());  // purging comes before taking
  write();
  const Mounted mounted({"--bind", root.path()}, at());
  if (!mounted) GTEST_SKIP() << mounted.refusal();
  ASSERT_EQ(run({"mount", "-o", "remount,bind,ro", at()}).status, 0);
  const Nodes before = nodes_below(root.path());
  for (const std::vector<std::string>& options :
       {std::vector<std::string>{"--offline"}, {"--offline", "-m"}, {}}) {
    const Ran ran = collect(at(), options);
    EXPECT_EQ(ran.status, 13) << ran.err;
    EXPECT_THAT(ran.err, HasSubstr(std::strerror(EROFS)));
    EXPECT_EQ(codes_of(ran, "errors"), std::set<std::string>{"storage-refuses"}) << ran.out;
    EXPECT_EQ(json::parse(ran.out).at("swept").at("purged").at("count"), 0);
    EXPECT_EQ(nodes_below(root.path()), before);
  }
}

// chattr +i or +a, on a blob and on a directory with one.
TEST_F(SweepDisk, WhatIsImmutableDoesNotStopTheRest) {
  write();
  std::vector<std::pair<int, int>> flagged;
  const auto flag = [&](const fs::path& path, int wanted) {
    const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    int flags = 0;
    if (ioctl(file, FS_IOC_GETFLAGS, &flags) != 0) return close(file), false;
    flagged.emplace_back(file, flags);
    flags |= wanted;
    return ioctl(file, FS_IOC_SETFLAGS, &flags) == 0;
  };
  const bool ok = flag(v2() / RegistryBuilder::data(garbage[1]), FS_IMMUTABLE_FL) &&
                  flag((v2() / RegistryBuilder::data(garbage[3])).parent_path(), FS_APPEND_FL);
  const Ran ran = collect(root.path());
  for (const auto& [file, flags] : flagged) {
    EXPECT_EQ(ioctl(file, FS_IOC_SETFLAGS, &flags), 0);
    close(file);
  }
  if (!ok) GTEST_SKIP() << "no such flags here, or not for us";
  EXPECT_EQ(ran.status, 13) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr(RegistryBuilder::data(garbage[1])));
  EXPECT_THAT(ran.out, HasSubstr(RegistryBuilder::data(garbage[3])));
  EXPECT_EQ(codes_of(ran, "errors"), std::set<std::string>{"not-removed"}) << ran.out;
  EXPECT_EQ(json::parse(ran.out).at("swept").at("failed"), 2);
  EXPECT_TRUE(has(root.path(), garbage[1]) && has(root.path(), garbage[3]));
  EXPECT_EQ(garbage_left(root.path()), 2u);
  EXPECT_TRUE(is_done(collect(root.path())));
  EXPECT_EQ(garbage_left(root.path()), 0u);
}

// The same with a file system that cannot rename without replacing.
TEST_F(SweepDisk, BySecondNamesWhereRenameCannot) {
  const auto without_rename = [](std::vector<std::string> more,
                                 const std::vector<std::string>& program) {
    std::vector<std::string> argv = {
        "strace", "-f", "-qq", "-o", "/dev/null", "-e", "inject=renameat2:error=EINVAL"};
    argv.insert(argv.end(), more.begin(), more.end());
    argv.insert(argv.end(), program.begin(), program.end());
    return run(argv);
  };
  const TemporaryDirectory undisturbed;
  write_to(undisturbed.path());
  const Files end = settle(undisturbed.path());
  write();
  const Nodes before = nodes_below(root.path());
  EXPECT_TRUE(is_done(without_rename({}, collector(root.path(), {"-m"}))));
  EXPECT_EQ(count_quarantined(files_below(v2())), 19u);
  EXPECT_TRUE(is_done(without_rename({}, collector(root.path(), {"--restore"}))));
  EXPECT_EQ(nodes_below(root.path()), before);
  // Death between the two halves of a rename leaves two names of one file.
  int kills = 0;
  for (int n = 1; n < 12; n += 3) {
    const TemporaryDirectory copy;
    write_to(copy.path());
    const Ran ran = without_rename({"-e", "inject=unlinkat:signal=KILL:when=" + std::to_string(n)},
                                   collector(copy.path(), {"--offline", "-m", "-j", "1"}));
    EXPECT_EQ(ran.status, 137);
    kills += count_quarantined(files_below(v2_of(copy.path()))) > 0;
    expect_alive(files_below(v2_of(copy.path())), "killed");
    // Its directory is young (P11): the next run that finds it old takes it.
    EXPECT_EQ(settle(copy.path(), {"--offline", "-m", "--keep-younger-than", "0s"}), end)
        << "killed at unlinkat " << n;
  }
  EXPECT_GT(kills, 2);
}

// Somebody who may write below ROOT exchanges directories with links to another registry's storage,
// where the same things are garbage, while root collects.
TEST_F(SweepDisk, P6LinksExchangedWithDirectoriesWhileWeSweep) {
  const TemporaryDirectory outside;
  write_to(outside.path());
  const Nodes sentinels = nodes_below(outside.path());
  std::map<int, int> ended;
  std::uint64_t exchanges = 0;
  const std::vector<std::string> places = {"docker",
                                           "docker/registry",
                                           "docker/registry/v2",
                                           "docker/registry/v2/blobs",
                                           "docker/registry/v2/blobs/sha256",
                                           "docker/registry/v2/repositories",
                                           "docker/registry/v2/repositories/team",
                                           "docker/registry/v2/repositories/team/app/_layers",
                                           "docker/registry/v2/" + layout::blob_shard(garbage[0]),
                                           "docker/registry/v2/" + layout::blob(garbage[0])};
  const int rounds = getenv("REGCTL_TEST_ROUNDS") ? 1000 : 80;
  for (int i = 0; i < rounds && !HasFailure(); ++i) {
    const TemporaryDirectory inside;
    write_to(inside.path());
    const TemporaryDirectory links;
    std::vector<std::string> attacked;
    for (std::size_t k = 0; k < places.size(); ++k) {
      if ((k + i) % 3 == 0) attacked.push_back(places[k]);
    }
    // Links lead to the same places of the other storage.
    fs::create_directory_symlink(outside.path() / "docker", links.path() / "docker");
    {
      const Attacker attacker(inside.path(), links.path(), attacked);
      ++ended[collect(inside.path(), {"--offline", "-m", "-j", i % 2 ? "1" : "4"}).status];
      exchanges += attacker.exchanges();
    }
    expect_alive(files_below(v2_of(inside.path())), "attacked");
  }
  EXPECT_EQ(nodes_below(outside.path()), sentinels);
  EXPECT_GT(exchanges, 1000u);
  EXPECT_GT(ended[10] + ended[12] + ended[13], rounds / 10)
      << "the attacker hardly ever hit: nothing was tested";
  for (const auto& [status, times] : ended) {
    EXPECT_TRUE(status == 0 || status == 1 || status == 10 || status == 12 || status == 13)
        << status << ": " << times << " times";
  }
}

}  // namespace
}  // namespace regctl
