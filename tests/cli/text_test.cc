#include "cli/text.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstring>

namespace regctl::cli {
namespace {

TEST(Utf8, WellFormedOnly) {
  for (const char* text :
       {"", "a", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80",
        "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF", "x\xE2\x82\xACy"})
    EXPECT_TRUE(is_valid_utf8(text)) << text;
  // Lone tails, overlong forms, surrogates, beyond U+10FFFF, cut short.
  for (const char* text : {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80",
                           "\xED\xBF\xBF", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80",
                           "\xF5\x80\x80\x80", "\xFE", "\xFF", "\xC2", "\xE2\x82", "\xF0\x90\x80",
                           "\xC2"
                           "a",
                           "\xE2\x82"
                           "a",
                           "a\xC2"})
    EXPECT_FALSE(is_valid_utf8(text)) << text;
}

TEST(Printable, EscapesWhatCouldSteerATerminal) {
  EXPECT_EQ(printable("plain-text_1.2/x y", Charset::ascii), "plain-text_1.2/x y");
  EXPECT_EQ(printable("\x1b[31m\n\t\r\x7F\\", Charset::ascii),
            "\\x1b[31m\\x0a\\x09\\x0d\\x7f\\x5c");
  EXPECT_EQ(printable(std::string_view("a\0b", 3), Charset::ascii), "a\\x00b");
  EXPECT_EQ(printable("\xC3\xA4", Charset::ascii), "\\xc3\\xa4");
}

TEST(Printable, KeepsValidUtf8WhereAsked) {
  const auto kept = [](std::string_view text) { return printable(text, Charset::utf8); };
  EXPECT_EQ(kept("\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80"), "\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80");
  EXPECT_EQ(kept("\xC3"), "\\xc3");
  EXPECT_EQ(kept("\xFF\xC3\xA4"), "\\xff\xC3\xA4");
  EXPECT_EQ(kept("\xC2\x9B"
                 "31m"),
            "\\xc2\\x9b31m");  // CSI in one character
  EXPECT_EQ(kept("\xC2\xA0"), "\xC2\xA0");
  EXPECT_EQ(kept("\x1b\\"), "\\x1b\\x5c");
}

TEST(Printable, EscapesWhatShowsNothingOrTurnsTheLineAround) {
  for (const char* text : {
           "\u202E",      // right-to-left override
           "\u2066",      // isolate
           "\u200B",      // zero width space
           "\u200D",      // joiner
           "\uFEFF",      // byte order mark
           "\u00AD",      // soft hyphen
           "\u0301",      // combining acute accent
           "\uFE0F",      // variation selector
           "\u115F",      // Hangul filler
           "\u2028",      // line separator
           "\u0085",      // next line
           "\u0378",      // of no meaning
           "\uE000",      // of private meaning
           "\U000E0041",  // tag letter
       }) {
    const std::string shown = printable(text, Charset::utf8);
    EXPECT_EQ(shown.size(), 4 * std::strlen(text)) << shown;
    for (const char c : shown) EXPECT_TRUE(c >= 0x20 && c < 0x7F) << shown;
  }
  for (const char* text : {"\u00FCbung", "\u65E5\u672C\u8A9E", "\u0440\u0443", "\u20AC"})
    EXPECT_EQ(printable(text, Charset::utf8), text);
}

TEST(DisplayWidth, CountsColumns) {
  EXPECT_EQ(display_width("plain"), 5u);
  EXPECT_EQ(display_width("\u00FCbung"), 5u);
  EXPECT_EQ(display_width("\u65E5\u672C\u8A9E"), 6u);
  EXPECT_EQ(display_width("\u2588\u258F"), 2u);
}

TEST(TerminalCharset, TheFirstVariableThatIsSetDecides) {
  const auto with = [](const char* all, const char* ctype, const char* lang) {
    setenv("LC_ALL", all, 1);
    setenv("LC_CTYPE", ctype, 1);
    setenv("LANG", lang, 1);
    return terminal_charset() == Charset::utf8;
  };
  EXPECT_TRUE(with("", "", "en_US.UTF-8"));
  EXPECT_TRUE(with("C.utf8", "C", "C"));
  EXPECT_FALSE(with("C", "", "en_US.UTF-8"));
  EXPECT_FALSE(with("", "POSIX", "en_US.UTF-8"));
  EXPECT_FALSE(with("", "", ""));
}

RC_GTEST_PROP(TextLaw, PrintableIsPrintableAndTellsNamesApart,
              (const std::string& a, const std::string& b)) {
  for (const char c : printable(a, Charset::ascii)) RC_ASSERT(c >= 0x20 && c < 0x7F);
  RC_ASSERT(is_valid_utf8(printable(a, Charset::utf8)));
  for (const Charset way : {Charset::ascii, Charset::utf8})
    RC_ASSERT((printable(a, way) == printable(b, way)) == (a == b));
}

TEST(Base64, Rfc4648Vectors) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64("foob"), "Zm9vYg==");
  EXPECT_EQ(base64("\xFB\xFF"), "+/8=");
}

}  // namespace
}  // namespace regctl::cli
