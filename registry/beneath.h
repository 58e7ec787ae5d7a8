// The system calls of everything below a registry's root: from directory descriptors, never through
// a symbolic link and never out of the tree: with openat2 and RESOLVE_BENEATH, NO_SYMLINKS and
// NO_MAGICLINKS, or component by component with O_NOFOLLOW where the kernel or a seccomp filter
// lacks it. OpenTree stands on this, and on that the reading half (filesystem_storage.cc) and the
// writing half (gc/doing/writer.cc).
#pragma once

#include <sys/stat.h>

#include <cerrno>
#include <string>
#include <string_view>
#include <utility>

#include "registry/storage.h"

namespace regctl::beneath {

// A file descriptor, closed at the end of its scope; below 0: none.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor();
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_;
};

// The system's answer: a descriptor or a number, or -1 and why.
struct Answer {
  long value;
  int error;  // an errno; 0: none
};

// Makes a system call until no signal interrupts it.
template <class Call>
Answer ask(Call call) {
  for (;;) {
    const long value = call();
    if (value >= 0) return {value, 0};
    if (errno != EINTR) return {-1, errno};
  }
}

// Failures that network file systems and flaky disks recover from.
inline bool worth_retrying(int error) {
  return error == EIO || error == ESTALE || error == ETIMEDOUT;
}

// ask(), and once more where that may help.
template <class Call>
Answer ask_twice(Call call) {
  const Answer answer = ask(call);
  return worth_retrying(answer.error) ? ask(call) : answer;
}

// Throws the StorageError that `error`, an errno, says of `path`.
[[noreturn]] void fail(int error, std::string path);

// The descriptor of an answer. Throws like fail() where there is none.
Descriptor opened(const Answer& answer, const std::string& path);

enum class Resolution {
  best,          // openat2, where the kernel has it
  by_component,  // slower, and the same on every kernel
};

// `path` below `directory`, "" for itself, opened with the `flags` of open(2) and O_CLOEXEC. A
// symbolic link anywhere on the way or at the end is ELOOP. REQUIRES: `path` is relative, and no
// component of it is "..".
Answer open(int directory, std::string_view path, int flags, Resolution resolution);

// The directory that a symbolic link `name` in `directory` leads to, wherever that is, opened with
// O_PATH: only to learn which it is. Links of /proc are not followed.
Answer follow(int directory, const std::string& name);

// The directory where everything begins: `path` is absolute, and names it without any symbolic
// link. Somebody may have put one there since that was found out: ELOOP then.
Answer open_top(const std::string& path, int flags, Resolution resolution);

// A time that nanoseconds cannot hold (before 1677, after 2262) is the latest there is: every
// reader takes the future for young, whereas an overflow could make it old.
Time time_of(const timespec& time);
Identity identity_of(const struct stat& st);

}  // namespace regctl::beneath
