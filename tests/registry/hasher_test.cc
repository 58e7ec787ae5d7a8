// Vectors of FIPS 180-4 and RFC 6234.
#include "registry/hasher.h"

#include <gtest/gtest.h>

#include <thread>

#include "tests/support/printing.h"

namespace regctl {
namespace {

TEST(Hasher, KnownVectors) {
  struct Vector {
    Algorithm algorithm;
    std::string bytes;
    const char* hex;
  };
  const std::string million(1'000'000, 'a');
  for (const auto& [algorithm, bytes, hex] : {
           Vector{Algorithm::sha256, "",
                  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
           Vector{Algorithm::sha256, "abc",
                  "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
           Vector{Algorithm::sha256, million,
                  "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
           Vector{Algorithm::sha384, "abc",
                  "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc23"
                  "58baeca134"
                  "c825a7"},
           Vector{Algorithm::sha512, "",
                  "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0"
                  "ff8318d287"
                  "7eec2f"
                  "63b931bd47417a81a538327af927da3e"},
           Vector{Algorithm::sha512, "abc",
                  "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a8"
                  "36ba3c23a3"
                  "feebbd"
                  "454d4423643ce80e2a9ac94fa54ca49f"},
       }) {
    const Digest expected = *Digest::from_hex(algorithm, hex);
    EXPECT_EQ(digest_of(bytes, algorithm), expected);
    Hasher hasher(algorithm);
    for (std::size_t at = 0; at < bytes.size(); at += 777)
      hasher.update(std::string_view(bytes).substr(at, 777));
    EXPECT_EQ(hasher.finish(), expected);
  }
}

TEST(Hasher, StartsAgainAfterFinish) {
  Hasher hasher(Algorithm::sha256);
  hasher.update("something");
  EXPECT_EQ(hasher.finish(), digest_of("something"));
  hasher.update("a");
  hasher.update("bc");
  EXPECT_EQ(hasher.finish(), digest_of("abc"));
  EXPECT_EQ(hasher.finish(), digest_of(""));
}

TEST(Hasher, SeveralThreadsMayAskAtOnce) {
  std::vector<int> wrong(4);
  {
    std::vector<std::jthread> threads;
    for (std::size_t t = 0; t < wrong.size(); ++t) {
      threads.emplace_back([&wrong, t] {
        const Digest expected = digest_of(std::string(1000, static_cast<char>(t)));
        for (int i = 0; i < 200; ++i)
          wrong[t] += digest_of(std::string(1000, static_cast<char>(t))) != expected;
      });
    }
  }
  EXPECT_EQ(wrong, std::vector<int>(4));
}

}  // namespace
}  // namespace regctl
