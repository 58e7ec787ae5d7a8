#include "registry/filesystem_storage.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace regctl {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_;
};

// The system's answer: a descriptor or a number of bytes, or -1 and why.
struct Answer {
  long value;
  int error;
};

template <class Call>
Answer ask(Call call) {
  for (;;) {
    const long value = call();
    if (value >= 0) return {value, 0};
    if (errno != EINTR) return {-1, errno};
  }
}

// Failures that network file systems and flaky disks recover from.
bool worth_retrying(int error) { return error == EIO || error == ESTALE || error == ETIMEDOUT; }

Answer openat2_beneath(int directory, const char* path, int flags) {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags) | O_CLOEXEC;  // O_NOFOLLOW would turn ELOOP into ENOTDIR
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  return ask([&] { return syscall(SYS_openat2, directory, path, &how, sizeof how); });
}

// The same promise with plain openat: one component at a time, none of them a link. REQUIRES: no "..".
Answer openat_by_component(int directory, std::string_view path, int flags) {
  Descriptor here;
  for (;;) {
    const auto slash = path.find('/');
    const std::string component(path.substr(0, slash));
    const int at = here ? here.get() : directory;
    const bool last = slash == std::string_view::npos;
    const int how = last ? flags : O_PATH | O_DIRECTORY;
    const Answer answer = ask([&] { return openat(at, component.c_str(), how | O_CLOEXEC | O_NOFOLLOW); });
    if (answer.error == ENOTDIR) {  // with O_DIRECTORY a link reads as "not a directory": say which
      struct stat st;
      if (fstatat(at, component.c_str(), &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode)) return {-1, ELOOP};
    }
    if (last || answer.error) return answer;
    here = Descriptor(static_cast<int>(answer.value));
    path.remove_prefix(slash + 1);
  }
}

bool kernel_has_openat2() {
  static const bool has = [] {
    const Answer answer = openat2_beneath(AT_FDCWD, ".", O_PATH);
    if (!answer.error) close(static_cast<int>(answer.value));
    return !answer.error;
  }();
  return has;
}

// A path as the kernel wants it, without an allocation where it is short.
class TerminatedPath {
 public:
  explicit TerminatedPath(std::string_view path) {
    if (path.empty()) path = ".";
    if (path.size() >= short_.size()) {
      long_ = path;
      return;
    }
    path.copy(short_.data(), path.size());
    short_[path.size()] = '\0';
  }
  const char* c_str() const { return long_.empty() ? short_.data() : long_.c_str(); }

 private:
  std::array<char, 256> short_;
  std::string long_;
};

Answer open_beneath(int directory, std::string_view path, int flags, Resolution resolution) {
  const TerminatedPath name(path);
  const auto once = [&] {
    return resolution == Resolution::best ? openat2_beneath(directory, name.c_str(), flags)
                                          : openat_by_component(directory, name.c_str(), flags);
  };
  const Answer answer = once();
  return worth_retrying(answer.error) ? once() : answer;
}

Kind kind_of(mode_t mode) {
  if (S_ISREG(mode)) return Kind::file;
  if (S_ISDIR(mode)) return Kind::directory;
  return S_ISLNK(mode) ? Kind::symlink : Kind::other;
}

// A time that nanoseconds cannot hold (before 1677, after 2262) is the latest there is: every reader takes the future
// for young, whereas an overflow could make it old.
Time time_of(const timespec& time) {
  constexpr std::int64_t kRange = 9'223'372'035;
  if (time.tv_sec > kRange || time.tv_sec < -kRange) return Time::max();
  return Time(std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec));
}

Stat stat_of(const struct stat& st) {
  return {.kind = kind_of(st.st_mode),
          .bytes = static_cast<std::uint64_t>(st.st_size),
          .disk_bytes = static_cast<std::uint64_t>(st.st_blocks) * 512,
          .modified = time_of(st.st_mtim)};
}

