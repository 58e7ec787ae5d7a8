#include "cli/table.h"

#include <algorithm>
#include <cmath>

namespace regctl::cli {
Table::Table(std::vector<std::string> heads, std::vector<Align> aligns)
    : aligns_(std::move(aligns)) {
  rows_.push_back(std::move(heads));
}

void Table::add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }

std::string Table::text(Layout layout) const {
  std::string text;
  if (layout == Layout::plain) {
    for (std::size_t r = 1; r < rows_.size(); ++r) {
      for (std::size_t c = 0; c < rows_[r].size(); ++c) text += (c ? "\t" : "") + rows_[r][c];
      text += '\n';
    }
    return text;
  }
  std::vector<std::size_t> widths(aligns_.size());
  for (const auto& row : rows_) {
    for (std::size_t c = 0; c < row.size(); ++c)
      widths[c] = std::max(widths[c], display_width(row[c]));
  }
  for (const auto& row : rows_) {
    std::string line;
    for (std::size_t c = 0; c < row.size(); ++c) {
      const std::string padding(widths[c] - display_width(row[c]), ' ');
      if (c) line += "  ";
      line += aligns_[c] == Align::left ? row[c] + padding : padding + row[c];
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  }
  return text;
}

std::string bar(double share, std::size_t width, Charset charset) {
  static constexpr const char* kEighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const auto eighths = static_cast<std::size_t>(
      std::lround(std::clamp(share, 0.0, 1.0) * static_cast<double>(width) * 8));
  if (charset == Charset::ascii) return std::string((eighths + 4) / 8, '#');
  std::string text;
  for (std::size_t i = 0; i < eighths / 8; ++i) text += "█";
  return text + kEighths[eighths % 8];
}

}  // namespace regctl::cli
