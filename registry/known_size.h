// KnownSize: a number of bytes, or that nobody knows it, in half the room of an optional: there is
// one for every reference and every digest.
#pragma once

#include <cstdint>

namespace regctl {

class KnownSize {
 public:
  KnownSize() = default;  // not known
  // 2^64 - 1, which no object has, is not known either.
  KnownSize(std::uint64_t bytes) : bytes_(bytes) {}

  explicit operator bool() const { return bytes_ != kNotKnown; }
  std::uint64_t operator*() const { return bytes_; }  // REQUIRES: it is known
  std::uint64_t value_or(std::uint64_t other) const { return *this ? bytes_ : other; }

  bool operator==(const KnownSize&) const = default;

 private:
  static constexpr std::uint64_t kNotKnown = ~std::uint64_t{0};
  std::uint64_t bytes_ = kNotKnown;
};

}  // namespace regctl
