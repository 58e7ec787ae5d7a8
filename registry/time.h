// Time as the registry's files carry it: nanoseconds since 1970, UTC.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace regctl {

using Duration = std::chrono::nanoseconds;
using Time = std::chrono::sys_time<Duration>;

// What tells when an object came to its place. A copy, a restore or an unpacked archive keeps the
// times of modification and is born today; where the file system tells no birth, the time of change
// is later, and is renewed by a chown as well.
enum class Arrival : std::uint8_t { ignored, birth, birth_or_change };

// The system's clock. What decides is told the time instead.
Time now();

// Seconds since 1970; empty: beyond what nanoseconds can hold (1677 to 2262), where an overflow
// would make the future the past.
std::optional<Time> time_from_seconds(std::int64_t seconds);

// "2026-11-21T03:30:02Z", whole seconds, the form in which distribution writes `startedat`.
std::string format_rfc3339(Time time);
// RFC 3339, section 5.6, of any zone: "2026-11-21T03:30:02Z", "2026-11-21 04:30:02.5+01:00". Empty:
// something else, or beyond what nanoseconds can hold.
std::optional<Time> parse_rfc3339(std::string_view text);

}  // namespace regctl
