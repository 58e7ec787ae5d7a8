#include "registry/open_tree.h"

#include <sys/stat.h>

#include <algorithm>

#include "registry/layout.h"

namespace regctl {
bool OpenTree::Followed::is_behind(const beneath::Descriptor& parent) const {
  struct stat there, mine;
  const std::string name(layout::name_of(key));
  const auto found = beneath::ask([&] { return fstatat(parent.get(), name.c_str(), &there, 0); });
  return !found.error && fstat(directory->get(), &mine) == 0 && there.st_dev == mine.st_dev &&
         there.st_ino == mine.st_ino;
}

OpenTree::OpenTree(beneath::Descriptor top, beneath::Resolution resolution,
                   std::vector<Followed> followed)
    : top_(std::make_shared<const beneath::Descriptor>(std::move(top))),
      resolution_(resolution),
      followed_(std::move(followed)) {
  std::sort(followed_.begin(), followed_.end(), [](const Followed& one, const Followed& other) {
    return one.key.size() > other.key.size();
  });
}

const OpenTree::Followed* OpenTree::followed_at(std::string_view key) const {
  const auto at = std::find_if(followed_.begin(), followed_.end(),
                               [&](const Followed& one) { return one.key == key; });
  return at != followed_.end() ? &*at : nullptr;
}

beneath::Answer OpenTree::open(std::string_view key, int flags) const {
  for (const Followed& one : followed_) {
    if (!layout::is_at_or_below(key, one.key)) continue;
    const auto rest = key.substr(std::min(one.key.size() + 1, key.size()));
    return beneath::open(one.directory->get(), rest, flags, resolution_);
  }
  return beneath::open(top_->get(), key, flags, resolution_);
}

OpenTree OpenTree::below(std::string_view key, beneath::Descriptor directory) const {
  if (key.empty()) return OpenTree(std::move(directory), resolution_, followed_);
  std::vector<Followed> rest;
  for (const Followed& one : followed_) {
    if (one.key != key && layout::is_at_or_below(one.key, key))
      rest.push_back({one.key.substr(key.size() + 1), one.directory});
  }
  return OpenTree(std::move(directory), resolution_, std::move(rest));
}

}  // namespace regctl
