#include "cli/text.h"

#include <utf8proc.h>

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <cstdlib>

namespace regctl::cli {
namespace {

// The character that starts at text[at] and its length in bytes; 0 where the bytes are not
// well-formed UTF-8.
struct Character {
  utf8proc_int32_t code = -1;
  std::size_t length = 0;
};

Character character_at(std::string_view text, std::size_t at) {
  Character character;
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data() + at);
  const auto length =
      utf8proc_iterate(bytes, static_cast<utf8proc_ssize_t>(text.size() - at), &character.code);
  character.length = length > 0 ? static_cast<std::size_t>(length) : 0;
  return character;
}

bool shows_itself(utf8proc_int32_t code) {
  switch (utf8proc_category(code)) {
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
      return false;
    default:
      return utf8proc_charwidth(code) > 0 && !utf8proc_get_property(code)->ignorable;
  }
}

}  // namespace

Charset terminal_charset() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* value = std::getenv(name);
    if (!value || !*value) continue;
    std::string text(value);
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return std::tolower(c); });
    const bool utf8 =
        text.find("utf-8") != std::string::npos || text.find("utf8") != std::string::npos;
    return utf8 ? Charset::utf8 : Charset::ascii;
  }
  return Charset::ascii;
}

bool is_valid_utf8(std::string_view bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t length = character_at(bytes, at).length;
    if (length == 0) return false;
    at += length;
  }
  return true;
}

std::string printable(std::string_view name, Charset charset) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(name.size());
  for (std::size_t at = 0; at < name.size();) {
    const auto byte = static_cast<std::uint8_t>(name[at]);
    if (byte >= 0x20 && byte < 0x7F && byte != '\\') {
      text += name[at++];
      continue;
    }
    const Character character =
        byte >= 0x80 && charset == Charset::utf8 ? character_at(name, at) : Character();
    if (character.length && shows_itself(character.code)) {
      text += name.substr(at, character.length);
      at += character.length;
      continue;
    }
    for (const std::size_t end = at + std::max<std::size_t>(character.length, 1); at < end; ++at) {
      const auto escaped = static_cast<std::uint8_t>(name[at]);
      text += {'\\', 'x', kDigits[escaped >> 4], kDigits[escaped & 15]};
    }
  }
  return text;
}

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  for (std::size_t at = 0; at < text.size();) {
    const Character character = character_at(text, at);
    if (character.length) width += static_cast<std::size_t>(utf8proc_charwidth(character.code));
    at += std::max<std::size_t>(character.length, 1);
  }
  return width;
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
