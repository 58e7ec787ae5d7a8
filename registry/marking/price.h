// Price: what one of the options of regctl-gc is worth. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "registry/inventory.h"
#include "registry/marking/mark.h"

namespace regctl {

struct Price {
  std::uint64_t count = 0;  // manifests and tags that go
  std::uint64_t bytes = 0;  // of blobs that nothing keeps then
};

// What more goes by `with` than by `without`, two marks of `inventory`. `sizes` as known_sizes()
// gives them.
Price price_of(const Inventory& inventory, const std::vector<KnownSize>& sizes, const Mark& without,
               const Mark& with);

}  // namespace regctl
