// How the FUSE file systems of tests and benchmarks show a directory of the host.
#pragma once

#define FUSE_USE_VERSION 31
#include <dirent.h>
#include <fcntl.h>
#include <fuse3/fuse.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>

namespace regctl::test::mirror {

inline std::string top;  // the directory; REQUIRES: set before anything is asked

inline std::string at(const char* path) { return top + path; }
inline int answer(long value) { return value < 0 ? -errno : static_cast<int>(value); }

inline int get_attributes(const char* path, struct stat* st, fuse_file_info*) {
  return answer(lstat(at(path).c_str(), st));
}

inline int list(const char* path, void* buffer, fuse_fill_dir_t fill, off_t, fuse_file_info*,
                fuse_readdir_flags) {
  DIR* directory = opendir(at(path).c_str());
  if (!directory) return -errno;
  while (const dirent* entry = readdir(directory)) {
    struct stat kind {};
    kind.st_mode = static_cast<mode_t>(DTTOIF(entry->d_type));
    fill(buffer, entry->d_name, &kind, 0, static_cast<fuse_fill_dir_flags>(0));
  }
  closedir(directory);
  return 0;
}

inline int open_file(const char* path, fuse_file_info* info) {
  const int fd = open(at(path).c_str(), info->flags & ~O_APPEND);
  if (fd >= 0) info->fh = static_cast<std::uint64_t>(fd);
  return fd < 0 ? -errno : 0;
}

inline int read_file(const char*, char* buffer, size_t size, off_t offset, fuse_file_info* info) {
  return answer(pread(static_cast<int>(info->fh), buffer, size, offset));
}

inline int release(const char*, fuse_file_info* info) {
  return answer(close(static_cast<int>(info->fh)));
}

}  // namespace regctl::test::mirror
