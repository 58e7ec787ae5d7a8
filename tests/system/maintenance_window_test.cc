// scripts/maintenance-window, with commands that only write down that they were called.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>

#include "tests/support/program.h"

namespace regctl {
namespace {

using namespace test;
using Lines = std::vector<std::string>;
using testing::ElementsAre;

// Ends when the test says so, or is over. A signal that comes just before a shell's `read` is not
// seen until that ends.
const std::string kHold = "while read -r -t 0.05; [ $? -gt 128 ]; do :; done <\"$WORK/fifo\"\n";

class MaintenanceWindow : public testing::Test {
 protected:
  MaintenanceWindow() {
    mkfifo((work.path() / "fifo").c_str(), 0600);
    fifo.open(work.path() / "fifo",
              std::ios::in | std::ios::out);  // for both, which waits for nobody
    command("stop", note("stop"));
    command("start", note("start"));
    command("sleep", note("sleep $*"));
    collector("", "");
  }

  static std::string note(const std::string& what) {
    return "echo \"" + what + "\" >>\"$WORK/log\"\n";
  }
  void command(const std::string& name, const std::string& body) {
    const auto file = work.path() / name;
    std::ofstream(file) << "#!/bin/bash\n" << body;
    std::filesystem::permissions(file, std::filesystem::perms::owner_all);
  }
  // What a dry run does, and what a run that collects does after it has written down its options.
  void collector(const std::string& looks, const std::string& collects) {
    command("collect", "if [ \"$1\" = --dry-run ]; then\n" + note("look") + looks + "exit\nfi\n" +
                           note("collect $*") + collects);
  }

  std::vector<std::string> window(const Lines& options = {}) const {
    std::vector<std::string> argv = {REGCTL_TEST_SCRIPTS "/maintenance-window", "ROOT"};
    argv.insert(argv.end(), options.begin(), options.end());
    return argv;
  }
  std::map<std::string, std::string> environment() const {
    const std::string here = work.path().string();
    return {{"WORK", here},
            {"PATH", here + ':' + std::getenv("PATH")},
            {"REGCTL_GC", here + "/collect"},
            {"REGISTRY_STOP", here + "/stop"},
            {"REGISTRY_START", here + "/start"}};
  }
  Lines log() const {
    std::ifstream in(work.path() / "log");
    Lines lines;
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
  }
  bool has_come_to(const std::string& line) const {
    return becomes_true([&] { return !log().empty() && log().back() == line; });
  }

  TemporaryDirectory work;
  std::fstream fifo;
};

constexpr const char* kCollects = "collect --offline --uploads-idle 15s ROOT";

TEST_F(MaintenanceWindow, StopsWaitsCollectsAndStarts) {
  const Ran ran = run(window(), environment());
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(log(), ElementsAre("look", "stop", "sleep 15", kCollects, "start"));
}

TEST_F(MaintenanceWindow, AnIdleTimeAmongTheOptionsComesLast) {
  auto given = environment();
  given["REGISTRY_IDLE"] = "3";
  EXPECT_EQ(run(window({"--uploads-idle", "1m"}), given).status, 0);
  EXPECT_THAT(log(),
              ElementsAre("look", "stop", "sleep 3",
                          "collect --offline --uploads-idle 3s --uploads-idle 1m ROOT", "start"));
  given["REGISTRY_IDLE"] = "1m";
  EXPECT_EQ(run(window(), given).status, 2);
}

TEST_F(MaintenanceWindow, StartsWhenTheCollectorFails) {
  collector("", "exit 13\n");
  EXPECT_EQ(run(window(), environment()).status, 13);
  EXPECT_THAT(log(), ElementsAre("look", "stop", "sleep 15", kCollects, "start"));
}

TEST_F(MaintenanceWindow, StopsNothingForARunThatWouldBeRefused) {
  collector("exit 12\n", "");
  EXPECT_EQ(run(window(), environment()).status, 12);
  EXPECT_THAT(log(), ElementsAre("look"));
}

TEST_F(MaintenanceWindow, StartsWhenStoppingFailed) {
  command("stop", note("stop") + "exit 5\n");
  EXPECT_EQ(run(window(), environment()).status, 5);
  EXPECT_THAT(log(), ElementsAre("look", "stop", "start"));
}

TEST_F(MaintenanceWindow, SaysThatStartingFailed) {
  command("start", note("start") + "exit 6\n");
  const Ran ran = run(window(), environment());
  EXPECT_EQ(ran.status, 6);
  EXPECT_THAT(ran.err, testing::HasSubstr(environment().at("REGISTRY_START")));
}

// The collector is told once, and ends in its own time.
TEST_F(MaintenanceWindow, ASignalEndsTheCollectorBeforeTheRegistryStarts) {
  for (const auto& [number, name] :
       {std::pair{SIGTERM, "TERM"}, {SIGINT, "INT"}, {SIGHUP, "HUP"}}) {
    std::filesystem::remove(work.path() / "log");
    const std::string status = std::to_string(128 + number);
    collector("", std::string("trap '") +
                      "echo told >>\"$WORK/log\"; read -r <\"$WORK/fifo\"; echo ended "
                      ">>\"$WORK/log\"; exit " +
                      status + "' " + name + "\n" + note("ready") + kHold);
    Program script(window(), environment());
    ASSERT_TRUE(has_come_to("ready")) << script.err();
    script.send(number);
    ASSERT_TRUE(has_come_to("told")) << name << ": " << script.err();
    EXPECT_FALSE(script.has_ended());
    fifo << std::endl;
    EXPECT_EQ(script.wait().status, 128 + number);
    EXPECT_THAT(log(), ElementsAre("look", "stop", "sleep 15", kCollects, "ready", "told", "ended",
                                   "start"));
  }
}

TEST_F(MaintenanceWindow, ASignalBeforeTheCollectionOnlyStartsTheRegistry) {
  command("sleep", note("sleep") + "exec cat \"$WORK/fifo\"\n");
  Program script(window(), environment());
  ASSERT_TRUE(has_come_to("sleep")) << script.err();
  script.send(SIGTERM);
  EXPECT_EQ(script.wait().status, 128 + SIGTERM);
  EXPECT_THAT(log(), ElementsAre("look", "stop", "sleep", "start"));
}

// A signal does not cut the stopping short.
TEST_F(MaintenanceWindow, ASignalWhileStoppingCollectsNothing) {
  command("stop", note("stop") + kHold);
  Program script(window(), environment());
  ASSERT_TRUE(has_come_to("stop")) << script.err();
  script.send(SIGTERM);
  fifo << std::endl;
  EXPECT_EQ(script.wait().status, 128 + SIGTERM);
  EXPECT_THAT(log(), ElementsAre("look", "stop", "start"));
}

}  // namespace
}  // namespace regctl
