#include "registry/parallel.h"

#include <gtest/gtest.h>

#include <atomic>
#include <numeric>

namespace regctl {
namespace {

class Parallel : public testing::TestWithParam<unsigned> {
 protected:
  Workers workers() const { return Workers(GetParam()); }
};

INSTANTIATE_TEST_SUITE_P(Workers, Parallel, testing::Values(1u, 2u, 8u, 32u));

TEST_P(Parallel, EveryIndexOnce) {
  for (const std::size_t n : {0u, 1u, 2u, 1000u}) {
    std::vector<std::atomic<int>> calls(n);
    workers().for_each_index(n, [&](std::size_t i) { ++calls[i]; });
    for (const auto& count : calls) EXPECT_EQ(count, 1);
  }
}

TEST_P(Parallel, ResultsKeepTheOrderOfItems) {
  std::vector<int> items(1000);
  std::iota(items.begin(), items.end(), 0);
  const auto squares = parallel_map(workers(), items, [](int i) { return i * i; });
  ASSERT_EQ(squares.size(), items.size());
  for (int i : items) EXPECT_EQ(squares[static_cast<std::size_t>(i)], i * i);
  EXPECT_TRUE(parallel_map(workers(), std::vector<int>(), [](int i) { return i; }).empty());
}

TEST_P(Parallel, AnExceptionEndsTheLoopAndArrives) {
  std::atomic<int> calls = 0;
  const auto throw_at_seven = [&](std::size_t i) {
    ++calls;
    if (i == 7) throw std::runtime_error("seven");
  };
  try {
    workers().for_each_index(1'000'000, throw_at_seven);
    ADD_FAILURE() << "nothing was thrown";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "seven");
  }
  EXPECT_LT(calls, 1'000'000);
  calls = 0;
  workers().for_each_index(5, throw_at_seven);  // and the workers are as good as new
  EXPECT_EQ(calls, 5);
}

TEST_P(Parallel, ALoopMayHaveLoopsInside) {
  const Workers outer = Workers(GetParam());
  std::atomic<int> calls = 0;
  outer.for_each_index(20, [&](std::size_t) {
    outer.for_each_index(
        20, [&](std::size_t) { outer.for_each_index(5, [&](std::size_t) { ++calls; }); });
  });
  EXPECT_EQ(calls, 2000);
  EXPECT_THROW(
      outer.for_each_index(
          10,
          [&](std::size_t) { outer.for_each_index(10, [](std::size_t) { throw Interrupted(); }); }),
      Interrupted);
}

TEST_P(Parallel, StopsWhenAsked) {
  std::stop_source source;
  const Workers stoppable(GetParam(), source.get_token());
  std::atomic<int> calls = 0;
  stoppable.for_each_index(10, [&](std::size_t) { ++calls; });
  EXPECT_EQ(calls, 10);
  EXPECT_THROW(stoppable.for_each_index(1'000'000,
                                        [&](std::size_t) {
                                          ++calls;
                                          source.request_stop();
                                        }),
               Interrupted);
  EXPECT_LT(calls, 1'000'000);
  calls = 0;
  EXPECT_THROW(stoppable.for_each_index(1, [&](std::size_t) { ++calls; }), Interrupted);
  EXPECT_EQ(calls, 0);
}

TEST(Workers, OneWorkerIsTheCaller) {
  const auto self = std::this_thread::get_id();
  Workers(1).for_each_index(100, [&](std::size_t) { EXPECT_EQ(std::this_thread::get_id(), self); });
}

// More at once than there are cores: each call waits until all the others have begun.
TEST(Workers, AllOfThemRunAtOnce) {
  constexpr unsigned kWorkers = 12;
  std::atomic<unsigned> begun = 0;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  Workers(kWorkers).for_each_index(kWorkers, [&](std::size_t) {
    ++begun;
    while (begun < kWorkers && std::chrono::steady_clock::now() < deadline)
      std::this_thread::yield();
  });
  EXPECT_EQ(begun, kWorkers);
  EXPECT_LT(std::chrono::steady_clock::now(), deadline);
}

}  // namespace
}  // namespace regctl
