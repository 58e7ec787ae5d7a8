// How options are written: precedence, spelling, and what is said of a wrong one.
#include "cli/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "cli/failure.h"
#include "tests/support/temporary_directory.h"

namespace regctl::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Kind = OptionSpec::Kind;
using Words = std::vector<std::string>;

Program program() {
  return {
      .name = "regctl-gc",
      .usage = "Usage: regctl-gc [OPTIONS] ROOT\n",
      .epilogue = "Manual: regctl-gc(8)\n",
      .siblings = {"regctl-audit"},
      .groups = {
          {"What",
           {{.name = "dry-run", .letter = 'n', .help = "change nothing", .second_letter = 'd'},
            {.name = "delete-untagged", .letter = 'm', .help = "untagged manifests too"},
            {.name = "hold",
             .kind = Kind::value,
             .metavar = "DUR",
             .default_value = "20h",
             .help = "how long"},
            {.name = "report", .kind = Kind::value, .metavar = "FILE", .help = "where to"},
            {.name = "protect", .kind = Kind::list, .metavar = "GLOB", .help = "repositories"}}},
          {"Rest",
           {{.name = "quiet", .letter = 'q', .help = "say less"},
            {.name = "verbose", .letter = 'v', .kind = Kind::count, .help = "say more"},
            {.name = "jobs",
             .letter = 'j',
             .kind = Kind::value,
             .metavar = "N",
             .default_value = "0",
             .help = "reads"},
            {.name = "config",
             .kind = Kind::value,
             .metavar = "FILE",
             .help = "options",
             .only_command_line = true},
            {.name = "help", .letter = 'h', .help = "this text", .only_command_line = true}}}}};
}

Options parse(const Words& arguments, const Words& environment = {}) {
  return parse_options(program(), arguments, environment);
}

// Message and hint of the UsageError, a line each.
std::string complaint(const Words& arguments, const Words& environment = {}) {
  try {
    parse(arguments, environment);
  } catch (const UsageError& error) {
    return error.what() + ('\n' + error.hint());
  }
  ADD_FAILURE() << "accepted";
  return {};
}

class WithConfiguration : public testing::Test {
 protected:
  test::TemporaryDirectory directory;
  const std::string file = (directory.path() / "config").string();

  std::string argument(const std::string& text) {
    std::ofstream(file) << text;
    return "--config=" + file;
  }
};

TEST(Options, DefaultsHoldWhereNothingIsGiven) {
  const Options options = parse({});
  EXPECT_FALSE(options.flag("dry-run"));
  EXPECT_EQ(options.value("hold"), "20h");
  EXPECT_EQ(options.value("report"), "");
  EXPECT_EQ(options.count("verbose"), 0u);
  EXPECT_THAT(options.list("protect"), ElementsAre());
  EXPECT_THAT(options.operands(), ElementsAre());
  EXPECT_THROW(options.flag("no-such"), std::out_of_range);
}

TEST(Options, ValuesAreWrittenInEitherWay) {
  EXPECT_EQ(parse({"--hold=3h"}).value("hold"), "3h");
  EXPECT_EQ(parse({"--hold", "3h"}).value("hold"), "3h");
  EXPECT_EQ(parse({"-j4"}).value("jobs"), "4");
  EXPECT_EQ(parse({"-j", "4"}).value("jobs"), "4");
  EXPECT_EQ(parse({"--report=a=b"}).value("report"), "a=b");
  EXPECT_EQ(parse({"--report", "with blank"}).value("report"), "with blank");
}

TEST(Options, LettersMayStandTogether) {
  const Options options = parse({"-mnq"});
  EXPECT_TRUE(options.flag("dry-run") && options.flag("delete-untagged") && options.flag("quiet"));
  EXPECT_EQ(parse({"-nvvj8"}).value("jobs"), "8");
  EXPECT_EQ(parse({"-nvvj8"}).count("verbose"), 2u);
}

TEST(Options, AnOptionMayHaveTwoLetters) {
  EXPECT_TRUE(parse({"-n"}).flag("dry-run"));
  EXPECT_TRUE(parse({"-d"}).flag("dry-run"));
  EXPECT_TRUE(parse({"-dm"}).flag("dry-run"));
  EXPECT_FALSE(parse({"-d=false"}).flag("dry-run"));
}

