// Being nobody for a while: permissions do not stop root.
#pragma once

#include <unistd.h>

#include <cstdlib>

namespace regctl::test {

// The user of the whole process is another one while it lives. False: could not become one.
class Unprivileged {
 public:
  Unprivileged() : was_(geteuid()), ok_(was_ != 0 || seteuid(kNobody) == 0) {}
  ~Unprivileged() {
    if (geteuid() != was_ && seteuid(was_) != 0) std::abort();
  }
  Unprivileged(const Unprivileged&) = delete;
  Unprivileged& operator=(const Unprivileged&) = delete;

  explicit operator bool() const { return ok_; }

 private:
  static constexpr uid_t kNobody = 65534;
  uid_t was_;
  bool ok_;
};

}  // namespace regctl::test
