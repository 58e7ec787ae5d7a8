// What stands at a path: a registry's storage, or whose, and what to say then.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace regctl {

struct Root {
  std::string path;  // as given
  std::string
      v2;  // the directory docker/registry/v2, links resolved; empty: `path` is an empty directory
  std::string shown_prefix;  // before keys in messages: "docker/registry/v2/", or "" where v2
                             // itself was given

  bool pull_through_cache = false;     // scheduler-state.json: a proxy's store
  bool owned_by_database = false;      // lockfiles/database-in-use: GitLab's metadata database
  std::string filesystem = "unknown";  // "ext4"; "fuse.s3fs"
  std::uint64_t size_bytes = 0, free_bytes = 0;  // free: to an unprivileged user
  std::vector<std::string> mounts;               // mount points below v2, relative to it
  std::vector<std::string> filesystems_below;    // what is mounted there
  bool fuse_below = false;                       // one of them is a FUSE file system
  std::vector<std::string>
      empty_mounts;  // those of them at blobs or repositories that hold nothing

  bool is_empty_directory() const { return v2.empty(); }
  bool is_fuse() const { return filesystem.starts_with("fuse") || fuse_below; }
};

// Throws WrongRoot where `path` is missing, unreadable, or something else than a registry's
// storage: the message names what it is, the hint what to do. `command` begins the commands it
// suggests: a program with the options that it cannot do without.
Root find_root(const std::string& path, const std::string& command);

}  // namespace regctl
