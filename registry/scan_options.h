// What a scan is asked to read.
#pragma once

#include <chrono>
#include <vector>

#include "registry/digest.h"
#include "registry/inventory.h"
#include "registry/time.h"

namespace regctl {

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
  Depth depth = Depth::everything;
  Arrival arrival = Arrival::ignored;  // what becomes `arrived` in the Inventory
  // Digests to open as manifests besides those that revisions, tags and indexes name.
  std::vector<Digest> also_open;
};

}  // namespace regctl
