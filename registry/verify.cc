#include "registry/verify.h"

#include <mutex>

#include "registry/layout.h"

namespace regctl {
namespace {

Verified look_at(const Suspect& suspect, const OtherNames& other_names, const Storage& storage,
                 const Crew& crew) {
  const auto& seen = suspect.seen;
  if (seen && !crew.pace.book(seen->bytes)) return {.soundness = Soundness::left};
  const auto reader = storage.open(layout::blob_data(suspect.digest));
  if (!reader) return {.soundness = Soundness::gone};
  const Identity before = reader->identity();
  if (seen && (before.bytes != seen->bytes || before.modified != seen->modified))
    return {.soundness = Soundness::changed};
  const auto [first, last] = other_names.equal_range(suspect.digest);
  std::vector<Algorithm> algorithms = {suspect.digest.algorithm()};
  for (auto other = first; other != last; ++other) algorithms.push_back(other->second.algorithm());
  const auto found = hash(*reader, algorithms, crew);
  if (!found) return {.soundness = Soundness::left};
  if (reader->identity() != before) return {.soundness = Soundness::changed};
  auto digest = found->begin();
  if (*digest != suspect.digest)
    return {.soundness = Soundness::mismatched, .identity = before, .found = *digest};
  Verified verified{.soundness = Soundness::sound, .identity = before};
  for (auto other = first; other != last; ++other) {
    if (*++digest != other->second) verified.misnamed.emplace_back(other->second, *digest);
  }
  return verified;
}

Verified verified(const Suspect& suspect, const OtherNames& other_names, const Storage& storage,
                  const Crew& crew) {
  try {
    return look_at(suspect, other_names, storage, crew);
  } catch (const StorageError& error) {
    return {.soundness = Soundness::unread, .error = error};
  }
}

// Gives out the places of a list, each once, to any number of threads.
class Turns {
 public:
  Turns(std::size_t count, Order order, unsigned workers)
      : end_(count), order_(order), most_at_front_((workers + 1) / 2) {}

  struct Turn {
    std::size_t place;
    bool at_front;
  };

  // REQUIRES: it was called less often than there are places.
  Turn take() {
    const std::lock_guard lock(mutex_);
    const bool front = order_ == Order::as_given ||
                       (order_ == Order::from_both_ends && at_front_ < most_at_front_);
    if (!front) return {--end_, false};
    ++at_front_;
    return {begin_++, true};
  }
  void done(const Turn& turn) {
    const std::lock_guard lock(mutex_);
    if (turn.at_front) --at_front_;
  }

 private:
  std::mutex mutex_;
  std::size_t begin_ = 0, end_;
  const Order order_;
  unsigned at_front_ = 0;
  const unsigned most_at_front_;
};

}  // namespace

void verify(const std::vector<Suspect>& suspects, const OtherNames& other_names, Order order,
            const Storage& storage, const Crew& crew, const OnVerified& on_verified) {
  Work total{.units = suspects.size()};
  for (const Suspect& suspect : suspects) total.bytes += suspect.seen ? suspect.seen->bytes : 0;
  crew.progress.phase("verify", total, "blobs");
  std::mutex mutex;
  Turns turns(suspects.size(), order, crew.workers.count());
  crew.workers.for_each_index(suspects.size(), [&](std::size_t) {
    const Turns::Turn turn = turns.take();
    const Suspect& suspect = suspects[turn.place];
    const Verified result = verified(suspect, other_names, storage, crew);
    turns.done(turn);
    {
      const std::lock_guard lock(mutex);
      on_verified(suspect, result);
    }
    crew.progress.advance({1});
  });
}

}  // namespace regctl
