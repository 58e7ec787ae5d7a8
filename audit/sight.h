// Sight: a store as questions about it see it: read as a dry run reads it, marked as the next run
// of regctl-gc would, were it started without options. Nothing is hashed but manifests.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "registry/inventory.h"
#include "registry/marking/mark.h"
#include "registry/marking/policy.h"
#include "registry/parallel.h"
#include "registry/progress.h"
#include "registry/storage.h"

namespace regctl::audit {

struct Sight {
  Inventory inventory;
  std::vector<KnownSize> sizes;  // known_sizes()
  Policy policy;
  Mark mark;
  Time now;

  std::uint64_t size(DigestId id) const { return sizes[index_of(id)].value_or(0); }
  Digest digest(DigestId id) const { return inventory.digests[id]; }
};

// Which blobs have their files looked at: those whose sizes no manifest tells, or all, which tells
// what is allocated as well.
enum class Blobs : bool { where_needed, all };

// Throws StorageError where not even the top can be read, and Interrupted (see Workers).
Sight look(const Storage& storage, Blobs blobs, const Workers& workers, Progress& progress,
           Time now);

}  // namespace regctl::audit
