// OpenTree: a directory held open, and the way to whatever is below it: from descriptors, never
// through a symbolic link, and so never out of the tree. Who reads a store, changes it or locks it
// begins at one. A value; copies share the descriptor. Safe for use by several threads.
#pragma once

#include <memory>
#include <string_view>

#include "registry/beneath.h"

namespace regctl {

class OpenTree {
 public:
  // `top` may be an O_PATH descriptor.
  OpenTree(beneath::Descriptor top, beneath::Resolution resolution)
      : top_(std::make_shared<const beneath::Descriptor>(std::move(top))),
        resolution_(resolution) {}

  const beneath::Descriptor& top() const { return *top_; }
  beneath::Resolution resolution() const { return resolution_; }

  // As beneath::open() from the top.
  beneath::Answer open(std::string_view key, int flags) const {
    return beneath::open(top_->get(), key, flags, resolution_);
  }

 private:
  std::shared_ptr<const beneath::Descriptor> top_;
  beneath::Resolution resolution_;
};

}  // namespace regctl
