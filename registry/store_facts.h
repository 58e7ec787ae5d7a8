// StoreFacts: what is known of a store before any of it is read: where it is, whose, and on what.
// A value alone.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "registry/following.h"
#include "registry/medium.h"

namespace regctl {

struct StoreFacts {
  std::string path;  // as given
  std::string top;   // what a registry calls its rootdirectory
  std::string v2;    // the directory docker/registry/v2, links resolved; empty: there is none yet
  std::string shown_prefix;  // before keys in messages: "docker/registry/v2/", or "" where v2
                             // itself was given
  bool pull_through_cache = false;  // scheduler-state.json: a proxy's store
  bool owned_by_database = false;   // lockfiles/database-in-use: GitLab's metadata database
  std::vector<LinkBelow> links;     // that were to be followed
  Medium medium;
  std::uint64_t device = 0, inode = 0;  // of v2 as it was opened; 0: it has not been

  bool is_empty_directory() const { return v2.empty(); }
  // Null: that at `key` was not to be followed.
  const LinkBelow* link(std::string_view key) const {
    const auto at = std::find_if(links.begin(), links.end(),
                                 [&](const LinkBelow& one) { return one.key == key; });
    return at != links.end() ? &*at : nullptr;
  }

  bool operator==(const StoreFacts&) const = default;
};

}  // namespace regctl
