// FilesystemStorage: a directory tree as Storage.
#pragma once

#include <memory>

#include "registry/open_tree.h"
#include "registry/storage.h"

namespace regctl {

std::unique_ptr<Storage> make_filesystem_storage(OpenTree tree);

}  // namespace regctl
