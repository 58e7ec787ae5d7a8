#include "audit/report.h"

#include <algorithm>
#include <set>

namespace regctl::audit {

std::uint64_t count(const std::vector<Finding>& findings, Severity severity) {
  return static_cast<std::uint64_t>(
      std::count_if(findings.begin(), findings.end(),
                    [&](const Finding& finding) { return finding.severity == severity; }));
}

std::uint64_t count_unpullable_tags(const std::vector<Finding>& findings) {
  std::set<std::pair<std::string, std::string>> tags;
  for (const Finding& finding : findings) {
    if (finding.severity != Severity::error) continue;
    for (const UsedBy& user : finding.used_by) {
      for (const std::string& tag : user.tags) tags.emplace(user.repository, tag);
    }
  }
  return tags.size();
}

State state_of(const Report& report) {
  if (!report.verdict) return State::incomplete;
  const auto& findings = report.verdict->findings;
  const auto is_damage = [](const Finding& finding) {
    const bool hides = finding.rule == Rule::read_error || finding.rule == Rule::symlink_in_tree;
    return finding.severity == Severity::error && !hides;
  };
  if (std::any_of(findings.begin(), findings.end(), is_damage)) return State::damaged;
  if (count(findings, Severity::error)) return State::incomplete;
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
