// A store that may be changed.
#pragma once

#include "gc/doing/lock.h"
#include "gc/doing/writer.h"
#include "registry/storage.h"

namespace regctl::gc {

// Locking: `lock` is held as long as any of it is used.
struct LockedStore {
  const Storage& storage;
  Writer& writer;
  const Lock& lock;
};

}  // namespace regctl::gc
