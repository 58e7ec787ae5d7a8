#include "registry/store.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "registry/filesystem_storage.h"

namespace regctl {
namespace {

beneath::Descriptor open_directory(const std::string& path, beneath::Resolution resolution) {
  return beneath::opened(beneath::open_top(path, O_PATH | O_DIRECTORY, resolution), path);
}

// What the links of `facts` led to when they were judged.
std::vector<OpenTree::Followed> followed(const StoreFacts& facts, beneath::Resolution resolution) {
  std::vector<OpenTree::Followed> followed;
  for (const LinkBelow& link : facts.links) {
    if (!link.is_followed()) continue;
    auto directory = open_directory(link.target, resolution);
    struct stat st;
    if (fstat(directory.get(), &st) != 0) beneath::fail(errno, link.key);
    if (st.st_dev != link.device || st.st_ino != link.inode)
      throw StorageError(Trouble::led_elsewhere, link.key);
    followed.push_back(
        {link.key, std::make_shared<const beneath::Descriptor>(std::move(directory))});
  }
  return followed;
}

}  // namespace

Store::Store(StoreFacts facts, beneath::Resolution resolution)
    : facts_(std::move(facts)),
      tree_(open_directory(facts_.v2, resolution), resolution, followed(facts_, resolution)),
      storage_(make_filesystem_storage(tree_)) {
  struct stat st;
  if (fstat(tree_.top().get(), &st) != 0) beneath::fail(errno, facts_.v2);
  facts_.device = st.st_dev;
  facts_.inode = st.st_ino;
}

}  // namespace regctl
