// What a page shows of a store, whichever program looked: where the space goes, by repository.
#pragma once

#include <cstdint>
#include <vector>

#include "registry/inventory.h"
#include "registry/usage.h"
#include "report/page.h"

namespace regctl::report {

struct StoreView {
  const Inventory& inventory;
  const UsageReport& usage;             // of the inventory
  const std::vector<KnownSize>& sizes;  // as known_sizes() gives them
  const std::vector<bool>& live;        // by DigestId
};

// As many repositories a table as a page can have and stay usable: the others are one row.
inline constexpr std::size_t kRepositoriesOfAPage = 10'000;

// The style in which pages write: names in UTF-8, digests in full.
TextStyle page_style();

// "2026-11-21 03:30"
std::string minute_of(Time time);

// Of the blobs in it.
std::uint64_t quarantined_bytes(const Inventory& inventory);

// Which storage, and when: what a page says first of how it was made.
std::vector<Labelled> origin_of(const StoreFacts& store, Time began, Time ended);

// A picture of areas, with its definitions.
void show_space(const StoreView& view, Page& page);
// The sizes of blobs, the largest in use, and all repositories.
void show_tables(const StoreView& view, Page& page);

// "1.24 times": how much of what is in use there would be if no layers were shared.
std::string saved_by_sharing(const UsageReport& usage);

}  // namespace regctl::report
