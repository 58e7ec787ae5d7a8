// What is hashed before it may go, and what a limit, a deadline or a signal does to that.
#include "gc/doing/verification.h"

#include <gmock/gmock.h>

#include <atomic>
#include <fstream>
#include <functional>
#include <limits>
#include <mutex>
#include <set>
#include <thread>

#include "registry/hasher.h"
#include "registry/layout.h"
#include "tests/support/printing.h"
#include "tests/support/registry_builder.h"
#include "tests/support/store_at.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/troubled_storage.h"

namespace regctl::gc {
namespace {

using namespace test;
using Clock = std::chrono::steady_clock;
using testing::ElementsAre;
using testing::Pair;

class Verify : public testing::Test {
 protected:
  // A candidate as a look at the disk finds it.
  Digest candidate(const std::string& bytes, std::optional<Digest> name = {}) {
    const Digest digest = name.value_or(digest_of(bytes));
    const auto file = place(digest);
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << bytes;
    const auto stat = storage.stat(RegistryBuilder::data(digest));
    plan.blobs.push_back({.digest = digest,
                          .bytes = stat->bytes,
                          .disk_bytes = stat->disk_bytes,
                          .written_at = stat->modified});
    return digest;
  }
  std::filesystem::path place(const Digest& digest) const {
    return directory.path() / RegistryBuilder::data(digest);
  }

  Verification run(std::uint64_t rate = 0, Clock::time_point deadline = Clock::time_point::max()) {
    NullProgress progress;
    Pace pace(rate, deadline);
    return verify_blobs(plan, storage, {Workers(jobs, stop.get_token()), pace, progress});
  }
  static std::vector<Digest> keys(const std::map<Digest, Identity>& map) {
    std::vector<Digest> found;
    for (const auto& [digest, identity] : map) found.push_back(digest);
    return found;
  }

