#include "gc/doubting/mentions.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>

namespace regctl::gc {
namespace {

// No digest and no key that matters is longer; of a longer string the beginning is enough to tell.
constexpr std::size_t kLongestWord = std::string_view("sha512:").size() + 128;

// As the registry's own reader compares keys: without regard to case, and a long s is an s.
std::string folded(std::string_view word) {
  static constexpr std::string_view kLongS = "\u017F";
  std::string result;
  for (std::size_t i = 0; i < word.size(); ++i) {
    if (word.substr(i).starts_with(kLongS)) {
      result += 's';
      ++i;
    } else {
      const bool is_upper = word[i] >= 'A' && word[i] <= 'Z';
      result += is_upper ? static_cast<char>(word[i] + 32) : word[i];
    }
  }
  return result;
}

// Layers and configurations, which no registry opens as manifests.
bool is_layer_or_config(std::string_view media_type) {
  for (std::string_view family :
       {"application/vnd.oci.image.layer.", "application/vnd.oci.image.config.",
        "application/vnd.docker.image.rootfs.", "application/vnd.docker.container.image.",
        "application/vnd.docker.plugin.", "application/vnd.oci.empty.",
        "application/vnd.buildkit.cacheconfig."}) {
    if (media_type.starts_with(family)) return true;
  }
  return false;
}

// A push-down automaton over JSON tokens: one byte for each open array or object says what it
// stands in. Every function that takes a token goes past it, and returns false where it is illegal.
class Automaton {
 public:
  explicit Automaton(std::string_view text) : text_(text) {}

  std::optional<Mentions> run() && {
    skip_blanks();
    if (peek() != '{') return std::nullopt;
    while (expect_ != Expect::nothing) {
      if (!token()) return std::nullopt;
      skip_blanks();
    }
    if (at_ < text_.size()) return std::nullopt;
    found_.is_object = true;
    return std::move(found_);
  }

 private:
  using Level = std::uint8_t;
  enum : Level {
    kObject = 1,
    kMuted = 2,  // inside annotations or a subject: no references
    kSubject = 4,
    kManifests = 8,   // somewhere below a member that folds to "manifests"
    kBlob = 16,       // this object's media type is a layer's or a configuration's ...
    kOther = 32,      // ... is something else
    kMediaType = 64,  // of what comes: the value of a media type member
    kInherited = kMuted | kSubject | kManifests,
  };
  enum class Expect : std::uint8_t { value, key, colon, separator, nothing };

  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void skip_blanks() { at_ = std::min(text_.find_first_not_of(" \t\r\n", at_), text_.size()); }

  bool token() {
    const char c = peek();
    if ((c == '}' || c == ']') && (expect_ == Expect::separator || empty_)) return close(c);
    empty_ = false;
    switch (expect_) {
      case Expect::value:
        return value(c);
      case Expect::key:
        return key(c);
      case Expect::colon:
        expect_ = Expect::value;
        return take(':');
      case Expect::separator:
        return separator();
      case Expect::nothing:
        break;
    }
    return false;
  }

  bool take(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }

  bool separator() {
    const bool is_in_object = levels_.back() & kObject;
    expect_ = is_in_object ? Expect::key : Expect::value;
    coming_ = levels_.back() & kInherited;
    return take(',');
  }

  bool open(char c) {
    Level level = coming_ & kInherited;
    if (c == '{') level |= kObject;
    levels_.push_back(level);
    if (is_child_descriptor(level))
      undecided_from_.push_back(static_cast<std::uint32_t>(undecided_.size()));
    coming_ = level & kInherited;
    expect_ = c == '{' ? Expect::key : Expect::value;
    empty_ = true;
    return take(c);
  }

  bool close(char c) {
    const Level level = levels_.back();
    const bool is_object = level & kObject;
    if (c != (is_object ? '}' : ']')) return false;
    if (is_child_descriptor(level)) decide(!(level & kBlob) || (level & kOther));
    levels_.pop_back();
    empty_ = false;
    expect_ = levels_.empty() ? Expect::nothing : Expect::separator;
    return take(c);
  }

  static bool is_child_descriptor(Level level) { return (level & kObject) && (level & kManifests); }

  // The object that closes has said all about its media type.
  void decide(bool child) {
    for (std::uint32_t i = undecided_from_.back(); i < undecided_.size(); ++i)
      found_.all[undecided_[i]].child = child;
    undecided_.resize(undecided_from_.back());
    undecided_from_.pop_back();
  }

  bool key(char c) {
    if (c != '"' || !string()) return false;
    const Level here = levels_.back() & kInherited;
    note(here);
    expect_ = Expect::colon;
    coming_ = place_of_value(here);
    return true;
  }

