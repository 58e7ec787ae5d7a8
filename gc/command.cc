#include "gc/command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <functional>
#include <map>
#include <random>

#include "cli/messages.h"
#include "cli/output_file.h"
#include "cli/program.h"
#include "cli/signals.h"
#include "cli/text.h"
#include "gc/report.h"
#include "gc/roots.h"
#include "registry/error.h"
#include "registry/layout.h"
#include "registry/store.h"
#include "registry/time.h"
#include "report/find_store.h"
#include "report/saving.h"
#include "report/wording.h"

namespace regctl::gc {
namespace {

using cli::ExitStatus;
using cli::UsageError;
using report::Code;
using Kind = cli::OptionSpec::Kind;

cli::OptionGroup output_options() {
  cli::OptionGroup group = cli::output_options("none, blobs, manifests, links, all");
  group.options.push_back({.name = "metrics",
                           .kind = Kind::value,
                           .metavar = "FILE",
                           .help = "write the figures for Prometheus there"});
  return group;
}

const cli::Program& program() {
  static const cli::Program kProgram = {
      .name = "regctl-gc",
      .usage = R"(Usage: regctl-gc [OPTIONS] ROOT
Collect the garbage of a container registry's storage directory.

  regctl-gc --dry-run /var/lib/registry      what would go, and how much
  regctl-gc --dry-run -m /var/lib/registry   also manifests that no tag reaches

  regctl-gc --offline /var/lib/registry      free it now, the registry stopped
  regctl-gc --restore /var/lib/registry      put back what is in quarantine

ROOT is the directory above docker/registry/v2. What a run takes is first
renamed in place, and can be put back until a later run purges it.
)",
      .epilogue = R"(
Exit status: 0 done, 1 warnings, 2 usage, 10 no registry storage, 11 locked,
             12 refused, 13 incomplete, 70 bug, 129/130/143 stopped by a signal
Every option is also a variable (REGCTL_GC_DRY_RUN=true) and, without the
dashes, a key of --config FILE. Manual: regctl-gc(8)
)",
      .groups = {
          {"What to collect",
           {{.name = "dry-run",
             .letter = 'n',
             .help = "print the plan, change nothing",
             .second_letter = 'd'},
            {.name = "delete-untagged",
             .letter = 'm',
             .help = "also manifests that no tag reaches. Not for Harbor, whose tags are not in "
                     "the storage"},
            {.name = "keep-younger-than",
             .kind = Kind::value,
             .metavar = "DUR",
             .default_value = "24h",
             .help = "take nothing younger (90m, 2d, 1w)"},
            {.name = "protect",
             .kind = Kind::list,
             .metavar = "GLOB",
             .help = "repositories in which --delete-untagged has no effect; * crosses /"},
            {.name = "roots",
             .kind = Kind::list,
             .metavar = "FILE",
             .help = "digests that must survive, one a line: sha256:... or repository@sha256:..."},
            {.name = "purge-uploads",
             .kind = Kind::value,
             .metavar = "DUR",
             .help = "also unfinished uploads older than this"},
            {.name = "prune-empty-repositories",
             .help = "also repositories without manifests, tags and uploads"},
            {.name = "prune-layer-links",
             .kind = Kind::value,
             .metavar = "yes|no",
             .default_value = "yes",
             .help = "also links to layers that are gone"}}},
          {"Safety",
           {{.name = "offline", .help = "the registry is stopped or read-only: free at once"},
            {.name = "uploads-idle",
             .kind = Kind::value,
             .metavar = "DUR",
             .default_value = "10m",
             .help = "with --offline: refuse if an upload was written to within this"},
            {.name = "heal", .help = "only give back what is needed again"},
            {.name = "restore", .help = "only put back everything that is in quarantine"},
            {.name = "run",
             .kind = Kind::value,
             .metavar = "ID",
             .help = "with --restore: what this run took"},
            {.name = "hold",
             .kind = Kind::value,
             .metavar = "DUR",
             .default_value = "20h",
             .help = "time between quarantine and purge"},
            {.name = "registry-cache",
             .kind = Kind::value,
             .metavar = "auto|none",
             .default_value = "auto",
             .help = "look for registries that may remember what is gone, or say that none has a "
                     "cache"},
            {.name = "registry-restarted-at",
             .kind = Kind::value,
             .metavar = "TIME",
             .help = "every registry has been started, and Redis flushed, since then (RFC 3339)"},
            {.name = "max-delete",
             .kind = Kind::value,
             .metavar = "N|N%|SIZE",
             .default_value = "50%",
             .help = "refuse a plan that takes more blobs, more percent of the blob bytes, or more "
                     "bytes"},
            {.name = "on-damage",
             .kind = Kind::value,
             .metavar = "pin|refuse",
             .default_value = "pin",
             .help = "keep all that damaged repositories link, or refuse to run"},
            {.name = "remove-mismatched",
             .help = "also garbage whose bytes do not match its digest"},
            {.name = "deadline",
             .kind = Kind::value,
             .metavar = "DUR",
             .help = "stop cleanly after this; the next run goes on"},
            {.name = "limit-rate",
             .kind = Kind::value,
             .metavar = "SIZE",
             .help = "bytes a second to read for verifying"}}},
          output_options(),
          cli::general_options()}};
  return kProgram;
}

