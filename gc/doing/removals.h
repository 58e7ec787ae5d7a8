// The small trees that a registry makes, an upload's, a tag's and an empty repository's, removed
// name by name: only what a registry is known to write there. Errors are those of Storage and
// Writer.
#pragma once

#include <cstdint>
#include <string>

#include "gc/deciding/plan.h"
#include "gc/doing/writer.h"
#include "registry/storage.h"

namespace regctl::gc {

struct RemovedUpload {
  enum class Outcome {
    gone,
    absent,   // there was none any more
    changed,  // written to since it was judged: nothing was removed
    kept,     // its files went; something that no registry writes is still there
  };
  Outcome outcome;
  std::uint64_t freed = 0;  // bytes of the disk
};

RemovedUpload remove_upload(const UploadRemoval& upload, const Storage& storage, Writer& writer);

// Something in the directory of a tag that no registry writes there.
bool holds_a_stranger(const std::string& tag, const Storage& storage);

// All that a registry writes in the directory of a tag, and the directory. False: it holds
// something else as well.
bool remove_tag(const std::string& tag, const Storage& storage, Writer& writer);

// Directories only, from the leaves up, and the namespaces that are empty then. False: one of them
// holds a file, or somebody has begun an upload; what was empty may be gone all the same.
bool remove_repository(const std::string& name, const Storage& storage, Writer& writer);

}  // namespace regctl::gc
