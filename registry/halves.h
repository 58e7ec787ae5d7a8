// Halves: whether only one half of a store is there, as where a volume is not mounted or a copy is
// not complete. Pure.
#pragma once

#include "registry/inventory.h"

namespace regctl {

// A revision link or a tag points to something, or did.
bool has_references(const Inventory& inventory);

// There are references and not one blob; or blobs and not one repository. What may hide the other
// half is an obstacle, and these are false.
bool lacks_blobs(const Inventory& inventory);
bool lacks_repositories(const Inventory& inventory);

}  // namespace regctl
