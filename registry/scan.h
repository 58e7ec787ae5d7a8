// scan(): Storage -> Inventory. Reads every repository's links and every manifest; of blobs it sees
// only that their directories are there, because the size of a referenced blob stands in the
// descriptor that refers to it. What has to be known of some blobs (size, age, quarantined copies),
// survey() asks the disk for.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "registry/inventory.h"
#include "registry/parallel.h"
#include "registry/progress.h"
#include "registry/scan_options.h"
#include "registry/storage.h"

namespace regctl {

// Never throws StorageError: what could not be read becomes an Obstacle. Throws Interrupted (see
// Workers). Two scans of the same bytes are equal whatever the number of workers.
Inventory scan(const Storage& storage, const ScanOptions& options, const Workers& workers,
               Progress& progress);

// `inventory` with the blobs of `digests` visited, as far as they have a directory. What is known
// already is not asked for again. Errors as scan().
Inventory survey(const Storage& storage, Inventory inventory, const std::vector<DigestId>& digests,
                 const Workers& workers, Progress& progress);

// Reads those of the Repository::named_layers that wanted(repository, name) is true for,
// `repository` being the index: they become Repository::layers. False: not all of them are as a
// registry writes and leaves them, and a scan that reads has to tell what they are; `inventory` is
// not to be used then. Throws Interrupted (see Workers).
bool read_layer_links(const Storage& storage, Inventory& inventory,
                      const std::function<bool(std::size_t, DigestId)>& wanted,
                      const Workers& workers, Progress& progress);

}  // namespace regctl
