// copying_fuse DIRECTORY ...: a FUSE file system over DIRECTORY whose rename is a copy and a
// delete, as those of object stores are. The other words go to libfuse.
#define FUSE_USE_VERSION 31
#include <dirent.h>
#include <fcntl.h>
#include <fuse3/fuse.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string>

namespace {

std::string top;

std::string at(const char* path) { return top + path; }
int answer(long value) { return value < 0 ? -errno : static_cast<int>(value); }

int get_attributes(const char* path, struct stat* st, fuse_file_info*) {
  return answer(lstat(at(path).c_str(), st));
}

int list(const char* path, void* buffer, fuse_fill_dir_t fill, off_t, fuse_file_info*,
         fuse_readdir_flags) {
  DIR* directory = opendir(at(path).c_str());
  if (!directory) return -errno;
  while (const dirent* entry = readdir(directory))
    fill(buffer, entry->d_name, nullptr, 0, static_cast<fuse_fill_dir_flags>(0));
  closedir(directory);
  return 0;
}

int open_file(const char* path, fuse_file_info* info) {
  const int fd = open(at(path).c_str(), info->flags & ~O_APPEND);
  if (fd >= 0) info->fh = static_cast<std::uint64_t>(fd);
  return fd < 0 ? -errno : 0;
}

int create_file(const char* path, mode_t mode, fuse_file_info* info) {
  const int fd = open(at(path).c_str(), info->flags | O_CREAT, mode);
  if (fd >= 0) info->fh = static_cast<std::uint64_t>(fd);
  return fd < 0 ? -errno : 0;
}

int read_file(const char*, char* buffer, size_t size, off_t offset, fuse_file_info* info) {
  return answer(pread(static_cast<int>(info->fh), buffer, size, offset));
}

int write_file(const char*, const char* buffer, size_t size, off_t offset, fuse_file_info* info) {
  return answer(pwrite(static_cast<int>(info->fh), buffer, size, offset));
}

int release(const char*, fuse_file_info* info) { return answer(close(static_cast<int>(info->fh))); }
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
  top = argv[1];
  argv[1] = argv[0];
  fuse_operations operations{};
  operations.getattr = get_attributes;
  operations.readdir = list;
  operations.open = open_file;
  operations.create = create_file;
  operations.read = read_file;
  operations.write = write_file;
  operations.release = release;
  operations.fsync = sync_file;
  operations.unlink = remove_file;
  operations.mkdir = make_directory;
  operations.rmdir = remove_directory;
  operations.utimens = set_times;
  operations.rename = copy_and_delete;
  return fuse_main(argc - 1, argv + 1, &operations, nullptr);
}