TEST(Options, OperandsStandAnywhere) {
  const Options options = parse({"/store", "--dry-run", "-j", "4", "second"});
  EXPECT_THAT(options.operands(), ElementsAre("/store", "second"));
  EXPECT_TRUE(options.flag("dry-run"));
  EXPECT_EQ(options.value("jobs"), "4");
  EXPECT_THAT(parse({"-n", "--", "--hold", "-m", "--dry-run=false"}).operands(),
              ElementsAre("--hold", "-m", "--dry-run=false"));
  EXPECT_TRUE(parse({"-n", "--", "--dry-run=false"}).flag("dry-run"));
}

TEST(Options, FlagsTakeTrueAndFalse) {
  for (const char* yes : {"true", "TRUE", "1", "yes", "on"})
    EXPECT_TRUE(parse({std::string("--dry-run=") + yes}).flag("dry-run")) << yes;
  for (const char* no : {"false", "False", "0", "no", "off"})
    EXPECT_FALSE(parse({std::string("--dry-run=") + no}).flag("dry-run")) << no;
  for (const char* neither : {"", "maybe", "2", "tru"})
    EXPECT_THAT(complaint({std::string("--dry-run=") + neither}), HasSubstr("not true or false"))
        << neither;
}

TEST(Options, TheLastWordCounts) {
  EXPECT_TRUE(parse({"-n", "-n", "--dry-run"}).flag("dry-run"));
  EXPECT_FALSE(parse({"--dry-run", "--dry-run=false"}).flag("dry-run"));
  EXPECT_FALSE(parse({"-m", "-n", "--delete-untagged=false"}).flag("delete-untagged"));
  EXPECT_TRUE(parse({"--dry-run=false", "--dry-run"}).flag("dry-run"));
  EXPECT_TRUE(parse({"--dry-run=false", "-d"}).flag("dry-run"));
  EXPECT_EQ(parse({"--hold=1h", "--hold", "2h"}).value("hold"), "2h");
  EXPECT_THAT(parse({"--protect=a", "--protect", "b", "--protect=a"}).list("protect"),
              ElementsAre("a", "b", "a"));
  EXPECT_EQ(parse({"-vv", "--verbose", "-v"}).count("verbose"), 4u);
  EXPECT_EQ(parse({"-vv", "--verbose=false", "-v"}).count("verbose"), 1u);
}

TEST_F(WithConfiguration, TheStrongerSourceWins) {
  const std::string config = argument("hold = 3h\nreport = file\njobs = 5\n");
  const Words environment = {"REGCTL_GC_HOLD=2h", "REGCTL_GC_REPORT=variable"};
  const Options options = parse({config, "--hold=1h"}, environment);
  EXPECT_EQ(options.value("hold"), "1h");
  EXPECT_EQ(options.value("report"), "variable");
  EXPECT_EQ(options.value("jobs"), "5");
  EXPECT_EQ(parse({config}, environment).value("hold"), "2h");
  EXPECT_EQ(parse({config}).value("hold"), "3h");
}

TEST_F(WithConfiguration, AFlagCanBeTakenBack) {
  const std::string config =
      argument("delete-untagged = true\ndry-run = yes\nquiet = off\nverbose = 2\n");
  EXPECT_TRUE(parse({config}).flag("delete-untagged"));
  EXPECT_TRUE(parse({config}).flag("dry-run"));
  EXPECT_FALSE(parse({config}).flag("quiet"));
  EXPECT_EQ(parse({config}).count("verbose"), 2u);
  EXPECT_EQ(parse({config, "-v"}).count("verbose"), 1u);
  EXPECT_FALSE(parse({config, "--delete-untagged=false"}).flag("delete-untagged"));
  EXPECT_FALSE(parse({config}, {"REGCTL_GC_DELETE_UNTAGGED=false"}).flag("delete-untagged"));
  EXPECT_TRUE(parse({config, "-m"}, {"REGCTL_GC_DELETE_UNTAGGED=false"}).flag("delete-untagged"));
}

TEST_F(WithConfiguration, ListsOfAllSourcesAddUp) {
  const std::string config = argument("protect = c\nprotect = d\n");
  EXPECT_THAT(parse({config, "--protect=a"}, {"REGCTL_GC_PROTECT=b"}).list("protect"),
              ElementsAre("a", "b", "c", "d"));
}

TEST_F(WithConfiguration, CommentsAndBlanksAreNothing) {
  const Options options = parse({argument("# a comment\n\n  hold =  3h  # why\n")});
  EXPECT_EQ(options.value("hold"), "3h");
}

