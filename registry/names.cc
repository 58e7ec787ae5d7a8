#include "registry/names.h"

#include <algorithm>
#include <array>

namespace regctl {
namespace {

constexpr bool is_lower_alnum(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
constexpr bool is_alnum(char c) { return is_lower_alnum(c) || (c >= 'A' && c <= 'Z'); }

bool is_component(std::string_view text) {
  if (text.empty() || !is_lower_alnum(text.front()) || !is_lower_alnum(text.back())) return false;
  for (std::size_t i = 0; i < text.size();) {
    if (is_lower_alnum(text[i])) {
      ++i;
      continue;
    }
    const char separator = text[i];
    std::size_t run = 1;
    while (text[i + run] == separator) ++run;
    if (!is_lower_alnum(text[i + run])) return false;
    const bool legal =
        separator == '-' || (separator == '.' && run == 1) || (separator == '_' && run <= 2);
    if (!legal) return false;
    i += run;
  }
  return true;
}

bool is_host(std::string_view text) {
  const auto part_is_legal = [](std::string_view part) {
    return !part.empty() && is_alnum(part.front()) && is_alnum(part.back()) &&
           std::all_of(part.begin(), part.end(), [](char c) { return is_alnum(c) || c == '-'; });
  };
  for (std::size_t dot; (dot = text.find('.')) != std::string_view::npos;
       text.remove_prefix(dot + 1)) {
    if (!part_is_legal(text.substr(0, dot))) return false;
  }
  return part_is_legal(text);
}

}  // namespace

bool is_repository_name(std::string_view name) {
  for (bool first = true; !name.empty(); first = false) {
    const auto slash = name.find('/');
    const std::string_view component = name.substr(0, slash);
    const bool last = slash == std::string_view::npos;
    if (!is_component(component) && !(first && !last && is_host(component))) return false;
    if (last) return true;
    name.remove_prefix(slash + 1);
  }
  return false;
}

bool is_tag_name(std::string_view name) {
  const auto legal = [](char c) { return is_alnum(c) || c == '_' || c == '.' || c == '-'; };
  return !name.empty() && name.size() <= 128 && name.front() != '.' && name.front() != '-' &&
         std::all_of(name.begin(), name.end(), legal);
}

bool is_foreign_name(std::string_view name) {
  static constexpr auto kOccurs = [] {  // by character
    std::array<bool, 256> occurs{};
    for (int c = 0; c < 256; ++c)
      occurs[c] = is_alnum(static_cast<char>(c)) ||
                  std::string_view("._:-[]").find(static_cast<char>(c)) != std::string_view::npos;
    return occurs;
  }();
  const auto occurs = [](char c) { return kOccurs[static_cast<unsigned char>(c)]; };
  return name.starts_with('.') || !std::all_of(name.begin(), name.end(), occurs);
}

}  // namespace regctl
