// TimedProgress: how long each stage of a run took.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "registry/progress.h"

namespace regctl::gc {

struct Phase {
  std::string name;
  double seconds;
};

// Hands on what it hears. Stages begin on one thread.
class TimedProgress final : public Progress {
 public:
  explicit TimedProgress(Progress& inner) : inner_(inner) {}

  void stage(std::string_view name) override {
    end();
    phases_.push_back({std::string(name), 0});
    inner_.stage(name);
  }
  void phase(std::string_view name, Work total, std::string_view unit) override {
    inner_.phase(name, total, unit);
  }
  void advance(Work done) override { inner_.advance(done); }

  // In the order of their beginning; the last ends now.
  std::vector<Phase> phases() && {
    end();
    return std::move(phases_);
  }

 private:
  void end() {
    const auto now = std::chrono::steady_clock::now();
    if (!phases_.empty())
      phases_.back().seconds = std::chrono::duration<double>(now - begun_).count();
    begun_ = now;
  }

  Progress& inner_;
  std::chrono::steady_clock::time_point begun_;
  std::vector<Phase> phases_;
};

}  // namespace regctl::gc
