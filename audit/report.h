// What an audit has to say, as a value, and that value as text and as JSON.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "audit/audit.h"
#include "audit/finding.h"
#include "audit/trend.h"
#include "cli/exit_status.h"
#include "registry/store_facts.h"
#include "report/text.h"

namespace regctl::audit {

enum class Outcome { complete, incomplete, interrupted };

struct Report {
  StoreFacts store;
  Subset subset;  // that was to be hashed
  Time started_at, finished_at;
  double seconds = 0;
  std::vector<Trend> trends;                      // the latest first
  std::vector<Snapshot> history;                  // the oldest first, without repositories
  std::optional<Verdict> verdict;                 // absent: it was interrupted before
  std::vector<report::Message> warnings, errors;  // about the run, not about the registry
  Outcome outcome = Outcome::complete;
  cli::ExitStatus exit_status = cli::ExitStatus::done;
};

// Something that should have been read was not.
bool is_incomplete(const Verdict& verdict);

// The worst that was found.
enum class Condition : std::uint8_t { clean, warnings, incomplete, damaged };
Condition condition_of(const Report& report);
std::string_view name_of(Condition condition);

// Of each severity and rule that has any.
using Counts = std::map<std::pair<Severity, Rule>, std::uint64_t>;
Counts counts_of(const Verdict& verdict);
std::uint64_t count(const Verdict& verdict, Severity severity);

// What the store holds.
struct Stock {
  struct Amount {
    std::uint64_t blobs = 0, bytes = 0;
  };
  std::uint64_t tags = 0, manifests = 0;
  Amount blobs;
  Amount garbage;  // that nothing refers to, as far as that is known
};
Stock stock_of(const Verdict& verdict);
// What a state keeps of it.
Snapshot snapshot_of(const Verdict& verdict, Time at);

// `all_findings`: also those that are only information, and however many there are. Empty: there is
// no verdict.
std::string report_text(const Report& report, const report::TextStyle& style, bool all_findings);
// One document and a newline, as docs/regctl-audit-report.schema.json says: of `report` as it is
// when the text hands itself out, which it must outlive.
cli::Text report_json(const Report& report);
// As Prometheus reads it. `previous` is what an earlier audit wrote, whose last success stays where
// this one had none.
std::string report_metrics(const Report& report, std::string_view previous);
// A page of HTML that stands alone; as report_json().
cli::Text report_page(const Report& report);

}  // namespace regctl::audit
