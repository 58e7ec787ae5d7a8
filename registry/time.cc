#include "registry/time.h"

#include <array>
#include <ctime>

namespace regctl {
namespace {

constexpr char kForm[] = "%Y-%m-%dT%H:%M:%SZ";

}  // namespace

std::string format_rfc3339(Time time) {
  const std::time_t seconds = std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 32> text;
  return {text.data(), std::strftime(text.data(), text.size(), kForm, &parts)};
}

std::optional<Time> parse_rfc3339(const std::string& text) {
  std::tm parts{};
  const char* end = strptime(text.c_str(), kForm, &parts);
  if (!end || *end || text.size() != 20) return std::nullopt;
  const std::int64_t seconds = timegm(&parts);
  // Where 64 bits of nanoseconds end, in 2262: beyond it a multiplication would make the future the past.
  constexpr std::int64_t kRange = 9'223'372'035;
  if (seconds > kRange || seconds < -kRange) return std::nullopt;
  const Time time{std::chrono::seconds(seconds)};
  if (format_rfc3339(time) != text) return std::nullopt;  // strptime takes blanks, and a thirtieth of February
  return time;
}

}  // namespace regctl
