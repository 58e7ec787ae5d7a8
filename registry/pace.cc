#include "registry/pace.h"

#include <algorithm>
#include <list>
#include <string_view>
#include <thread>

#include "registry/hasher.h"

namespace regctl {
namespace {

constexpr std::size_t kChunk = std::size_t{256} << 10;
// The more threads share the rate, the longer one waits: a signal must not.
constexpr std::chrono::milliseconds kPatience{100};
// Those that read at once end together: a little late must not be too late for them all.
constexpr double kReserve = 1.05;

// A read must never be worth more than a fraction of a second, or a signal would have to wait for
// it.
std::size_t chunk_for(std::uint64_t bytes_per_second) {
  return bytes_per_second ? std::clamp<std::size_t>(bytes_per_second / 8, 1, kChunk) : kChunk;
}

}  // namespace

Pace::Pace(std::uint64_t bytes_per_second, Clock::time_point deadline)
    : bytes_per_second_(bytes_per_second),
      deadline_(deadline),
      chunk_(chunk_for(bytes_per_second)) {}

Pace::Clock::time_point Pace::end_after(const std::optional<Duration>& time) {
  return time ? Clock::now() + *time : Clock::time_point::max();
}

// REQUIRES: there is a limit.
std::chrono::duration<double> Pace::time_for(std::uint64_t bytes) const {
  return std::chrono::duration<double>(static_cast<double>(bytes) /
                                       static_cast<double>(bytes_per_second_));
}

bool Pace::book(std::uint64_t bytes) {
  if (bytes_per_second_ == 0 || !has_deadline()) return true;
  const std::lock_guard lock(mutex_);
  const auto begin = std::max(booked_until_, Clock::now());
  const auto takes = kReserve * time_for(bytes);
  if (takes > deadline_ - begin) return false;
  booked_until_ = begin + std::chrono::duration_cast<Clock::duration>(takes);
  return true;
}

// Time for all threads' bytes is given out in turn: each waits until its own has come.
void Pace::wait_for(std::size_t bytes, const Workers& workers) {
  if (bytes_per_second_ == 0) return;
  const auto cost = std::chrono::duration_cast<Clock::duration>(time_for(bytes));
  Clock::time_point mine;
  {
    const std::lock_guard lock(mutex_);
    free_at_ = std::max(free_at_, Clock::now()) + cost;
    mine = free_at_;
  }
  for (auto now = Clock::now(); now < mine && now < deadline_ && !workers.stopping();
       now = Clock::now())
    std::this_thread::sleep_until(std::min(mine, now + kPatience));
}

std::optional<std::vector<Digest>> hash(Reader& reader, const std::vector<Algorithm>& algorithms,
                                        const Crew& crew) {
  std::list<Hasher> hashers;
  for (const Algorithm algorithm : algorithms) hashers.emplace_back(algorithm);
  for (;;) {
    if (crew.workers.stopping()) throw Interrupted();
    if (crew.pace.time_is_up()) return std::nullopt;
    const std::string_view bytes = reader.next(crew.pace.chunk());
    if (bytes.empty()) break;
    for (Hasher& hasher : hashers) hasher.update(bytes);
    crew.progress.advance({.bytes = bytes.size()});
    crew.pace.wait_for(bytes.size(), crew.workers);
  }
  std::vector<Digest> digests;
  for (Hasher& hasher : hashers) digests.push_back(hasher.finish());
  return digests;
}

}  // namespace regctl
