// Progress on stderr: one line redrawn four times a second on a terminal, one line a minute
// elsewhere.
#pragma once

#include <chrono>
#include <mutex>
#include <string>

#include "registry/progress.h"

namespace regctl::cli {

enum class When { automatic, always, never };

class ProgressLine final : public Progress {
 public:
  // Lines begin with `program`. `automatic` shows progress on a terminal only.
  ProgressLine(std::string program, When when);
  ~ProgressLine() override { erase(); }

  void phase(std::string_view name, Work total, std::string_view unit) override;
  void advance(Work done) override;

  // Prints where the work stands, whatever `when` says; from any thread.
  void print_now();
  // Removes the line from the terminal, before something else is printed.
  void erase();

 private:
  using Clock = std::chrono::steady_clock;
  std::string describe() const;  // Locking: mutex_
  void draw();                   // Locking: mutex_

  const std::string program_;
  const bool terminal_, shown_;
  std::mutex mutex_;
  std::string name_, unit_;
  Work total_, done_;
  Clock::time_point started_, drawn_ = Clock::now();
  bool on_screen_ = false;
};

}  // namespace regctl::cli
