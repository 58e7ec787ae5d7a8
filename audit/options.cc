#include "audit/options.h"

#include <fmt/format.h>

#include <charconv>
#include <random>

#include "audit/catalog.h"

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

std::string findings_help() {
  std::string text = "\nFindings, told in the manual:\n";
  for (const Severity severity : {Severity::error, Severity::warning, Severity::info}) {
    std::string line = fmt::format("  {:<8}", name_of(severity));
    for (const RuleInfo& info : rules()) {
      if (info.severity != severity) continue;
      if (line.size() + 1 + info.id.size() > 79) {
        text += line + '\n';
        line = std::string(10, ' ');
      }
      line += fmt::format(" {}", info.id);
    }
    text += line + '\n';
  }
  return text;
}

std::optional<Question> understand_question(const cli::Options& options) {
  std::vector<std::pair<std::string, Question>> asked;
  const auto about = [&](const char* name, Question::Kind kind) {
    if (!options.value(name).empty()) asked.push_back({name, {kind, options.value(name)}});
  };
  const auto plain = [&](const char* name, Question::Kind kind) {
    if (options.flag(name)) asked.push_back({name, {kind, ""}});
  };
  about("why", Question::Kind::why);
  plain("usage", Question::Kind::usage);
  plain("images", Question::Kind::images);
  plain("untagged", Question::Kind::untagged);
  about("history", Question::Kind::history);
  about("graph", Question::Kind::graph);
  about("reconcile", Question::Kind::reconcile);
  if (asked.empty()) return std::nullopt;
  if (const std::string& name = options.value("history"); !name.empty() && !parse_tag_name(name))
    throw UsageError("--history " + name + ": not REPOSITORY:TAG",
                     "regctl-audit --images lists them");
  if (asked.size() > 1)
    throw UsageError("--" + asked[0].first + " and --" + asked[1].first + " exclude each other");
  const auto reject = [&](const std::string& option, bool is_given) {
    if (is_given)
      throw UsageError("--" + asked[0].first + " is answered without an audit: --" + option +
                       " has no effect");
  };
  for (const char* option :
       {"state", "subset", "metrics", "report", "html", "deadline", "limit-rate", "max-age"})
    reject(option, !options.value(option).empty());
  for (const char* option : {"quick", "pull-through-cache"}) reject(option, options.flag(option));
  reject("evidence", !options.list("evidence").empty());
  const bool is_a_list =
      options.flag("usage") || options.flag("images") || options.flag("untagged");
  if (!is_a_list && !options.list("repository").empty())
    throw UsageError("--" + asked[0].first +
                     " is about the whole storage: --repository has no effect");
  return asked[0].second;
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
  regctl-audit --usage /var/lib/registry    where the space goes
  regctl-audit --why DIGEST /var/lib/registry   what keeps it alive

ROOT is the directory above docker/registry/v2. The registry may be serving.
)",
        .epilogue = findings_help() + R"(
Exit status: 0 clean, 1 warnings, 2 usage, 10 no registry storage, 12 errors,
             13 some data was not read, 70 bug, 129/130/143 interrupted
Every option is also a variable (REGCTL_AUDIT_QUICK=true) and, without the
dashes, a key of --config FILE. Manual: regctl-audit(8)
)",
        .siblings = {"regctl-gc"},
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
                   {"Questions, answered without reading layers",
                    {{.name = "why",
                      .kind = Kind::value,
                      .metavar = "WHAT",
                      .help = "what keeps a digest, repository:tag or repository@digest alive"},
                     {.name = "usage", .help = "where the space goes"},
                     {.name = "images", .help = "a row a tag; -v: a row a platform as well"},
                     {.name = "untagged", .help = "manifests that no tag reaches"},
                     {.name = "history",
                      .kind = Kind::value,
                      .metavar = "REPOSITORY:TAG",
                      .help = "the layers of an image, and the commands that made them"},
                     {.name = "graph",
                      .kind = Kind::value,
                      .metavar = "FILE",
                      .help = "write there who shares layers with whom, for Graphviz"},
                     {.name = "reconcile",
                      .kind = Kind::value,
                      .metavar = "FILE",
                      .help = "compare with what another system believes is here, a digest a "
                              "line"}}},
                   std::move(output),
                   cli::general_options()}};
  }();
  return kProgram;
}

Settings understand(const cli::Options& options) {
  Settings settings{
      .question = understand_question(options),
      .wishes = {.subset = understand_subset(options), .repositories = options.list("repository")},
      .is_cache = options.flag("pull-through-cache"),
      .list_all = cli::choice_value<bool>(options, "list", {{"none", false}, {"all", true}}),
      .bytes_per_second = cli::limit_rate(options),
      .state_file = options.value("state"),
      .evidence_files = options.list("evidence"),
      .output = understand_output(options),
      .metrics_file = options.value("metrics")};
  if (!options.value("deadline").empty()) settings.deadline = duration_value(options, "deadline");
  if (!options.value("max-age").empty()) {
    if (settings.state_file.empty() && options.list("evidence").empty())
      throw UsageError("--max-age needs --state or --evidence");
    settings.wishes.max_age = duration_value(options, "max-age");
  }
  return settings;
}

}  // namespace regctl::audit
