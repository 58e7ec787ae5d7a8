// The options of regctl-audit, and what they mean.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "audit/audit.h"
#include "cli/options.h"
#include "cli/program.h"
#include "registry/time.h"

namespace regctl::audit {

struct Settings {
  Wishes wishes;
  bool is_cache = false;  // said to be the store of a pull-through cache
  bool list_all = false;
  std::uint64_t bytes_per_second = 0;  // 0: no limit
  std::optional<Duration> deadline;    // from the start; empty: none
  std::string state_file;              // empty: none
  cli::Output output;
  std::string metrics_file;  // empty: none
};

const cli::Program& program();

// Throws cli::UsageError, which says what is wrong and what to write instead.
Settings understand(const cli::Options& options);

}  // namespace regctl::audit
