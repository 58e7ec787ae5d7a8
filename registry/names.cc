#include "registry/names.h"

#include <algorithm>
#include <cstdint>

namespace regctl {
namespace {

bool is_lower_alnum(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool is_alnum(char c) { return is_lower_alnum(c) || (c >= 'A' && c <= 'Z'); }

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
    const bool legal = separator == '-' || (separator == '.' && run == 1) || (separator == '_' && run <= 2);
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
  for (std::size_t dot; (dot = text.find('.')) != std::string_view::npos; text.remove_prefix(dot + 1)) {
    if (!part_is_legal(text.substr(0, dot))) return false;
  }
  return part_is_legal(text);
}

// Length of the well-formed UTF-8 sequence that starts at text[at] (Unicode 15, table 3-7), or 0.
std::size_t utf8_length(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) -> unsigned {
    return at + i < text.size() ? static_cast<std::uint8_t>(text[at + i]) : 0;
  };
  const auto in = [](unsigned value, unsigned low, unsigned high) { return value >= low && value <= high; };
  const auto tail = [&](std::size_t i) { return in(byte(i), 0x80, 0xBF); };
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  if (in(lead, 0xC2, 0xDF)) return tail(1) ? 2 : 0;
  if (in(lead, 0xE0, 0xEF)) {
    const unsigned low = lead == 0xE0 ? 0xA0 : 0x80, high = lead == 0xED ? 0x9F : 0xBF;
    return in(byte(1), low, high) && tail(2) ? 3 : 0;
  }
  if (in(lead, 0xF0, 0xF4)) {
    const unsigned low = lead == 0xF0 ? 0x90 : 0x80, high = lead == 0xF4 ? 0x8F : 0xBF;
    return in(byte(1), low, high) && tail(2) && tail(3) ? 4 : 0;
  }
  return 0;
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

bool is_valid_utf8(std::string_view bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t length = utf8_length(bytes, at);
    if (length == 0) return false;
    at += length;
  }
  return true;
}

std::string printable(std::string_view name, NonAscii non_ascii) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(name.size());
  for (std::size_t at = 0; at < name.size();) {
    const auto byte = static_cast<std::uint8_t>(name[at]);
    if (byte >= 0x20 && byte < 0x7F && byte != '\\') {
      text += name[at++];
      continue;
    }
    // C1 controls (U+0080 to U+009F) steer terminals too, so their two bytes are escaped.
    const std::size_t length = byte >= 0x80 && non_ascii == NonAscii::keep_valid_utf8 ? utf8_length(name, at) : 0;
    const bool control = length == 2 && byte == 0xC2 && static_cast<std::uint8_t>(name[at + 1]) < 0xA0;
    if (length > 1 && !control) {
      text += name.substr(at, length);
      at += length;
      continue;
    }
    text += {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 15]};
    ++at;
  }
  return text;
}

}  // namespace regctl
