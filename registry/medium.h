// Medium: the file system that a store is on, and those that are mounted below it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace regctl {

struct Medium {
  std::string name = "unknown";                  // "ext4"; "fuse.s3fs"
  std::uint64_t size_bytes = 0, free_bytes = 0;  // 0: not known; free: to an unprivileged user
  std::vector<std::string> mounts;               // mount points below the store, relative to it
  std::vector<std::string> names_below;          // what is mounted there
  std::vector<std::string>
      empty_mounts;  // those of them at blobs or repositories that hold nothing

  // Of one host, which no other writes to: all of it. What is not known is not local.
  bool is_local() const;
  // Any of it.
  bool is_fuse() const;

  bool operator==(const Medium&) const = default;
};

// What `directory`, a path without links, is on. Sources: /proc/self/mountinfo (proc(5)),
// statvfs(3); what these do not tell stays as it is in Medium(). Throws nothing of its own.
Medium medium_of(const std::string& directory);

}  // namespace regctl
