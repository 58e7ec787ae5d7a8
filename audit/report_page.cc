#include "audit/report.h"
#include "report/blob_tables.h"
#include "report/message_table.h"
#include "report/store_page.h"
#include "report/wording.h"

namespace regctl::audit {
namespace {

using cli::Align;
using cli::Charset;
using cli::format_bytes;
using cli::format_count;
using report::minute_of;
using report::Page;
using report::Section;
using report::Text;
using report::Tone;

// A page with more is read by nobody.
constexpr std::size_t kFindingsOfAPage = 1000;

Tone tone_of(Condition condition) {
  switch (condition) {
    case Condition::clean:
      return Tone::good;
    case Condition::warnings:
      return Tone::notice;
    default:
      return Tone::bad;
  }
}

std::string verdict_of(const Report& report) {
  if (!report.verdict) return "Interrupted before anything was known";
  switch (condition_of(report)) {
    case Condition::clean:
      return "Clean";
    case Condition::warnings:
      return "Sound, with warnings";
    case Condition::incomplete:
      return "Incomplete: not all could be read";
    case Condition::damaged:
      break;
  }
  const Harm& harm = report.verdict->harm;
  return fmt::format("Damaged: {} tags in {} repositories cannot be pulled; {} at risk",
                     format_count(harm.tags), format_count(harm.repositories),
                     format_bytes(harm.bytes));
}

void head(const Report& report, const Text& text, Page& page) {
  page.head(text.name("Audit of " + report.store.path),
            report.verdict ? tone_of(condition_of(report)) : Tone::bad, verdict_of(report),
            {fmt::format("regctl-audit {}, {} UTC, exit status {}", REGCTL_VERSION,
                         minute_of(report.started_at), static_cast<int>(report.exit_status))});
}

void tiles(const Report& report, const Stock& stock, Page& page) {
  const Verdict& verdict = *report.verdict;
  const Verification& verification = verdict.verification;
  page.tiles({{format_bytes(stock.blobs.bytes), "in " + format_count(stock.blobs.blobs) + " blobs"},
              {format_bytes(verification.bytes),
               "hashed in " + cli::format_elapsed(std::chrono::nanoseconds(
                                  static_cast<std::int64_t>(verification.seconds * 1e9)))},
              {format_count(count(verdict, Severity::error)) + " errors",
               format_count(count(verdict, Severity::warning)) + " warnings, " +
                   format_count(count(verdict, Severity::info)) + " notes"},
              {format_bytes(stock.garbage.bytes),
               "that nothing refers to, in " + format_count(stock.garbage.blobs) + " blobs"},
              {report::saved_by_sharing(verdict.usage), "saved by layers that are shared"}});
}

Section rules_found(const Verdict& verdict) {
  Section section{.record = "rule",
                  .title = "What was found",
                  .heads = {"SEVERITY", "RULE", "COUNT", "MEANING", "WHAT TO DO"},
                  .aligns = {Align::left, Align::left, Align::right, Align::left, Align::left},
                  .rows = {}};
  for (const auto& [key, number] : counts_of(verdict)) {
    const RuleInfo& info = info_of(key.second);
    section.rows.push_back({std::string(name_of(key.first)), std::string(info.id),
                            format_count(number), std::string(info.summary),
                            std::string(info.advice)});
  }
  return section;
}

constexpr std::size_t kTagsTold = 5;

std::string broken_by(const Finding& finding, const Text& text) {
  std::string tags;
  std::uint64_t told = 0, left = 0;
  for (const UsedBy& user : finding.used_by) {
    for (const std::string& tag : user.tags) {
      if (told == kTagsTold) {
        ++left;
        continue;
      }
      tags += (told++ ? ", " : "") + text.name(user.repository + ':' + tag);
      if (!user.platform.empty()) tags += " (" + text.name(user.platform) + ')';
    }
  }
  return left ? tags + " and " + format_count(left) + " more" : tags;
}

std::string place_of(const Finding& finding, const std::string& prefix, const Text& text) {
  if (!finding.path.empty()) return text.name(prefix + finding.path);
  if (!finding.repository.empty()) return text.name(finding.repository);
  return finding.digest ? finding.digest->text() : "";
}

// Errors and warnings.
Section findings(const Report& report, const Text& text) {
  Section section{.record = "finding",
                  .title = "Errors and warnings",
                  .heads = {"SEVERITY", "RULE", "WHERE", "BREAKS", "WHAT TO DO"},
                  .aligns = std::vector<Align>(5, Align::left),
                  .rows = {}};
  std::uint64_t left = 0;
  each_finding(*report.verdict, [&](const Finding& finding) {
    if (finding.severity == Severity::info) return;
    if (section.rows.size() == kFindingsOfAPage) {
      ++left;
      return;
    }
    section.rows.push_back({std::string(name_of(finding.severity)),
                            std::string(info_of(finding.rule).id),
                            place_of(finding, report.store.shown_prefix, text),
                            broken_by(finding, text), std::string(finding.advice)});
  });
  if (left) section.note = format_count(left) + " more: --report FILE has them all";
  return section;
}

void trend(const Report& report, const Text& text, Page& page) {
  if (report.history.size() < 2) return;
  page.section("What it held before");
  std::vector<report::CurvePoint> points;
  Section table{.record = "audit",
                .title = "Audits before",
                .heads = {"WHEN", "BLOBS", "BYTES", "GARBAGE"},
                .aligns = {Align::left, Align::right, Align::right, Align::right},
                .rows = {}};
  for (const Snapshot& one : report.history) {
    points.push_back({one.at, one.bytes, one.garbage_bytes});
    table.rows.push_back({format_rfc3339(one.at), format_count(one.blobs), text.size(one.bytes),
                          text.size(one.garbage_bytes)});
  }
  page.curve(points);
  page.show(table);
}

void quarantine(const Verdict& verdict, Page& page) {
  page.section("What waits in quarantine");
  std::uint64_t blobs = 0, others = verdict.inventory.quarantined_tags.size();
  std::optional<Time> oldest;
  for (const Quarantined& copy : verdict.inventory.quarantined) {
    ++(copy.kind == Quarantined::Kind::blob ? blobs : others);
    oldest = oldest ? std::min(*oldest, copy.taken) : copy.taken;
  }
  if (!oldest) return page.line("Nothing.");
  page.facts({{"blobs", format_count(blobs) + ", " +
                            format_bytes(report::quarantined_bytes(verdict.inventory))},
              {"links and tags", format_count(others)},
              {"oldest", format_rfc3339(*oldest)},
              {"waits for", "regctl-gc, which tells the hold and the gate (--dry-run)"}});
}

void origin(const Report& report, Page& page) {
  page.section("How this was made");
  auto facts = report::origin_of(report.store, report.started_at, report.finished_at);
  if (report.verdict) {
    const Verification& verification = report.verdict->verification;
    facts.emplace_back(
        "hashed", format_count(verification.blobs) + " blobs, " + format_bytes(verification.bytes));
    facts.emplace_back("left for the next audit", format_count(verification.left));
    if (const auto& oldest = verification.known.oldest)
      facts.emplace_back("known to be right", format_bytes(verification.known.bytes) +
                                                  ", verified since " + format_rfc3339(*oldest));
  }
  page.facts(facts);
}

void show_verdict(const Report& report, const Text& text, Page& page) {
  const Verdict& verdict = *report.verdict;
  const Inventory& inventory = verdict.inventory;
  tiles(report, stock_of(verdict), page);
  page.show(rules_found(verdict));
  page.show(findings(report, text));
  trend(report, text, page);
  const std::vector<KnownSize> sizes = known_sizes(inventory);
  std::vector<bool> live(inventory.digests.size(), true);
  report::Ages ages(report.started_at);
  for (const Unreferenced& one : verdict.unreferenced) {
    live[index_of(one.blob)] = false;
    if (const Blob* blob = inventory.blob(one.blob)) ages.add(blob->bytes, blob->modified);
  }
  const report::StoreView view{inventory, verdict.usage, sizes, live};
  show_space(view, page);
  quarantine(verdict, page);
  page.show(ages.table(text));
  show_tables(view, page);
}

void write_page(const Report& report, Page& page) {
  const report::TextStyle style = report::page_style();
  const Text text(style);
  head(report, text, page);
  report::MessageTable table("About this audit", report.store.shown_prefix, text);
  table.add("error", report.errors);
  table.add("warning", report.warnings);
  page.show(std::move(table).section());
  if (report.verdict) show_verdict(report, text, page);
  origin(report, page);
  page.finish();
}

}  // namespace

cli::Text report_page(const Report& report) {
  return [&](const cli::Sink& sink) {
    Page page(sink, "regctl-audit: " + cli::printable(report.store.path, Charset::utf8));
    write_page(report, page);
  };
}

}  // namespace regctl::audit
