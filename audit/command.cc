#include "audit/command.h"

#include "audit/check.h"
#include "audit/report.h"
#include "cli/messages.h"
#include "cli/program.h"
#include "cli/signals.h"
#include "registry/error.h"
#include "registry/scan.h"
#include "registry/store.h"
#include "report/find_store.h"
#include "report/saving.h"
#include "report/wording.h"

namespace regctl::audit {
namespace {

using cli::ExitStatus;

const cli::Program& program() {
  static const cli::Program kProgram = {
      .name = "regctl-audit",
      .usage = R"(Usage: regctl-audit [OPTIONS] ROOT
Check a container registry's storage directory, without changing anything in it.

  regctl-audit --quick /var/lib/registry   structure, links, sizes, manifests

ROOT is the directory above docker/registry/v2. This version reads no layers;
--quick is required.
)",
      .epilogue = R"(
Exit status: 0 clean, 1 warnings, 2 usage, 10 no registry storage, 12 errors,
             13 some data could not be read, 70 bug, 129/130/143 interrupted
Every option is also a variable (REGCTL_AUDIT_QUICK=true) and, without the
dashes, a key of --config FILE. Manual: regctl-audit(8)
)",
      .groups = {{"What to check",
                  {{.name = "quick", .help = "read no layers"},
                   {.name = "pull-through-cache",
                    .help = "a cache's store: what is absent was never asked for"},
                   cli::follow_option()}},
                 cli::output_options("none, all"),
                 cli::general_options()}};
  return kProgram;
}

Verdict judge(const Storage& storage, const StoreFacts& store, Time started, const Workers& workers,
              Progress& progress) {
  Verdict verdict;
  verdict.inventory = scan(storage, {.detail = Detail::everything}, workers, progress);
  const auto all = all_blobs(verdict.inventory);
  verdict.inventory = survey(storage, std::move(verdict.inventory), all, workers, progress);
  verdict.findings = check(verdict.inventory, store, started);
  verdict.sizes = known_sizes(verdict.inventory);
  const std::size_t digests = verdict.inventory.digests.size();
  std::vector<bool> garbage(digests);
  for (const Finding& finding : verdict.findings) {
    if (finding.rule == Rule::blob_unreferenced)
      garbage[index_of(*verdict.inventory.digests.find(*finding.digest))] = true;
  }
  verdict.usage =
      usage(verdict.inventory, verdict.sizes, std::vector<bool>(digests, true), garbage);
  return verdict;
}

ExitStatus status_of(const Report& report, const cli::Output& output, int signal) {
  ExitStatus status = ExitStatus::done;
  if (!report.warnings.empty()) status = ExitStatus::warnings;
  const State state = state_of(report);
  if (state == State::warnings && output.warnings_count)
    status = worse(status, ExitStatus::warnings);
  if (state == State::damaged && output.errors_count) status = worse(status, ExitStatus::refused);
  if (state == State::incomplete) status = worse(status, ExitStatus::incomplete);
  if (signal) status = worse(status, static_cast<ExitStatus>(128 + signal));
  return status;
}

void carry_out(Report& report, const Workers& workers, Progress& progress) {
  if (report.store.is_empty_directory()) {
    report.verdict.emplace();
    report.warnings.push_back(report::of_empty_directory(report.store));
    return;
  }
  try {
    const Store store(report.store);
    report.verdict = judge(store.storage(), store.facts(), report.started_at, workers, progress);
  } catch (const Interrupted&) {
    report.outcome = Outcome::interrupted;
  } catch (const StorageError& error) {  // not even the top directory could be opened
    report.errors.push_back(report::of_unread_store(error));
  }
}

ExitStatus audit(const cli::Options& options) {
  const cli::Output output = understand_output(options);
  const bool list_all = cli::choice_value<bool>(options, "list", {{"none", false}, {"all", true}});
  cli::ProgressLine progress("regctl-audit", output.progress);
  cli::SignalWatch signals([&] { progress.print_now(); });

  Report report;
  report.store = report::find_store(root_operand(program(), options), options.list("follow"),
                                    "regctl-audit --quick");
  report.store.pull_through_cache |= options.flag("pull-through-cache");
  report::refuse_below(report.store, output.report_file);
  report.started_at = now();
  const auto begin = std::chrono::steady_clock::now();
  carry_out(report, Workers(output.jobs, signals.token()), progress);
  signals.end_at_once();
  progress.erase();
  report.finished_at = now();
  report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  report.exit_status = status_of(report, output, signals.caught());
  if (auto warning =
          report::save(output.report_file, "--report", [&] { return report_json(report); })) {
    report.warnings.push_back(std::move(*warning));
    report.exit_status = status_of(report, output, signals.caught());
  }
  if (!output.quiet &&
      !report::print("regctl-audit", output.json
                                         ? report_json(report)
                                         : report_text(report, report::style_of(output), list_all)))
    report.exit_status = worse(report.exit_status, ExitStatus::warnings);
  const auto tell = [&](const char* kind, const std::vector<report::Message>& messages) {
    return format_messages("regctl-audit", kind, messages, report.store.shown_prefix,
                           output.charset);
  };
  cli::say(tell("warning", report.warnings) + tell("error", report.errors));
  return report.exit_status;
}

}  // namespace

ExitStatus run_command(const std::vector<std::string>& arguments,
                       const std::vector<std::string>& environment) {
  const cli::Options options = parse_options(program(), arguments, environment);
  if (answer_general(program(), options)) return ExitStatus::done;
  if (!options.flag("quick"))
    throw cli::UsageError(
        "this version cannot verify the content of layers yet, only check the structure",
        "add --quick");
  return audit(options);
}

}  // namespace regctl::audit
