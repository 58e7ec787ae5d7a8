// Contents: what the bytes of blobs turned out to be.
#pragma once

#include <map>
#include <optional>
#include <utility>

#include "registry/digest.h"
#include "registry/error.h"

namespace regctl::audit {

// A blob that is in neither has the bytes that its name promises, or was not read; one that is in
// both was seen wrong, and could not be read another time.
struct Contents {
  // What they hash to instead; empty: they were seen wrong by an earlier audit, and not read since.
  std::map<Digest, std::optional<Digest>> wrong;
  std::map<Digest, StorageError> unread;  // why
  // Links by another name to a blob that does not hash to it: (name, blob), and what it hashes to.
  std::map<std::pair<Digest, Digest>, Digest> misnamed;
};

}  // namespace regctl::audit
