// FilesystemStorage: a directory tree as Storage. Everything below its root is reached from
// directory descriptors with openat2 and RESOLVE_BENEATH, NO_SYMLINKS and NO_MAGICLINKS (component
// by component with O_NOFOLLOW where the kernel or a seccomp filter lacks it), so that no planted
// link leads out of the tree.
#pragma once

#include <memory>

#include "registry/beneath.h"
#include "registry/storage.h"

namespace regctl {

// All below `directory`, of which it keeps a descriptor of its own. Throws StorageError if it
// cannot have one.
std::unique_ptr<Storage> open_filesystem_storage(
    const beneath::Descriptor& directory,
    beneath::Resolution resolution = beneath::Resolution::best);

}  // namespace regctl
