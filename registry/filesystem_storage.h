// FilesystemStorage: a directory tree as Storage. Everything below its root is reached from
// directory descriptors with openat2 and RESOLVE_BENEATH, NO_SYMLINKS and NO_MAGICLINKS (component
// by component with O_NOFOLLOW where the kernel or a seccomp filter lacks it), so that no planted
// link leads out of the tree.
#pragma once

#include <memory>

#include "registry/beneath.h"
#include "registry/storage.h"

namespace regctl {

using beneath::Resolution;

// Holds the directory's descriptor open. `path` is resolved once, and has no links in it
// (Root::v2); `shown_as` is put before every key in messages. Throws StorageError if it cannot be
// opened.
std::unique_ptr<Storage> open_filesystem_storage(const std::string& path, std::string shown_as,
                                                 Resolution resolution = Resolution::best);

}  // namespace regctl
