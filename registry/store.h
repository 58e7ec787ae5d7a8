// Store: a registry's storage, opened once. Whoever reads, locks or changes it begins at the
// directory that this holds open, whatever its name means by then.
#pragma once

#include <memory>

#include "registry/open_tree.h"
#include "registry/storage.h"
#include "registry/store_facts.h"

namespace regctl {

class Store {
 public:
  // REQUIRES: `facts` of a store that is there: not of an empty directory. Throws StorageError if
  // it cannot be opened, or a link has been put on the way to it since it was found.
  explicit Store(StoreFacts facts, beneath::Resolution resolution = beneath::Resolution::best);

  // With the identity of what was opened.
  const StoreFacts& facts() const { return facts_; }
  const Storage& storage() const { return *storage_; }
  // From the directory docker/registry/v2 on.
  const OpenTree& tree() const { return tree_; }

 private:
  StoreFacts facts_;
  OpenTree tree_;
  std::unique_ptr<Storage> storage_;
};

}  // namespace regctl
