#include "cli/text.h"

#include <cstdint>

namespace regctl::cli {
namespace {

// Length of the well-formed UTF-8 sequence that starts at text[at] (Unicode 15, table 3-7), or 0.
std::size_t utf8_length(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) -> unsigned {
    return at + i < text.size() ? static_cast<std::uint8_t>(text[at + i]) : 0;
  };
  const auto in = [](unsigned value, unsigned low, unsigned high) {
    return value >= low && value <= high;
  };
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
    const std::size_t length =
        byte >= 0x80 && non_ascii == NonAscii::keep_valid_utf8 ? utf8_length(name, at) : 0;
    const bool control =
        length == 2 && byte == 0xC2 && static_cast<std::uint8_t>(name[at + 1]) < 0xA0;
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

std::string base64(std::string_view bytes) {
  static constexpr char kLetters[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k)
      group = group << 8 | (i + k < bytes.size() ? static_cast<std::uint8_t>(bytes[i + k]) : 0);
    for (std::size_t k = 0; k < 4; ++k)
      text += i + k <= bytes.size() ? kLetters[group >> (18 - 6 * k) & 63] : '=';
  }
  return text;
}

}  // namespace regctl::cli
