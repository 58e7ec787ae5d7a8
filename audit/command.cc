#include "audit/command.h"

#include <algorithm>
#include <iterator>

#include "audit/answer.h"
#include "audit/catalog.h"
#include "audit/explain.h"
#include "audit/graph.h"
#include "audit/options.h"
#include "audit/reconcile.h"
#include "audit/report.h"
#include "audit/scope.h"
#include "audit/sight.h"
#include "audit/space.h"
#include "cli/messages.h"
#include "cli/signals.h"
#include "registry/error.h"
#include "registry/halves.h"
#include "registry/store.h"
#include "report/find_store.h"
#include "report/saving.h"
#include "report/wording.h"

namespace regctl::audit {
namespace {

using cli::ExitStatus;

ExitStatus status_of(const Report& report, const cli::Output& output, int signal) {
  ExitStatus status = ExitStatus::done;
  if (!report.warnings.empty()) status = ExitStatus::warnings;
  const Condition condition = condition_of(report);
  if (condition == Condition::warnings && output.warnings_count)
    status = worse(status, ExitStatus::warnings);
  if (condition == Condition::damaged && output.errors_count)
    status = worse(status, ExitStatus::refused);
  // Whatever else was found, and counts or not.
  if (!report.verdict || is_incomplete(*report.verdict))
    status = worse(status, ExitStatus::incomplete);
  if (signal) status = worse(status, static_cast<ExitStatus>(128 + signal));
  return status;
}

// Compared with a week and a month ago, as far as the state goes back, and kept for later.
void compare(Report& report, State& state) {
  const Inventory& inventory = report.verdict->inventory;
  const bool is_whole =
      inventory.obstacles.empty() && !lacks_blobs(inventory) && !lacks_repositories(inventory);
  if (!is_whole) return;
  const Snapshot now = snapshot_of(*report.verdict, report.started_at);
  for (const int days : {7, 30}) {
    const auto before = state.snapshot_before(now.at - std::chrono::hours(24 * days));
    const bool is_news = before && before->at < now.at &&
                         (report.trends.empty() || report.trends.back().since != before->at);
    if (is_news) report.trends.push_back(trend_of(*before, now));
  }
  state.add(now);
}

std::vector<report::Message> of_idle(const std::vector<std::string>& globs) {
  std::vector<report::Message> warnings;
  warnings.reserve(globs.size());
  for (const std::string& glob : globs)
    warnings.push_back({.code = report::Code::repository_idle, .arguments = {glob}});
  return warnings;
}

void warn_of_wishes(Report& report, const Settings& settings, const State* state) {
  if (state && !state->trouble().empty())
    report.warnings.push_back({.code = report::Code::state_not_written,
                               .arguments = {settings.state_file, state->trouble()}});
  if (!report.verdict) return;
  std::ranges::move(of_idle(report.verdict->idle_globs), std::back_inserter(report.warnings));
  const Verification& verification = report.verdict->verification;
  if (verification.strangers)
    report.warnings.push_back({.code = report::Code::evidence_of_strangers,
                               .arguments = {report::Count{verification.strangers}}});
  for (const Digest& digest : verification.disputed)
    report.warnings.push_back({.code = report::Code::evidence_disputed, .digest = digest});
}

void carry_out(Report& report, const Settings& settings, const Wishes& wishes,
               const Workers& workers, Progress& progress) {
  if (report.store.is_empty_directory()) {
    report.verdict.emplace();
    report.warnings.push_back(report::of_empty_directory(report.store));
    return;
  }
  Pace pace(settings.bytes_per_second, Pace::end_after(settings.deadline));
  std::optional<State> state;
  try {
    const Store store(report.store);
    if (!settings.state_file.empty()) state.emplace(settings.state_file, store.facts());
    report.verdict = audit(store.storage(), store.facts(), wishes, {workers, pace, progress},
                           {state ? &*state : nullptr, report.started_at});
    if (state && wishes.repositories.empty()) compare(report, *state);
    if (state) report.history = state->history();
  } catch (const Interrupted&) {
    report.outcome = Outcome::interrupted;
  } catch (const StorageError& error) {  // not even the top directory could be opened
    report.errors.push_back(report::of_unread_store(error));
  }
  if (state) state->commit();
  warn_of_wishes(report, settings, state ? &*state : nullptr);
}

// Writes the files that were asked for; one that fails is a warning.
void save(Report& report, const Settings& settings, int signal) {
  const std::string earlier = report::read_earlier(settings.metrics_file);
  const cli::Text metrics = [&](const cli::Sink& sink) { sink(report_metrics(report, earlier)); };
  report::save_all({{settings.output.html_file, "--html", report_page(report)},
                    {settings.metrics_file, "--metrics", metrics},
                    {settings.output.report_file, "--report", report_json(report)}},
                   [&](report::Message warning) {
                     report.warnings.push_back(std::move(warning));
                     report.exit_status = status_of(report, settings.output, signal);
                   });
}

ExitStatus run(const Settings& settings, const cli::Options& options) {
  const cli::Output& output = settings.output;
  cli::ProgressLine progress("regctl-audit", output.progress);
  cli::SignalWatch signals([&] { progress.print_now(); });

  Report report;
  report.store = report::find_store(root_operand(program(), options), options.list("follow"),
                                    "regctl-audit --quick");
  report.store.pull_through_cache |= settings.is_cache;
  report.subset = settings.wishes.subset;
  for (const std::string& file :
       {output.report_file, output.html_file, settings.metrics_file, settings.state_file})
    report::refuse_below(report.store, file);
  Wishes wishes = settings.wishes;
  for (const std::string& file : settings.evidence_files)
    wishes.evidence.push_back(read_evidence(file, report.store.v2));
  report.started_at = now();
  const auto begin = std::chrono::steady_clock::now();
  carry_out(report, settings, wishes,
            Workers(report.store.medium.jobs(output.jobs), signals.token()), progress);
  signals.end_at_once();
  progress.erase();
  report.finished_at = now();
  report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  if (report.verdict && is_incomplete(*report.verdict)) report.outcome = Outcome::incomplete;
  if (report.verdict && report.verdict->verification.is_interrupted)
    report.outcome = Outcome::interrupted;
  report.exit_status = status_of(report, output, signals.caught());
  save(report, settings, signals.caught());
  if (!output.quiet &&
      !report::print("regctl-audit", output.json
                                         ? report_json(report)
                                         : cli::whole(report_text(report, report::style_of(output),
                                                                  settings.list_all))))
    report.exit_status = worse(report.exit_status, ExitStatus::warnings);
  const auto tell = [&](const char* kind, const std::vector<report::Message>& messages) {
    return format_messages("regctl-audit", kind, messages, report.store.shown_prefix,
                           output.charset);
  };
  cli::say(tell("warning", report.warnings) + tell("error", report.errors));
  return report.exit_status;
}

// The graph itself goes to a file.
Answer answer_to(const Question& question, const Sight& sight, const Storage& storage,
                 const StoreFacts& store, const Workers& workers, bool verbose) {
  switch (question.kind) {
    case Question::Kind::why:
      return why(sight, question.about, store.shown_prefix);
    case Question::Kind::usage:
      return usage_of(sight, storage, workers);
    case Question::Kind::images:
      return images(sight, storage, workers, verbose);
    case Question::Kind::untagged:
      return untagged(sight, storage, workers);
    case Question::Kind::history:
      return history(sight, storage, workers, parse_tag_name(question.about).value());
    case Question::Kind::reconcile:
      return reconcile(sight,
                       parse_beliefs(cli::file_value("reconcile", question.about), question.about));
    case Question::Kind::graph:
      break;
  }
  return {};
}

void keep_rows_of(const Scope& scope, Answer& answer) {
  for (AnswerTable& table : answer) {
    const auto column = std::ranges::find(table.columns, "repository", &Column::key);
    if (column == table.columns.end()) continue;
    const auto place = static_cast<std::size_t>(column - table.columns.begin());
    std::erase_if(table.rows, [&](const std::vector<Cell>& row) {
      return !scope.has(std::get<std::string>(row[place]));
    });
  }
}

// What hides a part of the storage may hide what an answer leaves out.
ExitStatus warn_of_gaps(const Sight& sight, const Scope& scope, const StoreFacts& store,
                        const cli::Output& output) {
  std::vector<report::Message> warnings = of_idle(scope.idle_globs());
  bool is_partial = false;
  for (const Obstacle& obstacle : sight.inventory.obstacles) {
    if (!hides(obstacle)) continue;
    is_partial = true;
    warnings.push_back({.code = report::Code::not_seen,
                        .path = obstacle.path,
                        .arguments = {report::reason_of(obstacle.trouble, obstacle.error)}});
  }
  cli::say(
      format_messages("regctl-audit", "warning", warnings, store.shown_prefix, output.charset));
  if (is_partial) return ExitStatus::incomplete;
  return warnings.empty() ? ExitStatus::done : ExitStatus::warnings;
}

ExitStatus answer(const Settings& settings, const cli::Options& options) {
  const cli::Output& output = settings.output;
  cli::ProgressLine progress("regctl-audit", output.progress);
  cli::SignalWatch signals([&] { progress.print_now(); });
  const StoreFacts facts = report::find_store(root_operand(program(), options),
                                              options.list("follow"), "regctl-audit --quick");
  if (settings.question->kind == Question::Kind::graph)
    report::refuse_below(facts, settings.question->about);
  if (facts.is_empty_directory())
    report::fail(ExitStatus::wrong_root, report::of_empty_directory(facts));
  const Workers workers(facts.medium.jobs(output.jobs), signals.token());
  try {
    const Store store(facts);
    const bool all = settings.question->kind == Question::Kind::usage && output.verbose > 0;
    const Sight sight =
        look(store.storage(), all ? Blobs::all : Blobs::where_needed, workers, progress, now());
    const Scope scope(sight.inventory, settings.wishes.repositories);
    Answer answer =
        answer_to(*settings.question, sight, store.storage(), facts, workers, output.verbose > 0);
    keep_rows_of(scope, answer);
    signals.end_at_once();
    progress.erase();
    ExitStatus status = warn_of_gaps(sight, scope, facts, output);
    if (settings.question->kind == Question::Kind::graph) {
      const auto warning = report::save(settings.question->about, "--graph",
                                        [&](const cli::Sink& sink) { sink(graph_of(sight)); });
      if (warning) report::fail(ExitStatus::usage, *warning);
    } else if (!output.quiet &&
               !report::print("regctl-audit", output.json ? answer_json(answer, facts.path)
                                                          : cli::whole(answer_text(
                                                                answer, report::style_of(output)))))
      status = worse(status, ExitStatus::warnings);
    return status;
  } catch (const Interrupted&) {
    return static_cast<ExitStatus>(128 + signals.caught());
  } catch (const StorageError& error) {
    report::fail(ExitStatus::incomplete, report::of_unread_store(error));
  }
}

}  // namespace

ExitStatus run_command(const std::vector<std::string>& arguments,
                       const std::vector<std::string>& environment) {
  const cli::Options options = parse_options(program(), arguments, environment);
  if (answer_general(program(), options)) return ExitStatus::done;
  const Settings settings = understand(options);
  return settings.question ? answer(settings, options) : run(settings, options);
}

}  // namespace regctl::audit
