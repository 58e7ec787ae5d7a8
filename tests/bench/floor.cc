// The floor of the benchmark: the bare system calls of a walk, on plain threads, that reports
// nothing. `all` opens every link and manifest once, lists every directory once and stats every
// blob once. `least` leaves out layer links, tags, uploads, and the directories of single
// revisions and blobs: it opens revision links and manifests, lists shards and stats blobs. A
// manifest is told from other blobs by a revision link; each is opened where its link was read.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace {

std::string v2;
bool least = false;
std::mutex mutex;
std::condition_variable changed;
std::vector<std::string> open_directories;
int busy = 0;
std::atomic<long> directories = 0, links = 0, manifests = 0, blobs = 0;

void read_file(int at, const char* name) {
  const int fd = openat(at, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  char buffer[16384];
  while (read(fd, buffer, sizeof buffer) == static_cast<ssize_t>(sizeof buffer)) {
  }
  close(fd);
}

void read_revision(int at, const char* link, const std::string& hex) {
  read_file(at, link);
  ++links;
  read_file(AT_FDCWD, (v2 + "/blobs/sha256/" + hex.substr(0, 2) + '/' + hex + "/data").c_str());
  ++manifests;
}

void stat_blob(int at, const char* name) {
  struct stat st;
  fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW);
  ++blobs;
}

// Whether `least` does without a listing of `name`, a directory in `path`; what it wants of it is
// asked for at once.
bool is_enough(int at, const std::string& path, const std::string& name) {
  if (!least) return false;
  if (name == "_layers" || name == "_uploads" || name == "tags") return true;
  if (path.ends_with("/revisions/sha256")) {
    read_revision(at, (name + "/link").c_str(), name);
    return true;
  }
  if (name.size() == 2 || !path.starts_with(v2 + "/blobs/sha256/")) return false;
  stat_blob(at, (name + "/data").c_str());
  return true;
}

void visit(const std::string& path, std::vector<std::string>& below) {
  const int fd = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return;
  ++directories;
  alignas(dirent64) char buffer[32768];
  for (long got; (got = syscall(SYS_getdents64, fd, buffer, sizeof buffer)) > 0;) {
    for (long at = 0; at < got;) {
      const auto* entry = reinterpret_cast<const dirent64*>(buffer + at);
      at += entry->d_reclen;
      const char* name = entry->d_name;
      if (!std::strcmp(name, ".") || !std::strcmp(name, "..")) continue;
      if (entry->d_type == DT_DIR) {
        if (!is_enough(fd, path, name)) below.push_back(path + '/' + name);
      } else if (std::strcmp(name, "link")) {
        stat_blob(fd, name);
      } else if (path.find("/revisions/sha256/") != path.npos) {
        read_revision(fd, name, path.substr(path.rfind('/') + 1));
      } else {
        read_file(fd, name);
        ++links;
      }
    }
  }
  close(fd);
}

void work() {
  std::unique_lock lock(mutex);
  for (;;) {
    changed.wait(lock, [] { return !open_directories.empty() || busy == 0; });
    if (open_directories.empty()) return;
    std::vector<std::string> mine{std::move(open_directories.back())};
    open_directories.pop_back();
    ++busy;
    lock.unlock();
    while (!mine.empty()) {
      const std::string path = std::move(mine.back());
      mine.pop_back();
      visit(path, mine);
      if (mine.size() < 64) continue;
      lock.lock();
      if (open_directories.size() < 64) {  // give half of it away
        open_directories.insert(open_directories.end(), mine.begin(), mine.begin() + 32);
        mine.erase(mine.begin(), mine.begin() + 32);
        changed.notify_all();
      }
      lock.unlock();
    }
    lock.lock();
    --busy;
    changed.notify_all();
  }
}

}  // namespace

// bench_floor ROOT THREADS all|least
int main(int argc, char** argv) {
  if (argc != 4) return 2;
  least = argv[3] == std::string("least");
  v2 = std::string(argv[1]) + "/docker/registry/v2";
  open_directories.push_back(v2);
  std::vector<std::thread> threads;
  for (int i = std::stoi(argv[2]); i > 0; --i) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();
  std::printf("%ld directories listed, %ld links and %ld manifests read, %ld blobs statted\n",
              directories.load(), links.load(), manifests.load(), blobs.load());
}
