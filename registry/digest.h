// Digest: the name of a blob, an algorithm and the bytes of the hash. Knows the text form of the
// OCI image specification ("descriptor.md", section Digests) for the three algorithms that
// distribution accepts; computing one is hasher.h.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace regctl {

enum class Algorithm : std::uint8_t { sha256, sha384, sha512 };

inline constexpr std::array kAlgorithms = {Algorithm::sha256, Algorithm::sha384, Algorithm::sha512};

std::string_view name_of(Algorithm algorithm);
std::optional<Algorithm> algorithm_named(std::string_view name);
// Length of the hash in bytes: 32, 48 or 64.
std::size_t bytes_of(Algorithm algorithm);

enum class HexCase { lower, either };

// A value; orders by the bytes of the hash, then by algorithm. The default one is sha256 of nothing
// in particular (all zero).
class Digest {
 public:
  Digest() = default;
  // REQUIRES: hash.size() == bytes_of(algorithm).
  Digest(Algorithm algorithm, std::span<const std::uint8_t> hash);

  // `text` is "alg:hex" and nothing else; empty otherwise. Upper-case hex is no digest to a
  // registry, so the strict form refuses it; HexCase::either is for finding what might have been
  // meant.
  static std::optional<Digest> parse(std::string_view text, HexCase hex_case = HexCase::lower);
  static std::optional<Digest> from_hex(Algorithm algorithm, std::string_view hex,
                                        HexCase hex_case = HexCase::lower);

  Algorithm algorithm() const { return algorithm_; }
  std::span<const std::uint8_t> hash() const { return {hash_.data(), bytes_of(algorithm_)}; }
  std::string hex() const;
  std::string text() const;

  auto operator<=>(const Digest&) const = default;

 private:
  std::array<std::uint8_t, 64> hash_{};  // zero behind bytes_of(algorithm_)
  Algorithm algorithm_ = Algorithm::sha256;
};

// Calls `found(digest)` for every digest-shaped substring of `bytes`, hex in either case: what a
// damaged file might have named. The whole of `bytes` counts, whatever stands around a match.
template <class Found>
void each_digest_in_text(std::string_view bytes, Found found);

// The digest that starts at `bytes[at]`, if any; `bytes` may go on behind it.
std::optional<Digest> digest_at(std::string_view bytes, std::size_t at);

template <class Found>
void each_digest_in_text(std::string_view bytes, Found found) {
  for (std::size_t at = bytes.find("sha"); at != std::string_view::npos;
       at = bytes.find("sha", at + 1)) {
    if (auto digest = digest_at(bytes, at)) found(*digest);
  }
}

}  // namespace regctl
