#include "registry/store.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "registry/filesystem_storage.h"

namespace regctl {

Store::Store(StoreFacts facts, beneath::Resolution resolution)
    : facts_(std::move(facts)),
      tree_(beneath::opened(beneath::open_top(facts_.v2, O_PATH | O_DIRECTORY, resolution),
                            facts_.v2),
            resolution),
      storage_(make_filesystem_storage(tree_)) {
  struct stat st;
  if (fstat(tree_.top().get(), &st) != 0) beneath::fail(errno, facts_.v2);
  facts_.device = st.st_dev;
  facts_.inode = st.st_ino;
}

}  // namespace regctl
