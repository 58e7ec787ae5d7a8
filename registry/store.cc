#include "registry/store.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "registry/filesystem_storage.h"

namespace regctl {

Store::Store(StoreFacts facts, beneath::Resolution resolution)
    : facts_(std::move(facts)),
      resolution_(resolution),
      directory_(beneath::opened(beneath::open_top(facts_.v2, O_PATH | O_DIRECTORY, resolution),
                                 facts_.v2)),
      storage_(open_filesystem_storage(directory_, resolution)) {
  struct stat st;
  if (fstat(directory_.get(), &st) != 0) beneath::fail(errno, facts_.v2);
  facts_.device = st.st_dev;
  facts_.inode = st.st_ino;
}

}  // namespace regctl