  TemporaryDirectory directory;
  // Ahead of every read of a blob.
  std::function<void(const std::string& key, std::size_t limit)> before = [](const std::string&,
                                                                             std::size_t) {};
  TroubledStorage storage{
      storage_at(directory.path()),
      {.reading = [this](const std::string& key, std::size_t limit) { before(key, limit); }}};
  Plan plan;
  unsigned jobs = 1;
  std::stop_source stop;
};

TEST_F(Verify, P4SoundIsWhatHashesToItsName) {
  const Digest sound = candidate("sound"), wrong = candidate("wrong", digest_of("right"));
  const Verification result = run();
  EXPECT_EQ(keys(result.sound), std::vector{sound});
  EXPECT_EQ(keys(result.mismatched), std::vector{wrong});
  EXPECT_EQ(result.read, (Amount{2, 10}));
  EXPECT_EQ(result.sound.at(sound), storage.open(RegistryBuilder::data(sound))->identity());

  Plan kept = only_verified(plan, result, Mismatched::keep),
       all = only_verified(plan, result, Mismatched::take);
  ASSERT_EQ(kept.blobs.size(), 1u);
  EXPECT_EQ(kept.blobs[0].digest, sound);
  EXPECT_EQ(kept.blobs[0].verified, result.sound.at(sound));
  ASSERT_EQ(all.blobs.size(), 2u);
  EXPECT_EQ(all.blobs[1].verified, result.mismatched.at(wrong));
}

TEST_F(Verify, OneBitOrByteIsEnough) {
  const std::string bytes(300'000, 'x');
  std::string flipped = bytes;
  flipped[299'999] = 'y';
  for (const std::string& other : {flipped, bytes + "x", bytes.substr(1), std::string()}) {
    plan.blobs.clear();
    candidate(other, digest_of(bytes));
    const Verification result = run();
    EXPECT_TRUE(result.sound.empty() && result.mismatched.size() == 1) << other.size();
  }
}

TEST_F(Verify, EveryAlgorithmAndTheEmptyBlob) {
  for (const Algorithm algorithm : kAlgorithms) {
    candidate("", digest_of("", algorithm));
    candidate("some bytes", digest_of("some bytes", algorithm));
    candidate("other bytes", digest_of("not these", algorithm));
  }
  const Verification result = run();
  EXPECT_EQ(result.sound.size(), 6u);
  EXPECT_EQ(result.mismatched.size(), 3u);
  EXPECT_TRUE(result.unread.empty());
}

TEST_F(Verify, WhatIsNoMoreWhatWasJudgedIsNoCandidate) {
  const Digest gone = candidate("gone"), longer = candidate("longer"),
               touched = candidate("touched"), directory_now = candidate("directory");
  std::filesystem::remove(place(gone));
  std::ofstream(place(longer), std::ios::app) << "!";
  std::filesystem::last_write_time(
      place(touched), std::filesystem::file_time_type::clock::now() - std::chrono::hours(1));
  std::filesystem::remove(place(directory_now));
  std::filesystem::create_directory(place(directory_now));
  const Verification result = run();
  EXPECT_EQ(result.changed, 4u);
  EXPECT_EQ(result.read, Amount{});
  EXPECT_TRUE(result.sound.empty() && result.mismatched.empty() && result.unread.empty());
}

TEST_F(Verify, WhatChangesWhileItIsReadIsNoCandidate) {
  const Digest digest = candidate(std::string(600'000, 'x'));
  for (const bool same_bytes : {true, false}) {
    int reads = 0;
    before = [&](const std::string&, std::size_t) {
      if (++reads != 2) return;
      if (same_bytes)
        std::filesystem::permissions(place(digest), std::filesystem::perms(0640));
      else
        std::ofstream(place(digest), std::ios::app) << "more";
    };
    const Verification result = run();
    EXPECT_EQ(result.changed, 1u);
    EXPECT_TRUE(result.sound.empty() && result.mismatched.empty());
    EXPECT_GE(reads, 3);
  }
}

TEST_F(Verify, WhatCannotBeReadIsSaidAndTheRestGoesOn) {
  const Digest bad = candidate("bad"), good = candidate("good");
  std::filesystem::remove_all(place(digest_of("linked")).parent_path());
  const Digest linked = candidate("linked");
  std::filesystem::rename(place(linked), directory.path() / "elsewhere");
  std::filesystem::create_symlink(directory.path() / "elsewhere", place(linked));
  before = [&](const std::string& key, std::size_t) {
    if (key == RegistryBuilder::data(bad)) throw StorageError(Trouble::unreadable, key, EIO);
  };
  const Verification result = run();
  EXPECT_EQ(keys(result.sound), std::vector{good});
  ASSERT_EQ(result.unread.size(), 2u);
  for (const report::Message& message : result.unread) {
    EXPECT_EQ(message.code, report::Code::unread_candidate);
    EXPECT_TRUE(message.digest == bad || message.digest == linked);
    EXPECT_EQ(message.path, RegistryBuilder::data(*message.digest));
  }
  EXPECT_LT(result.unread[0].path, result.unread[1].path);
  EXPECT_EQ(only_verified(plan, result, Mismatched::take).blobs.size(), 1u);
}

TEST_F(Verify, TheSameWhateverTheNumberOfThreads) {
  for (int i = 0; i < 40; ++i)
    candidate("blob " + std::to_string(i),
              i % 4 ? std::nullopt : std::optional(digest_of(std::to_string(i))));
  const Verification one = run();
  jobs = 8;
  const Verification eight = run();
  EXPECT_EQ(one.sound, eight.sound);
  EXPECT_EQ(one.mismatched, eight.mismatched);
  EXPECT_EQ(one.read, eight.read);
}

// However many threads read, a byte takes its time. What the limit lets through at once is an
// eighth of a second's.
TEST_F(Verify, TheRateIsForAllThreadsTogether) {
  constexpr std::uint64_t kRate = 400'000;
  for (int i = 0; i < 8; ++i) candidate(std::string(20'000 + i, 'x'));
  for (const unsigned threads : {1u, 4u}) {
    jobs = threads;
    std::atomic<std::size_t> most = 0;
    before = [&](const std::string&, std::size_t limit) {
      most = std::max<std::size_t>(most, limit);
    };
    const auto start = Clock::now();
    const Verification result = run(kRate);
    const std::chrono::duration<double> took = Clock::now() - start;
    EXPECT_EQ(result.sound.size(), 8u);
    EXPECT_GE(took.count(), static_cast<double>(result.read.bytes) / kRate * 0.99)
        << threads << " threads";
    EXPECT_LE(most, kRate / 8);
    EXPECT_GT(most, 0u);
  }
}

TEST_F(Verify, NothingBeginsAfterTheDeadline) {
  for (int i = 0; i < 3; ++i) candidate("blob " + std::to_string(i));
  int reads = 0;
  before = [&](const std::string&, std::size_t) { ++reads; };
  const Verification result = run(0, Clock::now());
  EXPECT_EQ(result.left, 3u);
  EXPECT_EQ(reads, 0);
  EXPECT_TRUE(result.sound.empty());
}

// Those read at once share the rate: what is begun ends in time, or none of them would.
TEST(PaceTest, NoMoreIsBookedThanTheTimeIsLongEnoughFor) {
  const auto in_an_hour = Clock::now() + std::chrono::hours(1);
  Pace pace(1000, in_an_hour);
  EXPECT_TRUE(pace.book(2'000'000));
  EXPECT_TRUE(pace.book(1'000'000));
  EXPECT_FALSE(pace.book(1'000'000));
  EXPECT_TRUE(pace.book(100'000));
  EXPECT_FALSE(pace.book(std::numeric_limits<std::uint64_t>::max()));
  EXPECT_TRUE(Pace(0, in_an_hour).book(std::numeric_limits<std::uint64_t>::max()));
  EXPECT_TRUE(Pace(1, Clock::time_point::max()).book(std::numeric_limits<std::uint64_t>::max()));
  EXPECT_FALSE(Pace(1000, Clock::now()).book(1));
}

TEST_F(Verify, WhatCannotEndInTimeIsNotBegun) {
  for (int i = 0; i < 6; ++i) candidate(std::string(250'000, static_cast<char>('a' + i)));
  jobs = 6;
  std::mutex mutex;
  std::set<std::string> begun;
  before = [&](const std::string& key, std::size_t) {
    const std::lock_guard lock(mutex);
    begun.insert(key);
  };
  const Verification result = run(1'000'000, Clock::now() + std::chrono::milliseconds(600));
  EXPECT_LE(begun.size(), 2u);
  EXPECT_EQ(result.left + result.sound.size(), 6u);
}

TEST_F(Verify, NothingEndsAfterTheDeadlineAndWhatIsDoneCounts) {
  candidate(std::string(600'000, 'x'));
  candidate("last");
  const Digest first = candidate("1st");  // the smallest, as plans are sorted
  const auto deadline = Clock::now() + std::chrono::milliseconds(300);
  before = [&](const std::string& key, std::size_t) {
    if (key != RegistryBuilder::data(first)) std::this_thread::sleep_until(deadline);
  };
  const Verification result = run(0, deadline);
  EXPECT_EQ(keys(result.sound), std::vector{first});
  EXPECT_EQ(result.left, 2u);
}

TEST_F(Verify, ARequestToStopEndsItWithinABlob) {
  const Digest large = candidate(std::string(2'000'000, 'x'));
  candidate("never begun");
  int reads = 0;
  before = [&](const std::string& key, std::size_t) {
    EXPECT_EQ(key, RegistryBuilder::data(large));
    if (++reads == 2) stop.request_stop();
  };
  EXPECT_THROW(run(), Interrupted);
  EXPECT_EQ(reads, 2);
}

// A signal and a deadline are not kept waiting by a queue of threads, each of which waits for its
// bytes' turn.
TEST_F(Verify, NobodyWaitsForTheRateWhenAskedToStop) {
  for (int i = 0; i < 32; ++i) candidate("blob " + std::to_string(i));
  jobs = 32;
  for (const bool by_signal : {true, false}) {
    std::atomic<int> reads = 0;
    before = [&](const std::string&, std::size_t) {
      if (++reads == 8 && by_signal) stop.request_stop();
    };
    const auto start = Clock::now();
    const auto deadline =
        by_signal ? Clock::time_point::max() : start + std::chrono::milliseconds(50);
    try {
      const Verification result = run(1, deadline);  // a byte a second
      EXPECT_FALSE(by_signal);
      EXPECT_EQ(result.left, 32u);
    } catch (const Interrupted&) {
      EXPECT_TRUE(by_signal);
    }
    EXPECT_LT(Clock::now() - start, std::chrono::seconds(2)) << by_signal;
    stop = std::stop_source();
  }
}

}  // namespace
}  // namespace regctl::gc
