// The grammar of repository and tag names, as distribution checks them (reference/regexp.go). A
// store can hold directories that no registry would have made; they are read all the same, and
// these tell them apart.
#pragma once

#include <string_view>

namespace regctl {

// Components [a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)* joined by "/"; the first of several may contain
// upper case, because it may be a host name. Length is not checked: versions differ.
bool is_repository_name(std::string_view name);

// [A-Za-z0-9_][A-Za-z0-9_.-]{0,127}
bool is_tag_name(std::string_view name);

}  // namespace regctl
