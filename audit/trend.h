// Trend: what a store holds, compared with what it held before. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "audit/state.h"
#include "registry/time.h"

namespace regctl::audit {

struct Trend {
  struct Change {
    std::string repository;
    std::int64_t bytes;  // of its fair share; never 0
  };
  Time since;
  std::int64_t blobs = 0, bytes = 0, garbage_bytes = 0;  // how many more
  std::vector<Change> repositories;                      // the largest change first
};

Trend trend_of(const Snapshot& before, const Snapshot& now);

}  // namespace regctl::audit
