// Progress: the only way code below a program's command speaks while it works.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

namespace regctl {

// How much there is to do, or was done: bytes are none where they say nothing of the effort.
struct Work {
  std::uint64_t units = 0, bytes = 0;
};

// What part of the time that `total` takes has passed when `done` is done, as far as anybody can
// tell: from 0 to 1. REQUIRES: there is something to do.
inline double share_of(const Work& done, const Work& total) {
  // To open a file takes as long as to read so many bytes: on warm local disks somewhat less, on
  // cold and remote ones more.
  constexpr double kBytesToOpen = 64 << 10;
  const auto effort = [&](const Work& work) {
    return static_cast<double>(work.bytes) +
           (total.bytes ? kBytesToOpen : 1) * static_cast<double>(work.units);
  };
  return std::min(1.0, effort(done) / effort(total));
}

// advance() may be called from several threads at once.
class Progress {
 public:
  virtual ~Progress() = default;
  // A stage of a run begins, as reports call it, e.g. "scan". It lasts until the next.
  virtual void stage(std::string_view) {}
  // A new phase begins, of `total` (no units: not known), e.g. ("repositories", {412},
  // "repositories").
  virtual void phase(std::string_view name, Work total, std::string_view unit) = 0;
  virtual void advance(Work done) = 0;
};

class NullProgress final : public Progress {
 public:
  void phase(std::string_view, Work, std::string_view) override {}
  void advance(Work) override {}
};

}  // namespace regctl
