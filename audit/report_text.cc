#include <algorithm>
#include <cstdlib>

#include "audit/report.h"
#include "report/usage_table.h"
#include "report/wording.h"

namespace regctl::audit {
namespace {

using cli::Align;
using cli::format_count;
using report::Text;

std::string in_capitals(std::string_view word) {
  std::string text(word);
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return std::toupper(c); });
  return text;
}

std::string_view scope_of(const Subset& subset) {
  switch (subset.kind) {
    case Subset::Kind::slice:
      return " of one slice";
    case Subset::Kind::share:
      return " of a random share";
    default:
      return "";
  }
}

void verified(const Verification& verification, Text& text) {
  if (verification.subset.kind == Subset::Kind::nothing) {
    text.line("Verified   the content of manifests; {} (--quick)",
              verification.blobs
                  ? "of blobs only " + format_count(verification.blobs) + " that somebody saw wrong"
                  : "no layer was read");
    return;
  }
  const double rate =
      verification.seconds > 0 ? static_cast<double>(verification.bytes) / verification.seconds : 0;
  const std::uint64_t unread = verification.contents.unread.size();
  text.line(
      "Verified   {} ({} blobs{}) in {:.1f} s ({}/s){}{}", text.size(verification.bytes),
      format_count(verification.blobs), scope_of(verification.subset), verification.seconds,
      text.size(static_cast<std::uint64_t>(rate)),
      unread ? ", " + format_count(unread) + " could not be read" : "",
      verification.left ? ", " + format_count(verification.left) + " left for the next audit" : "");
}

// Of all blobs, by this audit, earlier ones and evidence.
void known(const Verdict& verdict, const Stock& stock, Time now, Text& text) {
  const Verification::Share& known = verdict.verification.known;
  if (!known.oldest) return;
  text.line("Known      {} of the bytes are right, last verified {} ago or later",
            cli::format_share(known.bytes, stock.blobs.bytes),
            cli::format_elapsed(now - *known.oldest));
}

// Else who hands in checksums would wonder why all is read.
void outdated(const Verification& verification, Text& text) {
  if (!verification.outdated) return;
  text.line(
      "Evidence   {} checksums tell nothing: their blobs were written to since, or in the week",
      format_count(verification.outdated));
  text.line("           before (regctl-audit(8), --evidence)");
}

std::string signed_size(std::int64_t bytes, const Text& text) {
  const auto size = text.size(static_cast<std::uint64_t>(std::abs(bytes)));
  return (bytes < 0 ? "-" : "+") + size;
}

constexpr std::size_t kChangesTold = 5;

void trend(const Trend& trend, Time now, Text& text) {
  text.line("Since      {} ({}): {}, garbage {}", format_rfc3339(trend.since).substr(0, 10),
            cli::format_elapsed(now - trend.since), signed_size(trend.bytes, text),
            signed_size(trend.garbage_bytes, text));
  for (const bool grew : {true, false}) {
    std::string changes;
    std::size_t told = 0;
    for (const Trend::Change& one : trend.repositories) {
      if ((one.bytes > 0) != grew || told == kChangesTold) continue;
      changes +=
          (told++ ? ", " : "") + text.name(one.repository) + ' ' + signed_size(one.bytes, text);
    }
    if (told) text.line("  {}  {}", grew ? "grew   " : "shrank ", changes);
  }
}

std::string harm(const Harm& harm, const Text& text) {
  if (!harm.tags) return "";
  return fmt::format("   {} tag{} in {} repositor{} cannot be pulled; {} at risk",
                     format_count(harm.tags), harm.tags == 1 ? "" : "s",
                     format_count(harm.repositories), harm.repositories == 1 ? "y" : "ies",
                     text.size(harm.bytes));
}

void head(const Report& report, const Stock& stock, Text& text) {
  const Verdict& verdict = *report.verdict;
  text.line("regctl-audit {}   read-only", REGCTL_VERSION);
  text.storage(report.store);
  text.line("Checked    {} repositories, {} tags, {} manifests, {} blobs in {:.1f} s",
            format_count(verdict.inventory.repositories.size()), format_count(stock.tags),
            format_count(stock.manifests), format_count(stock.blobs.blobs), report.seconds);
  verified(verdict.verification, text);
  known(verdict, stock, report.finished_at, text);
  outdated(verdict.verification, text);
  for (const Trend& one : report.trends) trend(one, report.finished_at, text);
  if (report.store.owned_by_database)
    text.line(
        "Database   this registry keeps its references in a database; the files alone do not "
        "tell what is in use");
  text.line("");
  text.line("state:     {}{}", in_capitals(name_of(condition_of(report))),
            harm(verdict.harm, text));
}

