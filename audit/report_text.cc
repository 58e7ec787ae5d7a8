#include <algorithm>
#include <map>

#include "audit/report.h"
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

void head(const Report& report, Text& text) {
  const Inventory& inventory = report.verdict->inventory;
  std::uint64_t tags = 0, manifests = 0;
  for (const Repository& repository : inventory.repositories) {
    tags += repository.tags.size();
    manifests += repository.count_manifests();
  }
  text.line("regctl-audit {}   read-only", REGCTL_VERSION);
  text.storage(report.store);
  text.line("Checked    {} repositories, {} tags, {} manifests, {} blobs in {:.1f} s",
            format_count(inventory.repositories.size()), format_count(tags),
            format_count(manifests), format_count(inventory.blobs.size()), report.seconds);
  text.line("Verified   the content of manifests; no layer was read (--quick)");
  if (report.store.owned_by_database)
    text.line(
        "Database   this registry keeps its references in a database; the files alone do not "
        "tell what is in use");
  const std::uint64_t broken = count_unpullable_tags(report.verdict->findings);
  text.line("");
  text.line("state:     {}{}", in_capitals(name_of(state_of(report))),
            broken ? "   " + format_count(broken) + " tags cannot be pulled" : "");
}

report::Section counts(const std::vector<Finding>& findings) {
  std::map<std::pair<Severity, Rule>, std::uint64_t> counts;
  for (const Finding& finding : findings) ++counts[{finding.severity, finding.rule}];
  report::Section section{.record = "rule",
                          .title = "",
                          .heads = {"SEVERITY", "RULE", "COUNT", "MEANING"},
                          .aligns = {Align::left, Align::left, Align::right, Align::left},
                          .rows = {}};
  for (const auto& [key, number] : counts) {
    const RuleInfo& info = info_of(key.second);
    section.rows.push_back({std::string(name_of(key.first)), std::string(info.id),
                            format_count(number), std::string(info.summary)});
  }
  return section;
}

// "app:v1, app:v2"
std::string tags_of(const std::vector<UsedBy>& users, const Text& text) {
  std::string tags;
  for (const UsedBy& user : users) {
    for (const std::string& tag : user.tags)
      tags += (tags.empty() ? "" : ", ") + text.name(user.repository + ':' + tag);
  }
  return tags;
}

void tell(std::size_t number, const Finding& finding, const std::string& prefix, Text& text) {
  const RuleInfo& info = info_of(finding.rule);
  if (number == 1) text.line("");
  text.line("{}. {}  {}{}{}", number, name_of(finding.severity), info.id,
            finding.digest ? "  " + text.digest(*finding.digest) : "",
            finding.bytes ? "  " + text.size(finding.bytes) : "");
  if (!finding.path.empty())
    text.line("   file    {}{}", prefix, text.name(finding.path));
  else if (!finding.repository.empty())
    text.line("   in      {}", text.name(finding.repository));
  const cli::Charset charset = text.style().charset;
  if (finding.expected) text.line("   expect  {}", text_of(*finding.expected, charset));
  if (finding.found) text.line("   found   {}", text_of(*finding.found, charset));
  if (const std::string tags = tags_of(finding.used_by, text); !tags.empty())
    text.line("   breaks  {}", tags);
  if (!info.advice.empty()) text.line("   do      {}", info.advice);
}

void tell_all(const Report& report, bool all_findings, Text& text) {
  std::size_t told = 0, worth_telling = 0;
  for (const Finding& finding : report.verdict->findings) {
    if (finding.severity == Severity::info && !all_findings) continue;
    ++worth_telling;
    if (!all_findings && text.style().top && told == text.style().top) continue;
    tell(++told, finding, report.store.shown_prefix, text);
  }
  if (told < worth_telling)
    text.line("{} more: --list all, or --report FILE", format_count(worth_telling - told));
}

void foot(const std::vector<Finding>& findings, Text& text) {
  text.line("");
  text.line("{} errors, {} warnings, {} notes", format_count(count(findings, Severity::error)),
            format_count(count(findings, Severity::warning)),
            format_count(count(findings, Severity::info)));
}

void records(const Report& report, Text& text) {
  const auto or_dash = [](const std::string& field) { return field.empty() ? "-" : field; };
  for (const Finding& finding : report.verdict->findings) {
    const std::string path = finding.path.empty() ? "" : report.store.shown_prefix + finding.path;
    text.line("{}\t{}\t{}\t{}\t{}", name_of(finding.severity), info_of(finding.rule).id,
              finding.digest ? finding.digest->text() : "-", or_dash(text.name(finding.repository)),
              or_dash(text.name(path)));
  }
}

}  // namespace

std::string report_text(const Report& report, const report::TextStyle& style, bool all_findings) {
  if (!report.verdict) return "";
  const auto& findings = report.verdict->findings;
  Text text(style);
  if (style.plain) {
    records(report, text);
    return text.text();
  }
  head(report, text);
  text.show(counts(findings));
  tell_all(report, all_findings, text);
  foot(findings, text);
  return text.text();
}

}  // namespace regctl::audit
