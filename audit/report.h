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

enum class Outcome { complete, interrupted };

struct Report {
  StoreFacts store;
  Time started_at, finished_at;
  double seconds = 0;
  std::optional<Verdict> verdict;
  std::vector<report::Message> warnings, errors;  // about the run, not about the registry
  Outcome outcome = Outcome::complete;
  cli::ExitStatus exit_status = cli::ExitStatus::done;
};

// The worst that was found.
enum class State : std::uint8_t { clean, warnings, incomplete, damaged };
State state_of(const Report& report);
std::string_view name_of(State state);

// Sums that both renderers show.
std::uint64_t count(const std::vector<Finding>& findings, Severity severity);
// Tags that an error among `findings` breaks.
std::uint64_t count_unpullable_tags(const std::vector<Finding>& findings);

// `all_findings`: also those that are only information, and however many there are. Empty: there is
// no verdict.
std::string report_text(const Report& report, const report::TextStyle& style, bool all_findings);
// One document and a newline, as docs/regctl-audit-report.schema.json says.
std::string report_json(const Report& report);

}  // namespace regctl::audit
