// bench_slow_mount DIRECTORY MILLISECONDS COUNT ...: a FUSE file system that shows DIRECTORY, to be
// read only, where each look at a name, listing, opening and reading takes MILLISECONDS, as over a
// network. How many there were is written into the file COUNT when it ends. The other words go to
// libfuse.
#define FUSE_USE_VERSION 31
#include <dirent.h>
#include <fcntl.h>
#include <fuse3/fuse.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <fstream>
#include <string>
#include <thread>

namespace {

std::string top;
std::chrono::milliseconds delay;
std::atomic<unsigned long> operations = 0;

std::string at(const char* path) { return top + path; }

void wait() {
  ++operations;
  std::this_thread::sleep_for(delay);
}

int get_attributes(const char* path, struct stat* st, fuse_file_info*) {
  wait();
  return lstat(at(path).c_str(), st) == 0 ? 0 : -errno;
}

int list(const char* path, void* buffer, fuse_fill_dir_t fill, off_t, fuse_file_info*,
         fuse_readdir_flags) {
  wait();
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

int open_file(const char* path, fuse_file_info* info) {
  wait();
  const int fd = open(at(path).c_str(), info->flags);
  if (fd >= 0) info->fh = static_cast<std::uint64_t>(fd);
  return fd < 0 ? -errno : 0;
}

int read_file(const char*, char* buffer, size_t size, off_t offset, fuse_file_info* info) {
  wait();
  const ssize_t got = pread(static_cast<int>(info->fh), buffer, size, offset);
  return got < 0 ? -errno : static_cast<int>(got);
}

int release(const char*, fuse_file_info* info) {
  close(static_cast<int>(info->fh));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  top = argv[1];
  delay = std::chrono::milliseconds(std::stoi(argv[2]));
  const std::string count = argv[3];
  argv[3] = argv[0];
  fuse_operations shown{};
  shown.getattr = get_attributes;
  shown.readdir = list;
  shown.open = open_file;
  shown.read = read_file;
  shown.release = release;
  const int status = fuse_main(argc - 3, argv + 3, &shown, nullptr);
  std::ofstream(count) << operations << '\n';
  return status;
}
