#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "audit/checks.h"
#include "audit/report.h"
#include "cli/table.h"
#include "cli/text.h"
#include "report/wording.h"

namespace regctl::audit {
namespace {

using cli::Align;
using cli::format_count;
using cli::Table;

class TextReport {
 public:
  TextReport(const Report& report, const Verdict& verdict, const TextStyle& style)
      : report_(report), verdict_(verdict), style_(style) {}

  std::string text() && {
    if (style_.plain) {
      plain();
      return std::move(text_);
    }
    head();
    counts();
    findings();
    line("");
    line("{} errors, {} warnings, {} notes",
         format_count(count(verdict_.findings, Severity::error)),
         format_count(count(verdict_.findings, Severity::warning)),
         format_count(count(verdict_.findings, Severity::info)));
    return std::move(text_);
  }

 private:
  template <class... Args>
  void line(fmt::format_string<Args...> format, Args&&... args) {
    text_ += fmt::format(format, std::forward<Args>(args)...) + '\n';
  }

  std::string digest(const Digest& digest) const {
    const std::string text = digest.text();
    return style_.truncate_digests ? text.substr(0, text.find(':') + 13) : text;
  }

  std::string printable(const std::string& name) const {
    return cli::printable(name, style_.charset);
  }

  void head() {
    std::uint64_t tags = 0, manifests = 0;
    for (const Repository& repository : verdict_.inventory.repositories) {
      tags += repository.tags.size();
      manifests += repository.count_manifests();
    }
    line("regctl-audit {}   read-only", REGCTL_VERSION);
    line("Storage    {}   ({}, {}, {} free)", printable(report_.root_path), report_.root.filesystem,
         cli::format_bytes(report_.root.size_bytes), cli::format_bytes(report_.root.free_bytes));
    line("Checked    {} repositories, {} tags, {} manifests, {} blobs in {:.1f} s",
         format_count(verdict_.inventory.repositories.size()), format_count(tags),
         format_count(manifests), format_count(verdict_.inventory.blobs.size()), report_.seconds);
    line("Verified   the content of manifests; no layer was read (--quick)");
    if (report_.root.owned_by_database)
      line(
          "Database   this registry keeps its references in a database; the files alone do not "
          "tell what is in use");
    std::string state = state_of(report_);
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
    Table table({"SEVERITY", "RULE", "COUNT", "MEANING"},
                {Align::left, Align::left, Align::right, Align::left});
    for (const auto& [key, number] : counts) {
      const RuleInfo& info = info_of(key.second);
      table.add({std::string(name_of(key.first)), std::string(info.id), format_count(number),
                 std::string(info.summary)});
    }
    text_ += '\n' + table.text(cli::Layout::aligned);
  }

  void findings() {
    std::size_t told = 0, worth_telling = 0;
    for (const Finding& finding : verdict_.findings) {
      if (finding.severity == Severity::info && !style_.all_findings) continue;
      ++worth_telling;
      if (!style_.all_findings && style_.top && told == style_.top) continue;
      tell(++told, finding);
    }
    if (told < worth_telling)
      line("{} more: --list all, or --report FILE", format_count(worth_telling - told));
  }

  void tell(std::size_t number, const Finding& finding) {
    const RuleInfo& info = info_of(finding.rule);
    const std::string size =
        finding.bytes ? "  " + cli::format_bytes(finding.bytes, style_.bytes) : "";
    if (number == 1) line("");
    line("{}. {}  {}{}{}", number, name_of(finding.severity), info.id,
         finding.digest ? "  " + digest(*finding.digest) : "", size);
    if (!finding.path.empty())
      line("   file    {}{}", report_.root.shown_prefix, printable(finding.path));
    else if (!finding.repository.empty())
      line("   in      {}", printable(finding.repository));
    if (finding.expected) line("   expect  {}", text_of(*finding.expected, style_.charset));
    if (finding.found) line("   found   {}", text_of(*finding.found, style_.charset));
    std::string users;
    for (const UsedBy& user : finding.used_by) {
      for (const std::string& tag : user.tags)
        users += (users.empty() ? "" : ", ") + printable(user.repository + ':' + tag);
    }
    if (!users.empty()) line("   breaks  {}", users);
    if (!info.advice.empty()) line("   do      {}", info.advice);
  }

  void plain() {
    Table table({}, {});
    for (const Finding& finding : verdict_.findings) {
      table.add({std::string(name_of(finding.severity)), std::string(info_of(finding.rule).id),
                 finding.digest ? finding.digest->text() : "-",
                 finding.repository.empty() ? "-" : printable(finding.repository),
                 finding.path.empty() ? "-" : printable(report_.root.shown_prefix + finding.path)});
    }
    text_ += table.text(cli::Layout::plain);
  }

  const Report& report_;
  const Verdict& verdict_;
  const TextStyle& style_;
  std::string text_;
};

}  // namespace

std::uint64_t count(const std::vector<Finding>& findings, Severity severity) {
  return static_cast<std::uint64_t>(
      std::count_if(findings.begin(), findings.end(),
                    [&](const Finding& finding) { return finding.severity == severity; }));
}

std::string state_of(const Report& report) {
  if (!report.verdict) return "incomplete";
  const auto& findings = report.verdict->findings;
  const auto is_damage = [](const Finding& finding) {
    return finding.severity == Severity::error && finding.rule != Rule::read_error;
  };
  if (std::any_of(findings.begin(), findings.end(), is_damage)) return "damaged";
  if (count(findings, Severity::error)) return "incomplete";
  return count(findings, Severity::warning) ? "warnings" : "clean";
}

std::string report_text(const Report& report, const TextStyle& style) {
  if (!report.verdict) return "";
  return TextReport(report, *report.verdict, style).text();
}

}  // namespace regctl::audit
