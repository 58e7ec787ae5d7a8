#include "registry/json_object.h"

#include <cctype>

namespace regctl {
namespace {

constexpr std::size_t kDeepest = 1000;      // simdjson goes to 1,024
constexpr std::size_t kLongestNumber = 18;  // fits 64 bits
constexpr std::string_view kReplacement = "\uFFFD";

// How many bytes of UTF-8 begin `text`, which is not empty; 0: none.
std::size_t character_in(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80) return 1;
  const std::size_t length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  const bool is_sound = length <= text.size() && simdjson::validate_utf8(text.data(), length);
  return is_sound ? length : 0;
}

// The code that an escape at the beginning of `text` means, if that is half a character.
std::optional<unsigned> surrogate_in(std::string_view text) {
  if (text.size() < 6 || !text.starts_with("\\u")) return std::nullopt;
  unsigned code = 0;
  for (const char c : text.substr(2, 4)) {
    if (!std::isxdigit(static_cast<unsigned char>(c))) return std::nullopt;
    code = code * 16 + static_cast<unsigned>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
  }
  return code >= 0xD800 && code <= 0xDFFF ? std::optional(code) : std::nullopt;
}

class Strict {
 public:
  explicit Strict(std::string_view text) : text_(text) {}

  std::string run() && {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"')
        string();
      else if (c == '-' || (c >= '0' && c <= '9'))
        number();
      else
        structure(c);
    }
    return std::move(out_);
  }

 private:
  void emit(std::string_view bytes) {
    if (depth_ <= kDeepest) out_ += bytes;
  }

  void structure(char c) {
    ++at_;
    const bool opens = c == '{' || c == '[', closes = c == '}' || c == ']';
    if (opens && ++depth_ == kDeepest + 1) out_ += "null";
    emit({&c, 1});
    if (closes && depth_) --depth_;
  }

  void number() {
    const std::size_t end = std::min(text_.find_first_not_of("+-.eE0123456789", at_), text_.size());
    const std::string_view number = text_.substr(at_, end - at_);
    const bool is_plain =
        number.size() <= kLongestNumber && number.find_first_of("eE") == number.npos;
    emit(is_plain ? number : "0");
    at_ = end;
  }

  void string() {
    std::size_t end = at_ + 1;
    emit("\"");
    while (end < text_.size() && text_[end] != '"') {
      const std::string_view rest = text_.substr(end);
      std::size_t length = character_in(rest);
      bool is_sound = length > 0;
      if (!is_sound) length = 1;
      if (rest[0] == '\\') {
        length = std::min<std::size_t>(2, rest.size());
        if (const auto half = surrogate_in(rest)) {
          const auto other = surrogate_in(rest.substr(6));
          is_sound = *half < 0xDC00 && other && *other >= 0xDC00;
          length = is_sound ? 12 : 6;
        }
      }
      emit(is_sound ? rest.substr(0, length) : kReplacement);
      end += length;
    }
    emit("\"");
    at_ = end + 1;
  }

  std::string_view text_;
  std::size_t at_ = 0, depth_ = 0;
  std::string out_;
};

}  // namespace

std::string strict_json(std::string_view bytes) { return Strict(bytes).run(); }

}  // namespace regctl
