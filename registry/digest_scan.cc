#include "registry/digest_scan.h"

#include <cstdint>
#include <string>

#include "registry/manifest.h"

namespace regctl {

bool folds_to(std::string_view key, std::string_view name) {
  if (key.size() < name.size()) return false;  // as nearly always
  std::size_t at = 0;
  for (const char want : name) {
    const std::string_view rest = key.substr(at);
    if (want == 's' && rest.starts_with("\u017F")) {
      at += 2;
    } else if (want == 'k' && rest.starts_with("\u212A")) {
      at += 3;
    } else if (!rest.empty() &&
               (rest[0] == want || (rest[0] >= 'A' && rest[0] <= 'Z' && rest[0] + 32 == want))) {
      at += 1;
    } else {
      return false;
    }
  }
  return at == key.size();
}

namespace {

// The longest string that matters is a sha512 digest; escaping makes a character six long at most.
constexpr std::size_t kLongestRaw = 6 * (sizeof("sha512:") + 128);

void append_utf8(std::string& text, std::uint32_t code) {
  if (code < 0x80) {
    text += static_cast<char>(code);
  } else if (code < 0x800) {
    text += {static_cast<char>(0xC0 | code >> 6), static_cast<char>(0x80 | (code & 63))};
  } else {  // a surrogate half lands here too: not UTF-8, and equal to no name and no digest, which
            // is right
    text += {static_cast<char>(0xE0 | code >> 12), static_cast<char>(0x80 | (code >> 6 & 63)),
             static_cast<char>(0x80 | (code & 63))};
  }
}

// One pass over the bytes with an explicit stack: a byte per open array or object, so that a
// hostile document cannot need more memory than a small multiple of its own size.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  // False as soon as the bytes turn out not to be one JSON object.
  bool run() {
    skip_space();
    if (peek() != '{' || !value(0)) return false;
    while (!levels_.empty()) {
      if (!step()) return false;
    }
    skip_space();
    return at_ == text_.size();
  }

  DigestScan result() && {
    for (std::size_t i = 0; i < owners_.size(); ++i) {
      const bool blob = owners_[i] != kNoOwner && media_[owners_[i]] == Media::blob;
      scan_.references[i].child = scan_.references[i].child && !blob;
    }
    scan_.is_json_object = true;
    return std::move(scan_);
  }

 private:
  using Level = std::uint8_t;
  static constexpr Level kObject = 1, kFilled = 2, kQuiet = 4, kSubject = 8, kManifests = 16;
  static constexpr Level kInherited = kQuiet | kSubject | kManifests;

  enum class Media : std::uint8_t { unnamed, blob, other };
  static constexpr std::uint32_t kNoOwner = ~0u;

  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  bool take(char c) {
    if (peek() != c || at_ == text_.size()) return false;
    ++at_;
    return true;
  }

  void skip_space() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r'))
      ++at_;
  }

  // One element or member of the innermost open level, or its end.
  bool step() {
    Level& level = levels_.back();
    skip_space();
    if (take(level & kObject ? '}' : ']')) {
      if (level & kObject && level & kManifests) owner_.pop_back();
      levels_.pop_back();
      return true;
    }
    if (level & kFilled) {
      if (!take(',')) return false;
      skip_space();
    }
    level |= kFilled;
    return level & kObject ? member(level) : value(level & kInherited);
  }

  bool member(Level level) {
    if (!string()) return false;
    Level inherited = level & kInherited;
    note(inherited);
    media_type_member_ = false;
    if (word_ == "annotations") {
      inherited |= kQuiet;
    } else if (word_ == "subject") {
      inherited |=
          level & kQuiet ? kQuiet : kQuiet | kSubject;  // an annotation of that name is no subject
    } else if (folds_to(word_, "manifests")) {
      inherited |= kManifests;
    } else if (level & kManifests) {
      media_type_member_ = folds_to(word_, "mediatype");
    }
    skip_space();
    if (!take(':')) return false;
    skip_space();
    const bool ok = value(inherited);
    media_type_member_ = false;
    return ok;
  }

