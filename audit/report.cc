#include "audit/report.h"

#include <algorithm>

namespace regctl::audit {

std::uint64_t count(const std::vector<Finding>& findings, Severity severity) {
  return static_cast<std::uint64_t>(
      std::count_if(findings.begin(), findings.end(),
                    [&](const Finding& finding) { return finding.severity == severity; }));
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
  for (const Finding& finding : verdict.findings) {
    if (finding.rule != Rule::blob_unreferenced) continue;
    ++stock.garbage.blobs;
    stock.garbage.bytes += finding.bytes;
  }
  return stock;
}

namespace {

bool hides(const Finding& finding) {
  return finding.rule == Rule::read_error || finding.rule == Rule::symlink_in_tree;
}

}  // namespace

bool is_incomplete(const Verdict& verdict) {
  return verdict.verification.left || std::ranges::any_of(verdict.findings, hides);
}

State state_of(const Report& report) {
  if (!report.verdict) return State::incomplete;
  const auto& findings = report.verdict->findings;
  const auto is_damage = [](const Finding& finding) {
    return finding.severity == Severity::error && !hides(finding);
  };
  if (std::ranges::any_of(findings, is_damage)) return State::damaged;
  if (is_incomplete(*report.verdict)) return State::incomplete;
  return count(findings, Severity::warning) ? State::warnings : State::clean;
}

std::string_view name_of(State state) {
  switch (state) {
    case State::clean:
      return "clean";
    case State::warnings:
      return "warnings";
    case State::incomplete:
      return "incomplete";
    case State::damaged:
      break;
  }
  return "damaged";
}

}  // namespace regctl::audit
