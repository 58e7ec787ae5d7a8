#include "cli/progress_line.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "cli/messages.h"
#include "cli/units.h"

namespace regctl::cli {

ProgressLine::ProgressLine(std::string program, When when)
    : program_(std::move(program)),
      terminal_(isatty(STDERR_FILENO)),
      shown_(when == When::always || (when == When::automatic && terminal_)) {}

void ProgressLine::phase(std::string_view name, Work total, std::string_view unit) {
  const std::lock_guard lock(mutex_);
  name_ = name;
  unit_ = unit;
  total_ = total;
  done_ = {};
  started_ = Clock::now();
}

void ProgressLine::advance(Work done) {
  const std::lock_guard lock(mutex_);
  done_.units += done.units;
  done_.bytes += done.bytes;
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
  // Where there are bytes, they are what takes the time.
  const bool of_bytes = total_.bytes > 0;
  const std::uint64_t total = of_bytes ? total_.bytes : total_.units,
                      done = of_bytes ? std::min(done_.bytes, total) : done_.units;
  const double seconds = std::chrono::duration<double>(Clock::now() - started_).count();
  const double rate = seconds > 0 ? static_cast<double>(done) / seconds : 0;
  std::string text = name_ + (total ? ' ' + format_share(done, total) : "") + " (" +
                     format_count(done_.units) +
                     (total_.units ? " of " + format_count(total_.units) : "") + ' ' + unit_;
  if (of_bytes)
    text += fmt::format(", {} of {}, {}/s", format_bytes(done), format_bytes(total),
                        format_bytes(static_cast<std::uint64_t>(rate)));
  else
    text += fmt::format(", {:.0f}/s", rate);
  // An estimate from the first moments is a guess: none before 5 s and 2 %.
  const double share = total ? share_of(done_, total_) : 0;
  if (seconds > 5 && share > 0.02) {
    const double left = seconds * (1 - share) / share;
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
