// The collector changes real disks: full ones, read-only ones, ones that lose power, some that are
// attacked meanwhile. What this host's kernel refuses is skipped with the reason.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <linux/fs.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <fstream>

#include "registry/hasher.h"
#include "tests/support/attacker.h"
#include "tests/support/mounting.h"
#include "tests/support/store_on_disk.h"
#include "tests/support/sweeping.h"

namespace regctl {
namespace {

using namespace test;
using nlohmann::json;
using testing::HasSubstr;
using Clock = std::chrono::steady_clock;
namespace fs = std::filesystem;

// What a file or directory is, but for the time of its last change.
struct Node {
  mode_t mode;
  uid_t user;
  gid_t group;
  ino_t inode;
  nlink_t names;
  std::uint64_t modified;  // of files only
  std::string bytes;

  bool operator==(const Node&) const = default;
};
void PrintTo(const Node& node, std::ostream* out) {
  *out << std::oct << node.mode << std::dec << ' ' << node.user << ':' << node.group << " inode "
       << node.inode << " at " << node.modified;
}
using Nodes = std::map<std::string, Node>;

Nodes nodes_below(const fs::path& directory) {
  Nodes nodes;
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    struct stat st;
    if (lstat(entry.path().c_str(), &st) != 0) continue;
    const bool file = S_ISREG(st.st_mode);
    const auto time = static_cast<std::uint64_t>(st.st_mtim.tv_sec) * 1'000'000'000 +
                      static_cast<std::uint64_t>(st.st_mtim.tv_nsec);
    nodes[entry.path().lexically_relative(directory)] = {st.st_mode,
                                                         st.st_uid,
                                                         st.st_gid,
                                                         st.st_ino,
                                                         file ? st.st_nlink : 0,
                                                         file ? time : 0,
                                                         file ? read_all(entry.path()) : ""};
  }
  return nodes;
}

class SweepDisk : public StoreOnDisk {
 protected:
  SweepDisk() {
    const Digest amd = registry.image("team/app", {"amd64", "shared"}),
                 arm = registry.image("team/app", {"arm64", "shared"});
    const Digest index = registry.index("team/app", {amd, arm}, "latest"),
                 other = registry.image("other", {"fine", "shared"}, "v1");
    registry.image("other", {"former"});
    for (int i = 0; i < 6; ++i)
      garbage.push_back(
          registry.layer("team/app", "garbage " + std::string(10'000 * (i + 1), 'x')));
    garbage.push_back(registry.blob("garbage without a link"));
    for (const Digest& manifest : {amd, arm, index})
      alive.push_back(RegistryBuilder::revision("team/app", manifest));
    alive.push_back(RegistryBuilder::revision("other", other));
    alive.push_back(layout::tag_current_link("team/app", "latest"));
    alive.push_back(layout::tag_current_link("other", "v1"));
    for (const Digest& blob : {amd, arm, index, other, digest_of("amd64"), digest_of("arm64"),
                               digest_of("shared"), digest_of("fine")})
      alive.push_back(RegistryBuilder::data(blob));
  }

  static std::vector<std::string> collector(const fs::path& root,
                                            std::vector<std::string> options = {}) {
    options.insert(options.begin(), {regctl_gc(), "--json", "--max-delete", "100%"});
    options.push_back(root);
    return options;
  }
  static Ran collect(const fs::path& root, std::vector<std::string> options = {"--offline"}) {
    return run(collector(root, std::move(options)));
  }
  static fs::path v2_of(const fs::path& store) { return store / "docker/registry/v2"; }
  void write_to(const fs::path& store) const {
    fs::create_directories(v2_of(store));
    registry.tree.write_to(v2_of(store));
  }
  static bool has(const fs::path& store, const Digest& digest) {
    return fs::exists(v2_of(store) / RegistryBuilder::data(digest));
  }
  std::size_t garbage_left(const fs::path& store) const {
    return static_cast<std::size_t>(std::count_if(
        garbage.begin(), garbage.end(), [&](const Digest& one) { return has(store, one); }));
  }
  void expect_alive(const Files& files, const std::string& when) const {
    for (const std::string& key : alive)
      EXPECT_TRUE(files.contains(key)) << key << " is gone, " << when;
  }
  // 1: done, with a word about a registry on this host (of a test beside this one) that may serve
  // this storage.
  static bool is_done(const Ran& ran) {
    return ran.status == 0 || (ran.status == 1 && codes_of(ran, "errors").empty() &&
                               ran.err.find("may serve this storage") != std::string::npos);
  }
  // What the store comes to when nothing disturbs the runs.
  static Files settle(const fs::path& root,
                      const std::vector<std::string>& options = {"--offline", "-m"}) {
    for (int i = 0; i < 3; ++i) {
      const Ran ran = collect(root, options);
      EXPECT_TRUE(is_done(ran)) << ran.err;
    }
    return files_below(v2_of(root));
  }
  // Candidates are opened for that only; a look opens manifests.
  bool is_verifying(const Program& running) const {
    const fs::path store = v2_of(fs::canonical(root.path()));
    std::error_code gone;
    for (const auto& fd :
         fs::directory_iterator("/proc/" + std::to_string(running.pid()) + "/fd", gone)) {
      const fs::path target = fs::read_symlink(fd.path(), gone);
      const auto is_open = [&](const Digest& one) {
        return target == store / RegistryBuilder::data(one);
      };
      if (std::any_of(garbage.begin(), garbage.end(), is_open)) return true;
    }
    return false;
  }
  // The program that strace runs. Killing strace would set it free.
  static pid_t traced_by(const Program& strace) {
    const std::string pid = std::to_string(strace.pid());
    return std::stoi(read_all("/proc/" + pid + "/task/" + pid + "/children"));
  }
  // Owners and modes of every kind.
  void mix_owners() const {
    unsigned n = 0;
    for (const auto& entry : fs::recursive_directory_iterator(root.path())) {
      ++n;
      EXPECT_EQ(lchown(entry.path().c_str(), 1000 + n % 3, 2000 + n % 2), 0) << entry.path();
      fs::permissions(entry.path(),
                      entry.is_directory() ? fs::perms(0750) : fs::perms(n % 2 ? 0640 : 0404));
    }
  }

  std::vector<Digest> garbage;
  std::vector<std::string> alive;  // keys
};

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
    EXPECT_THAT(ran.err, HasSubstr("Read-only file system"));
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
  EXPECT_THAT(ran.err,
              HasSubstr("could not be renamed or removed, and stays: Operation not permitted"));
  EXPECT_THAT(ran.out, HasSubstr(RegistryBuilder::data(garbage[1])));
  EXPECT_THAT(ran.out, HasSubstr(RegistryBuilder::data(garbage[3])));
  EXPECT_EQ(codes_of(ran, "errors"), std::set<std::string>{"not-removed"}) << ran.out;
  EXPECT_EQ(json::parse(ran.out).at("swept").at("failed"), 2);
  EXPECT_TRUE(has(root.path(), garbage[1]) && has(root.path(), garbage[3]));
  EXPECT_EQ(garbage_left(root.path()), 2u);
  EXPECT_TRUE(is_done(collect(root.path())));
  EXPECT_EQ(garbage_left(root.path()), 0u);
}

TEST_F(SweepDisk, P15FreedIsWhatHadNoOtherName) {
  write();
  fs::create_hard_link(v2() / RegistryBuilder::data(garbage[5]), root.path() / "second name");
  const Ran ran = collect(root.path());
  ASSERT_TRUE(is_done(ran)) << ran.err;
  const json swept = json::parse(ran.out).at("swept");
  EXPECT_EQ(swept.at("purged").at("count"), 7);
  EXPECT_EQ(garbage_left(root.path()), 0u);
  EXPECT_EQ(read_all(root.path() / "second name").size(), 60'008u);
  EXPECT_EQ(swept.at("purged").at("bytes"), 210'000 + 7 * 8 + 14 - 60'008);
}

TEST_F(SweepDisk, WhatStaysIsNotTouched) {
  write();
  mix_owners();
  const Nodes before = nodes_below(root.path());
  ASSERT_TRUE(is_done(collect(root.path(), {"--offline", "-m"})));
  const Nodes after = nodes_below(root.path());
  EXPECT_LT(after.size(), before.size());
  for (const auto& [path, node] : after) {
    ASSERT_TRUE(before.contains(path)) << path << " is new";
    EXPECT_EQ(node, before.at(path)) << path;
  }
}

TEST_F(SweepDisk, P8RestoredWithOwnersModesAndTimes) {
  write();
  mix_owners();
  const Nodes before = nodes_below(root.path());
  const Ran taken = collect(root.path(), {"-m"});
  ASSERT_TRUE(is_done(taken)) << taken.err;
  EXPECT_EQ(garbage_left(root.path()), 0u);
  EXPECT_EQ(nodes_below(root.path()).size(), before.size());
  ASSERT_TRUE(is_done(collect(root.path(), {"--restore"})));
  EXPECT_EQ(nodes_below(root.path()), before);
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
  EXPECT_EQ(count_quarantined(files_below(v2())), 11u);
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

TEST_F(SweepDisk, P10ASecondRunChangesNothing) {
  write();
  fs::create_directory_symlink(root.path(), work.path() / "link");
  const Mounted bound({"--bind", root.path()}, at());
  const Nodes before = nodes_below(root.path());
  Program first(collector(root.path(), {"--offline", "--limit-rate", "1000"}));
  ASSERT_TRUE(becomes_true([&] { return is_verifying(first); })) << first.err();
  std::vector<fs::path> names = {root.path(), v2(), work.path() / "link",
                                 root.path() / "docker/.."};
  if (bound) names.push_back(at());
  for (const fs::path& name : names) {
    for (const std::vector<std::string>& options :
         {std::vector<std::string>{"--offline"}, {}, {"--heal"}, {"--restore"}}) {
      const Ran ran = collect(name, options);
      EXPECT_EQ(ran.status, 11) << name << ran.err;
      EXPECT_EQ(ran.out, "");
      EXPECT_THAT(ran.err, HasSubstr("another run"));
    }
  }
  EXPECT_EQ(dry_run().status, 0);
  EXPECT_EQ(run(audit_of(root.path())).status, 0);
  EXPECT_FALSE(first.has_ended());
  EXPECT_EQ(nodes_below(root.path()), before);
  // A run that is stopped, or dies, holds nothing up.
  first.send(SIGSTOP);
  EXPECT_EQ(collect(root.path()).status, 11);
  first.send(SIGKILL);
  first.wait();
  EXPECT_TRUE(is_done(collect(root.path())));
  EXPECT_EQ(garbage_left(root.path()), 0u);
  if (!bound) GTEST_SKIP() << "not through a bind mount: " << bound.refusal();
}

TEST_F(SweepDisk, P10WhereDirectoriesCannotBeLocked) {
  write();
  ASSERT_EQ(chown(v2().c_str(), 1234, 2345), 0);
  const auto without_flock = [&](const char* when, std::vector<std::string> options) {
    std::vector<std::string> argv = {"strace",
                                     "-f",
                                     "-qq",
                                     "-o",
                                     "/dev/null",
                                     "-e",
                                     std::string("inject=flock:error=ENOLCK") + when};
    const auto program = collector(root.path(), std::move(options));
    argv.insert(argv.end(), program.begin(), program.end());
    return argv;
  };
  const fs::path file = v2() / ".regctl-gc.lock";
  Program first(without_flock(":when=1", {"--offline", "--limit-rate", "1000"}));
  const auto is_locked = [&] {  // trying it would take it
    struct stat st;
    return stat(file.c_str(), &st) == 0 &&
           read_all("/proc/locks").find(':' + std::to_string(st.st_ino) + ' ') != std::string::npos;
  };
  ASSERT_TRUE(becomes_true(is_locked)) << first.err();
  const Ran second = run(without_flock(":when=1", {"--offline"}));
  EXPECT_EQ(second.status, 11) << second.err;
  EXPECT_EQ(garbage_left(root.path()), garbage.size());
  kill(traced_by(first), SIGKILL);
  first.wait();
  struct stat made, later;
  ASSERT_EQ(stat(file.c_str(), &made), 0);
  EXPECT_TRUE(made.st_uid == 1234 && made.st_gid == 2345 && made.st_mode == (S_IFREG | 0600u));
  const Ran third = run(without_flock(":when=1", {"--offline"}));
  EXPECT_TRUE(is_done(third)) << third.err;
  ASSERT_EQ(stat(file.c_str(), &later), 0);
  EXPECT_EQ(made.st_ino, later.st_ino);
  EXPECT_EQ(garbage_left(root.path()), 0u);
}

// No lock, no run: that is no fault of the program, and nobody's lock either.
TEST_F(SweepDisk, P10WhereNothingCanBeLocked) {
  write();
  std::vector<std::string> argv = {
      "strace", "-f", "-qq", "-o", "/dev/null", "-e", "inject=flock:error=ENOLCK"};
  const auto program = collector(root.path(), {"--offline"});
  argv.insert(argv.end(), program.begin(), program.end());
  const Ran ran = run(argv);
  EXPECT_EQ(ran.status, 12) << ran.err;
  EXPECT_THAT(ran.err, HasSubstr("No locks available"));
  EXPECT_EQ(codes_of(ran, "blockers"), std::set<std::string>{"read-error"}) << ran.out;
  const json report = json::parse(ran.out);
  EXPECT_EQ(report.at("run").at("outcome"), "refused");
  EXPECT_TRUE(report.at("totals").is_null() && report.at("plan").is_null())
      << "an unknown is not an empty registry";
  EXPECT_EQ(garbage_left(root.path()), garbage.size());
}

TEST_F(SweepDisk, P4WhatDoesNotMatchItsDigestIsKeptUnlessItIsWanted) {
  registry.blob_at(digest_of("right"), "wrong");
  write();
  const Ran kept = collect(root.path());
  EXPECT_EQ(kept.status, 1) << kept.err;
  EXPECT_TRUE(codes_of(kept, "warnings").contains("blob-digest-mismatch")) << kept.out;
  EXPECT_EQ(json::parse(kept.out).at("totals").at("kept").at("mismatched").at("count"), 1)
      << kept.out;
  EXPECT_TRUE(has(root.path(), digest_of("right")));
  EXPECT_EQ(garbage_left(root.path()), 0u);
  EXPECT_TRUE(is_done(collect(root.path(), {"--offline", "--remove-mismatched"})));
  EXPECT_FALSE(has(root.path(), digest_of("right")));
}

TEST_F(SweepDisk, OneRunCanBeRestored) {
  write();
  const Files before = files_below(v2());
  const auto take = [&](std::vector<std::string> options) {
    const Ran ran = collect(root.path(), std::move(options));
    EXPECT_TRUE(is_done(ran)) << ran.err;
    return json::parse(ran.out).at("run").at("id").get<std::string>();
  };
  const std::string first = take({}), second = take({"-m"});
  const Files after_both = files_below(v2());
  const Ran none = collect(root.path(), {"--restore", "--run", "0123456789abcdef"});
  EXPECT_EQ(none.status, 1) << none.err;
  EXPECT_TRUE(codes_of(none, "warnings").contains("run-unknown")) << none.out;
  EXPECT_EQ(files_below(v2()), after_both);
  EXPECT_TRUE(is_done(collect(root.path(), {"--restore", "--run", first})));
  EXPECT_EQ(garbage_left(root.path()), garbage.size());
  EXPECT_NE(files_below(v2()), before);
  EXPECT_TRUE(is_done(collect(root.path(), {"--restore", "--run", second})));
  EXPECT_EQ(files_below(v2()), before);
}

// What was purged may be remembered, whoever took it.
TEST_F(SweepDisk, AfterEveryOfflineRemovalARestartIsAdvised) {
  const auto advises = [](const Ran& ran) {
    const json report = json::parse(ran.out);
    const auto is_restart = [](const json& advice) {
      return advice.at("code") == "restart-registry";
    };
    return std::any_of(report.at("advice").begin(), report.at("advice").end(), is_restart);
  };
  write();
  EXPECT_TRUE(advises(collect(root.path(), {})));  // no gate is known to be open
  EXPECT_FALSE(advises(collect(root.path(), {})));
  const Ran purged = collect(root.path(), {"--offline", "--prune-layer-links=no"});
  EXPECT_EQ(json::parse(purged.out).at("swept").at("quarantined").at("count"), 0);
  EXPECT_TRUE(advises(purged));
  EXPECT_FALSE(advises(collect(root.path(), {"--offline", "--prune-layer-links=no"})));
}

TEST_F(SweepDisk, ASignalWhileVerifyingStopsWithinTwoSeconds) {
  write();
  const Nodes before = nodes_below(root.path());
  for (const auto& [number, status] :
       {std::pair(SIGINT, 130), std::pair(SIGTERM, 143), std::pair(SIGHUP, 129)}) {
    for (const bool offline : {true, false}) {
      std::vector<std::string> options = {"-m", "--limit-rate", "100"};
      if (offline) options.push_back("--offline");
      Program running(collector(root.path(), options));
      ASSERT_TRUE(becomes_true([&] { return is_verifying(running); })) << running.err();
      const auto start = Clock::now();
      running.send(number);
      const Ran ran = running.wait();
      EXPECT_LT(Clock::now() - start, std::chrono::seconds(2));
      EXPECT_EQ(ran.status, status) << ran.err;
      const json report = json::parse(ran.out, nullptr, false);
      ASSERT_TRUE(report.is_object()) << ran.out;
      EXPECT_EQ(report.at("run").at("outcome"), "interrupted");
      EXPECT_EQ(report.at("run").at("exit_status"), status);
      EXPECT_EQ(report.at("plan").at("blobs").size(), 10u);
      EXPECT_EQ(report.at("swept").at("quarantined").at("count"), 0);
      EXPECT_EQ(nodes_below(root.path()), before);
    }
  }
}

TEST_F(SweepDisk, ADeadlineWhileVerifyingLeavesTheRestToTheNextRun) {
  registry.blob("a small one");
  garbage.push_back(digest_of("a small one"));
  write();
  const Files before = files_below(v2());
  const Ran first = collect(root.path(), {"--offline", "--deadline", "1s", "--limit-rate", "1000"});
  EXPECT_EQ(first.status, 13) << first.err;
  const json report = json::parse(first.out);
  EXPECT_EQ(report.at("run").at("outcome"), "incomplete");
  EXPECT_EQ(codes_of(first, "errors"), std::set<std::string>{"deadline"}) << first.out;
  EXPECT_THAT(first.err, HasSubstr("the next run goes on"));
  expect_alive(files_below(v2()), "at the deadline");
  EXPECT_GE(garbage_left(root.path()), 6u);
  EXPECT_EQ(count_quarantined(files_below(v2())), 0u);
  EXPECT_TRUE(is_done(collect(root.path())));
  EXPECT_EQ(garbage_left(root.path()), 0u);
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

class PowerCut : public SweepDisk {
 protected:
  // An image with the store; false: this host cannot.
  bool prepare() {
    EXPECT_EQ(run({"truncate", "-s", "16M", original()}).status, 0);
    EXPECT_EQ(run({"/sbin/mkfs.ext4", "-q", "-F", original()}).status, 0);
    const Mounted mounted({"-o", "loop", original()}, at());
    if (!mounted) return skip_reason = mounted.refusal(), false;
    write_to(at());
    return run({"umount", at()}).status == 0;
  }
  std::string original() const { return work.path() / "original"; }
  std::string image() const { return work.path() / "image"; }
  void fresh_image() const {
    EXPECT_EQ(run({"cp", "--sparse=always", original(), image()}).status, 0);
  }
  std::vector<std::string> disk() const { return {"-o", "loop", image()}; }

  // Nothing that is not on the disk by now will ever be.
  bool cut() const {
    constexpr std::uint32_t kNoLogFlush = 2;
    const int top = open(at().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool done = ioctl(top, _IOR('X', 125, std::uint32_t), &kNoLogFlush) == 0;
    close(top);
    return done;
  }
  static std::vector<std::string> stopping_at(const std::string& point, const std::string& trace,
                                              const std::vector<std::string>& program) {
    std::vector<std::string> argv = {"strace",         "-f", "-o", trace, "--seccomp-bpf", "-e",
                                     "inject=" + point};
    argv.insert(argv.end(), program.begin(), program.end());
    return argv;
  }
};

TEST_F(PowerCut, P7AtAnyChangingCall) {
  if (!prepare()) GTEST_SKIP() << skip_reason;
  Files end;
  {
    fresh_image();
    const Mounted mounted(disk(), at());
    end = settle(at());
  }
  int cuts = 0;
  for (const auto& [call, points] :
       {std::pair<const char*, std::vector<int>>{"renameat2", {1, 4, 9}},
        {"syncfs", {1, 2}},
        {"unlinkat", {1, 5, 12}}}) {
    for (const int n : points) {
      fresh_image();
      const std::string point = std::string(call) + ":signal=STOP:when=" + std::to_string(n),
                        trace = work.path() / "trace";
      fs::remove(trace);
      {
        const Mounted mounted(disk(), at());
        ASSERT_TRUE(mounted) << mounted.refusal();
        Program running(stopping_at(point, trace, collector(at(), {"--offline", "-m", "-j", "1"})));
        const auto stopped = [&] {
          return read_all(trace).find("--- stopped by SIGSTOP ---") != std::string::npos;
        };
        ASSERT_TRUE(becomes_true([&] { return stopped() || running.has_ended(); }));
        ASSERT_TRUE(stopped()) << point << " was never reached: " << running.err();
        if (!cut()) GTEST_SKIP() << "this kernel cannot shut a file system down";
        ++cuts;
        kill(traced_by(running), SIGKILL);
        running.wait();
        ASSERT_EQ(run({"umount", at()}).status, 0);
      }
      const Mounted again(disk(), at());
      ASSERT_TRUE(again) << again.refusal();
      expect_alive(files_below(v2_of(at())), "after a loss of power at " + point);
      EXPECT_EQ(settle(at()), end) << point;
      EXPECT_EQ(run({"umount", at()}).status, 0);
    }
  }
  EXPECT_EQ(cuts, 8);
}

// A power cut right after the report: nothing was reported done that is not.
TEST_F(PowerCut, WhatIsReportedIsOnTheDisk) {
  if (!prepare()) GTEST_SKIP() << skip_reason;
  const std::vector<std::vector<std::string>> modes = {{"--offline", "-m"}, {"-m"}};
  for (const auto& options : modes) {
    fresh_image();
    Files reported;
    {
      const Mounted mounted(disk(), at());
      const Ran ran = collect(at(), options);
      ASSERT_TRUE(is_done(ran)) << ran.err;
      reported = files_below(v2_of(at()));
      if (!cut()) GTEST_SKIP() << "this kernel cannot shut a file system down";
      ASSERT_EQ(run({"umount", at()}).status, 0);
    }
    const Mounted again(disk(), at());
    EXPECT_EQ(files_below(v2_of(at())), reported) << options.size();
    if (options.size() == 1) {  // and what is given back is back
      ASSERT_TRUE(is_done(collect(at(), {"--restore"})));
      const Files restored = files_below(v2_of(at()));
      ASSERT_TRUE(cut());
      ASSERT_EQ(run({"umount", at()}).status, 0);
      const Mounted last(disk(), at());
      EXPECT_EQ(files_below(v2_of(at())), restored);
      EXPECT_EQ(garbage_left(at()), garbage.size());
    }
  }
}

}  // namespace
}  // namespace regctl
