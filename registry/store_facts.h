// StoreFacts: what is known of a store before any of it is read: where it is, whose, and on what.
// A value alone.
#pragma once

#include <cstdint>
#include <string>

#include "registry/medium.h"

namespace regctl {

struct StoreFacts {
  std::string path;  // as given
  std::string v2;    // the directory docker/registry/v2, links resolved; empty: there is none yet
  std::string shown_prefix;  // before keys in messages: "docker/registry/v2/", or "" where v2
                             // itself was given
  bool pull_through_cache = false;  // scheduler-state.json: a proxy's store
  bool owned_by_database = false;   // lockfiles/database-in-use: GitLab's metadata database
  Medium medium;
  std::uint64_t device = 0, inode = 0;  // of v2 as it was opened; 0: it has not been

  bool is_empty_directory() const { return v2.empty(); }

  bool operator==(const StoreFacts&) const = default;
};

}  // namespace regctl
