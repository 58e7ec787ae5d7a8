// The collector changes a real disk and is stopped: by a signal, by its deadline, by a loss of
// power. What this host's kernel refuses is skipped with the reason.
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "registry/hasher.h"
#include "tests/support/mounting.h"
#include "tests/system/sweeping_disk.h"

namespace regctl {
namespace {

using namespace test;
using nlohmann::json;
using Clock = std::chrono::steady_clock;
namespace fs = std::filesystem;

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
  expect_alive(files_below(v2()), "at the deadline");
  EXPECT_GE(garbage_left(root.path()), 6u);
  EXPECT_EQ(count_quarantined(files_below(v2())), 0u);
  EXPECT_TRUE(is_done(collect(root.path())));
  EXPECT_EQ(garbage_left(root.path()), 0u);
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
