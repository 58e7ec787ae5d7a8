// What an audit has to say, as a value, and that value as text and as JSON.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "audit/finding.h"
#include "cli/exit_status.h"
#include "cli/text.h"
#include "cli/units.h"
#include "registry/inventory.h"
#include "registry/root.h"
#include "registry/usage.h"

namespace regctl::audit {

// What the audit found out. Absent where it was interrupted before.
struct Verdict {
  Inventory inventory;
  std::vector<Finding> findings;  // as check() orders them
  UsageReport usage;
  std::vector<std::optional<std::uint64_t>> sizes;
};

struct Report {
  std::string root_path;
  Root root;
  Time started_at, finished_at;
  double seconds = 0;
  std::optional<Verdict> verdict;
  std::vector<std::string> warnings;  // about the run, not about the registry
  std::string outcome;                // "complete", "interrupted"
  cli::ExitStatus exit_status = cli::ExitStatus::done;
};

// "clean", "warnings", "damaged", "incomplete": the worst that was found.
std::string state_of(const Report& report);
std::uint64_t count(const std::vector<Finding>& findings, Severity severity);

struct TextStyle {
  bool plain = false;
  bool all_findings = false;
  std::size_t top = 20;  // rows a table, and findings told; 0: all
  bool truncate_digests = true;
  cli::Bytes bytes = cli::Bytes::scaled;
  cli::Charset charset = cli::Charset::ascii;
};

std::string report_text(const Report& report, const TextStyle& style);
// One document and a newline, as docs/regctl-audit-report.schema.json says.
std::string report_json(const Report& report);

}  // namespace regctl::audit
