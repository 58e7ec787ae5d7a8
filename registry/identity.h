// Identity: whether what stands at a name is still what stood there before.
#pragma once

#include <cstdint>

#include "registry/time.h"

namespace regctl {

// What tells an object from another that took its name, and one state of it from a later one.
struct Identity {
  std::uint64_t device = 0, inode = 0, bytes = 0;
  Time modified;
  Time changed;  // by anything, a rename included

  bool operator==(const Identity&) const = default;
};

}  // namespace regctl
