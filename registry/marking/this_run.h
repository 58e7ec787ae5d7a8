// ThisRun: by what a second look knows the traces of the run that it ends. Pure.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

#include "registry/inventory.h"
#include "registry/time.h"

namespace regctl {

// A link file, as a mark saw it.
struct SeenLink {
  std::string key;
  Time modified;
  std::uint64_t inode;

  auto operator<=>(const SeenLink&) const = default;
};

// What a second look knows of the run that it ends. A link that was written since the run's mark
// began to read says that somebody wants what the run took, unless it is as the mark saw it.
struct ThisRun {
  std::string id;
  Time since{};                // before the mark read anything
  std::vector<SeenLink> seen;  // all it read that had been written since then, ascending
};

// Whether `link` says that somebody wants what the run `run` took at `taken` back: it was written
// at or after that, or too late for the mark that led to it.
bool was_written_since(const std::string& run, Time taken, const SeenLink& link,
                       const ThisRun& this_run);

// `inventory` is what the mark was made of, and `since` before anything of it was read.
ThisRun this_run_of(const std::string& id, const Inventory& inventory, Time since);

}  // namespace regctl
