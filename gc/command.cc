#include "gc/command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <map>
#include <random>

#include "cli/messages.h"
#include "cli/signals.h"
#include "cli/text.h"
#include "gc/doing/rename_proof.h"
#include "gc/options.h"
#include "gc/report.h"
#include "gc/serving/registry_processes.h"
#include "gc/timed_progress.h"
#include "registry/layout.h"
#include "registry/store.h"
#include "report/find_store.h"
#include "report/saving.h"
#include "report/wording.h"

namespace regctl::gc {
namespace {

using cli::ExitStatus;
using report::Code;
using report::Message;

std::string random_id() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}", random(), random());
}

std::string host_name() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

void print_decisions(const Looked& findings, const cli::Output& output) {
  const auto name = [&](const Repository& repository) {
    return cli::printable(repository.name, output.charset);
  };
  for (std::size_t i = 0; i < findings.inventory.repositories.size(); ++i) {
    const Repository& repository = findings.inventory.repositories[i];
    const RepositoryMark& mark = findings.mark.repositories[i];
    std::map<Why, std::uint64_t> counts;
    for (const Why why : mark.revisions) ++counts[why];
    std::string text;
    for (const auto& [why, count] : counts)
      text += fmt::format("{} {} {}", text.empty() ? "" : ",", cli::format_count(count),
                          report::words_of(why));
    cli::say(fmt::format("regctl-gc: {}:{}{}\n", name(repository),
                         text.empty() ? " no manifests" : text,
                         mark.pinned ? "; in doubt, all it links is kept" : ""));
    if (output.verbose < 2) continue;
    for (std::size_t k = 0; k < repository.revisions.size(); ++k) {
      cli::say(fmt::format("regctl-gc: {}@{}: {}\n", name(repository),
                           findings.inventory.digests[repository.revisions[k].name].text(),
                           report::words_of(mark.revisions[k])));
    }
  }
}

void print_hints(const std::vector<Advice>& all, cli::Charset charset) {
  for (const Advice& advice : all) {
    const Message message{.code = advice.code,
                          .arguments = {report::Count{advice.count}, report::Size{advice.bytes}}};
    const std::string_view option = report::info_of(advice.code).hint;
    std::string text = (option.empty() ? "note: " : "hint: ") + sentence_of(message, charset);
    if (!option.empty() && advice.code != Code::restart_registry) text.append(": ").append(option);
    cli::say(text + '\n');
  }
}

void print_absent_roots(std::uint64_t count, cli::Charset charset) {
  const Message message{.code = Code::roots_absent, .arguments = {report::Count{count}}};
  cli::say("note: " + report::sentence_of(message, charset) + '\n');
}

ExitStatus status_of(const Report& report, const Settings& settings, int signal) {
  ExitStatus status = ExitStatus::done;
  if (!report.warnings.empty() && settings.output.warnings_count) status = ExitStatus::warnings;
  if (report.swept && report.swept->is_incomplete()) status = worse(status, ExitStatus::incomplete);
  if (!report.blockers.empty()) status = worse(status, ExitStatus::refused);
  if (signal) status = worse(status, static_cast<ExitStatus>(128 + signal));
  return status;
}

Outcome outcome_of(const Report& report, ExitStatus status) {
  const bool stopped = status == ExitStatus::hung_up || status == ExitStatus::interrupted ||
                       status == ExitStatus::terminated;
  if (status == ExitStatus::refused) return Outcome::refused;
  if (!report.findings || stopped) return Outcome::interrupted;
  if (status == ExitStatus::incomplete) return Outcome::incomplete;
  return report.warnings.empty() ? Outcome::complete : Outcome::warnings;
}

// Writes the files that were asked for. One that fails is a warning, of which `conclude` makes the
// report's status.
void save(Report& report, const Settings& settings, const std::function<void()>& conclude) {
  const std::string earlier = report::read_earlier(settings.metrics_file);
  const cli::Text metrics = [&](const cli::Sink& sink) { sink(report_metrics(report, earlier)); };
  report::save_all({{settings.output.html_file, "--html", report_page(report)},
                    {settings.metrics_file, "--metrics", metrics},
                    {settings.output.report_file, "--report", report_json(report)}},
                   [&](Message warning) {
                     report.warnings.push_back(std::move(warning));
                     conclude();
                   });
}

std::function<ProcessEvidence()> registries_of(const Store& store) {
  return [&store] { return find_registries("/proc", store.facts()); };
}

void look_only(Report& report, const Settings& settings, const std::stop_token& stop,
               Progress& progress) {
  const Store store(report.store);
  try {
    report.findings =
        look(store.storage(), store.facts(), settings.undertaking.wishes,
             {.now = report.run.started_at, .registries = registries_of(store)},
             Workers(store.facts().medium.jobs(settings.output.jobs), stop), progress);
  } catch (const Interrupted&) {
    report.errors.push_back({.code = Code::interrupted});
  }
}

