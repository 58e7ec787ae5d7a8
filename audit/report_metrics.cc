#include <map>

#include "audit/report.h"
#include "report/metrics.h"

namespace regctl::audit {
namespace {

constexpr std::string_view kLastSuccess = "regctl_audit_last_success_timestamp_seconds";

using report::Metrics;

void of_the_run(Metrics& metrics, const Report& report, std::string_view previous) {
  metrics.one("regctl_audit_last_run_timestamp_seconds",
              "Unix time at which the last audit ended, whatever its result.",
              report::seconds_of(report.finished_at));
  metrics.family(kLastSuccess,
                 "Unix time at which the last complete audit ended, with or without findings.");
  if (report.outcome == Outcome::complete)
    metrics.sample(report::seconds_of(report.finished_at));
  else
    metrics.line(metrics.earlier(kLastSuccess, previous));
  metrics.one("regctl_audit_last_run_exit_status",
              "Exit status of the last audit, see regctl-audit(8).",
              static_cast<int>(report.exit_status));
  metrics.one("regctl_audit_last_run_duration_seconds", "Wall time of the last audit.",
              report.seconds);
}

void of_the_store(Metrics& metrics, const Verdict& verdict) {
  std::map<std::pair<Rule, Severity>, std::uint64_t> found;
  for (const RuleInfo& info : rules()) found[{info.rule, info.severity}];
  for (const auto& [key, number] : counts_of(verdict)) found[{key.second, key.first}] = number;
  metrics.family("regctl_audit_findings",
                 "Findings of the last audit by rule; every rule is present, mostly 0.");
  for (const auto& [key, count] : found)
    metrics.sample(count, {{"rule", info_of(key.first).id}, {"severity", name_of(key.second)}});
  metrics.one("regctl_audit_unpullable_tags",
              "Tags that cannot be pulled, or not for every platform that was pushed.",
              verdict.harm.tags);
  metrics.one("regctl_audit_bytes_at_risk", "Blob bytes of images that cannot be pulled.",
              verdict.harm.bytes);
  const Stock stock = stock_of(verdict);
  metrics.one("regctl_audit_storage_blobs", "Number of blobs.", stock.blobs.blobs);
  metrics.one("regctl_audit_storage_bytes", "Bytes of blobs.", stock.blobs.bytes);
  metrics.one("regctl_audit_verified_blobs", "Blobs whose digest the last audit recomputed.",
              verdict.verification.blobs);
  metrics.one("regctl_audit_verified_bytes", "Blob bytes whose digest the last audit recomputed.",
              verdict.verification.bytes);
  const Verification::Share& known = verdict.verification.known;
  metrics.one("regctl_audit_known_bytes",
              "Blob bytes that some audit or evidence has verified as they are now.", known.bytes);
  if (known.oldest)
    metrics.one("regctl_audit_oldest_verification_timestamp_seconds",
                "Unix time at which the blob was verified that was not for longest.",
                report::seconds_of(*known.oldest));
}

}  // namespace

std::string report_metrics(const Report& report, std::string_view previous) {
  Metrics metrics("regctl_audit", report.store.path);
  of_the_run(metrics, report, previous);
  if (report.verdict) of_the_store(metrics, *report.verdict);
  return std::move(metrics).text();
}

}  // namespace regctl::audit