class FilesystemStorage final : public Storage {
 public:
  // An empty descriptor is the view of an absent directory.
  FilesystemStorage(Descriptor root, std::string shown_as, Resolution resolution)
      : root_(std::move(root)), shown_as_(std::move(shown_as)), resolution_(resolution) {}

  std::optional<Listing> list(std::string_view key) const override {
    const auto directory = open(key, O_RDONLY | O_DIRECTORY);
    return directory ? list(*directory, key) : std::nullopt;
  }

  std::optional<Listing> list_with_stats(std::string_view key) const override {
    const auto directory = open(key, O_RDONLY | O_DIRECTORY);
    auto listing = directory ? list(*directory, key) : std::nullopt;
    if (!listing) return std::nullopt;
    for (const Entry& entry : listing->entries)
      listing->stats.push_back(stat(*directory, entry.name.c_str(), [&] { return child_of(key, entry.name); }));
    return listing;
  }

  std::optional<Stat> stat(std::string_view key) const override {
    if (!root_) return std::nullopt;
    const auto slash = key.rfind('/');
    std::optional<Descriptor> parent;
    if (slash != std::string_view::npos) {
      parent = open(key.substr(0, slash), O_PATH | O_DIRECTORY);
      if (!parent) return std::nullopt;
    }
    const std::string name(key.empty() ? "." : key.substr(slash + 1));
    return stat(parent ? *parent : root_, name.c_str(), [&] { return std::string(key); });
  }

