// What a mark does not reach: garbage, and what is too young to be called so. Pure.
#pragma once

#include <vector>

#include "registry/inventory.h"
#include "registry/marking/mark.h"
#include "registry/marking/policy.h"
#include "registry/time.h"

namespace regctl {

struct Unreached {
  const Blob* blob;
  // Why::young, Why::arrived: it or what names it is; Why::nothing: it is garbage.
  Why kept;
  const Repository* linked_last;  // null: no link names it
  Time newest;                    // of its own times and those of links to it
};

// The blobs that are there, in the order of the inventory's, which must outlive the result. Those
// that were not visited are left out.
std::vector<Unreached> unreached_blobs(const Inventory& inventory, const Mark& mark,
                                       const Policy& policy, Time now);

// By DigestId: those of `unreached` that are garbage.
std::vector<bool> garbage_of(const Inventory& inventory, const std::vector<Unreached>& unreached);

// What must be surveyed before anything of it is judged or told: blobs that `mark` does not reach,
// and those whose size no descriptor claims.
std::vector<DigestId> what_to_survey(const Inventory& inventory, const Mark& mark);

}  // namespace regctl
