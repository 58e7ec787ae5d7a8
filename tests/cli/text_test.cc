#include "cli/text.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

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
  EXPECT_EQ(printable("plain-text_1.2/x y"), "plain-text_1.2/x y");
  EXPECT_EQ(printable("\x1b[31m\n\t\r\x7F\\"), "\\x1b[31m\\x0a\\x09\\x0d\\x7f\\x5c");
  EXPECT_EQ(printable(std::string_view("a\0b", 3)), "a\\x00b");
  EXPECT_EQ(printable("\xC3\xA4"), "\\xc3\\xa4");
}

TEST(Printable, KeepsValidUtf8WhereAsked) {
  const auto kept = [](std::string_view text) {
    return printable(text, NonAscii::keep_valid_utf8);
  };
  EXPECT_EQ(kept("\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80"), "\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80");
  EXPECT_EQ(kept("\xC3"), "\\xc3");
  EXPECT_EQ(kept("\xFF\xC3\xA4"), "\\xff\xC3\xA4");
  EXPECT_EQ(kept("\xC2\x9B"
                 "31m"),
            "\\xc2\\x9b31m");  // CSI in one character
  EXPECT_EQ(kept("\xC2\xA0"), "\xC2\xA0");
  EXPECT_EQ(kept("\x1b\\"), "\\x1b\\x5c");
}

RC_GTEST_PROP(TextLaw, PrintableIsPrintableAndTellsNamesApart,
              (const std::string& a, const std::string& b)) {
  for (const char c : printable(a)) RC_ASSERT(c >= 0x20 && c < 0x7F);
  RC_ASSERT(is_valid_utf8(printable(a, NonAscii::keep_valid_utf8)));
  for (const NonAscii way : {NonAscii::escape, NonAscii::keep_valid_utf8})
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
