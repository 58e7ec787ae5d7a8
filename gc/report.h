// What a run of regctl-gc has to say, as a value, and that value as text and as JSON. Renderers
// compute nothing that is not a sum over the value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "cli/exit_status.h"
#include "gc/collect.h"
#include "gc/look.h"
#include "report/text.h"

namespace regctl::gc {

using OptionValue = std::variant<bool, std::int64_t, std::string, std::vector<std::string>>;

struct Run {
  std::string id, host;
  Time started_at, finished_at;
  bool dry_run = false;
  Mode mode = Mode::online;
  std::vector<std::pair<std::string, OptionValue>> options;  // in effect, defaults included
  std::vector<Phase> phases;
  std::string outcome;  // "complete", "warnings", "refused", "incomplete", "interrupted", "failed"
  cli::ExitStatus exit_status = cli::ExitStatus::done;
};

struct Report {
  Run run;
  StoreFacts store;
  std::optional<Findings> findings;
  std::optional<Swept> swept;                       // empty: a dry run
  std::vector<report::Message> blockers, warnings;  // those of the plan, and of the run itself
  std::vector<report::Message> errors;
};

// Sums that both renderers show.
struct Totals {
  std::uint64_t tags = 0, manifests = 0, layer_links = 0;
  Amount blobs, reachable, garbage, quarantined, purged;
  Amount seen, claimed;  // how the sizes of `blobs` are known
  std::uint64_t blobs_disk_bytes = 0, garbage_disk_bytes = 0,
                purged_disk_bytes = 0;  // claimed sizes count as they are
  std::uint64_t freed_bytes = 0;        // by this run: what it unlinks
};
Totals totals_of(const Report& report, const Findings& findings);

// As reports call it: "tagged"; for people: "in --roots".
std::string_view id_of(Why why);
std::string_view words_of(Why why);

// What would open the gate, as a text; "": it is open, or nobody asked.
std::string what_would_free(const Waiting& waiting, cli::Charset charset);

// "blob sha256:... would go, but app:v1 needs it (and 2 more)". REQUIRES: there are any.
report::Part part_of(const std::vector<Objection>& objections);

enum class Lists { none, blobs, manifests, links, all };

struct TextStyle {
  report::TextStyle text;
  Lists lists = Lists::none;
};

std::string report_text(const Report& report, const TextStyle& style);
// One document and a newline, as docs/regctl-gc-report.schema.json says.
std::string report_json(const Report& report);
// For Prometheus. `previous` is what an earlier run wrote, "" if none did: the time of the last
// success carries over.
std::string report_metrics(const Report& report, std::string_view previous);

}  // namespace regctl::gc
