// The options of regctl-gc, and what they mean.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "cli/options.h"
#include "cli/program.h"
#include "gc/collect.h"

namespace regctl::gc {

enum class Lists { none, blobs, manifests, links, all };

struct Settings {
  bool dry_run = false;
  bool is_cache = false;  // said to be the store of a pull-through cache
  Undertaking undertaking;
  cli::Output output;
  std::string metrics_file;  // empty: none
  Lists lists = Lists::none;
};

const cli::Program& program();

// Throws cli::UsageError, which says what is wrong and what to write instead. Reads the files of
// --roots.
Settings understand(const cli::Options& options);

using OptionValue = std::variant<bool, std::int64_t, std::string, std::vector<std::string>>;
using OptionValues = std::vector<std::pair<std::string, OptionValue>>;

// As reports name them, defaults included; what has no effect is left out.
OptionValues options_in_effect(const Settings& settings, const cli::Options& options);

}  // namespace regctl::gc
