#include "registry/beneath.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string>

namespace regctl::beneath {
namespace {

Answer openat2(int directory, const char* path, int flags, std::uint64_t resolve) {
  open_how how{};
  how.flags =
      static_cast<std::uint64_t>(flags) | O_CLOEXEC;  // O_NOFOLLOW would turn ELOOP into ENOTDIR
  how.resolve = resolve | RESOLVE_NO_MAGICLINKS;
  return ask([&] { return syscall(SYS_openat2, directory, path, &how, sizeof how); });
}

Answer openat2_beneath(int directory, const char* path, int flags) {
  return openat2(directory, path, flags, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
}

// The same promise with plain openat: one component at a time, none of them a link. REQUIRES: no
// "..".
Answer openat_by_component(int directory, std::string_view path, int flags) {
  Descriptor here;
  for (;;) {
    const auto slash = path.find('/');
    const std::string component(path.substr(0, slash));
    const int at = here ? here.get() : directory;
    const bool last = slash == std::string_view::npos;
    const int how = last ? flags : O_PATH | O_DIRECTORY;
    const Answer answer =
        ask([&] { return openat(at, component.c_str(), how | O_CLOEXEC | O_NOFOLLOW); });
    if (answer.error == ENOTDIR) {  // with O_DIRECTORY a link reads as "not a directory": say which
      struct stat st;
      if (fstatat(at, component.c_str(), &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode))
        return {-1, ELOOP};
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

}  // namespace

Descriptor::~Descriptor() {
  if (fd_ >= 0) close(fd_);
}

void fail(int error, std::string path) {
  auto trouble = Trouble::unreadable;
  if (error == ELOOP) trouble = Trouble::behind_symlink;
  if (error == ENOTDIR) trouble = Trouble::not_a_directory;
  throw StorageError(trouble, std::move(path), error);
}

Descriptor opened(const Answer& answer, const std::string& path) {
  if (answer.error) fail(answer.error, path);
  return Descriptor(static_cast<int>(answer.value));
}

Answer open(int directory, std::string_view path, int flags, Resolution resolution) {
  const TerminatedPath name(path);
  const bool whole = resolution == Resolution::best && kernel_has_openat2();
  return ask_twice([&] {
    const Answer answer = whole ? openat2_beneath(directory, name.c_str(), flags)
                                : openat_by_component(directory, name.c_str(), flags);
    errno = answer.error;
    return answer.value;
  });
}

Answer follow(int directory, const std::string& name) {
  return openat2(directory, name.c_str(), O_PATH | O_DIRECTORY, 0);
}

Answer open_top(const std::string& path, int flags, Resolution resolution) {
  const Answer slash = ask([] { return ::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC); });
  if (slash.error) return slash;
  const auto first = std::min(path.find_first_not_of('/'), path.size());
  return open(Descriptor(static_cast<int>(slash.value)).get(), std::string_view(path).substr(first),
              flags, resolution);
}

Time time_of(const timespec& time) {
  const auto whole = time_from_seconds(time.tv_sec);
  return whole ? *whole + std::chrono::nanoseconds(time.tv_nsec) : Time::max();
}

Identity identity_of(const struct stat& st) {
  return {.device = st.st_dev,
          .inode = st.st_ino,
          .bytes = static_cast<std::uint64_t>(st.st_size),
          .modified = time_of(st.st_mtim),
          .changed = time_of(st.st_ctim)};
}

}  // namespace regctl::beneath
