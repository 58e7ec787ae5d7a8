// scripts/units: systemd takes them, they let out little, and the configuration that they share is
// one that both programs take.
#include <gmock/gmock.h>

#include <fstream>
#include <regex>

#include "tests/support/program.h"

namespace regctl {
namespace {

using namespace test;
using testing::HasSubstr;
namespace fs = std::filesystem;

const fs::path kUnits = fs::path(REGCTL_TEST_SCRIPTS) / "units";
constexpr const char* kServices[] = {"regctl-gc", "regctl-gc-heal", "regctl-audit"};

std::vector<std::string> command_in(const fs::path& service) {
  const std::string text = std::regex_replace(read_all(service), std::regex("\\\\\n"), "");
  std::smatch found;
  EXPECT_TRUE(std::regex_search(text, found, std::regex("\nExecStart=(.*)\n"))) << service;
  std::istringstream words(found[1]);
  return {std::istream_iterator<std::string>(words), {}};
}

class Units : public testing::Test {
 protected:
  // As instances of a storage, with the programs of this build.
  Units() {
    for (const std::string name : kServices) {
      const std::string text = read_all(kUnits / (name + "@.service"));
      std::ofstream(instance(name, ".service")) << std::regex_replace(
          text, std::regex("/usr/sbin"), fs::path(regctl_gc()).parent_path().string());
      fs::copy(kUnits / (name + "@.timer"), instance(name, ".timer"));
    }
  }
  fs::path instance(const std::string& name, const char* suffix) const {
    return work.path() / (name + "@srv-registry" + suffix);
  }

  TemporaryDirectory work;
};

TEST_F(Units, AreAsSystemdTakesThem) {
  for (const std::string name : kServices) {
    for (const char* suffix : {".service", ".timer"}) {
      const Ran ran = run({"systemd-analyze", "verify", "--man=no", instance(name, suffix)});
      EXPECT_EQ(ran.status, 0) << ran.err;
      EXPECT_EQ(ran.err, "");
    }
  }
}

// Of 10, in tenths: systemd calls up to 2.0 OK, and the collector has to see other processes.
TEST_F(Units, LetOutLittle) {
  for (const std::string name : kServices) {
    const Ran ran = run({"systemd-analyze", "security", "--offline=true", "--no-pager",
                         "--threshold=21", instance(name, ".service")});
    EXPECT_EQ(ran.status, 0) << ran.out.substr(ran.out.rfind("Overall") - 10);
  }
}

TEST_F(Units, CallThePrograms) {
  for (const std::string name : kServices) {
    auto command = command_in(kUnits / (name + "@.service"));
    command[0] = fs::path(regctl_gc()).parent_path() / fs::path(command[0]).filename();
    for (std::string& word : command)
      word = std::regex_replace(word, std::regex("/etc/regctl-gc"), kUnits.string());
    command.push_back("--print-config");
    const Ran ran = run(command);
    EXPECT_EQ(ran.status, 0) << ran.err;
    EXPECT_THAT(ran.out, HasSubstr("regctl-gc.conf"));
  }
}

TEST_F(Units, TheConfigurationIsTheCarefulPosture) {
  const Ran ran = run({regctl_gc(), "--config", kUnits / "regctl-gc.conf", "--print-config"});
  EXPECT_TRUE(std::regex_search(ran.out, std::regex("(^|\n)dry-run += true "))) << ran.out;
  EXPECT_TRUE(std::regex_search(ran.out, std::regex("\nmax-delete += 50% ")));
}

// What a line of it comments out is an option as well.
TEST_F(Units, AllOfTheConfigurationIsKnown) {
  const std::string text = read_all(kUnits / "regctl-gc.conf");
  const fs::path all = work.path() / "all.conf";
  std::ofstream(all) << std::regex_replace(text, std::regex("\n#([a-z-]+ *= )"), "\n$1");
  for (const std::string& program : {regctl_gc(), regctl_audit()}) {
    const Ran ran = run({program, "--config", all, "--print-config"});
    EXPECT_EQ(ran.status, 0) << ran.err;
    EXPECT_THAT(ran.out, HasSubstr("limit-rate"));
  }
}

}  // namespace
}  // namespace regctl
