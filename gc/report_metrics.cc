#include <map>

#include "gc/report.h"
#include "report/metrics.h"

namespace regctl::gc {
namespace {

constexpr std::string_view kLastSuccess = "regctl_gc_last_success_timestamp_seconds";

using report::Metrics;
using report::seconds_of;

void of_the_run(Metrics& metrics, const Report& report, std::string_view previous) {
  const Run& run = report.run;
  metrics.one("regctl_gc_last_run_timestamp_seconds",
              "Unix time at which the last run ended, whatever its result.",
              seconds_of(run.finished_at));
  metrics.family(kLastSuccess,
                 "Unix time at which the last run ended that collects, with exit status 0 or 1.");
  const bool collects =
      !run.dry_run && (run.wishes.mode == Mode::online || run.wishes.mode == Mode::offline);
  const bool went_well =
      run.exit_status == cli::ExitStatus::done || run.exit_status == cli::ExitStatus::warnings;
  if (collects && went_well)
    metrics.sample(seconds_of(run.finished_at));
  else
    metrics.line(metrics.earlier(kLastSuccess, previous));
  metrics.one("regctl_gc_last_run_exit_status", "Exit status of the last run, see regctl-gc(8).",
              static_cast<int>(run.exit_status));
  metrics.one("regctl_gc_last_run_dry_run",
              "1 if the last run was a dry run, 0 if it could change the storage.",
              run.dry_run ? 1 : 0);
  metrics.one("regctl_gc_last_run_duration_seconds", "Wall time of the last run.",
              std::chrono::duration<double>(run.finished_at - run.started_at).count());
  std::map<std::string, double> phases;  // some are run more than once
  for (const Phase& phase : run.phases) phases[phase.name] += phase.seconds;
  metrics.family("regctl_gc_last_run_phase_duration_seconds",
                 "Wall time of each phase of the last run.");
  for (const auto& [name, seconds] : phases) metrics.sample(seconds, {{"phase", name}});
  metrics.one("regctl_gc_last_run_blockers", "Reasons for which the last run took nothing.",
              report.blockers.size());
  metrics.one("regctl_gc_last_run_warnings", "Warnings of the last run.", report.warnings.size());
  metrics.one("regctl_gc_last_run_errors", "Errors of the last run.", report.errors.size());
}

// What each takes, or would take.
void of_options(Metrics& metrics, const Looked& findings) {
  const std::pair<const char*, const Amount&> all[] = {
      {"--delete-untagged", findings.untagged},
      {"--prune-dead-tags", findings.dead},
      {"--prune-broken-manifests", findings.broken},
      {"--prune-orphaned-referrers", findings.orphaned}};
  metrics.family("regctl_gc_option_objects", "Manifests or tags that an option would take.");
  for (const auto& [option, amount] : all) metrics.sample(amount.count, {{"option", option}});
  metrics.family("regctl_gc_option_bytes", "Blob bytes that only these keep alive.");
  for (const auto& [option, amount] : all) metrics.sample(amount.bytes, {{"option", option}});
}

void of_the_store(Metrics& metrics, const Report& report) {
  const Looked& findings = *report.findings;
  const Totals totals = totals_of(report);
  const Plan& plan = findings.plan;
  Amount kept;
  for (const Amount& one :
       {plan.kept_young, plan.kept_arrived, plan.kept_pinned, plan.kept_protected}) {
    kept.count += one.count;
    kept.bytes += one.bytes;
  }
  const auto states = [&](const char* name, const char* help, std::uint64_t Amount::*field) {
    metrics.family(name, help);
    for (const auto& [state, amount] :
         {std::pair("reachable", totals.reachable), std::pair("garbage", totals.garbage),
          std::pair("kept", kept), std::pair("quarantined", totals.quarantined)})
      metrics.sample(amount.*field, {{"state", state}});
  };
  states("regctl_gc_storage_bytes",
         "Blob bytes by state, as the last run found them; quarantined as it left them.",
         &Amount::bytes);
  states("regctl_gc_storage_blobs",
         "Number of blobs by state, as the last run found them; quarantined as it left them.",
         &Amount::count);
  metrics.one("regctl_gc_storage_repositories", "Number of repositories.",
              findings.inventory.repositories.size());
  metrics.one("regctl_gc_storage_filesystem_size_bytes", "Size of the file system.",
              report.store.medium.size_bytes);
  metrics.one("regctl_gc_storage_filesystem_free_bytes",
              "Free bytes of the file system when the last run began.",
              report.store.medium.free_bytes);
  metrics.one("regctl_gc_dead_tags", "Tags that no client can pull: their manifest is gone.",
              findings.dead.count);
  of_options(metrics, findings);

  const Waiting& waiting = waiting_of(report);
  metrics.one("regctl_gc_quarantined_bytes", "Blob bytes in quarantine.", totals.quarantined.bytes);
  if (waiting.oldest)
    metrics.one("regctl_gc_oldest_quarantine_timestamp_seconds",
                "Unix time at which the oldest object that waits in quarantine was taken.",
                seconds_of(*waiting.oldest));
  metrics.one("regctl_gc_purge_gate_open", "1 if no cache of a registry stands against a purge.",
              waiting.gate.is_open() ? 1 : 0);
  if (!report.swept) return;
  const SweepReport& total = report.swept->total;
  metrics.one("regctl_gc_last_run_freed_bytes",
              "Bytes that the last run returned to the file system.", total.purged_disk_bytes);
  metrics.one("regctl_gc_last_run_restored_objects", "Objects that the last run gave back.",
              total.restored.count + total.links_restored);
  metrics.family("regctl_gc_last_run_removed_objects", "Objects that the last run removed.");
  metrics.sample(total.purged.count, {{"kind", "blob"}});
  metrics.sample(total.links_purged, {{"kind", "link"}});
  metrics.sample(total.uploads, {{"kind", "upload"}});
  metrics.sample(total.empty_repositories, {{"kind", "repository"}});
  metrics.family("regctl_gc_last_run_quarantined_objects",
                 "Objects that the last run quarantined.");
  metrics.sample(total.quarantined.count, {{"kind", "blob"}});
  metrics.sample(total.manifests, {{"kind", "manifest"}});
  metrics.sample(total.layer_links, {{"kind", "layer_link"}});
}

}  // namespace

std::string report_metrics(const Report& report, std::string_view previous) {
  Metrics metrics("regctl_gc", report.store.path);
  of_the_run(metrics, report, previous);
  if (report.findings) of_the_store(metrics, report);
  return std::move(metrics).text();
}

}  // namespace regctl::gc
