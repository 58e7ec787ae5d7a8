// Laws of the digest scan on random documents.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <random>

#include "registry/digest_scan.h"
#include "tests/registry/found_digests.h"

namespace regctl {
namespace {

// Writes one random JSON object with digests at random places, in random spelling, and knows what
// must be found.
class Author {
 public:
  explicit Author(std::uint64_t seed) : random_(seed) {}

  std::string text;
  std::vector<Digest> references, subjects;

  void object(int depth, bool quiet, bool subject) {
    text += '{';
    for (unsigned left = below(5); left > 0; --left) {
      member(depth, quiet, subject);
      if (left > 1) text += ',';
    }
    space();
    text += '}';
  }

  unsigned below(unsigned limit) {
    return std::uniform_int_distribution<unsigned>(0, limit - 1)(random_);
  }

 private:
  bool chance(unsigned percent) { return below(100) < percent; }

  void space() {
    while (chance(20)) text += " \t\r\n"[below(4)];
  }

  void member(int depth, bool quiet, bool subject) {
    static const char* kKeys[] = {"layers",  "LAYERS",      "manifests",    "mediaType",
                                  "digest",  "config",      "subject",      "annotations",
                                  "Subject", "ANNOTATIONS", "\u017Fubject", ""};
    space();
    if (chance(10)) {
      planted(quiet, subject);
      space();
      text += ':';
      return value(depth, quiet, subject);
    }
    const std::string key = kKeys[below(std::size(kKeys))];
    string(key);
    space();
    text += ':';
    value(depth, quiet || key == "annotations" || key == "subject",
          subject || (key == "subject" && !quiet));
  }

  void value(int depth, bool quiet, bool subject) {
    static const char* kScalars[] = {"0",     "-1.5e+7", "1e999",       "true",
                                     "false", "null",    "\"\\ud800\"", "\"\xFF\""};
    space();
    switch (below(depth > 0 ? 6 : 4)) {
      case 0:
        planted(quiet, subject);
        break;
      case 1:
        noise();
        break;
      case 2:
      case 3:
        text += kScalars[below(std::size(kScalars))];
        break;
      case 4:
        object(depth - 1, quiet, subject);
        break;
      case 5:
        text += '[';
        for (unsigned left = below(4); left > 0; --left) {
          value(depth - 1, quiet, subject);
          if (left > 1) text += ',';
        }
        text += ']';
    }
    space();
  }

  std::string random_digest() {
    const Algorithm algorithm = kAlgorithms[below(kAlgorithms.size())];
    std::string word = std::string(name_of(algorithm)) + ':';
    for (std::size_t i = 0; i < 2 * bytes_of(algorithm); ++i)
      word += "0123456789abcdefABCDEF"[below(22)];
    return word;
  }

  void planted(bool quiet, bool subject) {
    const std::string word = random_digest();
    const Digest digest = *Digest::parse(word, HexCase::either);
    if (subject) subjects.push_back(digest);
    if (!quiet) references.push_back(digest);
    string(word);
  }

  // Almost a digest.
  void noise() {
    std::string word = random_digest();
    switch (below(5)) {
      case 0:
        word.pop_back();
        break;
      case 1:
        word += 'a';
        break;
      case 2:
        word[word.size() / 2] = 'g';
        break;
      case 3:
        word[0] = 'S';
        break;
      case 4:
        word.insert(0, " ");
        break;
    }
    string(word);
  }

  void string(const std::string& word) {
    text += '"';
    const unsigned escapes = below(3) * 40;  // percent: none, some, most
    for (const char c : word) {
      if (static_cast<unsigned char>(c) >= 0x80 || !chance(escapes)) {
        text += c;
        continue;
      }
      static constexpr char kLower[] = "0123456789abcdef", kUpper[] = "0123456789ABCDEF";
      const char* digits = chance(50) ? kLower : kUpper;
      text += {'\\', 'u', '0', '0', digits[c >> 4], digits[c & 15]};
    }
    text += '"';
  }

  std::mt19937_64 random_;
};

std::vector<Digest> anywhere_in(std::string_view text) {
  std::vector<Digest> digests;
  each_digest_in_text(text, [&](const Digest& digest) { digests.push_back(digest); });
  return digests;
}

RC_GTEST_PROP(DigestScanLaw, FindsExactlyWhatWasPlanted, (std::uint64_t seed)) {
  for (std::uint64_t i = 0; i < 50; ++i) {
    Author author(50 * seed + i);
    author.object(6, false, false);
    const DigestScan scan = scan_digests(author.text);
    RC_ASSERT(scan.is_json_object);
    RC_ASSERT(test::digests_of(scan.references) == author.references);
    RC_ASSERT(scan.subjects == author.subjects);
  }
}

// No JSON means every digest in the text, whatever happened to the bytes.
void expect_every_digest_unless_json(const std::string& text) {
  const DigestScan scan = scan_digests(text);
  if (scan.is_json_object) return;
  RC_ASSERT(test::digests_of(scan.references) == anywhere_in(text));
  RC_ASSERT(scan.subjects.empty());
}

RC_GTEST_PROP(DigestScanLaw, SurvivesMutation, (std::uint64_t seed)) {
  for (std::uint64_t i = 0; i < 50; ++i) {
    Author author(50 * seed + i);
    author.object(5, false, false);
    std::string text = author.text;
    for (unsigned changes = 1 + author.below(4); changes > 0 && !text.empty(); --changes) {
      const unsigned at = author.below(static_cast<unsigned>(text.size()));
      switch (author.below(4)) {
        case 0:
          text[at] = static_cast<char>(author.below(256));
          break;
        case 1:
          text.erase(at, author.below(8));
          break;
        case 2:
          text.insert(at, text.substr(at, author.below(16)));
          break;
        case 3:
          text.resize(at);
          break;
      }
    }
    expect_every_digest_unless_json(text);
  }
}

RC_GTEST_PROP(DigestScanLaw, SurvivesArbitraryBytes, (const std::string& bytes)) {
  for (const std::string& text : {bytes, '{' + bytes, "{\"x\":" + bytes + '}'})
    expect_every_digest_unless_json(text);
}

// Every prefix of a document ends in the middle of something.
RC_GTEST_PROP(DigestScanLaw, NoPrefixOfADocumentIsOne, (std::uint64_t seed)) {
  Author author(seed);
  author.object(2, false, false);
  for (std::size_t length = 0; length < author.text.size(); ++length)
    RC_ASSERT(!scan_digests(std::string_view(author.text).substr(0, length)).is_json_object);
}

}  // namespace
}  // namespace regctl
