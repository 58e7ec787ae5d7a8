// Pace: how fast a run may read what it hashes, and until when.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <vector>

#include "registry/digest.h"
#include "registry/parallel.h"
#include "registry/progress.h"
#include "registry/storage.h"

namespace regctl {

// One for all threads of a run, which may use it at once.
class Pace {
 public:
  using Clock = std::chrono::steady_clock;

  // So long from now; empty: no deadline.
  static Clock::time_point end_after(const std::optional<Duration>& time);
  // bytes_per_second: of all threads together; 0: no limit. Clock::time_point::max(): no deadline.
  Pace(std::uint64_t bytes_per_second, Clock::time_point deadline);

  bool has_deadline() const { return deadline_ != Clock::time_point::max(); }
  bool time_is_up() const { return Clock::now() >= deadline_; }
  // Whether so many can be read before the deadline beside all that was booked before, as far as
  // the limit tells; they are booked then.
  bool book(std::uint64_t bytes);
  // How many bytes to read at once.
  std::size_t chunk() const { return chunk_; }
  // Returns when the next bytes may be read after `bytes` were, or when the time is up or `workers`
  // are to stop: within a fraction of a second of either.
  void wait_for(std::size_t bytes, const Workers& workers);

 private:
  std::chrono::duration<double> time_for(std::uint64_t bytes) const;

  const std::uint64_t bytes_per_second_;
  const Clock::time_point deadline_;
  const std::size_t chunk_;
  std::mutex mutex_;
  Clock::time_point free_at_{}, booked_until_{};
};

// Who does the work, how fast, and who watches.
struct Crew {
  const Workers& workers;
  Pace& pace;
  Progress& progress;
};

// The digests of all that `reader` has, by each of the algorithms; empty: the time was up before
// its end. Throws StorageError, and Interrupted within a fraction of a second (see Workers).
// Several threads may call it.
std::optional<std::vector<Digest>> hash(Reader& reader, const std::vector<Algorithm>& algorithms,
                                        const Crew& crew);

}  // namespace regctl
