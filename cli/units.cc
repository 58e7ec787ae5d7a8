#include "cli/units.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <utility>

namespace regctl::cli {
namespace {

// A decimal number at the start of `text`, which is moved behind it.
std::optional<double> take_number(std::string_view& text) {
  double value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (error != std::errc() || text.front() == '-' || !std::isfinite(value)) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

}  // namespace

std::string format_bytes(std::uint64_t bytes, Bytes style) {
  if (style == Bytes::exact) return std::to_string(bytes);
  if (bytes < 1024) return fmt::format("{} B", bytes);
  double value = static_cast<double>(bytes);
  const char* unit = "KMGTPE";
  for (value /= 1024; value >= 1024 && unit[1]; ++unit) value /= 1024;
  return fmt::format("{:.2f} {}iB", value, *unit);
}

std::string format_count(std::uint64_t count) {
  std::string text = std::to_string(count);
  for (std::size_t at = text.size(); at > 3;) text.insert(at -= 3, 1, ',');
  return text;
}

double share(std::uint64_t part, std::uint64_t whole) {
  return whole ? static_cast<double>(part) / static_cast<double>(whole) : 0;
}

std::string format_share(std::uint64_t part, std::uint64_t whole) {
  return fmt::format("{:.1f}%", 100 * share(part, whole));
}

std::string format_elapsed(std::chrono::nanoseconds elapsed) {
  const double seconds = std::chrono::duration<double>(elapsed).count();
  const auto whole = static_cast<std::uint64_t>(seconds);
  if (seconds < 60) return fmt::format("{:.1f} s", seconds);
  if (whole < 3600) return fmt::format("{} min {} s", whole / 60, whole % 60);
  if (whole < std::uint64_t{2} * 86400)
    return fmt::format("{} h {} min", whole / 3600, whole % 3600 / 60);
  return fmt::format("{} days", whole / 86400);
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  if (text.empty()) return std::nullopt;
  std::uint64_t whole = 0;  // exact where it can be: a double loses the last bytes of large numbers
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), whole);
  const std::string_view rest = text.substr(static_cast<std::size_t>(end - text.data()));
  if (error == std::errc() && (rest.empty() || rest == "B")) return whole;
  const auto value = take_number(text);
  if (!value || text.empty()) return std::nullopt;
  static constexpr std::string_view kPrefixes = "KMGTPE";
  const auto exponent = kPrefixes.find(text.front());
  if (exponent == std::string_view::npos) return std::nullopt;
  text.remove_prefix(1);
  double base;
  if (text.empty() || text == "iB")
    base = 1024;
  else if (text == "B")
    base = 1000;
  else
    return std::nullopt;
  const double bytes = *value * std::pow(base, static_cast<double>(exponent + 1));
  if (bytes >= 18446744073709551615.0) return std::nullopt;
  return static_cast<std::uint64_t>(bytes);
}

std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  static constexpr std::pair<std::string_view, double> kUnits[] = {
      {"ns", 1e-9}, {"us", 1e-6}, {"ms", 1e-3}, {"s", 1},
      {"m", 60},    {"h", 3600},  {"d", 86400}, {"w", 7 * 86400}};
  if (text == "0") return std::chrono::nanoseconds(0);
  if (text.empty()) return std::nullopt;
  double seconds = 0;
  while (!text.empty()) {
    const auto value = take_number(text);
    if (!value) return std::nullopt;
    const auto unit_end = text.find_first_of("0123456789.");
    const std::string_view word = text.substr(0, unit_end);
    double unit = 0;
    for (const auto& [name, length] : kUnits) {
      if (word == name) unit = length;
    }
    if (unit == 0) return std::nullopt;
    seconds += *value * unit;
    text.remove_prefix(word.size());
  }
  if (seconds > 100.0 * 366 * 86400)
    return std::nullopt;  // a century: beyond it the clock's own range ends
  return std::chrono::nanoseconds(std::llround(seconds * 1e9));
}

}  // namespace regctl::cli
