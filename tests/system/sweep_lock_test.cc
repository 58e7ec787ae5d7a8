// One run at a time, on a real disk, whatever it can lock.
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "tests/support/mounting.h"
#include "tests/system/sweeping_disk.h"

namespace regctl {
namespace {

using namespace test;
using nlohmann::json;
namespace fs = std::filesystem;

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
      EXPECT_NE(ran.err, "");
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
  EXPECT_THAT(ran.err, testing::HasSubstr(std::strerror(ENOLCK)));
  EXPECT_EQ(codes_of(ran, "blockers"), std::set<std::string>{"read-error"}) << ran.out;
  const json report = json::parse(ran.out);
  EXPECT_EQ(report.at("run").at("outcome"), "refused");
  EXPECT_TRUE(report.at("totals").is_null() && report.at("plan").is_null())
      << "an unknown is not an empty registry";
  EXPECT_EQ(garbage_left(root.path()), garbage.size());
}

}  // namespace
}  // namespace regctl
