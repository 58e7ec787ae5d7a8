// The options of regctl-audit, and what they mean.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "audit/audit.h"
#include "cli/options.h"
#include "cli/program.h"
#include "registry/time.h"

namespace regctl::audit {

// A question that is answered instead of an audit, and what it is about.
struct Question {
  enum class Kind : std::uint8_t { why, usage, images, untagged, history, graph, reconcile };
  Kind kind;
  std::string about;
};

struct Settings {
  std::optional<Question> question;
  Wishes wishes;          // but for the evidence, which is read when the storage is known
  bool is_cache = false;  // said to be the store of a pull-through cache
  bool list_all = false;
  std::uint64_t bytes_per_second = 0;  // 0: no limit
  std::optional<Duration> deadline;    // from the start; empty: none
  std::string state_file;              // empty: none
  std::vector<std::string> evidence_files;
  cli::Output output;
  std::string metrics_file;  // empty: none
};

const cli::Program& program();

// Throws cli::UsageError, which says what is wrong and what to write instead.
Settings understand(const cli::Options& options);

}  // namespace regctl::audit
