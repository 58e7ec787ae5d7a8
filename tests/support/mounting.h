// File systems of a test's own.
#pragma once

#include <sched.h>
#include <sys/mount.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
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

}  // namespace regctl::test