MaxDelete max_delete(const cli::Options& options) {
  const std::string& text = options.value("max-delete");
  const bool percent = text.ends_with('%');
  const std::string digits = percent ? text.substr(0, text.size() - 1) : text;
  const bool whole = !digits.empty() && digits.size() < 18 &&
                     digits.find_first_not_of("0123456789") == std::string::npos;
  if (whole) {
    const std::uint64_t value = std::stoull(digits);
    if (!percent) return {MaxDelete::Unit::blobs, value};
    if (value <= 100) return {MaxDelete::Unit::percent, value};
  } else if (const auto size = cli::parse_size(text); size && !percent) {
    return {MaxDelete::Unit::bytes, *size};
  }
  throw UsageError("--max-delete " + text + ": not a number of blobs, a percentage or a size",
                   "write 1000, 50% or 20GiB");
}

// Everything the options say, understood.
struct Settings {
  bool dry_run = false;
  Undertaking undertaking;
  cli::Output output;
  std::string metrics_file;  // empty: none
  Lists lists = Lists::none;
};

std::optional<Time> parse_time(const std::string& text) {
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error == std::errc() && end == text.data() + text.size() && seconds >= 0)
    return time_from_seconds(seconds);
  return parse_rfc3339(text);
}

GateEvidence understand_gate(const cli::Options& options, Mode mode) {
  GateEvidence gate{.no_cache = cli::choice_value<bool>(options, "registry-cache",
                                                        {{"auto", false}, {"none", true}}),
                    .offline = mode == Mode::offline};
  const std::string& text = options.value("registry-restarted-at");
  if (text.empty()) return gate;
  gate.restarted_at = parse_time(text);
  if (!gate.restarted_at)
    throw UsageError("--registry-restarted-at " + text + ": not a time",
                     "write 2026-11-21T03:30:02Z, or seconds since 1970");
  if (*gate.restarted_at > now())
    throw UsageError("--registry-restarted-at " + text + " is in the future");
  return gate;
}

std::vector<RootDigest> read_roots(const std::vector<std::string>& files) {
  std::vector<RootDigest> all;
  for (const std::string& file : files) {
    std::string text;
    try {
      text = cli::read_file(file);
    } catch (const std::runtime_error& error) {
      throw UsageError(std::string("--roots: ") + error.what(),
                       "a list that cannot be read is not an empty list");
    }
    const auto roots = parse_roots(text, file);
    all.insert(all.end(), roots.begin(), roots.end());
  }
  return all;
}

Mode understand_mode(const cli::Options& options) {
  static constexpr std::pair<const char*, Mode> kModes[] = {
      {"offline", Mode::offline}, {"heal", Mode::heal}, {"restore", Mode::restore}};
  std::optional<std::pair<const char*, Mode>> chosen;
  for (const auto& mode : kModes) {
    if (!options.flag(mode.first)) continue;
    if (chosen)
      throw UsageError(fmt::format("--{} and --{} exclude each other", chosen->first, mode.first));
    chosen = mode;
  }
  const Mode mode = chosen ? chosen->second : Mode::online;
  if (!options.value("run").empty() && mode != Mode::restore)
    throw UsageError("--run needs --restore");
  return mode;
}

