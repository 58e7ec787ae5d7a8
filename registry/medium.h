// Medium: the file system that a store is on, and those that are mounted below it.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

#include "registry/following.h"

namespace regctl {

// Whether a rename keeps the object that had the name, and goes over no other. Kernels see to that
// on their own file systems; what a FUSE program does, only a try tells.
enum class Renames : std::uint8_t { untried, keep, copy, fail };

// What is mounted below a store, or stands in the place of a link that is followed.
struct MountBelow {
  std::string point;        // relative to the store
  std::string name;         // of the file system
  bool hides_part = false;  // with nothing in it, and at blobs, repositories or a link
  std::string target;       // where the link leads; empty: it is a mount

  auto operator<=>(const MountBelow&) const = default;
};

struct Medium {
  std::string name = "unknown";                  // "ext4"; "fuse.s3fs"
  std::uint64_t size_bytes = 0, free_bytes = 0;  // 0: not known; free: to an unprivileged user
  std::vector<MountBelow> mounts;                // by point
  Renames renames = Renames::untried;
  int rename_error = 0;  // an errno, of Renames::fail

  // Of one host, which no other writes to: all of it. What is not known is not local.
  bool is_local() const;
  // How many things to ask it for at once: `wished`, or where that is 0 what is good, for waiting
  // costs no core. Local disks answer 16, or four for each core, as fast as they can; elsewhere
  // each answer crosses a network or another program, and more on their way are all that hides it.
  unsigned jobs(unsigned wished) const;
  // Empty: none of it is an object store behind a mount; else the first that is.
  std::string object_store() const;

  bool operator==(const Medium&) const = default;
};

bool is_fuse(const std::string& name);

// What `directory`, a path without links, is on, and those of `links` that are followed. Sources:
// /proc/self/mountinfo (proc(5)), statvfs(3); what these do not tell stays as it is in Medium().
// Throws nothing of its own.
Medium medium_of(const std::string& directory, const std::vector<LinkBelow>& links = {});

}  // namespace regctl