report::Section counts(const Verdict& verdict) {
  report::Section section{.record = "rule",
                          .title = "",
                          .heads = {"SEVERITY", "RULE", "COUNT", "MEANING"},
                          .aligns = {Align::left, Align::left, Align::right, Align::left},
                          .rows = {}};
  for (const auto& [key, number] : counts_of(verdict)) {
    const RuleInfo& info = info_of(key.second);
    section.rows.push_back({std::string(name_of(key.first)), std::string(info.id),
                            format_count(number), std::string(info.summary)});
  }
  return section;
}

constexpr std::size_t kTagsTold = 10;

// "app:v1, app:v2 (linux/amd64)"
std::string tags_of(const std::vector<UsedBy>& users, bool all, const Text& text) {
  std::string tags;
  std::uint64_t told = 0, left = 0;
  for (const UsedBy& user : users) {
    const std::uint64_t before = told;
    for (const std::string& tag : user.tags) {
      if (!all && told == kTagsTold) {
        ++left;
        continue;
      }
      tags += (tags.empty() ? "" : ", ") + text.name(user.repository + ':' + tag);
      ++told;
    }
    if (told > before && !user.platform.empty()) tags += " (" + text.name(user.platform) + ')';
  }
  return left ? tags + " and " + format_count(left) + " more" : tags;
}

void tell(std::size_t number, const Finding& finding, const std::string& prefix, bool all,
          Text& text) {
  if (number == 1) text.line("");
  text.line("{}. {}  {}{}{}", number, name_of(finding.severity), info_of(finding.rule).id,
            finding.digest ? "  " + text.digest(*finding.digest) : "",
            finding.bytes ? "  " + text.size(finding.bytes) : "");
  if (!finding.path.empty())
    text.line("   file    {}{}", prefix, text.name(finding.path));
  else if (!finding.repository.empty())
    text.line("   in      {}", text.name(finding.repository));
  const cli::Charset charset = text.style().charset;
  if (finding.expected) text.line("   expect  {}", text_of(*finding.expected, charset));
  if (finding.found) text.line("   found   {}", text_of(*finding.found, charset));
  if (const std::string tags = tags_of(finding.used_by, all, text); !tags.empty())
    text.line("   breaks  {}", tags);
  if (!finding.advice.empty()) text.line("   do      {}", finding.advice);
}

void tell_all(const Report& report, bool all_findings, Text& text) {
  std::size_t told = 0, worth_telling = 0;
  each_finding(*report.verdict, [&](const Finding& finding) {
    if (finding.severity == Severity::info && !all_findings) return;
    ++worth_telling;
    if (!all_findings && text.style().top && told == text.style().top) return;
    tell(++told, finding, report.store.shown_prefix, all_findings, text);
  });
  if (told < worth_telling)
    text.line("{} more: --list all, or --report FILE", format_count(worth_telling - told));
}

void space(const Verdict& verdict, const Stock& stock, Text& text) {
  text.show(usage_table(verdict.inventory, verdict.usage, text));
  if (stock.garbage.blobs)
    text.line("garbage: {} in {} blobs that nothing refers to (regctl-gc --dry-run)",
              text.size(stock.garbage.bytes), format_count(stock.garbage.blobs));
}

void foot(const Verdict& verdict, Text& text) {
  const auto so_many = [&](Severity severity, const char* word) {
    const std::uint64_t findings_of_it = count(verdict, severity);
    return fmt::format("{} {}{}", format_count(findings_of_it), word,
                       findings_of_it == 1 ? "" : "s");
  };
  text.line("");
  text.line("{}, {}, {}", so_many(Severity::error, "error"), so_many(Severity::warning, "warning"),
            so_many(Severity::info, "note"));
}

void records(const Report& report, Text& text) {
  const auto or_dash = [](const std::string& field) { return field.empty() ? "-" : field; };
  each_finding(*report.verdict, [&](const Finding& finding) {
    const std::string path = finding.path.empty() ? "" : report.store.shown_prefix + finding.path;
    text.line("{}\t{}\t{}\t{}\t{}", name_of(finding.severity), info_of(finding.rule).id,
              finding.digest ? finding.digest->text() : "-", or_dash(text.name(finding.repository)),
              or_dash(text.name(path)));
  });
}

}  // namespace

std::string report_text(const Report& report, const report::TextStyle& style, bool all_findings) {
  if (!report.verdict) return "";
  Text text(style);
  if (style.plain) {
    records(report, text);
    return text.text();
  }
  const Stock stock = stock_of(*report.verdict);
  head(report, stock, text);
  text.show(counts(*report.verdict));
  tell_all(report, all_findings, text);
  space(*report.verdict, stock, text);
  foot(*report.verdict, text);
  return text.text();
}

}  // namespace regctl::audit