Request understand_request(const cli::Options& options) {
  Request request{.mode = understand_mode(options)};
  request.only_run = options.value("run");
  request.gate = understand_gate(options, request.mode);
  request.processes = "/proc";
  request.policy = {.delete_untagged = options.flag("delete-untagged"),
                    .protect = options.list("protect"),
                    .roots = read_roots(options.list("roots")),
                    .keep_younger_than = duration_value(options, "keep-younger-than")};
  const Duration hold = duration_value(options, "hold");
  request.margins = {
      .keep_younger_than = request.policy.keep_younger_than,
      .hold = request.mode == Mode::offline ? Duration(0) : hold,
      .max_delete = max_delete(options),
      .on_damage = cli::choice_value<OnDamage>(
          options, "on-damage", {{"pin", OnDamage::pin}, {"refuse", OnDamage::refuse}}),
      .delete_untagged = request.policy.delete_untagged,
      .prune_layer_links =
          cli::choice_value<bool>(options, "prune-layer-links", {{"yes", true}, {"no", false}}),
      .prune_empty_repositories = options.flag("prune-empty-repositories")};
  if (!options.value("purge-uploads").empty())
    request.margins.purge_uploads = duration_value(options, "purge-uploads");
  const Duration idle = duration_value(options, "uploads-idle");
  if (request.mode == Mode::offline) request.margins.uploads_idle = idle;
  return request;
}

Undertaking understand_undertaking(const cli::Options& options) {
  Undertaking undertaking{.request = understand_request(options)};
  if (options.flag("remove-mismatched")) undertaking.mismatched = Mismatched::take;
  if (!options.value("deadline").empty())
    undertaking.deadline = duration_value(options, "deadline");
  if (const std::string& rate = options.value("limit-rate"); !rate.empty()) {
    const auto bytes = cli::parse_size(rate);
    if (!bytes || *bytes == 0)
      throw UsageError("--limit-rate " + rate + ": not a size", "write 50MB or 64MiB");
    undertaking.bytes_per_second = *bytes;
  }
  return undertaking;
}

Settings understand(const cli::Options& options) {
  return {.dry_run = options.flag("dry-run"),
          .undertaking = understand_undertaking(options),
          .output = understand_output(options),
          .metrics_file = options.value("metrics"),
          .lists = cli::choice_value<Lists>(options, "list",
                                            {{"none", Lists::none},
                                             {"blobs", Lists::blobs},
                                             {"manifests", Lists::manifests},
                                             {"links", Lists::links},
                                             {"all", Lists::all}})};
}

std::int64_t seconds_of(Duration duration) {
  return std::chrono::duration_cast<std::chrono::seconds>(duration).count();
}

std::vector<std::pair<std::string, OptionValue>> options_in_effect(const Settings& settings,
                                                                   const cli::Options& options) {
  const Margins& margins = settings.undertaking.request.margins;
  std::vector<std::pair<std::string, OptionValue>> list = {
      {"delete_untagged", margins.delete_untagged},
      {"keep_younger_than_seconds", seconds_of(margins.keep_younger_than)},
      {"hold_seconds", seconds_of(margins.hold)},
      {"registry_cache", options.value("registry-cache")},
      {"max_delete", options.value("max-delete")},
      {"on_damage", options.value("on-damage")},
      {"protect", settings.undertaking.request.policy.protect},
      {"roots", options.list("roots")},
      {"remove_mismatched", settings.undertaking.mismatched == Mismatched::take},
      {"prune_layer_links", margins.prune_layer_links},
      {"prune_empty_repositories", margins.prune_empty_repositories},
  };
  const Undertaking& undertaking = settings.undertaking;
  if (margins.uploads_idle)
    list.emplace_back("uploads_idle_seconds", seconds_of(*margins.uploads_idle));
  if (undertaking.deadline)
    list.emplace_back("deadline_seconds", seconds_of(*undertaking.deadline));
  if (undertaking.bytes_per_second)
    list.emplace_back("limit_rate_bytes", static_cast<std::int64_t>(undertaking.bytes_per_second));
  if (!undertaking.request.only_run.empty()) list.emplace_back("run", undertaking.request.only_run);
  if (margins.purge_uploads)
    list.emplace_back("purge_uploads_seconds", seconds_of(*margins.purge_uploads));
  if (const auto& time = settings.undertaking.request.gate.restarted_at)
    list.emplace_back("registry_restarted_at", format_rfc3339(*time));
  list.emplace_back("jobs", static_cast<std::int64_t>(settings.output.jobs));
  return list;
}

std::string random_id() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}", random(), random());
}

std::string host_name() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

