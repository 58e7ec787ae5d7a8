#include "cli/progress_line.h"

#include <fmt/format.h>
#include <unistd.h>

#include "cli/messages.h"
#include "cli/units.h"

namespace regctl::cli {

ProgressLine::ProgressLine(std::string program, When when)
    : program_(std::move(program)),
      terminal_(isatty(STDERR_FILENO)),
      shown_(when == When::always || (when == When::automatic && terminal_)) {}

void ProgressLine::phase(std::string_view name, std::uint64_t total, std::string_view unit) {
  const std::lock_guard lock(mutex_);
  name_ = name;
  unit_ = unit;
  total_ = total;
  done_ = 0;
  started_ = Clock::now();
}

void ProgressLine::advance(std::uint64_t units) {
  const std::lock_guard lock(mutex_);
  done_ += units;
  const auto pause = terminal_ ? std::chrono::milliseconds(250) : std::chrono::milliseconds(60'000);
  if (shown_ && Clock::now() - drawn_ >= pause) draw();
}

void ProgressLine::print_now() {
  const std::lock_guard lock(mutex_);
  say(fmt::format("{}{}: {}\n", on_screen_ ? "\r\033[K" : "", program_, describe()));
  on_screen_ = false;
}

void ProgressLine::erase() {
  const std::lock_guard lock(mutex_);
  if (on_screen_) say("\r\033[K");
  on_screen_ = false;
}

std::string ProgressLine::describe() const {
  if (name_.empty()) return "starting";
  const double seconds = std::chrono::duration<double>(Clock::now() - started_).count();
  const std::string share = total_ ? ' ' + format_share(done_, total_) : "";
  std::string text = fmt::format("{}{} ({}{} {}, {:.0f}/s", name_, share, format_count(done_),
                                 total_ ? " of " + format_count(total_) : "", unit_,
                                 seconds > 0 ? static_cast<double>(done_) / seconds : 0.0);
  // An estimate from the first moments is a guess: none before 5 s and 2 %.
  if (seconds > 5 && total_ && done_ * 50 > total_) {
    const double left = seconds / static_cast<double>(done_) * static_cast<double>(total_ - done_);
    text += ", about " +
            format_elapsed(std::chrono::nanoseconds(static_cast<std::int64_t>(left * 1e9))) +
            " left";
  }
  return text + ')';
}

void ProgressLine::draw() {
  drawn_ = Clock::now();
  say(fmt::format("{}{}: {}{}", terminal_ ? "\r\033[K" : "", program_, describe(),
                  terminal_ ? "" : "\n"));
  on_screen_ = terminal_;
}

}  // namespace regctl::cli
