// Ages: the newest times of something and of what belongs to it or names it. Pure.
#pragma once

#include <algorithm>

#include "registry/inventory.h"
#include "registry/time.h"

namespace regctl {

struct Ages {
  Time modified{}, arrived{};

  // `one` has both.
  template <class One>
  void note(const One& one) {
    modified = std::max(modified, one.modified);
    arrived = std::max(arrived, one.arrived);
  }
};

// note(digest, one) for all that a layer link, a tag or its history names; `one` has the times.
template <class Note>
void each_named(const Repository& repository, Note note) {
  for (const Link& link : repository.layers) {
    note(link.name, link);
    note(link.target, link);
  }
  for (const Tag& tag : repository.tags) {
    if (tag.target) note(*tag.target, tag);
    for (const TagEntry& entry : tag.history) note(entry.digest, entry);
  }
}

template <class One>
Time newest_time(const One& one) {
  return std::max(one.modified, one.arrived);
}

}  // namespace regctl