void print_decisions(const Findings& findings, unsigned verbose) {
  const auto name = [](const Repository& repository) {
    return cli::printable(repository.name, cli::terminal_charset());
  };
  for (std::size_t i = 0; i < findings.inventory.repositories.size(); ++i) {
    const Repository& repository = findings.inventory.repositories[i];
    const RepositoryMark& mark = findings.mark.repositories[i];
    std::map<Why, std::uint64_t> counts;
    for (const Why why : mark.revisions) ++counts[why];
    std::string text;
    for (const auto& [why, count] : counts)
      text +=
          fmt::format("{} {} {}", text.empty() ? "" : ",", cli::format_count(count), words_of(why));
    cli::say(fmt::format("regctl-gc: {}:{}{}\n", name(repository),
                         text.empty() ? " no manifests" : text,
                         mark.pinned ? "; in doubt, all it links is kept" : ""));
    if (verbose < 2) continue;
    for (std::size_t k = 0; k < repository.revisions.size(); ++k) {
      cli::say(fmt::format("regctl-gc: {}@{}: {}\n", name(repository),
                           findings.inventory.digests[repository.revisions[k].name].text(),
                           words_of(mark.revisions[k])));
    }
  }
}

void print_hints(const Report& report) {
  for (const Advice& advice : report.findings->advice) {
    const report::Message message{
        .code = advice.code,
        .arguments = {report::Count{advice.count}, report::Size{advice.bytes}}};
    std::string text = "hint: " + sentence_of(message, cli::terminal_charset());
    if (advice.code != Code::restart_registry)
      text.append(": ").append(report::info_of(advice.code).hint);
    cli::say(text + '\n');
  }
}

ExitStatus status_of(const Report& report, const Settings& settings, int signal) {
  ExitStatus status = ExitStatus::done;
  if (!report.warnings.empty() && settings.output.warnings_count) status = ExitStatus::warnings;
  if (report.swept && report.swept->is_incomplete()) status = worse(status, ExitStatus::incomplete);
  if (!report.blockers.empty()) status = worse(status, ExitStatus::refused);
  if (signal) status = worse(status, static_cast<ExitStatus>(128 + signal));
  return status;
}

std::string outcome_of(const Report& report, ExitStatus status) {
  const bool stopped = status == ExitStatus::hung_up || status == ExitStatus::interrupted ||
                       status == ExitStatus::terminated;
  if (status == ExitStatus::refused) return "refused";
  if (!report.findings || stopped) return "interrupted";
  if (status == ExitStatus::incomplete) return "incomplete";
  return report.warnings.empty() ? "complete" : "warnings";
}

std::string read_earlier(const std::string& file) {
  try {
    return cli::read_file(file);
  } catch (const std::runtime_error&) {
    return {};  // there is none yet
  }
}

// Writes the files that were asked for. One that fails is a warning, which the other must know of:
// `conclude` makes the report's status of what it holds.
void save(Report& report, const Settings& settings, const std::function<void()>& conclude) {
  const auto write = [&](const std::string& file, const char* option, const auto& text) {
    auto warning = report::save(file, option, text);
    if (!warning) return true;
    report.warnings.push_back(std::move(*warning));
    conclude();
    return false;
  };
  const std::string earlier =
      settings.metrics_file.empty() ? "" : read_earlier(settings.metrics_file);
  const auto write_metrics = [&] {
    return write(settings.metrics_file, "--metrics",
                 [&] { return report_metrics(report, earlier); });
  };
  const bool metrics_written = write_metrics();
  const bool report_written =
      write(settings.output.report_file, "--report", [&] { return report_json(report); });
  if (metrics_written && !report_written) write_metrics();
}

void look_only(Report& report, const Settings& settings, const std::stop_token& stop,
               Progress& progress) {
  const Store store(report.store);
  try {
    report.findings =
        look(store.storage(), store.facts(), settings.undertaking.request, report.run.started_at,
             Workers(settings.output.jobs, stop), progress, report.run.phases);
  } catch (const Interrupted&) {
    report.errors.push_back({.code = Code::interrupted});
  }
}

// Caches may remember what is gone.
void advise(Report& report) {
  if (!report.findings) return;
  const Swept& swept = *report.swept;
  const SweepReport& total = swept.total;
  const bool took = total.quarantined.count + total.manifests + total.layer_links > 0;
  const bool purged = total.purged.count + total.links_purged > 0;
  if ((report.run.mode == Mode::offline && (took || purged)) ||
      (took && !swept.waiting.gate.is_open())) {
    const Amount& gone = total.quarantined.count ? total.quarantined : total.purged;
    report.findings->advice.push_back({Code::restart_registry, gone.count, gone.bytes});
  }
}

