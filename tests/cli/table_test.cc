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
  EXPECT_EQ(bar(0.5, 10, Charset::ascii), "#####");
  EXPECT_EQ(bar(1, 10, Charset::ascii), "##########");
  EXPECT_EQ(bar(0, 10, Charset::ascii), "");
  EXPECT_EQ(bar(2, 10, Charset::ascii), "##########");
  EXPECT_EQ(bar(-1, 10, Charset::ascii), "");
  EXPECT_EQ(bar(0.5, 3, Charset::utf8), "█▌");
  EXPECT_EQ(bar(1, 3, Charset::utf8), "███");
  EXPECT_EQ(bar(0.01, 10, Charset::utf8), "▏");
}

TEST(Table, WideCharactersKeepColumnsAligned) {
  Table table({"NAME", "N"}, {Align::left, Align::right});
  table.add({"\u65E5\u672C\u8A9E", "1"});
  table.add({"abcdef", "22"});
  EXPECT_EQ(table.text(Layout::aligned), "NAME     N\n\u65E5\u672C\u8A9E   1\nabcdef  22\n");
}

}  // namespace
}  // namespace regctl::cli
