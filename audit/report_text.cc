#include <algorithm>
#include <map>

#include "audit/check.h"
#include "audit/report.h"
#include "report/wording.h"

namespace regctl::audit {
namespace {

using cli::Align;
using cli::format_count;

class TextReport : private report::Text {
 public:
  TextReport(const Report& report, const Verdict& verdict, const TextStyle& style)
      : Text(style.text), report_(report), verdict_(verdict), style_(style) {}

  std::string run() && {
    if (style_.text.plain) {
      plain();
      return text();
    }
    head();
    counts();
    findings();
    line("");
    line("{} errors, {} warnings, {} notes",
         format_count(count(verdict_.findings, Severity::error)),
         format_count(count(verdict_.findings, Severity::warning)),
         format_count(count(verdict_.findings, Severity::info)));
    return text();
  }

 private:
  void head() {
    std::uint64_t tags = 0, manifests = 0;
    for (const Repository& repository : verdict_.inventory.repositories) {
      tags += repository.tags.size();
      manifests += repository.count_manifests();
    }
    line("regctl-audit {}   read-only", REGCTL_VERSION);
    storage(report_.store);
    line("Checked    {} repositories, {} tags, {} manifests, {} blobs in {:.1f} s",
         format_count(verdict_.inventory.repositories.size()), format_count(tags),
         format_count(manifests), format_count(verdict_.inventory.blobs.size()), report_.seconds);
    line("Verified   the content of manifests; no layer was read (--quick)");
    if (report_.store.owned_by_database)
      line(
          "Database   this registry keeps its references in a database; the files alone do not "
          "tell what is in use");
    std::string state(name_of(state_of(report_)));
    std::transform(state.begin(), state.end(), state.begin(),
                   [](unsigned char c) { return std::toupper(c); });
    const std::uint64_t broken = count_unpullable_tags(verdict_.findings);
    line("");
    line("state:     {}{}", state,
         broken ? "   " + format_count(broken) + " tags cannot be pulled" : "");
  }

  void counts() {
    std::map<std::pair<Severity, Rule>, std::uint64_t> counts;
    for (const Finding& finding : verdict_.findings) ++counts[{finding.severity, finding.rule}];
    if (counts.empty()) return;
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
    show(std::move(section));
  }

  void findings() {
    std::size_t told = 0, worth_telling = 0;
    for (const Finding& finding : verdict_.findings) {
      if (finding.severity == Severity::info && !style_.all_findings) continue;
      ++worth_telling;
      if (!style_.all_findings && style_.text.top && told == style_.text.top) continue;
      tell(++told, finding);
    }
    if (told < worth_telling)
      line("{} more: --list all, or --report FILE", format_count(worth_telling - told));
  }

  void tell(std::size_t number, const Finding& finding) {
    const RuleInfo& info = info_of(finding.rule);
    const std::string bytes = finding.bytes ? "  " + size(finding.bytes) : "";
    if (number == 1) line("");
    line("{}. {}  {}{}{}", number, name_of(finding.severity), info.id,
         finding.digest ? "  " + digest(*finding.digest) : "", bytes);
    if (!finding.path.empty())
      line("   file    {}{}", report_.store.shown_prefix, name(finding.path));
    else if (!finding.repository.empty())
      line("   in      {}", name(finding.repository));
    if (finding.expected) line("   expect  {}", text_of(*finding.expected, style_.text.charset));
    if (finding.found) line("   found   {}", text_of(*finding.found, style_.text.charset));
    std::string users;
    for (const UsedBy& user : finding.used_by) {
      for (const std::string& tag : user.tags)
        users += (users.empty() ? "" : ", ") + name(user.repository + ':' + tag);
    }
    if (!users.empty()) line("   breaks  {}", users);
    if (!info.advice.empty()) line("   do      {}", info.advice);
  }

  void plain() {
    const auto or_dash = [](const std::string& text) { return text.empty() ? "-" : text; };
    for (const Finding& finding : verdict_.findings) {
      const std::string path =
          finding.path.empty() ? "" : report_.store.shown_prefix + finding.path;
      line("{}\t{}\t{}\t{}\t{}", name_of(finding.severity), info_of(finding.rule).id,
           finding.digest ? finding.digest->text() : "-", or_dash(name(finding.repository)),
           or_dash(name(path)));
    }
  }

  const Report& report_;
  const Verdict& verdict_;
  const TextStyle& style_;
};

}  // namespace

std::uint64_t count(const std::vector<Finding>& findings, Severity severity) {
  return static_cast<std::uint64_t>(
      std::count_if(findings.begin(), findings.end(),
                    [&](const Finding& finding) { return finding.severity == severity; }));
}

State state_of(const Report& report) {
  if (!report.verdict) return State::incomplete;
  const auto& findings = report.verdict->findings;
  const auto is_damage = [](const Finding& finding) {
    return finding.severity == Severity::error && finding.rule != Rule::read_error;
  };
  if (std::any_of(findings.begin(), findings.end(), is_damage)) return State::damaged;
  if (count(findings, Severity::error)) return State::incomplete;
  return count(findings, Severity::warning) ? State::warnings : State::clean;
}

std::string_view name_of(State state) {
  switch (state) {
    case State::clean:
      return "clean";
    case State::warnings:
      return "warnings";
    case State::incomplete:
      return "incomplete";
    case State::damaged:
      break;
  }
  return "damaged";
}

std::string report_text(const Report& report, const TextStyle& style) {
  if (!report.verdict) return "";
  return TextReport(report, *report.verdict, style).run();
}

}  // namespace regctl::audit