void change(Report& report, const Settings& settings, const std::stop_token& stop,
            Progress& progress) {
  Undertaking undertaking = settings.undertaking;
  undertaking.run = report.run.id;
  undertaking.jobs = settings.output.jobs;
  try {
    const Store store(report.store);
    const Lock lock = Lock::acquire(store);
    const auto writer = open_writer(store);
    report.swept = collect(undertaking, store.facts(), store.storage(), *writer, lock, stop,
                           progress, report.run.phases, report.findings);
  } catch (const LockHeld&) {
    report::fail(ExitStatus::locked, {.code = Code::locked});
  } catch (const Disagreement& error) {
    report::fail(ExitStatus::bug,
                 {.code = Code::disagreement, .arguments = {part_of(error.objections())}});
  }
  for (const auto& [digest, identity] : report.swept->verification.mismatched) {
    if (undertaking.mismatched == Mismatched::take) break;
    report.warnings.push_back(
        {.code = Code::mismatched_garbage, .path = layout::blob(digest), .digest = digest});
  }
  advise(report);
  const auto add = [&](const std::vector<report::Message>& more) {
    report.errors.insert(report.errors.end(), more.begin(), more.end());
  };
  add(report.swept->verification.unread);
  add(report.swept->total.failures);
  add(report.swept->problems);
  if (!report.findings) report.errors.push_back({.code = Code::interrupted});
}

ExitStatus run(const Settings& settings, const cli::Options& options) {
  cli::ProgressLine progress("regctl-gc", settings.output.progress);
  cli::SignalWatch signals([&] { progress.print_now(); });

  Report report;
  report.store = report::find_store(root_operand(program(), options), "regctl-gc --dry-run");
  for (const std::string& file : {settings.output.report_file, settings.metrics_file})
    report::refuse_below(report.store, file);
  report.run = {.id = random_id(),
                .host = host_name(),
                .started_at = now(),
                .dry_run = settings.dry_run,
                .mode = settings.undertaking.request.mode,
                .options = options_in_effect(settings, options)};
  if (report.store.v2.empty()) {
    report.findings.emplace();
    report.warnings.push_back({.code = Code::empty_root, .arguments = {report.store.path}});
  } else {
    try {
      (settings.dry_run ? look_only : change)(report, settings, signals.token(), progress);
    } catch (const StorageError& error) {  // not even the top directory could be opened or locked
      report.blockers.push_back(
          {.code = Code::unread_store, .arguments = {error.key(), report::reason_of(error)}});
    }
  }
  signals.end_at_once();
  progress.erase();
  if (report.findings) {
    const Plan& plan = report.findings->plan;
    report.blockers.insert(report.blockers.end(), plan.blockers.begin(), plan.blockers.end());
    report.warnings.insert(report.warnings.end(), plan.warnings.begin(), plan.warnings.end());
    if (const auto missing = report.findings->mark.roots_not_in_store;
        missing && !settings.output.quiet)
      cli::say(
          "note: " +
          report::sentence_of({.code = Code::roots_absent, .arguments = {report::Count{missing}}},
                              settings.output.charset) +
          '\n');
  }
  report.run.finished_at = now();
  const auto conclude = [&] {
    report.run.exit_status = status_of(report, settings, signals.caught());
    report.run.outcome = outcome_of(report, report.run.exit_status);
  };
  conclude();
  save(report, settings, conclude);

  if (settings.output.verbose && report.findings)
    print_decisions(*report.findings, settings.output.verbose);
  if (!settings.output.quiet &&
      !report::print("regctl-gc", settings.output.json
                                      ? report_json(report)
                                      : report_text(report, {report::style_of(settings.output),
                                                             settings.lists}))) {
    report.run.exit_status = worse(report.run.exit_status, ExitStatus::warnings);
  }
  if (!settings.output.quiet && report.findings) print_hints(report);
  const std::string& prefix = report.store.shown_prefix;
  const auto tell = [&](const char* kind, const std::vector<report::Message>& messages) {
    return format_messages("regctl-gc", kind, messages, prefix, settings.output.charset);
  };
  std::string text = tell("warning", report.warnings);
  text += tell("error", report.errors);
  text += tell("refused", report.blockers);
  cli::say(text);
  return report.run.exit_status;
}

}  // namespace

ExitStatus run_command(const std::vector<std::string>& arguments,
                       const std::vector<std::string>& environment) {
  const cli::Options options = parse_options(program(), arguments, environment);
  if (answer_general(program(), options)) return ExitStatus::done;
  const Settings settings = understand(options);
  return run(settings, options);
}

}  // namespace regctl::gc