  // A scalar is read whole; an array or object is only opened, and step() goes on in it.
  bool value(Level inherited) {
    switch (peek()) {
      case '{':
        ++at_;
        if (inherited & kManifests) {
          owner_.push_back(static_cast<std::uint32_t>(media_.size()));
          media_.push_back(Media::unnamed);
        }
        levels_.push_back(inherited | kObject);
        return true;
      case '[':
        ++at_;
        levels_.push_back(inherited);
        return true;
      case '"':
        if (!string()) return false;
        note(inherited);
        if (media_type_member_) note_media_type();
        return true;
      case 't':
        return literal("true");
      case 'f':
        return literal("false");
      case 'n':
        return literal("null");
      default:
        return number();
    }
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
    if (peek() == 'e' || peek() == 'E') {
      ++at_;
      if (!take('+')) take('-');
      if (!digits()) return false;
    }
    return true;
  }

  // Reads one string into word_, unescaped; one that is too long to matter reads as empty.
  bool string() {
    if (!take('"')) return false;
    const std::size_t start = at_;
    bool escaped = false;
    for (;; ++at_) {
      if (at_ == text_.size() || static_cast<std::uint8_t>(text_[at_]) < 0x20) return false;
      if (text_[at_] == '"') break;
      if (text_[at_] != '\\') continue;
      escaped = true;
      ++at_;
      if (peek() == 'u') {
        for (int i = 0; i < 4; ++i) {
          ++at_;
          if (!hex_digit(peek())) return false;
        }
      } else if (at_ == text_.size() ||
                 std::string_view("\"\\/bfnrt").find(text_[at_]) == std::string_view::npos) {
        return false;
      }
    }
    const std::string_view raw = text_.substr(start, at_ - start);
    ++at_;
    word_ = raw.size() > kLongestRaw ? std::string_view() : escaped ? unescape(raw) : raw;
    return true;
  }

  static bool hex_digit(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  }

  // REQUIRES: `raw` has only well-formed escapes.
  std::string_view unescape(std::string_view raw) {
    unescaped_.clear();
    for (std::size_t i = 0; i < raw.size(); ++i) {
      if (raw[i] != '\\') {
        unescaped_ += raw[i];
      } else if (raw[++i] == 'u') {
        append_utf8(unescaped_, static_cast<std::uint32_t>(
                                    std::stoul(std::string(raw.substr(i + 1, 4)), nullptr, 16)));
        i += 4;
      } else {
        static constexpr std::string_view kLetters = "bfnrt", kMeanings = "\b\f\n\r\t";
        const auto letter = kLetters.find(raw[i]);
        unescaped_ += letter == std::string_view::npos ? raw[i] : kMeanings[letter];
      }
    }
    return unescaped_;
  }

  // word_ stands as a key or value at a place with these flags.
  void note(Level inherited) {
    const auto digest = Digest::parse(word_, HexCase::either);
    if (!digest) return;
    if (inherited & kSubject) scan_.subjects.push_back(*digest);
    if (inherited & kQuiet) return;
    const bool in_manifests = inherited & kManifests;
    scan_.references.push_back({*digest, in_manifests});
    owners_.push_back(in_manifests && !owner_.empty() ? owner_.back() : kNoOwner);
  }

  void note_media_type() {
    Media& media = media_[owner_.back()];
    media = is_blob_media_type(word_) && media != Media::other ? Media::blob : Media::other;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<Level> levels_;
  std::string_view word_;
  std::string unescaped_;
  bool media_type_member_ = false;
  // Objects under "manifests" are numbered as they open: those open now, what each said of its
  // media type, and for each reference the object it stands in.
  std::vector<std::uint32_t> owner_;
  std::vector<Media> media_;
  std::vector<std::uint32_t> owners_;
  DigestScan scan_;
};

}  // namespace

DigestScan scan_digests(std::string_view bytes) {
  Scanner scanner(bytes);
  if (scanner.run()) return std::move(scanner).result();
  DigestScan scan;
  each_digest_in_text(bytes, [&](const Digest& digest) {
    scan.references.push_back({digest, false});
  });
  return scan;
}

}  // namespace regctl
