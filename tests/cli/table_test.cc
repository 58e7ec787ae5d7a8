#include "cli/table.h"

#include <gtest/gtest.h>
#include <stdlib.h>

namespace regctl::cli {
namespace {

Table fruit() {
  Table table({"NAME", "COUNT"}, {Align::left, Align::right});
  table.add({"apple", "7"});
  table.add({"fig", "1,000,000"});
  return table;
}

TEST(Table, AlignsColumns) {
  EXPECT_EQ(fruit().text(Layout::aligned),
            "NAME       COUNT\n"
            "apple          7\n"
            "fig    1,000,000\n");
}

TEST(Table, PlainIsTabsWithoutHeads) {
  EXPECT_EQ(fruit().text(Layout::plain), "apple\t7\nfig\t1,000,000\n");
}

TEST(Table, NoLineEndsInBlanks) {
  Table table({"A", "B"}, {Align::left, Align::left});
  table.add({"x", ""});
  table.add({"", ""});
  table.add({"long", "longer"});
  EXPECT_EQ(table.text(Layout::aligned), "A     B\nx\n\nlong  longer\n");
}

TEST(Table, CountsCharactersAndNotBytes) {
  Table table({"A", "B"}, {Align::left, Align::left});
  table.add({"\xC3\xA4\xC3\xB6", "1"});
  table.add({"abc", "2"});
  EXPECT_EQ(table.text(Layout::aligned), "A    B\n\xC3\xA4\xC3\xB6   1\nabc  2\n");
}

TEST(Table, WithoutRowsIsItsHeads) {
  const Table table({"A"}, {Align::left});
  EXPECT_EQ(table.text(Layout::aligned), "A\n");
  EXPECT_EQ(table.text(Layout::plain), "");
}

TEST(Bar, IsAsLongAsTheShare) {
  EXPECT_EQ(bar(0.5, 10, false), "#####");
  EXPECT_EQ(bar(1, 10, false), "##########");
  EXPECT_EQ(bar(0, 10, false), "");
  EXPECT_EQ(bar(2, 10, false), "##########");
  EXPECT_EQ(bar(-1, 10, false), "");
  EXPECT_EQ(bar(0.5, 3, true), "█▌");
  EXPECT_EQ(bar(1, 3, true), "███");
  EXPECT_EQ(bar(0.01, 10, true), "▏");
}

TEST(TerminalIsUtf8, TheFirstVariableThatIsSetDecides) {
  const auto with = [](const char* all, const char* ctype, const char* lang) {
    setenv("LC_ALL", all, 1);
    setenv("LC_CTYPE", ctype, 1);
    setenv("LANG", lang, 1);
    return terminal_is_utf8();
  };
  EXPECT_TRUE(with("", "", "en_US.UTF-8"));
  EXPECT_TRUE(with("C.utf8", "C", "C"));
  EXPECT_FALSE(with("C", "", "en_US.UTF-8"));
  EXPECT_FALSE(with("", "POSIX", "en_US.UTF-8"));
  EXPECT_FALSE(with("", "", ""));
}

}  // namespace
}  // namespace regctl::cli