  // The kind of place that the value of the member called word_ is, itself at a place like `here`.
  Level place_of_value(Level here) const {
    if (word_ == "annotations") return here | kMuted;
    if (word_ == "subject") return here & kMuted ? here : here | kMuted | kSubject;
    const std::string name = folded(word_);
    if (name == "manifests") return here | kManifests;
    if ((here & kManifests) && name == "mediatype") return here | kMediaType;
    return here;
  }

  bool value(char c) {
    if (c == '{' || c == '[') return open(c);
    expect_ = Expect::separator;
    if (c != '"') return literal("true") || literal("false") || literal("null") || number();
    if (!string()) return false;
    note(coming_);
    if (coming_ & kMediaType) levels_.back() |= is_layer_or_config(word_) ? kBlob : kOther;
    return true;
  }

  bool literal(std::string_view word) {
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }

  bool digits() {
    const std::size_t start = at_;
    while (peek() >= '0' && peek() <= '9') ++at_;
    return at_ > start;
  }

  bool number() {
    take('-');
    if (!take('0') && !digits()) return false;
    if (take('.') && !digits()) return false;
    if (!take('e') && !take('E')) return true;
    if (!take('+')) take('-');
    return digits();
  }

  // Decodes into word_, as far as it matters.
  bool string() {
    word_.clear();
    for (++at_; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '"') return take(c);
      if (static_cast<std::uint8_t>(c) < 0x20) return false;
      if (c == '\\') {
        if (!escape()) return false;
      } else if (word_.size() <= kLongestWord) {
        word_ += c;
      }
    }
    return false;
  }

  // From the backslash to the last character of the escape.
  bool escape() {
    ++at_;
    static constexpr std::string_view kLetters = "\"\\/bfnrt", kMeanings = "\"\\/\b\f\n\r\t";
    std::string meaning;
    if (const auto letter = kLetters.find(peek()); letter != std::string_view::npos)
      meaning = kMeanings[letter];
    else if (peek() != 'u' || !hex_escape(meaning))
      return false;
    if (word_.size() <= kLongestWord) word_ += meaning;
    return true;
  }

  bool hex_escape(std::string& meaning) {
    unsigned code = 0;
    for (int i = 0; i < 4; ++i) {
      ++at_;
      const char c = peek();
      if (c >= '0' && c <= '9')
        code = code * 16 + static_cast<unsigned>(c - '0');
      else if ((c | 32) >= 'a' && (c | 32) <= 'f')
        code = code * 16 + static_cast<unsigned>((c | 32) - 'a' + 10);
      else
        return false;
    }
    // Beyond ASCII only the long s can be part of a word that matters.
    if (code < 0x80)
      meaning = static_cast<char>(code);
    else
      meaning = code == 0x17F ? "\u017F" : "\xFF";
    return true;
  }

  // word_ stands, as a key or a value, at a place of this kind.
  void note(Level place) {
    const auto digest = Digest::parse(word_, HexCase::either);
    if (!digest) return;
    if (place & kSubject) found_.subjects.push_back(*digest);
    if (place & kMuted) return;
    if ((place & kManifests) && !undecided_from_.empty())
      undecided_.push_back(static_cast<std::uint32_t>(found_.all.size()));
    found_.all.push_back({*digest, (place & kManifests) != 0});
  }

  std::string_view text_;
  std::size_t at_ = 0;
  Expect expect_ = Expect::value;
  bool empty_ = false;  // nothing stands in the innermost level yet
  Level coming_ = 0;    // of the value that comes
  std::vector<Level> levels_;
  std::string word_;
  // Mentions whose object has not closed yet, and for each open object where its own begin.
  std::vector<std::uint32_t> undecided_, undecided_from_;
  Mentions found_;
};

}  // namespace

Mentions mentions_in(std::string_view bytes) {
  if (auto found = Automaton(bytes).run()) return std::move(*found);
  Mentions everything;
  for (const Digest& digest : digests_within(bytes)) everything.all.push_back({digest});
  return everything;
}

std::vector<Digest> digests_within(std::string_view bytes) {
  std::vector<Digest> digests;
  for (auto colon = bytes.find(':'); colon != std::string_view::npos;
       colon = bytes.find(':', colon + 1)) {
    for (const Algorithm algorithm : kAlgorithms) {
      if (!bytes.substr(0, colon).ends_with(name_of(algorithm))) continue;
      const auto hex = bytes.substr(colon + 1, 2 * bytes_of(algorithm));
      if (const auto digest = Digest::from_hex(algorithm, hex, HexCase::either))
        digests.push_back(*digest);
    }
  }
  return digests;
}

}  // namespace regctl::gc
