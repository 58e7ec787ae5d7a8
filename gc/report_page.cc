#include "gc/report_tables.h"
#include "report/message_table.h"
#include "report/store_page.h"
#include "report/wording.h"

namespace regctl::gc {
namespace {

using cli::Charset;
using cli::format_bytes;
using cli::format_count;
using report::Labelled;
using report::minute_of;
using report::Page;
using report::Text;
using report::Tone;

std::string blobs(const Amount& amount) {
  return format_bytes(amount.bytes) + " in " + format_count(amount.count) +
         (amount.count == 1 ? " blob" : " blobs");
}

Tone tone_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::complete:
      return Tone::good;
    case Outcome::warnings:
      return Tone::notice;
    default:
      return Tone::bad;
  }
}

// What came of it, most of all.
std::string verdict_of(const Report& report) {
  const Run& run = report.run;
  switch (run.outcome) {
    case Outcome::refused:
      return run.dry_run ? "Refused: as things are, a real run takes nothing"
                         : "Refused: nothing more was taken or purged";
    case Outcome::interrupted:
      return "Interrupted: the storage is consistent, and the next run goes on";
    case Outcome::incomplete:
      return "Incomplete: not all that was to be done was";
    default:
      break;
  }
  if (run.dry_run) return "Dry run: nothing was removed";
  const SweepReport& total = report.swept->total;
  return "Quarantined " + blobs(total.quarantined) + ", freed " + blobs(total.purged) +
         (total.restored.count ? ", gave back " + blobs(total.restored) : "");
}

void head(const Report& report, const Text& text, Page& page) {
  const Run& run = report.run;
  page.head(
      text.name("Garbage of " + report.store.path), tone_of(run.outcome), verdict_of(report),
      {fmt::format("regctl-gc {}, {}, {} UTC, exit status {}", REGCTL_VERSION, text.name(run.host),
                   minute_of(run.started_at), static_cast<int>(run.exit_status))});
}

void tiles(const Report& report, const Totals& totals, Page& page) {
  const std::uint64_t free = report.store.medium.free_bytes;
  page.tiles(
      {{format_bytes(totals.blobs.bytes), "in " + format_count(totals.blobs.count) + " blobs"},
       {format_bytes(totals.garbage.bytes),
        fmt::format("garbage ({}) in {} blobs",
                    cli::format_share(totals.garbage.bytes, totals.blobs.bytes),
                    format_count(totals.garbage.count))},
       {format_bytes(totals.quarantined.bytes),
        "in quarantine, " + format_count(totals.quarantined.count) + " blobs"},
       {report::saved_by_sharing(report.findings->usage), "saved by layers that are shared"},
       {format_bytes(free), "free now; " + format_bytes(free + totals.freed_bytes) + " after " +
                                (report.run.dry_run ? "a real" : "this") + " run"}});
}

report::Section messages(const Report& report, const Text& text) {
  report::MessageTable table("What to look at", report.store.shown_prefix, text);
  table.add("refused", report.blockers);
  table.add("error", report.errors);
  table.add("warning", report.warnings);
  return std::move(table).section();
}

// What more could go, each with its price.
report::Section advice(const std::vector<Advice>& all) {
  report::Section section{.record = "advice",
                          .title = "What options would change",
                          .heads = {"WHAT", "OPTION"},
                          .aligns = {cli::Align::left, cli::Align::left},
                          .rows = {}};
  for (const Advice& one : all) {
    const report::Message message{.code = one.code,
                                  .arguments = {report::Count{one.count}, report::Size{one.bytes}}};
    section.rows.push_back(
        {sentence_of(message, Charset::utf8), std::string(report::info_of(one.code).hint)});
  }
  return section;
}

void quarantine(const Report& report, const Totals& totals, Page& page) {
  const Waiting& waiting = waiting_of(report);
  page.section("What waits in quarantine");
  if (!totals.quarantined.count && !waiting.until) return page.line("Nothing.");
  std::vector<Labelled> facts = {{"waiting", blobs(waiting.amount)}};
  if (waiting.oldest) facts.emplace_back("oldest", format_rfc3339(*waiting.oldest));
  if (waiting.until) facts.emplace_back("may go", "from " + format_rfc3339(*waiting.until));
  facts.emplace_back("gate", waiting.gate.is_open()
                                 ? "open: no registry's cache stands against it"
                                 : "closed: " + what_would_free(waiting, Charset::utf8));
  page.facts(facts);
}

std::string text_of(const OptionValue& value, const Text& text) {
  struct Speaker {
    const Text& text;
    std::string operator()(bool flag) const { return flag ? "yes" : "no"; }
    std::string operator()(std::int64_t number) const { return std::to_string(number); }
    std::string operator()(const std::string& name) const { return text.name(name); }
    std::string operator()(const std::vector<std::string>& names) const {
      std::string all;
      for (const std::string& name : names) all += (all.empty() ? "" : ", ") + text.name(name);
      return all.empty() ? "none" : all;
    }
  };
  return std::visit(Speaker{text}, value);
}

void origin(const Report& report, const Text& text, Page& page) {
  const Run& run = report.run;
  page.section("How this was made");
  auto facts = report::origin_of(report.store, run.started_at, run.finished_at);
  facts.emplace(facts.begin(), "run", run.id);
  for (const Phase& phase : run.phases)
    facts.emplace_back(phase.name, fmt::format("{:.2f} s", phase.seconds));
  for (const auto& [name, value] : run.options) facts.emplace_back(name, text_of(value, text));
  page.facts(facts);
}

void show_findings(const Report& report, const Totals& totals, const Text& text, Page& page) {
  const Looked& findings = *report.findings;
  std::vector<bool> live(findings.inventory.digests.size(), true);
  for (const BlobRemoval& blob : plan_of(report).blobs) {
    if (const auto id = findings.inventory.digests.find(blob.digest)) live[index_of(*id)] = false;
  }
  const report::StoreView view{findings.inventory, findings.usage, findings.sizes, live};
  show_space(view, page);
  report::Section types = types_table(report, totals, text);
  types.title = "What is there";
  page.show(types);
  page.show(advice(findings.advice));
  quarantine(report, totals, page);
  page.show(ages_table(report, text));
  page.show(garbage_table(report, totals, text));
  page.show(largest_table(report, text));
  show_tables(view, page);
}

void write_page(const Report& report, Page& page) {
  const report::TextStyle style = report::page_style();
  const Text text(style);
  const Totals totals = report.findings ? totals_of(report) : Totals();
  head(report, text, page);
  if (report.findings) tiles(report, totals, page);
  page.show(messages(report, text));
  if (report.findings) show_findings(report, totals, text, page);
  origin(report, text, page);
  page.finish();
}

}  // namespace

cli::Text report_page(const Report& report) {
  return [&](const cli::Sink& sink) {
    Page page(sink, "regctl-gc: " + cli::printable(report.store.path, Charset::utf8));
    write_page(report, page);
  };
}

}  // namespace regctl::gc
