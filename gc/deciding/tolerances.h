// How far apart two moments may be and still count as one, because clocks differ.
#pragma once

#include "registry/time.h"

namespace regctl::gc {

// A registry that started this long after the time in a quarantined name started after the rename.
inline constexpr Duration kSurelyAfter = std::chrono::seconds(5);
// So a rename that takes longer than this is undone.
inline constexpr Duration kLongestRename = std::chrono::seconds(4);
// A file server's clock from ours.
inline constexpr Duration kClocksDiffer = std::chrono::seconds(2);

}  // namespace regctl::gc
