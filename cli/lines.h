// Lists that people and other programs write, an entry a line.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace regctl::cli {

// Calls visit(number, line) for each line of `text`, counted from 1, without its end.
template <class Visit>
void each_line(std::string_view text, Visit visit) {
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    visit(number, line);
  }
}

// `text` without blanks around it, a carriage return included.
inline std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r";
  const auto begin = text.find_first_not_of(kBlank);
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) + 1 - begin);
}

// What a line says that may end in a comment: all before "#", trimmed.
inline std::string_view entry_of(std::string_view line) {
  return trimmed(line.substr(0, line.find('#')));
}

}  // namespace regctl::cli
