// Foreign bytes made inert: safe in a terminal and in any text format.
#pragma once

#include <string>
#include <string_view>

namespace regctl::cli {

// What the reader of a text can be shown.
enum class Charset { ascii, utf8 };

// Of the locale (LC_ALL, LC_CTYPE, LANG).
Charset terminal_charset();

// `name` with the backslash and every byte that is not printable ASCII written as \xNN, so that no
// two names look the same. With Charset::utf8, characters of well-formed UTF-8 are left alone but
// for those that steer a terminal or show nothing: controls, format characters (bidirectional
// overrides among them), whatever has no width, and code points of no or of private meaning.
std::string printable(std::string_view name, Charset charset);

// In columns of a terminal, of printable text in UTF-8.
std::size_t display_width(std::string_view text);

bool is_valid_utf8(std::string_view bytes);

// RFC 4648, with padding.
std::string base64(std::string_view bytes);

}  // namespace regctl::cli
