// collect(): one run that changes a registry, step by step, in the order that makes it safe to stop
// anywhere: look, give back, purge, verify, look again, take, look a second time.
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "gc/doing/locked_store.h"
#include "gc/doing/sweep.h"
#include "gc/doing/verification.h"
#include "gc/doubting/second_opinion.h"
#include "gc/look.h"

namespace regctl::gc {

struct Undertaking {
  Wishes wishes;
  Looking looking;  // the first time; its `now` is not asked for, and its sizes are always seen
  std::string run;  // its id, part of every name it gives
  Mismatched mismatched = Mismatched::keep;
  std::uint64_t bytes_per_second = 0;  // to hash; 0: no limit
  std::optional<Duration> deadline;    // from the beginning of the run
  unsigned jobs = 1;                   // as Workers takes them
};

// What a run has done, whatever came in between.
struct Swept {
  // What the stages were asked to do. Those that were not begun would have done what the first look
  // planned, if no blockers say that they must not.
  Plan plan;
  SweepReport total;
  Verification verification;
  std::uint64_t tags_proved = 0;          // that were complete before and are after
  bool looked_again = false;              // the second look has been, and went well
  Waiting waiting;                        // as the run left it
  Amount quarantined_now;                 // blobs, as the run left it
  std::optional<Amount> kept_mismatched;  // empty: nothing was hashed
  std::vector<report::Message> problems;  // each leaves the run incomplete

  bool is_incomplete() const {
    return !problems.empty() || !total.failures.empty() || !verification.unread.empty() ||
           verification.left || total.stopped;
  }
};

struct Collected {
  std::optional<Looked> found;  // first; empty: the run was stopped before it knew
  Swept swept;
};

// Two computations of what is needed do not agree, however often they are made: a bug. Nothing goes
// that either of them needs, and what the run took is put back.
class Disagreement : public Error {
 public:
  // REQUIRES: there are objections.
  explicit Disagreement(std::vector<Objection> objections);
  const std::vector<Objection>& objections() const { return objections_; }

 private:
  std::vector<Objection> objections_;
};

// Carries out `undertaking`. Throws Disagreement; never throws about storage. `stop` ends it
// between two objects, but not before what it has begun is either finished or undone.
Collected collect(const Undertaking& undertaking, const StoreFacts& facts, const LockedStore& store,
                  const std::stop_token& stop, Progress& progress);

}  // namespace regctl::gc
