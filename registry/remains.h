// Remains: what is left of images that are gone, so that nobody can pull it. Pure; how old it is,
// and whether it may go, is not said here.
#pragma once

#include "registry/inventory.h"

namespace regctl {

// No client can pull the tag: the manifest it points to was deleted (deleting through the
// registry's API leaves the directory of the revision link behind), or has no bytes anywhere, or
// nothing but directories is left of the tag. Where neither link nor directory of the revision is
// there, the bytes must be nowhere and the tag's history must know the manifest: else something was
// lost, or a bit of the link has flipped.
bool is_dead(const Inventory& inventory, const Repository& repository, const Tag& tag);

// As is_dead(), but for the history, which was not read: it is to be.
bool may_be_dead(const Inventory& inventory, const Repository& repository, const Tag& tag);

}  // namespace regctl
