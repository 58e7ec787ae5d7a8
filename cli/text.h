// Foreign bytes made inert: safe in a terminal and in any text format.
#pragma once

#include <string>
#include <string_view>

namespace regctl::cli {

// `name` with every byte that is not printable ASCII, and the backslash, written as \xNN, so that
// no two names look the same; with keep_valid_utf8, UTF-8 that is no control character is left
// alone.
enum class NonAscii { escape, keep_valid_utf8 };
std::string printable(std::string_view name, NonAscii non_ascii = NonAscii::escape);

bool is_valid_utf8(std::string_view bytes);

// RFC 4648, with padding.
std::string base64(std::string_view bytes);

}  // namespace regctl::cli
