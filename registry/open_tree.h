// OpenTree: a directory held open, and the way to whatever is below it: from descriptors, never
// through a symbolic link but those that it was agreed to follow, and so never out of the tree. Who
// reads a store, changes it or locks it begins at one. A value; copies share the descriptors. Safe
// for use by several threads.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "registry/beneath.h"

namespace regctl {

class OpenTree {
 public:
  // The directory that a symbolic link at `key` led to when it was agreed to follow it. What is
  // below `key` is reached from there, wherever the link leads by then.
  struct Followed {
    std::string key;
    std::shared_ptr<const beneath::Descriptor> directory;

    // Whether the name of `key` in its `parent` still leads there.
    bool is_behind(const beneath::Descriptor& parent) const;
  };

  // Descriptors may be O_PATH ones.
  OpenTree(beneath::Descriptor top, beneath::Resolution resolution,
           std::vector<Followed> followed = {});

  const beneath::Descriptor& top() const { return *top_; }
  const std::vector<Followed>& followed() const { return followed_; }
  // Null: no link is followed there.
  const Followed* followed_at(std::string_view key) const;

  // As beneath::open() from the top.
  beneath::Answer open(std::string_view key, int flags) const;
  // The tree below `directory`, which is `key`.
  OpenTree below(std::string_view key, beneath::Descriptor directory) const;

 private:
  std::shared_ptr<const beneath::Descriptor> top_;
  beneath::Resolution resolution_;
  std::vector<Followed> followed_;  // those behind others first
};

}  // namespace regctl
