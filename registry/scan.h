// scan(): Storage -> Inventory. Reads every repository's links and every manifest; of blobs it sees
// only that their directories are there, because the size of a referenced blob stands in the
// descriptor that refers to it. What has to be known of some blobs (size, age, quarantined copies),
// survey() asks the disk for.
#pragma once

#include <chrono>
#include <vector>

#include "registry/inventory.h"
#include "registry/parallel.h"
#include "registry/progress.h"
#include "registry/storage.h"

namespace regctl {

// A manifest is never larger than this; distribution refuses more than 4 MiB since 2.8.
inline constexpr std::size_t kLargestManifest = std::size_t{64} << 20;

// How much of tag histories a scan reads.
enum class Detail { where_needed, everything };

// Whether a scan looks for quarantined copies beside links that are in place: each costs a listing.
enum class Copies { of_absent_links, of_all_links };

struct ScanOptions {
  // Old registries truncate a link and then write it: one that reads empty or short is read again
  // for this long.
  std::chrono::milliseconds settle{2000};
  // where_needed: histories of tags whose own link cannot be read.
  Detail detail = Detail::where_needed;
  Copies copies = Copies::of_absent_links;
  // Digests to open as manifests besides those that revisions, tags and indexes name.
  std::vector<Digest> also_open;
};

// Never throws StorageError: what could not be read becomes an Obstacle. Throws Interrupted (see
// Workers). Two scans of the same bytes are equal whatever the number of workers.
Inventory scan(const Storage& storage, const ScanOptions& options, const Workers& workers,
               Progress& progress);

// `inventory` with the blobs of `digests` visited, as far as they have a directory. What is known
// already is not asked for again. Errors as scan().
Inventory survey(const Storage& storage, Inventory inventory, const std::vector<DigestId>& digests,
                 const Workers& workers, Progress& progress);

}  // namespace regctl
