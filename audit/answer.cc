#include "audit/answer.h"

#include "cli/units.h"

namespace regctl::audit {
namespace {

using report::Text;

struct ToText {
  const Text& text;

  std::string operator()(std::monostate) const { return "-"; }
  std::string operator()(const std::string& name) const {
    return name.empty() ? "-" : text.name(name);
  }
  std::string operator()(report::Count count) const { return cli::format_count(count.count); }
  std::string operator()(report::Size size) const { return text.size(size.bytes); }
  std::string operator()(const Digest& digest) const { return text.digest(digest); }
  std::string operator()(const std::vector<Digest>& way) const {
    std::string words;
    for (const Digest& digest : way) words += (words.empty() ? "" : " > ") + text.digest(digest);
    return words.empty() ? "-" : words;
  }
  std::string operator()(Time time) const {
    const std::string whole = format_rfc3339(time);
    return text.style().plain ? whole : whole.substr(0, 10);
  }
};

// Numbers stand to the right.
cli::Align align_of(const AnswerTable& table, std::size_t column) {
  for (const auto& row : table.rows) {
    if (std::holds_alternative<std::monostate>(row[column])) continue;
    const bool number = std::holds_alternative<report::Count>(row[column]) ||
                        std::holds_alternative<report::Size>(row[column]);
    return number ? cli::Align::right : cli::Align::left;
  }
  return cli::Align::left;
}

void show(const AnswerTable& table, Text& text) {
  report::Section section{.record = table.key, .title = table.title, .heads = {}, .aligns = {}};
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    section.heads.push_back(table.columns[i].head);
    section.aligns.push_back(align_of(table, i));
  }
  const std::size_t shown = text.shown(table.rows.size());
  for (std::size_t i = 0; i < shown; ++i) {
    std::vector<std::string>& row = section.rows.emplace_back();
    for (const Cell& cell : table.rows[i]) row.push_back(std::visit(ToText{text}, cell));
  }
  text.show(std::move(section));
  if (shown < table.rows.size())
    text.line("{} more: --top 0", cli::format_count(table.rows.size() - shown));
}

}  // namespace

std::string answer_text(const Answer& answer, const report::TextStyle& style) {
  Text text(style);
  for (const AnswerTable& table : answer) show(table, text);
  return text.text().starts_with('\n') ? text.text().substr(1) : text.text();
}

}  // namespace regctl::audit