TEST_F(WithConfiguration, SectionsAreOfOneProgram) {
  const std::string config = argument(
      "hold = 3h\nprotect = a\n[regctl-audit]\nmax-age = 1d\nhold = 5h\n"
      "[regctl-gc]\nhold = 4h\nprotect = b\n");
  EXPECT_EQ(parse({config}).value("hold"), "4h");
  EXPECT_THAT(parse({config}).list("protect"), ElementsAre("a", "b"));
  EXPECT_EQ(complaint({argument("[regctl-gx]\nhold = 1h\n")}),
            "unknown section in " + file + ": regctl-gx\ndid you mean regctl-gc?");
  EXPECT_EQ(complaint({argument("[regctl-gc]\nmax-age = 1d\n")}),
            "unknown key in " + file + ": max-age\nkeys are the long names of options");
}

TEST_F(WithConfiguration, WrongConfigurationsAreErrors) {
  EXPECT_EQ(complaint({argument("dryrun = true\n")}),
            "unknown key in " + file + ": dryrun\ndid you mean dry-run?");
  EXPECT_THAT(complaint({argument("config = other\n")}), HasSubstr("unknown key"));
  EXPECT_THAT(complaint({argument("xyzzy = 1\n")}),
              HasSubstr("keys are the long names of options"));
  EXPECT_THAT(complaint({argument("hold\n")}), HasSubstr(file + ": "));
  EXPECT_THAT(complaint({argument("dry-run = perhaps\n")}),
              HasSubstr(file + ": dry-run = perhaps: not true or false"));
  EXPECT_THAT(complaint({argument("verbose = -1\n")}), HasSubstr("verbose = -1"));
  EXPECT_THAT(complaint({argument("verbose = 4000000000\n")}), HasSubstr("verbose = 4000000000"));
  EXPECT_THAT(complaint({argument("verbose = 2x\n")}), HasSubstr("verbose = 2x"));
  EXPECT_EQ(complaint({"--config", file + "-none"}),
            "cannot read the configuration " + file + "-none\ncheck --config");
  EXPECT_EQ(complaint({"--config", directory.path().string()}),
            "cannot read the configuration " + directory.path().string() + "\ncheck --config");
}

TEST(Options, TheEnvironmentIsRead) {
  const Options options =
      parse({}, {"PATH=/bin", "REGCTL_GC_DRY_RUN=1", "REGCTL_GC_HOLD=a=b", "REGCTL_GC_VERBOSE=3",
                 "REGCTL_AUDIT_X=1", "XREGCTL_GC_Y=1", "REGCTL_GC=1"});
  EXPECT_TRUE(options.flag("dry-run"));
  EXPECT_EQ(options.value("hold"), "a=b");
  EXPECT_EQ(options.count("verbose"), 3u);
}

TEST(Options, WrongVariablesAreErrors) {
  EXPECT_EQ(complaint({}, {"REGCTL_GC_DRYRUN=1"}),
            "unknown environment variable REGCTL_GC_DRYRUN\ndid you mean REGCTL_GC_DRY_RUN?");
  EXPECT_THAT(complaint({}, {"REGCTL_GC_=1"}),
              HasSubstr("unknown environment variable REGCTL_GC_"));
  EXPECT_THAT(complaint({}, {"REGCTL_GC_CONFIG=x"}), HasSubstr("unknown environment variable"));
  EXPECT_THAT(complaint({}, {"REGCTL_GC_XYZZYXYZZY=1"}), HasSubstr("unset it if it is not ours"));
  EXPECT_THAT(complaint({}, {"REGCTL_GC_DRY_RUN=maybe"}),
              HasSubstr("environment REGCTL_GC_DRY_RUN"));
  EXPECT_THAT(complaint({}, {"REGCTL_GC_DRY_RUN="}), HasSubstr("not true or false"));
  EXPECT_THAT(complaint({}, {"REGCTL_GC_HOLD="}), HasSubstr("hold: the value is empty"));
}

TEST(Options, UnknownOptionsGetDidYouMean) {
  EXPECT_EQ(complaint({"--dryrun"}), "unknown option --dryrun\ndid you mean --dry-run?");
  EXPECT_EQ(complaint({"--dry-rum", "/store"}),
            "unknown option --dry-rum\ndid you mean --dry-run?");
  EXPECT_EQ(complaint({"--holds=1h"}), "unknown option --holds\ndid you mean --hold?");
  EXPECT_THAT(complaint({"--xyzzy"}), HasSubstr("--help lists the options"));
  EXPECT_THAT(complaint({"-x"}), HasSubstr("unknown option -x"));
  EXPECT_THAT(complaint({"-nx"}), HasSubstr("unknown option -"));
  EXPECT_THAT(complaint({"--dry-run-alias"}), HasSubstr("unknown option --dry-run-alias"));
}

