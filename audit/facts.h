// What all rules need to know, computed once.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "registry/inventory.h"
#include "registry/store_facts.h"
#include "registry/time.h"

namespace regctl::audit {

struct Facts {
  const Inventory& inventory;
  const StoreFacts& store;
  Time now;

  // By repository: what its tags need, manifests included, ascending.
  std::vector<std::vector<DigestId>> needs;
  // By DigestId: a tag or revision link reaches it; a revision link to it is there.
  std::vector<bool> used, is_revision;
  // By DigestId: a revision link that is there reaches it, or a tag that is not dead.
  std::vector<bool> can_be_pulled;
  // (name, target) of alias links, ascending.
  std::vector<std::pair<DigestId, DigestId>> aliases;

  // All that may refer to anything was read. Else nothing can be said to be referred to by nothing.
  bool all_references_known = true;

  bool is_needed(std::size_t repository, DigestId id) const;
  // That there are no bytes was seen, and they are not hidden.
  bool is_absent(DigestId id) const;
  // Neither these nor those of the blob that an alias link leads to are there.
  bool is_missing(DigestId id) const;
  // The blob itself, or the one that an alias link leads to. Null: nothing stands below blobs/.
  const Blob* blob_behind(DigestId id) const;
  // Of all that `root` needs, what cannot be pulled in any other way. In bytes.
  std::uint64_t kept_by(DigestId root) const;
  const Digest& digest(DigestId id) const { return inventory.digests[id]; }
};

// Refers to `inventory` and `store`.
Facts facts_of(const Inventory& inventory, const StoreFacts& store, Time now);

}  // namespace regctl::audit
