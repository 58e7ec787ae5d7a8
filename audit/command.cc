#include "audit/command.h"

#include <fmt/format.h>

#include "audit/checks.h"
#include "audit/report.h"
#include "cli/messages.h"
#include "cli/output_file.h"
#include "cli/program.h"
#include "cli/signals.h"
#include "cli/text.h"
#include "registry/error.h"
#include "registry/filesystem_storage.h"
#include "registry/scan.h"

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
      .groups = {{"What to check", {{.name = "quick", .help = "read no layers"}}},
                 cli::output_options("none, all"),
                 cli::general_options()}};
  return kProgram;
}

Verdict judge(const Storage& storage, const Root& root, Time started, const Workers& workers,
              Progress& progress) {
  Verdict verdict;
  verdict.inventory = scan(storage, {}, workers, progress);
  std::vector<DigestId> all;
  for (const Blob& blob : verdict.inventory.blobs) all.push_back(blob.digest);
  verdict.inventory = survey(storage, std::move(verdict.inventory), all, workers, progress);
  verdict.findings = check(verdict.inventory, root, started);
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
  const std::string state = state_of(report);
  if (state == "warnings" && output.warnings_count) status = worse(status, ExitStatus::warnings);
  if (state == "damaged" && output.errors_count) status = worse(status, ExitStatus::refused);
  if (state == "incomplete") status = worse(status, ExitStatus::incomplete);
  if (signal) status = worse(status, static_cast<ExitStatus>(128 + signal));
  return status;
}

Root find_store(const std::string& path) {
  try {
    return find_root(path, "regctl-audit --quick");
  } catch (const WrongRoot& error) {
    throw cli::Failure(ExitStatus::wrong_root, error.what(), error.hint());
  }
}

ExitStatus audit(const cli::Options& options) {
  const cli::Output output = understand_output(options);
  const bool list_all = cli::choice_value<bool>(options, "list", {{"none", false}, {"all", true}});
  cli::ProgressLine progress("regctl-audit", output.progress);
  cli::SignalWatch signals([&] { progress.print_now(); });

  Report report{.root_path = root_operand(program(), options)};
  report.root = find_store(report.root_path);
  if (cli::is_below(output.report_file, report.root.v2))
    throw cli::UsageError("--report " + output.report_file + " lies in the registry's storage",
                          "write it somewhere else");
  report.started_at = now();
  report.outcome = "complete";
  const auto begin = std::chrono::steady_clock::now();
  const Workers workers(output.jobs, signals.token());
  try {
    if (report.root.is_empty_directory()) {
      report.verdict.emplace();
      report.warnings.push_back(cli::printable(report.root_path, output.charset) +
                                " is an empty directory: a registry that nobody has pushed to yet, "
                                "or a volume that is not mounted?");
    } else {
      const auto storage = open_filesystem_storage(report.root.v2, "");
      report.verdict = judge(*storage, report.root, report.started_at, workers, progress);
    }
  } catch (const Interrupted&) {
    report.outcome = "interrupted";
  }
  signals.end_at_once();
  progress.erase();
  report.finished_at = now();
  report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  report.exit_status = status_of(report, output, signals.caught());
  if (!output.report_file.empty()) {
    try {
      cli::write_file(output.report_file, report_json(report));
    } catch (const std::runtime_error& error) {
      report.warnings.push_back(error.what());
      report.exit_status = status_of(report, output, signals.caught());
    }
  }
  const TextStyle style{.plain = output.plain,
                        .all_findings = list_all,
                        .top = output.top,
                        .truncate_digests = output.truncate_digests,
                        .bytes = output.bytes,
                        .charset = output.charset};
  if (!output.quiet &&
      !cli::print_report(output.json ? report_json(report) : report_text(report, style))) {
    cli::say("regctl-audit: the report could not be written to standard output\n");
    report.exit_status = worse(report.exit_status, ExitStatus::warnings);
  }
  for (const std::string& warning : report.warnings)
    cli::say(fmt::format("regctl-audit: warning: {}\n", warning));
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
