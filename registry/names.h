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

// A name of what is neither a registry's nor anything that one could read: of a NAS, a desktop, a
// file system, a backup or synchronising program (".AppleDouble", "@eaDir", "#recycle",
// "lost+found"). It begins with a dot, or holds a byte that none of a repository's components (one
// may be a host, with a port or in brackets), a tag, an algorithm or a digest may hold. No
// reference stands below it.
bool is_foreign_name(std::string_view name);

}  // namespace regctl
