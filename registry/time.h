// Time as the registry's files carry it: nanoseconds since 1970, UTC.
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace regctl {

using Duration = std::chrono::nanoseconds;
using Time = std::chrono::sys_time<Duration>;

// "2026-11-21T03:30:02Z", whole seconds (RFC 3339). parse_rfc3339() takes that form only, the one that
// distribution writes into `startedat`; empty: something else.
std::string format_rfc3339(Time time);
std::optional<Time> parse_rfc3339(const std::string& text);

}  // namespace regctl
