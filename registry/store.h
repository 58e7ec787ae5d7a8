// Store: a registry's storage, opened once. Whoever reads, locks or changes it begins at the
// directory that this holds open, whatever its name means by then.
#pragma once

#include <memory>

#include "registry/beneath.h"
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
  // The directory docker/registry/v2, to open others from: not for reading itself (O_PATH).
  const beneath::Descriptor& directory() const { return directory_; }
  beneath::Resolution resolution() const { return resolution_; }

 private:
  StoreFacts facts_;
  beneath::Resolution resolution_;
  beneath::Descriptor directory_;
  std::unique_ptr<Storage> storage_;
};

}  // namespace regctl
