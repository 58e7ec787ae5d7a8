// copying_fuse DIRECTORY ...: a FUSE file system over DIRECTORY whose rename is a copy and a
// delete, as those of object stores are. The other words go to libfuse.
#include <filesystem>
#include <string>

#include "tests/support/fuse_mirror.h"

namespace {

namespace mirror = regctl::test::mirror;
using mirror::answer;
using mirror::at;

int create_file(const char* path, mode_t mode, fuse_file_info* info) {
  const int fd = open(at(path).c_str(), info->flags | O_CREAT, mode);
  if (fd >= 0) info->fh = static_cast<std::uint64_t>(fd);
  return fd < 0 ? -errno : 0;
}

int write_file(const char*, const char* buffer, size_t size, off_t offset, fuse_file_info* info) {
  return answer(pwrite(static_cast<int>(info->fh), buffer, size, offset));
}

int sync_file(const char*, int, fuse_file_info*) { return 0; }
int remove_file(const char* path) { return answer(unlink(at(path).c_str())); }
int make_directory(const char* path, mode_t mode) { return answer(mkdir(at(path).c_str(), mode)); }
int remove_directory(const char* path) { return answer(rmdir(at(path).c_str())); }

int set_times(const char* path, const timespec times[2], fuse_file_info*) {
  return answer(utimensat(AT_FDCWD, at(path).c_str(), times, AT_SYMLINK_NOFOLLOW));
}

// Never over an existing name where that is asked for, so that only the copy is at fault.
int copy_and_delete(const char* from, const char* to, unsigned flags) {
  if (flags && access(at(to).c_str(), F_OK) == 0) return -EEXIST;
  struct stat st {};
  if (lstat(at(from).c_str(), &st) != 0) return -errno;
  std::error_code error;
  std::filesystem::copy_file(at(from), at(to), std::filesystem::copy_options::overwrite_existing,
                             error);
  if (error) return -error.value();
  const timespec times[2] = {st.st_atim, st.st_mtim};
  utimensat(AT_FDCWD, at(to).c_str(), times, 0);
  return remove_file(from);
}

}  // namespace

int main(int argc, char** argv) {
  mirror::top = argv[1];
  argv[1] = argv[0];
  fuse_operations operations{};
  operations.getattr = mirror::get_attributes;
  operations.readdir = mirror::list;
  operations.open = mirror::open_file;
  operations.create = create_file;
  operations.read = mirror::read_file;
  operations.write = write_file;
  operations.release = mirror::release;
  operations.fsync = sync_file;
  operations.unlink = remove_file;
  operations.mkdir = make_directory;
  operations.rmdir = remove_directory;
  operations.utimens = set_times;
  operations.rename = copy_and_delete;
  return fuse_main(argc - 1, argv + 1, &operations, nullptr);
}
