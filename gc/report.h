// What a run of regctl-gc has to say, as a value, and that value as text and as JSON. Renderers
// compute nothing that is not a sum over the value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/exit_status.h"
#include "gc/collect.h"
#include "gc/options.h"
#include "gc/timed_progress.h"
#include "report/text.h"

namespace regctl::gc {

enum class Outcome { complete, warnings, refused, incomplete, interrupted };

struct Run {
  std::string id, host;
  Time started_at, finished_at;
  bool dry_run = false;
  Wishes wishes;
  OptionValues options;
  std::vector<Phase> phases;
  Outcome outcome = Outcome::complete;
  cli::ExitStatus exit_status = cli::ExitStatus::done;
};

struct Report {
  Run run;
  StoreFacts store;
  std::optional<Looked> findings;
  std::optional<Swept> swept;                       // empty: a dry run
  std::vector<report::Message> blockers, warnings;  // those of the plan, and of the run itself
  std::vector<report::Message> errors;
};

// What was carried out, or for a dry run would be. REQUIRES: there are findings.
const Plan& plan_of(const Report& report);
const Waiting& waiting_of(const Report& report);

// Sums that both renderers show: of the store as the run found it, and of plan_of().
struct Totals {
  std::uint64_t tags = 0, manifests = 0, layer_links = 0;
  Amount blobs, reachable, garbage, quarantined, purged;
  Amount seen, claimed;  // how the sizes of `blobs` are known
  std::uint64_t blobs_disk_bytes = 0, garbage_disk_bytes = 0,
                purged_disk_bytes = 0;  // claimed sizes count as they are
  std::uint64_t freed_bytes = 0;        // by this run: what it unlinks
};
Totals totals_of(const Report& report);  // REQUIRES: there are findings

// What would open the gate, as a text; "": it is open, or nobody asked.
std::string what_would_free(const Waiting& waiting, cli::Charset charset);

// "blob sha256:... would go, but app:v1 needs it (and 2 more)". REQUIRES: there are any.
report::Part part_of(const std::vector<Objection>& objections);

std::string report_text(const Report& report, const report::TextStyle& style, Lists lists);
// One document and a newline, as docs/regctl-gc-report.schema.json says: of `report` as it is when
// the text hands itself out, which it must outlive.
cli::Text report_json(const Report& report);
// For Prometheus. `previous` is what an earlier run wrote, "" if none did: the time of the last
// success carries over.
std::string report_metrics(const Report& report, std::string_view previous);
// A page of HTML that stands alone; as report_json().
cli::Text report_page(const Report& report);

}  // namespace regctl::gc
