// What all rules need to know, computed once.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "audit/contents.h"
#include "registry/closure.h"
#include "registry/inventory.h"
#include "registry/marking/mark.h"
#include "registry/marking/policy.h"
#include "registry/marking/unreached.h"
#include "registry/pulling.h"
#include "registry/store_facts.h"
#include "registry/time.h"

namespace regctl::audit {

struct Facts {
  const Inventory& inventory;
  const StoreFacts& store;
  const Contents& contents;
  Time now;

  // What regctl-gc would keep, were everything old enough.
  Policy policy;
  Mark mark;
  std::vector<Unreached> unreached;  // by that
  Pulling pulling;
  std::vector<Unpullable> unpullable;
  std::vector<Unpullable> in_doubt;  // were all that could not be read not there
  // By DigestId: a link, a tag or an index says that it is a manifest.
  std::vector<bool> is_manifest;
  // By DigestId: of a blob that is not there a copy is in quarantine, of the size that manifests
  // say.
  std::vector<bool> can_be_healed;
  AliasLinks aliases;

  // All that may refer to anything was read. Else nothing can be said to be referred to by nothing.
  bool all_references_known = true;

  // That there are no bytes was seen, and they are not hidden.
  bool is_absent(DigestId id) const;
  // Neither these nor those of the blob that an alias link leads to are there.
  bool is_missing(DigestId id) const;
  // No client can pull the tag because its manifest was deleted; where the revision link is there
  // the manifest is missing, and that is damage.
  bool is_dead(const Repository& repository, const Tag& tag) const;
  // The blob itself, or the one that an alias link leads to. Null: nothing stands below blobs/.
  const Blob* blob_behind(DigestId id) const;
  Digest digest(DigestId id) const { return inventory.digests[id]; }
};

// What regctl-gc would take more with one of its options.
class Freed {
 public:
  // `facts` must outlive it.
  Freed(const Facts& facts, bool Policy::*option);
  // Of all that `root` refers to. In bytes.
  std::uint64_t bytes_below(DigestId root);

 private:
  const Facts& facts_;
  Mark with_;
  Closure closure_;
};

// Refers to all that it is told.
Facts facts_of(const Inventory& inventory, const StoreFacts& store, const Contents& contents,
               Time now);

}  // namespace regctl::audit
