#include "registry/open_tree.h"

#include <sys/stat.h>

#include <algorithm>

namespace regctl {
namespace {

bool is_below(std::string_view key, std::string_view top) {
  return key.size() > top.size() && key.starts_with(top) && key[top.size()] == '/';
}

}  // namespace

std::string_view OpenTree::Followed::parent() const {
  const auto slash = key.rfind('/');
  return std::string_view(key).substr(0, slash == std::string::npos ? 0 : slash);
}

std::string_view OpenTree::Followed::name() const {
  return std::string_view(key).substr(key.rfind('/') + 1);
}

bool OpenTree::Followed::is_behind(const beneath::Descriptor& parent) const {
  struct stat there, mine;
  const auto found =
      beneath::ask([&] { return fstatat(parent.get(), std::string(name()).c_str(), &there, 0); });
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
    if (key != one.key && !is_below(key, one.key)) continue;
    const auto rest = key.substr(std::min(one.key.size() + 1, key.size()));
    return beneath::open(one.directory->get(), rest, flags, resolution_);
  }
  return beneath::open(top_->get(), key, flags, resolution_);
}

OpenTree OpenTree::below(std::string_view key, beneath::Descriptor directory) const {
  std::vector<Followed> rest;
  for (const Followed& one : followed_) {
    if (key.empty())
      rest.push_back(one);
    else if (is_below(one.key, key))
      rest.push_back({one.key.substr(key.size() + 1), one.directory});
  }
  return OpenTree(std::move(directory), resolution_, std::move(rest));
}

}  // namespace regctl
