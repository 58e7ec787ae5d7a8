#include "registry/digest_set.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <chrono>
#include <set>
#include <thread>

#include "registry/hasher.h"
#include "registry/parallel.h"
#include "tests/support/printing.h"

namespace regctl {
namespace {

DigestSet set_of(const std::set<Digest>& digests) {
  DigestList sorted;
  for (const Digest& digest : digests) sorted.push_back(digest);
  return DigestSet(std::move(sorted));
}

TEST(DigestSet, FindsWhatItHolds) {
  std::set<Digest> digests;
  for (int i = 0; i < 100; ++i) digests.insert(digest_of(std::to_string(i)));
  const DigestSet set = set_of(digests);
  EXPECT_EQ(set.size(), 100u);
  DigestId place{};
  for (const Digest& digest : digests) {
    EXPECT_EQ(set.find(digest), place);
    EXPECT_EQ(set[place], digest);
    place = static_cast<DigestId>(index_of(place) + 1);
  }
  EXPECT_FALSE(set.find(digest_of("none")));
  EXPECT_FALSE(set.find(Digest()));
  EXPECT_FALSE(DigestSet().find(Digest()));
}

// Whatever the order of the digests, places follow their order and each number leads to its
// digest's place.
void expect_collected(const std::vector<Digest>& digests) {
  DigestCollector collector;
  std::vector<DigestId> given, again;
  const auto middle = digests.begin() + static_cast<std::ptrdiff_t>(digests.size() / 2);
  for (auto one = digests.begin(); one != middle; ++one) given.push_back(collector.add(*one));
  collector.add({middle, digests.end()}, given);
  collector.add(digests, again);
  RC_ASSERT(again == given);
  for (std::size_t i = 0; i < digests.size(); ++i) {
    RC_ASSERT(collector[given[i]] == digests[i]);
    RC_ASSERT(collector.add(digests[i]) == given[i]);
  }
  const auto finished = collector.finish(Workers(2));
  const std::set<Digest> expected(digests.begin(), digests.end());
  RC_ASSERT(finished.set == set_of(expected));
  for (std::size_t i = 0; i < digests.size(); ++i) {
    const DigestId place = finished.place[index_of(given[i])];
    RC_ASSERT(finished.set[place] == digests[i]);
  }
}

RC_GTEST_PROP(DigestCollectorLaw, PlacesAreSorted, (std::uint32_t seed)) {
  std::vector<Digest> digests;
  for (std::uint32_t i = 0; i < seed % 300; ++i)
    digests.push_back(
        digest_of(std::to_string(seed * 7 + i * i % 211), kAlgorithms[i % kAlgorithms.size()]));
  expect_collected(digests);
}

// Few bytes differ: neighbours in one table, and the same hash under two algorithms.
RC_GTEST_PROP(DigestCollectorLaw, SimilarDigestsStayApart,
              (const std::vector<std::pair<std::uint8_t, std::uint8_t>>& tails)) {
  std::vector<Digest> digests;
  for (const auto& [a, b] : tails) {
    std::array<std::uint8_t, 64> hash{};
    hash[0] = a % 4;
    hash[31] = b % 4;
    digests.push_back(Digest(kAlgorithms[b % kAlgorithms.size()], hash));
  }
  expect_collected(digests);
}

TEST(DigestCollector, SeveralThreadsGatherOneSet) {
  DigestCollector collector;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&collector, t] {
        for (int i = 0; i < 2000; ++i)
          collector.add(digest_of(std::to_string((i * (t + 1)) % 2000)));
      });
    }
  }
  EXPECT_EQ(collector.finish(Workers(2)).set.size(), 2000u);
}

TEST(DigestCollector, NothingIsNothing) {
  DigestCollector collector;
  const auto finished = collector.finish(Workers(2));
  EXPECT_EQ(finished.set.size(), 0u);
  EXPECT_TRUE(finished.place.empty());
}

// P14: a manifest may name any digests, chosen to meet in one slot of a table. Quadratic time would
// need minutes.
TEST(DigestCollector, ChosenDigestsTakeLinearTime) {
  DigestCollector collector;
  const auto start = std::chrono::steady_clock::now();
  std::array<std::uint8_t, 64> hash{};
  for (std::uint32_t i = 0; i < 300'000; ++i) {
    for (int byte = 0; byte < 4; ++byte)
      hash[20 + byte] = static_cast<std::uint8_t>(i >> (8 * byte));
    collector.add(Digest(Algorithm::sha256, hash));
  }
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
  EXPECT_EQ(collector.finish(Workers(2)).set.size(), 300'000u);
}

}  // namespace
}  // namespace regctl
