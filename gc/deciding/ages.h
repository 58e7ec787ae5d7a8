// Ages: the newest times of something and of what belongs to it.
#pragma once

#include <algorithm>

#include "registry/time.h"

namespace regctl::gc {

struct Ages {
  Time modified{}, arrived{};

  // `one` has both.
  template <class One>
  void note(const One& one) {
    modified = std::max(modified, one.modified);
    arrived = std::max(arrived, one.arrived);
  }
};

template <class One>
Time newest_time(const One& one) {
  return std::max(one.modified, one.arrived);
}

}  // namespace regctl::gc
