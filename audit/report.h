// What an audit has to say, as a value, and that value as text and as JSON.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "audit/finding.h"
#include "cli/exit_status.h"
#include "registry/inventory.h"
#include "registry/store_facts.h"
#include "registry/usage.h"
#include "report/text.h"

namespace regctl::audit {

// What the audit found out. Absent where it was interrupted before.
struct Verdict {
  Inventory inventory;
  std::vector<Finding> findings;  // as check() orders them
  UsageReport usage;
  std::vector<std::optional<std::uint64_t>> sizes;
};

struct Report {
  StoreFacts store;
  Time started_at, finished_at;
  double seconds = 0;
  std::optional<Verdict> verdict;
  std::vector<report::Message> warnings;  // about the run, not about the registry
  std::string outcome;                    // "complete", "interrupted"
  cli::ExitStatus exit_status = cli::ExitStatus::done;
};

// The worst that was found.
enum class State : std::uint8_t { clean, warnings, incomplete, damaged };
State state_of(const Report& report);
std::string_view name_of(State state);
std::uint64_t count(const std::vector<Finding>& findings, Severity severity);

struct TextStyle {
  report::TextStyle text;
  bool all_findings = false;
};

std::string report_text(const Report& report, const TextStyle& style);
// One document and a newline, as docs/regctl-audit-report.schema.json says.
std::string report_json(const Report& report);

}  // namespace regctl::audit
