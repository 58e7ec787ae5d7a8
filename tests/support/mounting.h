// File systems of a test's own.
#pragma once

#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/support/program.h"

namespace regctl::test {

// Something that is mounted while it lives, in a mount namespace that this process has for itself:
// nothing is left mounted, however the test ends. REQUIRES: the thread that makes the first one
// makes them all, and starts the programs.
class Mounted {
 public:
  // `what`: the words of mount(8) ahead of the directory.
  Mounted(const std::vector<std::string>& what, std::filesystem::path at) : at_(std::move(at)) {
    static const bool alone =
        unshare(CLONE_NEWNS) == 0 && mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
    if (!alone) {
      refusal_ = std::string("no mount namespace for us: ") + std::strerror(errno);
      return;
    }
    std::filesystem::create_directories(at_);
    std::vector<std::string> argv = {"mount"};
    argv.insert(argv.end(), what.begin(), what.end());
    argv.push_back(at_);
    const Ran ran = run(argv);
    if (ran.status != 0) refusal_ = "this host does not let us mount that: " + ran.err;
  }
  ~Mounted() {
    if (*this) umount2(at_.c_str(), MNT_DETACH);
  }
  Mounted(const Mounted&) = delete;

  explicit operator bool() const { return refusal_.empty(); }
  const std::string& refusal() const { return refusal_; }

 private:
  std::filesystem::path at_;
  std::string refusal_;
};

// A FUSE file system, served by a program of its own while it lives.
class Fuse {
 public:
  // `daemon`: the words of its command line, `at` included, so that it stays in the foreground.
  // Throws std::runtime_error if it fails although FUSE is permitted.
  Fuse(const std::vector<std::string>& daemon, std::filesystem::path at) : at_(std::move(at)) {
    std::filesystem::create_directories(at_);
    const auto before = device();
    program_.emplace(daemon);
    becomes_true([&] { return device() != before || program_->has_ended(); });
    if (device() != before) return;
    const std::string why = program_->err();
    if (access("/dev/fuse", R_OK | W_OK) == 0 && why.find("not permitted") == std::string::npos)
      throw std::runtime_error(daemon[0] + ": " + why);
    refusal_ = "this host does not let us mount that: " + why;
  }
  ~Fuse() {
    if (!*this) return;
    umount2(at_.c_str(), MNT_DETACH);
    becomes_true([&] { return program_->has_ended(); });
  }
  Fuse(const Fuse&) = delete;

  explicit operator bool() const { return refusal_.empty(); }
  const std::string& refusal() const { return refusal_; }

 private:
  dev_t device() const {
    struct stat st {};
    return stat(at_.c_str(), &st) == 0 ? st.st_dev : 0;
  }

  std::filesystem::path at_;
  std::optional<Program> program_;
  std::string refusal_;
};

}  // namespace regctl::test
