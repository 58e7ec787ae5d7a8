#include "audit/report.h"

#include <algorithm>

namespace regctl::audit {

Counts counts_of(const Verdict& verdict) {
  Counts counts;
  for (const Finding& finding : verdict.findings) ++counts[{finding.severity, finding.rule}];
  if (!verdict.unreferenced.empty())
    counts[{Severity::info, Rule::blob_unreferenced}] = verdict.unreferenced.size();
  return counts;
}

std::uint64_t count(const Verdict& verdict, Severity severity) {
  std::uint64_t sum = 0;
  for (const auto& [key, number] : counts_of(verdict)) {
    if (key.first == severity) sum += number;
  }
  return sum;
}

Stock stock_of(const Verdict& verdict) {
  Stock stock;
  for (const Repository& repository : verdict.inventory.repositories) {
    stock.tags += repository.tags.size();
    stock.manifests += repository.count_manifests();
  }
  for (const Blob& blob : verdict.inventory.blobs) {
    if (!blob.present) continue;
    ++stock.blobs.blobs;
    stock.blobs.bytes += blob.bytes;
  }
  stock.garbage.blobs = verdict.unreferenced.size();
  for (const Unreferenced& one : verdict.unreferenced)
    stock.garbage.bytes += verdict.inventory.blob(one.blob)->bytes;
  return stock;
}

Snapshot snapshot_of(const Verdict& verdict, Time at) {
  const Stock stock = stock_of(verdict);
  Snapshot snapshot{.at = at,
                    .blobs = stock.blobs.blobs,
                    .bytes = stock.blobs.bytes,
                    .garbage_bytes = stock.garbage.bytes};
  for (std::size_t i = 0; i < verdict.inventory.repositories.size(); ++i)
    snapshot.repositories.push_back(
        {verdict.inventory.repositories[i].name, verdict.usage.repositories[i].fair_share});
  return snapshot;
}

bool is_incomplete(const Verdict& verdict) {
  return verdict.verification.left || std::ranges::any_of(verdict.findings, hides);
}

Condition condition_of(const Report& report) {
  if (!report.verdict) return Condition::incomplete;
  const auto& findings = report.verdict->findings;
  const auto is_damage = [](const Finding& finding) {
    return finding.severity == Severity::error && !hides(finding);
  };
  if (std::ranges::any_of(findings, is_damage)) return Condition::damaged;
  if (is_incomplete(*report.verdict)) return Condition::incomplete;
  return count(*report.verdict, Severity::warning) ? Condition::warnings : Condition::clean;
}

std::string_view name_of(Condition condition) {
  switch (condition) {
    case Condition::clean:
      return "clean";
    case Condition::warnings:
      return "warnings";
    case Condition::incomplete:
      return "incomplete";
    case Condition::damaged:
      break;
  }
  return "damaged";
}

}  // namespace regctl::audit
