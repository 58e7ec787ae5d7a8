#include "audit/options.h"

#include <charconv>
#include <random>

namespace regctl::audit {
namespace {

using cli::UsageError;
using Kind = cli::OptionSpec::Kind;

template <class Number>
bool reads_as(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

Subset understand_subset(const cli::Options& options) {
  const std::string& text = options.value("subset");
  if (options.flag("quick")) {
    if (!text.empty()) throw UsageError("--quick and --subset exclude each other");
    return {.kind = Subset::Kind::nothing};
  }
  if (text.empty()) return {.kind = Subset::Kind::all};
  Subset subset;
  const std::string_view words = text;
  if (double percent; words.ends_with('%') &&
                      reads_as(words.substr(0, words.size() - 1), percent) && percent > 0 &&
                      percent <= 100)
    return {.kind = Subset::Kind::share, .share = percent / 100, .seed = std::random_device()()};
  const auto slash = words.find('/');
  if (slash != words.npos && reads_as(words.substr(0, slash), subset.number) &&
      reads_as(words.substr(slash + 1), subset.of) && subset.number >= 1 &&
      subset.number <= subset.of) {
    subset.kind = Subset::Kind::slice;
    return subset;
  }
  throw UsageError("--subset " + text + ": not a slice or a share of the blobs",
                   "write 3/7 (the third of seven nights) or 5%");
}

}  // namespace

const cli::Program& program() {
  static const cli::Program kProgram = [] {
    cli::OptionGroup output = cli::output_options("none, all");
    output.options.push_back(cli::metrics_option());
    return cli::Program{
        .name = "regctl-audit",
        .usage = R"(Usage: regctl-audit [OPTIONS] ROOT
Verify a container registry's storage directory, without changing anything in it.

  regctl-audit /var/lib/registry            read and hash everything
  regctl-audit --quick /var/lib/registry    structure, links, sizes, manifests

ROOT is the directory above docker/registry/v2. The registry may be serving.
)",
        .epilogue = R"(
Exit status: 0 clean, 1 warnings, 2 usage, 10 no registry storage, 12 errors,
             13 some data was not read, 70 bug, 129/130/143 interrupted
Every option is also a variable (REGCTL_AUDIT_QUICK=true) and, without the
dashes, a key of --config FILE. Manual: regctl-audit(8)
)",
        .groups = {{"What to check",
                    {{.name = "quick", .help = "read no layers"},
                     {.name = "subset",
                      .kind = Kind::value,
                      .metavar = "N/T|X%",
                      .help = "read only slice N of T, so that T nights read all, or a random "
                              "share of the blobs"},
                     {.name = "state",
                      .kind = Kind::value,
                      .metavar = "FILE",
                      .help = "remember there what was verified, and go on with what was not for "
                              "longest"},
                     {.name = "max-age",
                      .kind = Kind::value,
                      .metavar = "DUR",
                      .help = "with --state or --evidence: read nothing again that was verified "
                              "within this"},
                     {.name = "evidence",
                      .kind = Kind::list,
                      .metavar = "FILE",
                      .help = "checksums computed elsewhere count: sha256sum's, or an S3 Batch "
                              "Operations report"},
                     {.name = "repository",
                      .kind = Kind::list,
                      .metavar = "GLOB",
                      .help = "what concerns these repositories only; * crosses /"},
                     cli::deadline_option("stop reading after this; the rest is not verified"),
                     cli::limit_rate_option(),
                     {.name = "pull-through-cache",
                      .help = "a cache's store: what is absent was never asked for"},
                     cli::follow_option()}},
                   std::move(output),
                   cli::general_options()}};
  }();
  return kProgram;
}

Settings understand(const cli::Options& options) {
  Settings settings{
      .wishes = {.subset = understand_subset(options), .repositories = options.list("repository")},
      .is_cache = options.flag("pull-through-cache"),
      .list_all = cli::choice_value<bool>(options, "list", {{"none", false}, {"all", true}}),
      .bytes_per_second = cli::limit_rate(options),
      .state_file = options.value("state"),
      .output = understand_output(options),
      .metrics_file = options.value("metrics")};
  if (!options.value("deadline").empty()) settings.deadline = duration_value(options, "deadline");
  if (!options.value("max-age").empty()) {
    if (settings.state_file.empty() && options.list("evidence").empty())
      throw UsageError("--max-age needs --state or --evidence");
    settings.wishes.max_age = duration_value(options, "max-age");
  }
  for (const std::string& file : options.list("evidence"))
    settings.wishes.evidence.push_back(read_evidence(file));
  return settings;
}

}  // namespace regctl::audit