  std::optional<Content> read(std::string_view key, std::size_t limit) const override {
    std::optional<Descriptor> file;
    try {
      // O_NONBLOCK: a FIFO without a writer would otherwise hold us for ever.
      file = open(key, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    } catch (const StorageError&) {
      const auto found = stat(key);  // a socket or a dead device cannot be opened, but it is no I/O error
      if (!found || found->kind != Kind::other) throw;
      return Content{.stat = *found};
    }
    if (!file) return std::nullopt;
    Content content{.stat = stat_of(status(*file, key))};
    if (content.stat.kind != Kind::file) return content;
    const std::uint64_t want = std::min<std::uint64_t>(content.stat.bytes, limit);
    content.bytes.resize(want);
    std::size_t got = 0;
    while (got < want) {
      const Answer answer = ask([&] { return ::read(file->get(), content.bytes.data() + got, want - got); });
      if (answer.error) fail(key, answer.error);
      if (answer.value == 0) break;
      got += static_cast<std::size_t>(answer.value);
    }
    content.bytes.resize(got);
    content.whole = content.stat.bytes <= limit;
    return content;
  }

  std::optional<Time> holds(std::string_view key, std::string_view bytes) const override {
    std::array<char, 256> buffer;
    if (!root_ || bytes.size() >= buffer.size()) return std::nullopt;
    const Answer opened = open_beneath(root_.get(), key, O_RDONLY | O_NONBLOCK | O_NOCTTY, resolution_);
    if (opened.error) return std::nullopt;
    const Descriptor file(static_cast<int>(opened.value));
    struct stat st;
    if (fstat(file.get(), &st) != 0 || !S_ISREG(st.st_mode)) return std::nullopt;
    const Answer got = ask([&] { return ::read(file.get(), buffer.data(), buffer.size()); });
    if (got.error || std::string_view(buffer.data(), static_cast<std::size_t>(got.value)) != bytes) return std::nullopt;
    return time_of(st.st_mtim);
  }

  std::unique_ptr<Storage> below(std::string_view prefix) const override {
    auto directory = open(prefix, O_PATH | O_DIRECTORY);
    return std::make_unique<FilesystemStorage>(directory ? std::move(*directory) : Descriptor(),
                                               prefix.empty() ? shown_as_ : shown(prefix) + '/', resolution_);
  }

 private:
  static std::string child_of(std::string_view key, std::string_view name) {
    return key.empty() ? std::string(name) : std::string(key) + '/' + std::string(name);
  }

  // `name` in `directory`; `key` makes its key, for a message.
  template <class Key>
  std::optional<Stat> stat(const Descriptor& directory, const char* name, Key key) const {
    struct stat st;
    const auto once = [&] { return ask([&] { return fstatat(directory.get(), name, &st, AT_SYMLINK_NOFOLLOW); }); };
    Answer answer = once();
    if (worth_retrying(answer.error)) answer = once();
    if (answer.error == ENOENT) return std::nullopt;
    if (answer.error) fail(key(), answer.error);
    return stat_of(st);
  }

  std::optional<Listing> list(const Descriptor& directory, std::string_view key) const {
    Listing listing{.modified = time_of(status(directory, key).st_mtim)};
    alignas(dirent64) std::array<char, 32768> buffer;
    for (;;) {
      const Answer answer =
          ask([&] { return syscall(SYS_getdents64, directory.get(), buffer.data(), buffer.size()); });
      if (answer.error == ENOENT) return std::nullopt;  // removed while open: Linux's word for an empty, dead one
      if (answer.error) fail(key, answer.error);
      if (answer.value == 0) return listing;
      for (long at = 0; at < answer.value;) {
        const auto* entry = reinterpret_cast<const dirent64*>(buffer.data() + at);
        at += entry->d_reclen;
        if (std::strcmp(entry->d_name, ".") == 0 || std::strcmp(entry->d_name, "..") == 0) continue;
        add(listing, directory, *entry, key);
      }
    }
  }

  std::string shown(std::string_view key) const { return shown_as_ + std::string(key); }

  [[noreturn]] void fail(std::string_view key, int error) const {
    auto kind = StorageError::Kind::unreadable;
    if (error == ELOOP) kind = StorageError::Kind::symlink;
    if (error == ENOTDIR) kind = StorageError::Kind::not_a_directory;
    throw StorageError(kind, shown(key), error == ELOOP ? "is or leads through a symbolic link" : std::strerror(error));
  }

  std::optional<Descriptor> open(std::string_view key, int flags) const {
    if (!root_) return std::nullopt;
    const Answer answer = open_beneath(root_.get(), key, flags, resolution_);
    if (answer.error == ENOENT) return std::nullopt;
    if (answer.error) fail(key, answer.error);
    return Descriptor(static_cast<int>(answer.value));
  }

  struct stat status(const Descriptor& descriptor, std::string_view key) const {
    struct stat st;
    if (fstat(descriptor.get(), &st) != 0) fail(key, errno);
    return st;
  }

  void add(Listing& listing, const Descriptor& directory, const dirent64& entry, std::string_view key) const {
    Kind kind = Kind::other;
    switch (entry.d_type) {
      case DT_REG: kind = Kind::file; break;
      case DT_DIR: kind = Kind::directory; break;
      case DT_LNK: kind = Kind::symlink; break;
      case DT_UNKNOWN: {  // some file systems do not tell here; never guess
        struct stat st;
        if (fstatat(directory.get(), entry.d_name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
          if (errno == ENOENT) return;
          fail(child_of(key, entry.d_name), errno);
        }
        kind = kind_of(st.st_mode);
      }
    }
    listing.entries.push_back({entry.d_name, kind});
  }

  Descriptor root_;
  std::string shown_as_;
  Resolution resolution_;
};

}  // namespace

std::unique_ptr<Storage> open_filesystem_storage(const std::string& path, std::string shown_as,
                                                 Resolution resolution) {
  const Answer answer = ask([&] { return ::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC); });
  if (answer.error) throw StorageError(StorageError::Kind::unreadable, path, std::strerror(answer.error));
  if (!kernel_has_openat2()) resolution = Resolution::by_component;
  return std::make_unique<FilesystemStorage>(Descriptor(static_cast<int>(answer.value)), std::move(shown_as), resolution);
}

}  // namespace regctl