TEST(Options, NothingIsAbbreviated) {
  EXPECT_EQ(complaint({"--delete"}), "unknown option --delete\ndid you mean --delete-untagged?");
  for (const char* word : {"--dry", "--repor", "--verb", "--DRY-RUN", "--d"})
    EXPECT_THAT(complaint({word}), HasSubstr("unknown option"));
}

TEST(Options, AMissingValueIsAnError) {
  for (const Words& words : {Words{"--hold"}, {"--hold="}, {"-j"}, {"--hold", "-n"}, {"-j", "-n"}})
    EXPECT_THAT(complaint(words), HasSubstr("--help lists the options")) << words.front();
  EXPECT_EQ(complaint({"--report", "--dry-run", "/store"}),
            "--report --dry-run: the value is missing\nwrite --report=--dry-run if it is one");
  EXPECT_THAT(complaint({"-j", "--dry-run=true"}), HasSubstr("the value is missing"));
  EXPECT_EQ(parse({"--report=--dry-run"}).value("report"), "--dry-run");
  EXPECT_EQ(parse({"--report", "-"}).value("report"), "-");
  EXPECT_THAT(complaint({"--report", ""}), HasSubstr("the value is empty"));
  EXPECT_THAT(complaint({"--help=please"}), HasSubstr("not true or false"));
}

TEST(DidYouMean, OnlyWhatIsClose) {
  const Words words = {"format", "report", "repository", "delete-untagged"};
  EXPECT_EQ(did_you_mean("fromat", words), "format");
  EXPECT_EQ(did_you_mean("reprt", words), "report");
  EXPECT_EQ(did_you_mean("delete", words), "delete-untagged");
  EXPECT_EQ(did_you_mean("report", words), "report");
  EXPECT_EQ(did_you_mean("xyzzy", words), "");
  EXPECT_EQ(did_you_mean("", words), "");
  EXPECT_EQ(did_you_mean("anything", {}), "");
}

TEST_F(WithConfiguration, PrintedConfigurationNamesEverySource) {
  const Options options = parse({argument("report = r\nprotect = c\n"), "-n", "--protect=a", "-vv"},
                                {"REGCTL_GC_HOLD=2h", "REGCTL_GC_PROTECT=b"});
  std::map<std::string, std::string> lines;  // by what stands before "=", blanks squeezed
  std::istringstream in(options.with_sources());
  for (std::string name, equals, rest; in >> name >> equals && std::getline(in, rest);) {
    EXPECT_EQ(equals, "=");
    std::string& line = lines[name];
    for (const char c : rest) {
      if (c != ' ' || !line.ends_with(' ')) line += c;
    }
    line += ';';
  }
  EXPECT_EQ(lines["dry-run"], " true # command line;");
  EXPECT_EQ(lines["verbose"], " 2 # command line;");
  EXPECT_EQ(lines["hold"], " 2h # environment REGCTL_GC_HOLD;");
  EXPECT_EQ(lines["report"], " r # " + file + ";");
  EXPECT_EQ(lines["jobs"], " 0 # default;");
  EXPECT_EQ(lines["quiet"], " false # default;");
  const std::string sources = " # command line, environment REGCTL_GC_PROTECT, " + file + ';';
  EXPECT_EQ(lines["protect"], " a" + sources + " b" + sources + " c" + sources);
}

TEST(HelpText, NamesEveryOptionInEightyColumns) {
  Program long_winded = program();
  long_winded.groups[0].options[0].help =
      "words " + std::string(60, 'x') + " and many more words than one line of eighty columns";
  const std::string text = help_text(long_winded);
  EXPECT_THAT(text, testing::StartsWith("Usage: regctl-gc [OPTIONS] ROOT\n"));
  EXPECT_THAT(text, testing::EndsWith("Manual: regctl-gc(8)\n"));
  for (const char* part : {"\nWhat\n", "-n, -d, --dry-run", "--hold DUR", "how long (20h)",
                           "    --protect GLOB", "-h, --help"})
    EXPECT_THAT(text, HasSubstr(part));
  std::istringstream lines(help_text(program()));
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 80u) << line;
}

}  // namespace
}  // namespace regctl::cli
