#include "cli/signals.h"

#include <pthread.h>
#include <unistd.h>

namespace regctl::cli {
namespace {

sigset_t watched() {
  sigset_t set;
  sigemptyset(&set);
  for (int signal : {SIGHUP, SIGINT, SIGTERM, SIGUSR1}) sigaddset(&set, signal);
  return set;
}

}  // namespace

SignalWatch::SignalWatch(std::function<void()> on_usr1) {
  const sigset_t set = watched();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  thread_ = std::jthread([this, set, on_usr1 = std::move(on_usr1)] {
    for (int signal = 0; sigwait(&set, &signal) == 0;) {
      if (over_) return;  // the destructor sent it
      if (signal == SIGUSR1) {
        on_usr1();
        continue;
      }
      int none = 0;
      const bool first = caught_.compare_exchange_strong(none, signal);
      if (!first || at_once_) _exit(128 + signal);
      source_.request_stop();
    }
  });
}

SignalWatch::~SignalWatch() {
  over_ = true;
  pthread_kill(thread_.native_handle(), SIGUSR1);
}

}  // namespace regctl::cli
