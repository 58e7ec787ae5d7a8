#include "gc/verify.h"

#include <atomic>
#include <mutex>
#include <thread>

#include "registry/hasher.h"
#include "registry/layout.h"

namespace regctl::gc {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kChunk = std::size_t{256} << 10;

// Time for all threads' bytes is given out in turn: each waits until its own has come, or until `enough`.
class Throttle {
 public:
  explicit Throttle(std::uint64_t bytes_per_second) : bytes_per_second_(bytes_per_second) {}

  template <class Enough>
  void wait_for(std::size_t bytes, Enough enough) {
    if (bytes_per_second_ == 0) return;
    const auto cost = std::chrono::duration_cast<Clock::duration>(
        std::chrono::duration<double>(static_cast<double>(bytes) / static_cast<double>(bytes_per_second_)));
    Clock::time_point mine;
    {
      const std::lock_guard lock(mutex_);
      free_at_ = std::max(free_at_, Clock::now()) + cost;
      mine = free_at_;
    }
    for (auto now = Clock::now(); now < mine && !enough(now); now = Clock::now())
      std::this_thread::sleep_until(std::min(mine, now + kPatience));
  }

 private:
  // The more threads share the rate, the longer one waits: a signal must not.
  static constexpr std::chrono::milliseconds kPatience{100};
  const std::uint64_t bytes_per_second_;
  std::mutex mutex_;
  Clock::time_point free_at_{};
};

class Verifier {
 public:
  Verifier(const Storage& storage, std::uint64_t bytes_per_second, Clock::time_point deadline, const Workers& workers)
      : storage_(storage), throttle_(bytes_per_second), deadline_(deadline), workers_(workers) {
    // A read must never be worth more than a fraction of a second, or a signal would have to wait for it.
    if (bytes_per_second) chunk_ = std::clamp<std::size_t>(bytes_per_second / 8, 1, kChunk);
  }

  void check(const BlobRemoval& blob) {
    try {
      look_at(blob);
    } catch (const StorageError& error) {
      const std::lock_guard lock(mutex_);
      result_.unread.push_back({.code = "read-error", .message = "could not be read, and is kept: " + error.reason(),
                                .path = error.key(), .digest = blob.digest, .hint = "look at the disk"});
    }
  }

  Verification result() && { return std::move(result_); }

 private:
  void look_at(const BlobRemoval& blob) {
    const auto reader = storage_.open(layout::blob(blob.digest) + '/' + std::string(layout::kData));
    if (!reader) return note(result_.changed);
    const Identity before = reader->identity();
    if (before.bytes != blob.bytes || before.modified != blob.written_at) return note(result_.changed);
    Hasher hasher(blob.digest.algorithm());
    const auto enough = [this](Clock::time_point now) { return workers_.stopping() || now >= deadline_; };
    for (;;) {
      if (workers_.stopping()) throw Interrupted();
      if (Clock::now() >= deadline_) return note(result_.left);
      const std::string_view bytes = reader->next(chunk_);
      if (bytes.empty()) break;
      hasher.update(bytes);
      throttle_.wait_for(bytes.size(), enough);
    }
    const bool sound = hasher.finish() == blob.digest;
    if (reader->identity() != before) return note(result_.changed);
    const std::lock_guard lock(mutex_);
    result_.read += before.bytes;
    (sound ? result_.sound : result_.mismatched).emplace(blob.digest, before);
  }

  void note(std::uint64_t& count) {
    const std::lock_guard lock(mutex_);
    ++count;
  }

  const Storage& storage_;
  Throttle throttle_;
  const Clock::time_point deadline_;
  const Workers& workers_;
  std::size_t chunk_ = kChunk;
  std::mutex mutex_;
  Verification result_;
};

}  // namespace

Plan only_verified(Plan plan, const Verification& verification, Mismatched mismatched) {
  for (BlobRemoval& blob : plan.blobs) {
    if (const auto sound = verification.sound.find(blob.digest); sound != verification.sound.end()) blob.verified = sound->second;
    if (mismatched == Mismatched::keep) continue;
    if (const auto wrong = verification.mismatched.find(blob.digest); wrong != verification.mismatched.end()) blob.verified = wrong->second;
  }
  std::erase_if(plan.blobs, [](const BlobRemoval& blob) { return !blob.verified; });
  return plan;
}

Verification verify(const Plan& plan, const Storage& storage, std::uint64_t bytes_per_second, Clock::time_point deadline,
                    const Workers& workers, Progress& progress) {
  progress.phase("verify", plan.blobs.size(), "blobs");
  Verifier verifier(storage, bytes_per_second, deadline, workers);
  // The largest first keep all threads busy to the end; the smallest first get something done before a deadline.
  const bool hurried = deadline != Clock::time_point::max();
  workers.for_each_index(plan.blobs.size(), [&](std::size_t i) {
    verifier.check(plan.blobs[hurried ? plan.blobs.size() - 1 - i : i]);
    progress.advance(1);
  });
  Verification result = std::move(verifier).result();
  std::sort(result.unread.begin(), result.unread.end(), [](const Message& a, const Message& b) { return a.path < b.path; });
  return result;
}

}  // namespace regctl::gc
