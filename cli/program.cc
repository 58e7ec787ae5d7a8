#include "cli/program.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <malloc.h>
#include <unistd.h>

#include <cerrno>
#include <exception>
#include <new>
#include <system_error>

#include "cli/messages.h"
#include "cli/output_file.h"
#include "cli/table.h"
#include "cli/text.h"

namespace regctl::cli {
namespace {

// A stream that the caller has closed would lend its number to the next file that is opened, and a
// report would be written there. Reading only: that nobody takes the report must still be noticed.
void occupy_closed_streams() {
  for (;;) {
    const int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (fd <= STDERR_FILENO && fd >= 0) continue;
    if (fd >= 0) close(fd);
    return;
  }
}

// Memory, or a thread: the fault is not ours.
bool system_has_no_more(const std::exception& error) {
  if (dynamic_cast<const std::bad_alloc*>(&error)) return true;
  const auto* refused = dynamic_cast<const std::system_error*>(&error);
  return refused && (refused->code() == std::errc::resource_unavailable_try_again ||
                     refused->code() == std::errc::not_enough_memory);
}

void explain(const std::string& name, const std::exception& error) {
  if (system_has_no_more(error)) {
    say(name);  // in pieces: there may be no memory to build a sentence in
    say(": the system gives no more memory or threads\n  do     allow more (ulimit, cgroup), or "
        "use fewer --jobs\n");
  } else {
    say(fmt::format("{}: internal error: {}\n  do     please report this\n", name,
                    printable(error.what(), terminal_charset())));
  }
}

// What is thrown where nobody can catch it ends with the status of a bug too, not with a signal.
// (oneTBB does that where it cannot have a thread.)
[[noreturn]] void end_as_a_bug() noexcept {
  try {
    if (std::current_exception()) throw;
  } catch (const std::exception& error) {
    explain(program_invocation_short_name, error);
  } catch (...) {
  }
  _exit(static_cast<int>(ExitStatus::bug));
}

}  // namespace

int run_program(const std::string& name, int argc, char** argv, Command command) {
  // Readers by the dozen, each with an arena of its own, would double the memory for nothing.
  mallopt(M_ARENA_MAX, 2);
  // Else what is large once stays in the heap, where small things that outlive it pin it.
  mallopt(M_MMAP_THRESHOLD, 128 << 10);
  std::set_terminate(end_as_a_bug);
  occupy_closed_streams();
  std::vector<std::string> environment;
  for (char** line = environ; *line; ++line) environment.emplace_back(*line);
  try {
    return static_cast<int>(command({argv + 1, argv + argc}, environment));
  } catch (const Failure& failure) {
    say(fmt::format("{}: {}\n", name, failure.what()));
    if (!failure.hint().empty()) say(fmt::format("  do     {}\n", failure.hint()));
    return static_cast<int>(failure.status());
  } catch (const std::exception& error) {
    explain(name, error);
    return static_cast<int>(ExitStatus::bug);
  }
}

OptionGroup output_options(const std::string& list_words) {
  using Kind = OptionSpec::Kind;
  return {"Output",
          {{.name = "format",
            .kind = Kind::value,
            .metavar = "table|plain|json",
            .default_value = "table",
            .help = "of the report on standard output"},
           {.name = "json", .help = "same as --format json"},
           {.name = "report",
            .kind = Kind::value,
            .metavar = "FILE",
            .help = "write the JSON report there as well"},
           {.name = "html",
            .kind = Kind::value,
            .metavar = "FILE",
            .help = "write the report there as one page that needs nothing else"},
           {.name = "list",
            .kind = Kind::value,
            .metavar = "WHAT",
            .default_value = "none",
            .help = "name every object: " + list_words},
           {.name = "top",
            .kind = Kind::value,
            .metavar = "N",
            .default_value = "20",
            .help = "rows a table; 0: all"},
           {.name = "no-trunc", .help = "digests in full"},
           {.name = "bytes", .help = "sizes in bytes"},
           {.name = "fail-on",
            .kind = Kind::value,
            .metavar = "error|warning|never",
            .default_value = "warning",
            .help = "which findings change the exit status"},
           {.name = "progress",
            .kind = Kind::value,
            .metavar = "auto|always|never",
            .default_value = "auto",
            .help = "on standard error"},
           {.name = "quiet",
            .letter = 'q',
            .help = "no report, hints or progress; warnings and errors remain"},
           {.name = "verbose",
            .letter = 'v',
            .kind = Kind::count,
            .help = "say more on standard error; twice: most"}}};
}

OptionGroup general_options() {
  using Kind = OptionSpec::Kind;
  return {
      "General",
      {{.name = "jobs",
        .letter = 'j',
        .kind = Kind::value,
        .metavar = "N",
        .default_value = "0",
        .help = "concurrent reads; 0: as many as hide the latency of the medium"},
       {.name = "config",
        .kind = Kind::value,
        .metavar = "FILE",
        .help = "read options from there",
        .only_command_line = true},
       {.name = "print-config",
        .help = "print all options and where each came from",
        .only_command_line = true},
       {.name = "help", .letter = 'h', .help = "print this text", .only_command_line = true},
       {.name = "version", .letter = 'V', .help = "print the version", .only_command_line = true}}};
}

OptionSpec follow_option() {
  return {.name = "follow",
          .kind = OptionSpec::Kind::list,
          .metavar = "PATH",
          .help = "a symbolic link below ROOT that may be followed, relative to ROOT"};
}

OptionSpec metrics_option() {
  return {.name = "metrics",
          .kind = OptionSpec::Kind::value,
          .metavar = "FILE",
          .help = "write the figures for Prometheus there"};
}

OptionSpec deadline_option(const std::string& help) {
  return {.name = "deadline", .kind = OptionSpec::Kind::value, .metavar = "DUR", .help = help};
}

OptionSpec limit_rate_option() {
  return {.name = "limit-rate",
          .kind = OptionSpec::Kind::value,
          .metavar = "SIZE",
          .help = "bytes a second to read for verifying"};
}

bool answer_general(const Program& program, const Options& options) {
  if (options.flag("help"))
    print_report(whole(help_text(program)));
  else if (options.flag("version"))
    print_report(whole(fmt::format("{} {}\n", program.name, REGCTL_VERSION)));
  else if (options.flag("print-config"))
    print_report(whole(options.with_sources()));
  else
    return false;
  return true;
}

Output understand_output(const Options& options) {
  const auto format = choice_value<std::string>(
      options, "format", {{"table", "table"}, {"plain", "plain"}, {"json", "json"}});
  const auto fail_on =
      choice_value<int>(options, "fail-on", {{"error", 1}, {"warning", 2}, {"never", 0}});
  Output output{.json = options.flag("json") || format == "json",
                .plain = format == "plain",
                .quiet = options.flag("quiet"),
                .verbose = options.count("verbose"),
                .jobs = static_cast<unsigned>(number_value(options, "jobs", 4096)),
                .report_file = options.value("report"),
                .html_file = options.value("html"),
                .top = number_value(options, "top", 999'999'999),
                .truncate_digests = !options.flag("no-trunc"),
                .bytes = options.flag("bytes") || format == "plain" ? Bytes::exact : Bytes::scaled,
                .charset = terminal_charset(),
                .warnings_count = fail_on == 2,
                .errors_count = fail_on >= 1,
                .progress = choice_value<When>(
                    options, "progress",
                    {{"auto", When::automatic}, {"always", When::always}, {"never", When::never}})};
  if (output.quiet) output.progress = When::never;
  return output;
}

std::chrono::nanoseconds duration_value(const Options& options, const std::string& name) {
  if (const auto value = parse_duration(options.value(name))) return *value;
  throw UsageError("--" + name + ' ' + options.value(name) + ": not a duration",
                   "write 90m, 2h10m, 2d or 1w");
}

std::uint64_t limit_rate(const Options& options) {
  const std::string& text = options.value("limit-rate");
  if (text.empty()) return 0;
  const auto bytes = parse_size(text);
  if (!bytes || *bytes == 0)
    throw UsageError("--limit-rate " + text + ": not a size", "write 50MB or 64MiB");
  return *bytes;
}

std::uint64_t number_value(const Options& options, const std::string& name, std::uint64_t most) {
  const std::string& text = options.value(name);
  if (!text.empty() && text.size() < 10 &&
      text.find_first_not_of("0123456789") == std::string::npos) {
    if (const std::uint64_t value = std::stoull(text); value <= most) return value;
  }
  throw UsageError("--" + name + ' ' + text + ": not a number from 0 to " + std::to_string(most));
}

std::string file_value(const std::string& name, const std::string& file, const std::string& hint) {
  try {
    return read_file(file);
  } catch (const std::runtime_error& error) {
    throw UsageError("--" + name + ": " + error.what(), hint);
  }
}

Written file_written_value(const std::string& name, const std::string& file) {
  try {
    return when_written(file);
  } catch (const std::runtime_error& error) {
    throw UsageError("--" + name + ": " + error.what());
  }
}

const std::string& root_operand(const Program& program, const Options& options) {
  if (options.operands().size() == 1) return options.operands()[0];
  throw UsageError(options.operands().empty() ? "ROOT is missing"
                                              : "more than one ROOT: " + options.operands()[1],
                   program.name + " --help lists the options");
}

bool print_report(const Text& text) {
  bool is_written = true;
  text([&](std::string_view some) {
    is_written = is_written && std::fwrite(some.data(), 1, some.size(), stdout) == some.size();
  });
  return is_written && std::fflush(stdout) == 0;
}

}  // namespace regctl::cli
