#include "registry/names.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

namespace regctl {
namespace {

TEST(RepositoryName, LegalOnes) {
  for (const char* name : {"a",
                           "0",
                           "ab",
                           "a/b",
                           "a/b/c/d/e",
                           "a.b",
                           "a_b",
                           "a__b",
                           "a-b",
                           "a--b",
                           "a-----b",
                           "a.b_c-d__e",
                           "library/ubuntu",
                           "a/tags/list",
                           "a/manifests",
                           "blobs/uploads",
                           "Host/a",
                           "HOST.example.com/a",
                           "my-host/a",
                           "1.2.3.4/a"})
    EXPECT_TRUE(is_repository_name(name)) << name;
  EXPECT_TRUE(is_repository_name(std::string(300, 'a')));
}

TEST(RepositoryName, IllegalOnes) {
  for (const char* name :
       {"",        "/",       "a/",      "/a",       "a//b",    ".",    "..",       "a/..",    "a/../b",
        "A",       "aB",      "a/B",     "a/Host/b", "-a",      "a-",   ".a",       "a.",      "_a",
        "a_",      "a..b",    "a___b",   "a.-b",     "a-.b",    "a._b", "a_.b",     "_layers", "a/_layers",
        "a b",     "a\n",     "a\tb",    "a:5000/b", "a@b",     "a+b",  "\xC3\xA4", "\xFF",    "Host",
        "Host./a", ".Host/a", "-Host/a", "Host-/a",  "Ho_st/a", "a\\b"})
    EXPECT_FALSE(is_repository_name(name)) << name;
  EXPECT_FALSE(is_repository_name(std::string_view("a\0b", 3)));
}

TEST(TagName, LegalOnes) {
  for (const char* name :
       {"a", "A", "0", "_", "_x", "v1.2.3-rc.1_x", "latest", "a..b", "a--", "a.", "Thumbs.db"})
    EXPECT_TRUE(is_tag_name(name)) << name;
  EXPECT_TRUE(is_tag_name(std::string(128, 'a')));
  EXPECT_TRUE(is_tag_name("sha256-" + std::string(64, 'a')));
}

TEST(TagName, IllegalOnes) {
  for (const char* name : {"", ".", "..", ".a", "-a", "a/b", "a b", "a:b", "a\n", "a+b", "\xC3\xA4"})
    EXPECT_FALSE(is_tag_name(name)) << name;
  EXPECT_FALSE(is_tag_name(std::string(129, 'a')));
  EXPECT_FALSE(is_tag_name(std::string_view("a\0", 2)));
}

TEST(Utf8, WellFormedOnly) {
  for (const char* text : {"", "a", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80",
                           "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF", "x\xE2\x82\xACy"})
    EXPECT_TRUE(is_valid_utf8(text)) << text;
  // Lone tails, overlong forms, surrogates, beyond U+10FFFF, cut short.
  for (const char* text : {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80",
                           "\xED\xBF\xBF", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFE",
                           "\xFF", "\xC2", "\xE2\x82", "\xF0\x90\x80",
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
  const auto kept = [](std::string_view text) { return printable(text, NonAscii::keep_valid_utf8); };
  EXPECT_EQ(kept("\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80"), "\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80");
  EXPECT_EQ(kept("\xC3"), "\\xc3");
  EXPECT_EQ(kept("\xFF\xC3\xA4"), "\\xff\xC3\xA4");
  EXPECT_EQ(kept("\xC2\x9B"
                 "31m"),
            "\\xc2\\x9b31m");  // CSI in one character
  EXPECT_EQ(kept("\xC2\xA0"), "\xC2\xA0");
  EXPECT_EQ(kept("\x1b\\"), "\\x1b\\x5c");
}

RC_GTEST_PROP(NamesLaw, PrintableIsPrintableAndTellsNamesApart,
              (const std::string& a, const std::string& b)) {
  for (const char c : printable(a)) RC_ASSERT(c >= 0x20 && c < 0x7F);
  RC_ASSERT(is_valid_utf8(printable(a, NonAscii::keep_valid_utf8)));
  for (const NonAscii way : {NonAscii::escape, NonAscii::keep_valid_utf8})
    RC_ASSERT((printable(a, way) == printable(b, way)) == (a == b));
}

}  // namespace
}  // namespace regctl
