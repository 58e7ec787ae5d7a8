// Help, manuals and completions tell the same options: none drifts from the others.
#include <gmock/gmock.h>

#include <cstdlib>
#include <regex>
#include <set>

#include "tests/support/program.h"

namespace regctl {
namespace {

using namespace test;
using Words = std::set<std::string>;
using testing::ElementsAre;
namespace fs = std::filesystem;

const fs::path kCompletions = fs::path(REGCTL_TEST_SCRIPTS) / "completions",
               kDocs = fs::path(REGCTL_TEST_SCRIPTS) / "../docs";

Words matches(const std::string& text, const char* pattern) {
  const std::regex regex(pattern, std::regex::multiline);
  Words found;
  for (auto at = std::sregex_iterator(text.begin(), text.end(), regex);
       at != std::sregex_iterator(); ++at)
    found.insert((*at)[1]);
  return found;
}

class OptionsOf : public testing::TestWithParam<std::string> {
 protected:
  Words told_by_help() const {
    const fs::path program = programs / GetParam();
    return matches(run({program, "--help"}).out, "^ +(?:-., )*(--[a-z-]+)");
  }
  // With our programs first in PATH, and `script` about to complete `line` there.
  std::vector<std::string> completed(std::vector<std::string> shell,
                                     const std::string& line) const {
    shell.push_back(line);
    const Ran ran = run(shell, {{"PATH", programs.string() + ':' + std::getenv("PATH")},
                                {"COMPLETIONS", kCompletions}});
    EXPECT_EQ(ran.status, 0) << ran.err;
    EXPECT_EQ(ran.err, "");
    std::vector<std::string> words;
    std::istringstream lines(ran.out);
    for (std::string word; std::getline(lines, word);)
      words.push_back(word.substr(0, word.find('\t')));
    return words;
  }
  // As bash itself calls it for the last word of `line`.
  std::vector<std::string> by_bash(const std::string& line) const {
    return completed({"bash", "-c", R"(compopt() { :; }
source "$COMPLETIONS/regctl.bash"
read -ra words <<<"$1"
[[ $1 != *\  ]] || words+=('')
_regctl "${words[0]}" "${words[-1]}" "${words[-2]}"
printf '%s\n' "${COMPREPLY[@]}")",
                      "bash"},
                     line);
  }
  std::vector<std::string> by_fish(const std::string& line) const {
    return completed({"fish", "-c", R"(source $COMPLETIONS/regctl.fish; complete -C $argv[1])"},
                     line);
  }

  const fs::path programs = fs::path(regctl_gc()).parent_path();
};

TEST_P(OptionsOf, HelpAndManualAreTheSame) {
  const std::string manual = read_all(kDocs / (GetParam() + ".8.scd"));
  Words in_manual = matches(manual, R"(^\*(?:-.\*, \*)*(--[a-z-]+))");
  for (const std::string& more : matches(manual, R"(^\*-.*?, \*(--[a-z-]+)\*)"))
    in_manual.insert(more);
  Words missing;
  for (const std::string& option : told_by_help()) {
    if (manual.find('*' + option + '*') == std::string::npos) missing.insert(option);
  }
  // What every program has.
  for (const char* common : {"--help", "--version"}) missing.erase(common);
  EXPECT_THAT(missing, testing::IsEmpty());
  for (const std::string& option : in_manual)
    EXPECT_TRUE(told_by_help().contains(option)) << option;
}

TEST_P(OptionsOf, BashCompletesAll) {
  const auto words = by_bash(GetParam() + " --");
  EXPECT_EQ(Words(words.begin(), words.end()), told_by_help());
  EXPECT_THAT(by_bash(GetParam() + " --no-t"), ElementsAre("--no-trunc"));
  EXPECT_THAT(by_bash(GetParam() + " --progress a"), ElementsAre("auto", "always"));
}

TEST_P(OptionsOf, FishCompletesAll) {
  const auto words = by_fish(GetParam() + " --");
  EXPECT_EQ(Words(words.begin(), words.end()), told_by_help());
  EXPECT_THAT(by_fish(GetParam() + " --progress a"),
              testing::UnorderedElementsAre("auto", "always"));
}

INSTANTIATE_TEST_SUITE_P(Programs, OptionsOf, testing::Values("regctl-gc", "regctl-audit"),
                         [](const auto& one) {
                           return one.param == "regctl-gc" ? "Collector" : "Auditor";
                         });

TEST(Completions, ZshCanReadIts) {
  EXPECT_EQ(run({"zsh", "-n", kCompletions / "_regctl"}).status, 0);
}

}  // namespace
}  // namespace regctl
