#include "registry/digest.h"

#include <algorithm>

namespace regctl {
namespace {

constexpr std::array<std::string_view, 3> kNames = {"sha256", "sha384", "sha512"};

// By character: 0..15, plus kUpper for the upper-case letters, or kNone.
constexpr std::uint8_t kUpper = 16, kNone = 255;
constexpr std::array<std::uint8_t, 256> kNibbles = [] {
  std::array<std::uint8_t, 256> nibbles{};
  nibbles.fill(kNone);
  for (std::uint8_t i = 0; i < 10; ++i) nibbles['0' + i] = i;
  for (std::uint8_t i = 10; i < 16; ++i) {
    nibbles['a' + i - 10] = i;
    nibbles['A' + i - 10] = i | kUpper;
  }
  return nibbles;
}();

}  // namespace

std::string_view name_of(Algorithm algorithm) {
  return kNames[static_cast<std::size_t>(algorithm)];
}

std::optional<Algorithm> algorithm_named(std::string_view name) {
  for (Algorithm algorithm : kAlgorithms) {
    if (name == name_of(algorithm)) return algorithm;
  }
  return std::nullopt;
}

std::size_t bytes_of(Algorithm algorithm) { return 32 + 16 * static_cast<std::size_t>(algorithm); }

Digest::Digest(Algorithm algorithm, std::span<const std::uint8_t> hash) : algorithm_(algorithm) {
  std::copy_n(hash.begin(), bytes_of(algorithm), hash_.begin());
}

std::optional<Digest> Digest::from_hex(Algorithm algorithm, std::string_view hex,
                                       HexCase hex_case) {
  if (hex.size() != 2 * bytes_of(algorithm)) return std::nullopt;
  Digest digest;
  digest.algorithm_ = algorithm;
  std::uint8_t seen = 0;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    const std::uint8_t high = kNibbles[static_cast<std::uint8_t>(hex[i])];
    const std::uint8_t low = kNibbles[static_cast<std::uint8_t>(hex[i + 1])];
    seen |= high | low;
    digest.hash_[i / 2] = static_cast<std::uint8_t>(high << 4 | (low & 15));
  }
  const std::uint8_t illegal = hex_case == HexCase::either ? kNone & ~(kUpper | 15) : kNone & ~15;
  if (seen & illegal) return std::nullopt;
  return digest;
}

std::optional<Digest> Digest::parse(std::string_view text, HexCase hex_case) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto algorithm = algorithm_named(text.substr(0, colon));
  if (!algorithm) return std::nullopt;
  return from_hex(*algorithm, text.substr(colon + 1), hex_case);
}

std::optional<Digest> digest_at(std::string_view bytes, std::size_t at) {
  const std::string_view rest = bytes.substr(at);
  for (Algorithm algorithm : kAlgorithms) {
    const std::string_view name = name_of(algorithm);
    if (!rest.starts_with(name) || rest.size() <= name.size() || rest[name.size()] != ':') continue;
    const std::string_view hex = rest.substr(name.size() + 1, 2 * bytes_of(algorithm));
    return Digest::from_hex(algorithm, hex, HexCase::either);
  }
  return std::nullopt;
}

std::string Digest::hex() const {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(2 * bytes_of(algorithm_));
  for (std::uint8_t byte : hash()) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

std::string Digest::text() const {
  std::string text(name_of(algorithm_));
  text += ':';
  return text += hex();
}

}  // namespace regctl
