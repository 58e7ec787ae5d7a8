// What both programs have in common around their own work: main(), the options of output and
// running, and how their values are understood.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "cli/exit_status.h"
#include "cli/failure.h"
#include "cli/options.h"
#include "cli/output_file.h"
#include "cli/progress_line.h"
#include "cli/text.h"
#include "cli/units.h"

namespace regctl::cli {

// Calls run(arguments, environment); what it throws becomes a message on stderr and an exit status:
// a Failure its own, everything else a bug.
using Command = ExitStatus (*)(const std::vector<std::string>& arguments,
                               const std::vector<std::string>& environment);
int run_program(const std::string& name, int argc, char** argv, Command command);

OptionGroup output_options(const std::string& list_words);
OptionGroup general_options();
OptionSpec follow_option();
OptionSpec metrics_option();
OptionSpec deadline_option(const std::string& help);
OptionSpec limit_rate_option();
// Answers --help, --version and --print-config. True: nothing is left to do.
bool answer_general(const Program& program, const Options& options);

struct Output {
  bool json = false, plain = false, quiet = false;
  unsigned verbose = 0, jobs = 0;
  std::string report_file, html_file;  // empty: none
  std::size_t top = 20;                // rows a table; 0: all
  bool truncate_digests = true;
  Bytes bytes = Bytes::scaled;
  Charset charset = Charset::ascii;
  bool warnings_count = true, errors_count = true;  // --fail-on
  When progress = When::automatic;
};
Output understand_output(const Options& options);

// Values of options; each throws UsageError where the text is something else.
std::chrono::nanoseconds duration_value(const Options& options, const std::string& name);
// Bytes a second of --limit-rate; 0: none was given.
std::uint64_t limit_rate(const Options& options);
std::uint64_t number_value(const Options& options, const std::string& name, std::uint64_t most);

// All of `file`, which was given to option `name`, and when it was written. Throw UsageError
// where that cannot be found out, the first with `hint`.
std::string file_value(const std::string& name, const std::string& file,
                       const std::string& hint = {});
Written file_written_value(const std::string& name, const std::string& file);

// What `value`, given to option `name`, means; with a hint for where it means nothing.
template <class T>
T choice_of(const std::string& name, const std::string& value,
            const std::map<std::string, T>& choices, const std::string& hint = {}) {
  if (const auto found = choices.find(value); found != choices.end()) return found->second;
  std::string words;
  for (const auto& [word, meaning] : choices) words += (words.empty() ? "" : ", ") + word;
  throw UsageError("--" + name + " " + value + ": not one of " + words, hint);
}
template <class T>
T choice_value(const Options& options, const std::string& name,
               const std::map<std::string, T>& choices) {
  return choice_of(name, options.value(name), choices);
}

// The only operand of `options`.
const std::string& root_operand(const Program& program, const Options& options);

// Standard output is the report and nothing else; false: it could not be written.
bool print_report(const Text& text);

}  // namespace regctl::cli
