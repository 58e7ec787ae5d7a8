#include "registry/digest.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/support/printing.h"

namespace regctl {
namespace {

const std::string kHex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

TEST(Digest, ReadsAndPrintsEveryAlgorithm) {
  for (const Algorithm algorithm : kAlgorithms) {
    std::string hex;
    while (hex.size() < 2 * bytes_of(algorithm)) hex += "0123456789abcdef";
    const std::string text = std::string(name_of(algorithm)) + ':' + hex;
    const auto digest = Digest::parse(text);
    ASSERT_TRUE(digest) << text;
    EXPECT_EQ(digest->algorithm(), algorithm);
    EXPECT_EQ(digest->hex(), hex);
    EXPECT_EQ(digest->text(), text);
    EXPECT_EQ(digest->hash().size(), bytes_of(algorithm));
    EXPECT_EQ(digest->hash()[1], 0x23);
    EXPECT_EQ(Digest(algorithm, digest->hash()), digest);
    EXPECT_EQ(algorithm_named(name_of(algorithm)), algorithm);
  }
  EXPECT_EQ(bytes_of(Algorithm::sha384), 48u);
  EXPECT_FALSE(algorithm_named("SHA256"));
  EXPECT_FALSE(algorithm_named("sha25"));
  EXPECT_FALSE(algorithm_named(""));
}

TEST(Digest, ReadsNothingElse) {
  for (const std::string& text :
       {std::string(), std::string("sha256"), std::string("sha256:"), kHex, ':' + kHex,
        "sha256:" + kHex + '0', "sha256:" + kHex.substr(1), "sha256:" + kHex + '\n',
        " sha256:" + kHex, "sha256::" + kHex.substr(1), "SHA256:" + kHex, "sha512:" + kHex,
        "sha1:" + kHex.substr(24), "md5:" + kHex.substr(32), "sha256:" + kHex.substr(1) + 'g',
        "sha256:" + kHex.substr(1) + '\0', "sha256+b64:" + kHex, "blake3:" + kHex}) {
    EXPECT_FALSE(Digest::parse(text)) << text;
    EXPECT_FALSE(Digest::parse(text, HexCase::either)) << text;
  }
}

TEST(Digest, UpperCaseHexOnlyWhereAsked) {
  for (std::size_t at = 0; at < kHex.size(); ++at) {
    std::string hex = kHex;
    if (hex[at] < 'a') continue;
    hex[at] = static_cast<char>(hex[at] - 32);
    EXPECT_FALSE(Digest::from_hex(Algorithm::sha256, hex)) << hex;
    EXPECT_EQ(Digest::from_hex(Algorithm::sha256, hex, HexCase::either),
              Digest::from_hex(Algorithm::sha256, kHex))
        << hex;
  }
}

// Every byte value at either place of a pair.
TEST(Digest, OnlyHexDigitsAreHex) {
  for (int byte = 0; byte < 256; ++byte) {
    const bool lower = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f');
    const bool upper = byte >= 'A' && byte <= 'F';
    for (const std::size_t at : {30u, 31u}) {
      std::string hex = kHex;
      hex[at] = static_cast<char>(byte);
      EXPECT_EQ(Digest::from_hex(Algorithm::sha256, hex).has_value(), lower) << byte;
      EXPECT_EQ(Digest::from_hex(Algorithm::sha256, hex, HexCase::either).has_value(),
                lower || upper)
          << byte;
    }
  }
}

TEST(Digest, AlgorithmsAreDifferentDigests) {
  const std::vector<std::uint8_t> zeros(64);
  EXPECT_NE(Digest(Algorithm::sha256, zeros), Digest(Algorithm::sha512, zeros));
  EXPECT_EQ(Digest(), Digest(Algorithm::sha256, zeros));
  EXPECT_LT(Digest(Algorithm::sha256, zeros), Digest(Algorithm::sha384, zeros));
}

TEST(Digest, FoundAnywhereInText) {
  const auto found = [](std::string_view text) {
    std::vector<std::string> all;
    each_digest_in_text(text, [&](const Digest& digest) { all.push_back(digest.text()); });
    return all;
  };
  using Texts = std::vector<std::string>;
  const std::string one = "sha256:" + kHex, two = "sha512:" + kHex + kHex;
  EXPECT_EQ(found(one), Texts{one});
  EXPECT_EQ(found("xx" + one + "0yy"), Texts{one});
  EXPECT_EQ(found(one + two + one), (Texts{one, two, one}));
  EXPECT_EQ(found("shasha256:sha256:" + kHex), Texts{one});
  EXPECT_EQ(found(std::string("\0\xFF", 2) + one), Texts{one});
  EXPECT_EQ(found("sha256:" + kHex.substr(1)), Texts{});
  EXPECT_EQ(found("sha512:" + kHex), Texts{});
  EXPECT_EQ(found("sha"), Texts{});
  EXPECT_EQ(found("sha256"), Texts{});
  EXPECT_EQ(found(""), Texts{});
}

RC_GTEST_PROP(DigestLaw, TextIsAsGoodAsBytes,
              (std::array<std::uint8_t, 64> bytes, unsigned choice)) {
  const Algorithm algorithm = kAlgorithms[choice % kAlgorithms.size()];
  const Digest digest(algorithm, bytes);
  RC_ASSERT(Digest::parse(digest.text()) == digest);
  RC_ASSERT(Digest::from_hex(algorithm, digest.hex()) == digest);
}

// The order that a DigestSet and its shards rely on: by bytes first.
RC_GTEST_PROP(DigestLaw, OrdersByBytes,
              (std::array<std::uint8_t, 64> a, std::array<std::uint8_t, 64> b)) {
  RC_PRE(a != b);
  RC_ASSERT((Digest(Algorithm::sha512, a) < Digest(Algorithm::sha512, b)) == (a < b));
}

}  // namespace
}  // namespace regctl
