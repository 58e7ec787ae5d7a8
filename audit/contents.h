// Contents: what the bytes of blobs turned out to be.
#pragma once

#include <map>

#include "registry/digest.h"
#include "registry/error.h"

namespace regctl::audit {

// A blob that is in neither has the bytes that its name promises, or was not read; one that is in
// both was seen wrong, and could not be read another time.
struct Contents {
  // What they hash to instead. Also the names of links whose blob hashes to its own, and not to
  // these.
  std::map<Digest, Digest> wrong;
  std::map<Digest, StorageError> unread;  // why
};

}  // namespace regctl::audit
