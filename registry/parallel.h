// Every item through a function, results in order: the only door to oneTBB.
//
// Debian's oneTBB is not instrumented, so ThreadSanitizer reports its insides; with
// REGCTL_PLAIN_THREADS defined the same interface runs on std::jthread and our own races can be
// found.
#pragma once

#include <algorithm>
#include <cstddef>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include "registry/error.h"

#ifdef REGCTL_PLAIN_THREADS
#include <atomic>
#include <exception>
#include <mutex>
#else
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>
#endif

namespace regctl {

// A number of workers. They mostly wait for storage, so more of them than cores is normal.
class Workers {
 public:
  // One runs everything on the calling thread. Loops end with Interrupted once `stop` is requested.
  // REQUIRES: there is one.
  explicit Workers(unsigned count, std::stop_token stop = {})
      : count_(count), stop_(std::move(stop)) {}

  unsigned count() const { return count_; }
  bool stopping() const { return stop_.stop_requested(); }

  // Calls f(i) for every i below n, on several threads unless there is one worker; returns when all
  // are done. An exception of any call ends the loop and is thrown again here. Calls may nest.
  template <class F>
  void for_each_index(std::size_t n, F f) const {
    const auto checked = [&](std::size_t i) {
      if (stop_.stop_requested()) throw Interrupted();
      f(i);
    };
    if (count_ == 1 || n < 2) {
      for (std::size_t i = 0; i < n; ++i) checked(i);
    } else {
      run(n, checked);
    }
  }

 private:
  unsigned count_;
  std::stop_token stop_;

#ifdef REGCTL_PLAIN_THREADS
  template <class F>
  void run(std::size_t n, const F& f) const {
    if (inside_) {  // a nested loop: its outer one keeps the threads busy already
      for (std::size_t i = 0; i < n; ++i) f(i);
      return;
    }
    std::atomic<std::size_t> next = 0;
    std::exception_ptr failure;
    std::mutex mutex;
    const auto work = [&] {
      inside_ = true;
      try {
        for (std::size_t i; (i = next++) < n;) f(i);
      } catch (...) {
        next = n;
        const std::lock_guard lock(mutex);
        if (!failure) failure = std::current_exception();
      }
      inside_ = false;
    };
    {
      std::vector<std::jthread> threads;
      for (unsigned i = 0; i < count_; ++i) threads.emplace_back(work);
    }
    if (failure) std::rethrow_exception(failure);
  }

  static inline thread_local bool inside_ = false;
#else
  template <class F>
  void run(std::size_t n, const F& f) const {
    arena_.execute([&] { oneapi::tbb::parallel_for(std::size_t{0}, n, f); });
  }

  oneapi::tbb::global_control limit_{oneapi::tbb::global_control::max_allowed_parallelism, count_};
  mutable oneapi::tbb::task_arena arena_{static_cast<int>(count_)};
#endif
};

// f(item) for every item, in the order of the items.
template <class T, class F>
auto parallel_map(const Workers& workers, const std::vector<T>& items, F f) {
  std::vector<decltype(f(items[0]))> results(items.size());
  workers.for_each_index(items.size(), [&](std::size_t i) { results[i] = f(items[i]); });
  return results;
}

}  // namespace regctl
