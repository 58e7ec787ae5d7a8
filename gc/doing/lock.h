// Lock: one run that changes a registry at a time. It is held on the directory docker/registry/v2
// itself, whichever way ROOT was given, and ends with the process whatever ends that.
#pragma once

#include <string>

#include "registry/beneath.h"
#include "registry/error.h"
#include "registry/store.h"

namespace regctl::gc {

// Another run holds the lock: exit status 11.
class LockHeld : public Error {
 public:
  LockHeld() : Error("locked") {}
};

class Lock {
 public:
  // Of the directory that `store` has open. Where its file system cannot lock a directory (NFS), a
  // file of fixed name in it is locked instead; that stays, belongs to the directory's owner, and
  // is from then on locked as well where directories can be: the same storage may be reached either
  // way. Throws LockHeld at once rather than wait, and StorageError where locks do not work.
  static Lock acquire(const Store& store);

 private:
  Lock(beneath::Descriptor directory, beneath::Descriptor file)
      : directory_(std::move(directory)), file_(std::move(file)) {}
  beneath::Descriptor directory_, file_;
};

}  // namespace regctl::gc