Collected collect_locked(const Report& report, const Settings& settings,
                         const std::stop_token& stop, Progress& progress) {
  try {
    const Store store(report.store);
    const Lock lock = Lock::acquire(store);
    const auto writer = open_writer(store);
    Undertaking undertaking = settings.undertaking;
    undertaking.run = report.run.id;
    undertaking.jobs = store.facts().medium.jobs(settings.output.jobs);
    undertaking.looking.registries = registries_of(store);
    return collect(undertaking, prove_renames(store, *writer), {store.storage(), *writer, lock},
                   stop, progress);
  } catch (const LockHeld&) {
    report::fail(ExitStatus::locked, {.code = Code::locked});
  } catch (const Disagreement& error) {
    report::fail(ExitStatus::bug,
                 {.code = Code::disagreement, .arguments = {part_of(error.objections())}});
  }
}

// Caches may remember what is gone.
void advise_restart(const Swept& swept, Mode mode, std::vector<Advice>& advice) {
  const SweepReport& total = swept.total;
  const bool took = total.quarantined.count + total.manifests + total.layer_links > 0;
  const bool purged = total.purged.count + total.links_purged > 0;
  const bool may_remember =
      mode == Mode::offline ? took || purged : took && !swept.waiting.gate.is_open();
  if (!may_remember) return;
  const Amount& gone = total.quarantined.count ? total.quarantined : total.purged;
  advice.push_back({Code::restart_registry, gone.count, gone.bytes});
}

void change(Report& report, const Settings& settings, const std::stop_token& stop,
            Progress& progress) {
  Collected collected = collect_locked(report, settings, stop, progress);
  report.findings = std::move(collected.found);
  const Swept& swept = report.swept.emplace(std::move(collected.swept));
  if (settings.undertaking.mismatched == Mismatched::keep) {
    for (const auto& [digest, identity] : swept.verification.mismatched)
      report.warnings.push_back(
          {.code = Code::mismatched_garbage, .path = layout::blob(digest), .digest = digest});
  }
  if (report.findings)
    advise_restart(swept, report.run.wishes.mode, report.findings->advice);
  else
    report.errors.push_back({.code = Code::interrupted});
  for (const auto* errors : {&swept.verification.unread, &swept.total.failures, &swept.problems})
    report.errors.insert(report.errors.end(), errors->begin(), errors->end());
}

Report begin(const Settings& settings, const cli::Options& options) {
  Report report;
  report.store = report::find_store(root_operand(program(), options), options.list("follow"),
                                    "regctl-gc --dry-run");
  report.store.pull_through_cache |= settings.is_cache;
  for (const std::string& file :
       {settings.output.report_file, settings.output.html_file, settings.metrics_file})
    report::refuse_below(report.store, file);
  report.run = {.id = random_id(),
                .host = host_name(),
                .started_at = now(),
                .dry_run = settings.dry_run,
                .wishes = settings.undertaking.wishes,
                .options = options_in_effect(settings, options)};
  return report;
}

void carry_out(Report& report, const Settings& settings, const std::stop_token& stop,
               Progress& progress) {
  if (report.store.is_empty_directory()) {
    report.findings.emplace();
    report.warnings.push_back(report::of_empty_directory(report.store));
    return;
  }
  try {
    if (settings.dry_run)
      look_only(report, settings, stop, progress);
    else
      change(report, settings, stop, progress);
  } catch (const StorageError& error) {  // not even the top directory could be opened or locked
    report.blockers.push_back(report::of_unread_store(error));
  }
  if (!report.findings) return;
  const Plan& plan = plan_of(report);
  report.blockers.insert(report.blockers.end(), plan.blockers.begin(), plan.blockers.end());
  report.warnings.insert(report.warnings.end(), plan.warnings.begin(), plan.warnings.end());
}

// What standard output is for. False: it did not take it.
bool print_report(const Report& report, const cli::Output& output, Lists lists) {
  return report::print(
      "regctl-gc", output.json ? report_json(report)
                               : cli::whole(report_text(report, report::style_of(output), lists)));
}

// What standard error is for, after the report.
void print_messages(const Report& report, const cli::Output& output) {
  if (!output.quiet && report.findings) print_hints(report.findings->advice, output.charset);
  const auto tell = [&](const char* kind, const std::vector<Message>& messages) {
    return format_messages("regctl-gc", kind, messages, report.store.shown_prefix, output.charset);
  };
  cli::say(tell("warning", report.warnings) + tell("error", report.errors) +
           tell("refused", report.blockers));
}

ExitStatus run(const Settings& settings, const cli::Options& options) {
  const cli::Output& output = settings.output;
  cli::ProgressLine line("regctl-gc", output.progress);
  cli::SignalWatch signals([&] { line.print_now(); });
  TimedProgress progress(line);

  Report report = begin(settings, options);
  carry_out(report, settings, signals.token(), progress);
  signals.end_at_once();
  line.erase();
  report.run.phases = std::move(progress).phases();
  report.run.finished_at = now();

  const auto conclude = [&] {
    report.run.exit_status = status_of(report, settings, signals.caught());
    report.run.outcome = outcome_of(report, report.run.exit_status);
  };
  conclude();
  save(report, settings, conclude);

  if (report.findings && report.findings->mark.roots_not_in_store && !output.quiet)
    print_absent_roots(report.findings->mark.roots_not_in_store, output.charset);
  if (report.findings && output.verbose) print_decisions(*report.findings, output);
  if (!output.quiet && !print_report(report, output, settings.lists))
    report.run.exit_status = worse(report.run.exit_status, ExitStatus::warnings);
  print_messages(report, output);
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
