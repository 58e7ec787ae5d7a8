#include "report/text.h"

#include <algorithm>

namespace regctl::report {
namespace {

constexpr std::size_t kBar = 20;
constexpr std::size_t kTitle = 25;  // notes begin below each other
constexpr std::size_t kShortDigest = 12;

}  // namespace

TextStyle style_of(const cli::Output& output) {
  return {.plain = output.plain,
          .top = output.top,
          .truncate_digests = output.truncate_digests,
          .bytes = output.bytes,
          .charset = output.charset};
}

std::string Text::digest(const Digest& digest) const {
  std::string text = digest.text();
  if (style_.plain || !style_.truncate_digests) return text;
  return text.substr(0, text.find(':') + 1 + kShortDigest);
}

std::size_t Text::shown(std::size_t rows) const {
  return style_.top && !style_.plain ? std::min(style_.top, rows) : rows;
}

void Text::show(Section section) {
  if (section.rows.empty()) return;
  if (style_.plain) {
    cli::Table table({}, {});
    for (auto& row : section.rows) {
      row.insert(row.begin(), section.record);
      table.add(std::move(row));
    }
    text_ += table.text(cli::Layout::plain);
    return;
  }
  if (!section.bars.empty()) {
    section.heads.emplace_back();
    section.aligns.push_back(cli::Align::left);
    for (std::size_t i = 0; i < section.rows.size(); ++i)
      section.rows[i].push_back(cli::bar(section.bars[i], kBar, style_.charset));
  }
  cli::Table table(std::move(section.heads), std::move(section.aligns));
  for (auto& row : section.rows) table.add(std::move(row));
  text_ += '\n';
  if (!section.note.empty())
    line("{:<{}}{}", section.title, kTitle, section.note);
  else if (!section.title.empty())
    line("{}", section.title);
  text_ += table.text(cli::Layout::aligned);
}

void Text::storage(const StoreFacts& store) {
  line("Storage    {}   ({}, {}, {} free)", name(store.path), store.medium.name,
       cli::format_bytes(store.medium.size_bytes), cli::format_bytes(store.medium.free_bytes));
}

}  // namespace regctl::report
