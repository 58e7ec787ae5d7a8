// The grammar of repository and tag names, as distribution checks them (reference/regexp.go). A store can hold
// directories that no registry would have made; they are read all the same, and these tell them apart.
#pragma once

#include <string>
#include <string_view>

namespace regctl {

// Components [a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)* joined by "/"; the first of several may contain upper case,
// because it may be a host name. Length is not checked: versions differ.
bool is_repository_name(std::string_view name);

// [A-Za-z0-9_][A-Za-z0-9_.-]{0,127}
bool is_tag_name(std::string_view name);

// `name` with every byte that is not printable ASCII, and the backslash, written as \xNN: safe in a terminal and
// in any text format, and no two names look the same. Valid UTF-8 is left alone.
enum class NonAscii { escape, keep_valid_utf8 };
std::string printable(std::string_view name, NonAscii non_ascii = NonAscii::escape);

bool is_valid_utf8(std::string_view bytes);

}  // namespace regctl
