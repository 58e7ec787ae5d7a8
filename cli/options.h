// Options of a program: from its command line, its environment, a configuration file, and defaults,
// in that order of precedence. Knows how options are written, never what one means.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace regctl::cli {

struct OptionSpec {
  enum class Kind {
    flag,   // on or off: --x, --x=false; given twice it is still on
    count,  // a flag that counts: -vv
    value,  // the last one given wins
    list,   // all sources add up
  };
  std::string name;  // without dashes
  char letter = 0;   // 0: none
  Kind kind = Kind::flag;
  std::string metavar;        // "DUR"; of flags empty
  std::string default_value;  // as it would be written; of flags and lists empty
  std::string help;
  char second_letter = 0;          // an alias, 0: none
  bool only_command_line = false;  // --help and the like: no variable, no configuration key
};

// Options under one heading of the help text.
struct OptionGroup {
  std::string heading;
  std::vector<OptionSpec> options;
};

struct Program {
  std::string name;      // "regctl-gc"; its variables begin with REGCTL_GC_
  std::string usage;     // what the help text begins with, newline at the end
  std::string epilogue;  // what it ends with
  // Programs that read the same configurations: sections of their names are theirs alone. What
  // stands above all sections is for every program.
  std::vector<std::string> siblings;
  std::vector<OptionGroup> groups;  // each has --config FILE somewhere, or no configuration is read
};

// The parsed options. Asking for a name that the program does not have is a bug and throws
// std::out_of_range.
class Options {
 public:
  bool flag(const std::string& name) const { return count(name) > 0; }
  unsigned count(const std::string& name) const;
  // The default where nothing was given; empty where there is none.
  const std::string& value(const std::string& name) const;
  const std::vector<std::string>& list(const std::string& name) const;
  // Words that are no options, in order.
  const std::vector<std::string>& operands() const { return operands_; }
  // "keep-younger-than = 1h   # environment REGCTL_GC_KEEP_YOUNGER_THAN", a line an option.
  std::string with_sources() const;

 private:
  friend Options parse_options(const Program&, const std::vector<std::string>&,
                               const std::vector<std::string>&);

  struct Setting {
    OptionSpec::Kind kind;
    std::vector<std::string> values;  // of flags "true" once for each time
    std::string source;
  };
  std::map<std::string, Setting> settings_;
  std::vector<std::string> operands_;
};

// `arguments` without the program's name; `environment` as "NAME=value". Throws UsageError, with a
// "did you mean" where something is close.
Options parse_options(const Program& program, const std::vector<std::string>& arguments,
                      const std::vector<std::string>& environment);

// 80 columns.
std::string help_text(const Program& program);

// The word of `words` that `word` was probably meant to be; empty: none is close.
std::string did_you_mean(const std::string& word, const std::vector<std::string>& words);

}  // namespace regctl::cli
