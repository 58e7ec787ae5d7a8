// Somebody who may write below a registry's root, and means harm.
#pragma once

#include <fcntl.h>
#include <linux/fs.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

namespace regctl::test {

// Somebody who owns the tree exchanges directories with links out of it, as fast as possible,
// meanwhile.
class Attacker {
 public:
  // `places` are relative; each is exchanged with a link to the same place below `outside`, which
  // belongs to `user`: for others than root that must be oneself.
  Attacker(const std::filesystem::path& inside, const std::filesystem::path& outside,
           const std::vector<std::string>& places, uid_t user = geteuid()) {
    for (const std::string& place : places) {
      pairs_.emplace_back(inside / place, outside / ("link to " + std::to_string(pairs_.size())));
      std::filesystem::create_directory_symlink(outside / place, pairs_.back().second);
      if (lchown(pairs_.back().second.c_str(), user, static_cast<gid_t>(user)) != 0)
        throw std::system_error(errno, std::generic_category(), "lchown");
    }
    thread_ = std::jthread([this](const std::stop_token& stop) {
      for (std::size_t i = 0; !stop.stop_requested(); i = (i + 1) % pairs_.size()) {
        exchange(i);
        sched_yield();
        exchange(i);
      }
    });
  }
  std::uint64_t exchanges() const { return exchanges_; }

 private:
  void exchange(std::size_t i) {
    const auto& [place, link] = pairs_[i];
    exchanges_ += syscall(SYS_renameat2, AT_FDCWD, place.c_str(), AT_FDCWD, link.c_str(),
                          RENAME_EXCHANGE) == 0;
  }
  std::vector<std::pair<std::filesystem::path, std::filesystem::path>> pairs_;
  std::atomic<std::uint64_t> exchanges_ = 0;
  std::jthread thread_;
};

}  // namespace regctl::test
