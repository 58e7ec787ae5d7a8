// find_store(): what stands at a path of this host: a registry's storage, or what else.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "registry/store_facts.h"

namespace regctl {

enum class Standing : std::uint8_t {
  store,
  empty_directory,  // of a registry that nobody has pushed to, or of a volume that is not mounted
  // None, and why:
  missing,
  dangling_link,
  unreadable,     // `error`
  configuration,  // a registry's; `where` is its rootdirectory
  file,
  not_a_directory,  // a device, socket or pipe
  filesystem_root,
  behind_link,        // `where`, docker/registry/v2 or a directory above it, is a symbolic link
  nothing_to_follow,  // at `where`, as given
  beside_store,       // `where` is the top of one
  nested,             // one that holds another, `where`
  minio,              // a bucket of an object store that keeps its own files there
  oci_layout,
  version_1,
  docker_engine,
  containerd,
  nexus,
  zot,
  unknown,  // `where` a store would have docker/registry/v2
};

struct Found {
  Standing standing;
  std::string path;                    // what stands there; of a directory with links resolved
  std::string where;                   // see Standing
  int error = 0;                       // an errno, see Standing
  StoreFacts facts;                    // of a store; of an empty directory without v2
  std::optional<Following> following;  // of behind_link: why it is not, although it was to be
};

// `follow`: paths of symbolic links below it that are to be followed, absolute or relative to
// `path`. Throws nothing of its own.
Found find_store(const std::string& path, const std::vector<std::string>& follow = {});

}  // namespace regctl
