#include "registry/time.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <ctime>

namespace regctl {
namespace {

constexpr std::int64_t kRange = 9'223'372'035;  // seconds; in 2262 64 bits of nanoseconds end

// Exactly `count` digits at the start of `text`, behind one of the characters `after` where there
// are any.
std::optional<std::int64_t> take_digits(std::string_view& text, std::size_t count,
                                        std::string_view after = {}) {
  const std::size_t skipped = after.empty() ? 0 : 1;
  const std::string_view digits = text.substr(std::min(skipped, text.size()), count);
  if (digits.size() < count || digits.empty() ||
      digits.find_first_not_of("0123456789") != std::string_view::npos)
    return std::nullopt;
  if (skipped && after.find(text.front()) == std::string_view::npos) return std::nullopt;
  std::int64_t value = 0;
  std::from_chars(digits.data(), digits.data() + count, value);
  text.remove_prefix(skipped + count);
  return value;
}

// ".25" at the start of `text`; zero where no point stands there.
std::optional<std::chrono::nanoseconds> take_fraction(std::string_view& text) {
  if (!text.starts_with('.')) return std::chrono::nanoseconds(0);
  text.remove_prefix(1);
  std::int64_t value = 0, unit = 100'000'000;
  std::size_t length = 0;
  for (; length < text.size() && '0' <= text[length] && text[length] <= '9'; ++length, unit /= 10)
    value += (text[length] - '0') * unit;
  if (length == 0) return std::nullopt;
  text.remove_prefix(length);
  return std::chrono::nanoseconds(value);
}

// "Z" or "+01:00": how far east of Greenwich.
std::optional<std::chrono::minutes> take_zone(std::string_view& text) {
  if (text.starts_with('Z') || text.starts_with('z')) {
    text.remove_prefix(1);
    return std::chrono::minutes(0);
  }
  const int sign = text.starts_with('-') ? -1 : 1;
  const auto hours = take_digits(text, 2, "+-"), minutes = take_digits(text, 2, ":");
  if (!hours || !minutes || *hours > 23 || *minutes > 59) return std::nullopt;
  return sign * std::chrono::minutes(*hours * 60 + *minutes);
}

}  // namespace

Time now() { return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now()); }

std::optional<Time> time_from_seconds(std::int64_t seconds) {
  if (seconds > kRange || seconds < -kRange) return std::nullopt;
  return Time(std::chrono::seconds(seconds));
}

std::string format_rfc3339(Time time) {
  const std::time_t seconds =
      std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 32> text;
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

std::optional<Time> parse_rfc3339(std::string_view text) {
  using namespace std::chrono;
  const auto y = take_digits(text, 4), mo = take_digits(text, 2, "-"),
             d = take_digits(text, 2, "-"), h = take_digits(text, 2, "Tt "),
             mi = take_digits(text, 2, ":"), s = take_digits(text, 2, ":");
  if (!y || !mo || !d || !h || !mi || !s || *h > 23 || *mi > 59 || *s > 60) return std::nullopt;
  const year_month_day date(year(static_cast<int>(*y)), month(static_cast<unsigned>(*mo)),
                            day(static_cast<unsigned>(*d)));
  const auto fraction = take_fraction(text);
  const auto east = take_zone(text);
  if (!date.ok() || !fraction || !east || !text.empty()) return std::nullopt;
  const auto whole = time_from_seconds(
      (sys_days(date) + hours(*h) + minutes(*mi) + seconds(*s) - *east).time_since_epoch().count());
  if (!whole) return std::nullopt;
  return *whole + *fraction;
}

}  // namespace regctl
