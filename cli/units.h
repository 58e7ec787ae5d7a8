// How sizes, durations, counts and shares are written and read.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace regctl::cli {

enum class Bytes { scaled, exact };

// "124.80 GiB", "0 B"; exact: "134000000000".
std::string format_bytes(std::uint64_t bytes, Bytes style = Bytes::scaled);
// "18,402"
std::string format_count(std::uint64_t count);
// Between 0 and 1; 0 of nothing.
double share(std::uint64_t part, std::uint64_t whole);
// "11.0%" of `whole`; "0.0%" of nothing.
std::string format_share(std::uint64_t part, std::uint64_t whole);
// "4.9 s", "9 min 45 s", "7 h 20 min", "83 days"
std::string format_elapsed(std::chrono::nanoseconds elapsed);

// "10GiB" and "10G" are 1024^3 bytes each, "10GB" is 1000^3, as in fstrim(8); "10B" and "10" are
// bytes. Empty: not a size.
std::optional<std::uint64_t> parse_size(std::string_view text);

// "168h", "2h10m", "1.5s" as in the registry's own configuration (Go's time.ParseDuration), and d
// and w for days and weeks; "0" alone is zero. Never negative. Empty: not a duration.
std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text);

}  // namespace regctl::cli
