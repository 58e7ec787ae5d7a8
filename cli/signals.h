// Signals as a request to stop: hang-up, interrupt and termination; USR1 asks for a word on the
// progress.
#pragma once

#include <signal.h>

#include <atomic>
#include <functional>
#include <stop_token>
#include <thread>

namespace regctl::cli {

// REQUIRES: made before any other thread, so that all of them leave signals to this one. SIGPIPE is
// ignored for good: a reader that went away is an error of writing, not an end of the program.
class SignalWatch {
 public:
  explicit SignalWatch(std::function<void()> on_usr1);
  ~SignalWatch();
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

  std::stop_token token() const { return source_.get_token(); }
  // The first signal that asked to stop; 0: none.
  int caught() const { return caught_; }
  // From now on, a signal that asks to stop ends the process at once, with its status, as a second
  // one always does: for when nothing is left but printing.
  void end_at_once() { at_once_ = true; }

 private:
  std::stop_source source_;
  std::atomic<int> caught_ = 0;
  std::atomic<bool> over_ = false, at_once_ = false;
  std::jthread thread_;
};

}  // namespace regctl::cli
