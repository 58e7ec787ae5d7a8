// Which bytes count as a JSON object: those that Go's encoding/json takes for valid, the registry's
// own reader.
#include <gtest/gtest.h>

#include "registry/digest_scan.h"
#include "tests/registry/found_digests.h"

namespace regctl {
namespace {

using namespace std::string_literals;
using namespace test;
using Digests = FoundDigests;

const Digest a = *Digest::from_hex(Algorithm::sha256, std::string(64, 'a'));

TEST(DigestScanJson, AcceptsWhatEncodingJsonAccepts) {
  for (const char* value : {"0",
                            "-0",
                            "1",
                            "-12",
                            "10",
                            "1.5",
                            "0.5",
                            "-0.0",
                            "1e5",
                            "1E5",
                            "1e+5",
                            "1E-5",
                            "0e0",
                            "1.5e05",
                            "1e999",
                            "-1e-999",
                            "123456789012345678901234567890",
                            "true",
                            "false",
                            "null",
                            "\"\"",
                            "{}",
                            "[]",
                            "[ ]",
                            "{ }",
                            "[1 , 2]",
                            "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\"",
                            "\"\\u0000\"",
                            "\"\\uDEAD\"",
                            "\"\x7F\"",
                            "\"\xFF\"",
                            "\"'\"",
                            "{\"\":0,\"\":1}",
                            "[[[]],{\"x\":[{}]}]",
                            "\t1\r\n "}) {
    const DigestScan scan = scan_digests("{\"v\":"s + value + ",\"x\":\"" + a.text() + "\"}");
    EXPECT_TRUE(scan.is_json_object) << value;
    EXPECT_EQ(digests_of(scan.references), Digests{a}) << value;
  }
  for (const char* text : {"{}", " {}", "\t\r\n {\n} \r\n", "{\"a\" : 1}", "{\"a\":1 , \"a\":2}"})
    EXPECT_TRUE(scan_digests(text).is_json_object) << text;
}

TEST(DigestScanJson, RefusesWhatEncodingJsonRefuses) {
  for (const char* value : {"",
                            "-",
                            "+1",
                            "01",
                            "-01",
                            ".5",
                            "1.",
                            "1.e5",
                            "1e",
                            "1e+",
                            "1e5.5",
                            "0x10",
                            "1_000",
                            "--1",
                            "NaN",
                            "Infinity",
                            "-Infinity",
                            "tru",
                            "True",
                            "TRUE",
                            "truex",
                            "nul",
                            "nulls",
                            "undefined",
                            "'x'",
                            "x",
                            "\"",
                            "\"\\\"",
                            "\"\\x41\"",
                            "\"\\u12\"",
                            "\"\\u12g4\"",
                            "\"\\U0041\"",
                            "\"\\'\"",
                            "\"\\0\"",
                            "\"\t\"",
                            "\"\n\"",
                            "\"\x01\"",
                            "\"\x1F\"",
                            "\"x\"\"y\"",
                            "[",
                            "]",
                            "[}",
                            "{]",
                            "[1,]",
                            "[,1]",
                            "[,]",
                            "[1 2]",
                            "[1,,2]",
                            "{\"a\"}",
                            "{\"a\":}",
                            "{\"a\":1,}",
                            "{,}",
                            "{,\"a\":1}",
                            "{\"a\" 1}",
                            "{a:1}",
                            "{'a':1}",
                            "{1:1}",
                            "{\"a\":1 \"b\":2}",
                            "{\"a\":1;\"b\":2}",
                            "{\"a\"::1}",
                            "1 2",
                            "/**/1",
                            "1//x",
                            "\f1",
                            "\v1",
                            "\xC2\xA0"
                            "1",
                            "\xEF\xBB\xBF"
                            "1",
                            "\\u0031"}) {
    const DigestScan scan = scan_digests("{\"x\":\"" + a.text() + "\",\"v\":" + value + '}');
    EXPECT_FALSE(scan.is_json_object) << value;
    EXPECT_EQ(digests_of(scan.references), Digests{a}) << value;
  }
  for (const std::string& text : {""s,
                                  " "s,
                                  "{"s,
                                  "}"s,
                                  "{}}"s,
                                  "{{}}"s,
                                  "{}{}"s,
                                  "{} x"s,
                                  "{},"s,
                                  "{}\0"s,
                                  "\0{}"s,
                                  "{\0}"s,
                                  "{\"\0\":1}"s,
                                  "\xEF\xBB\xBF{}"s,
                                  "\xFF\xFE{\0}\0"s,
                                  "{}\f"s,
                                  "#{}"s,
                                  "{\"a\":1"s,
                                  "{\"a"s,
                                  "{\"\\"s,
                                  "{\"\\u"s,
                                  "{\"\\u12"s,
                                  "{\"a\":tr"s,
                                  "{\"a\":-"s}) {
    EXPECT_FALSE(scan_digests(text).is_json_object) << text;
  }
}

TEST(DigestScanJson, ValidJsonOfAnotherKindIsNoObject) {
  for (const char* text : {"[]", "null", "true", "1", "\"x\"", "[{}]"})
    EXPECT_FALSE(scan_digests(text).is_json_object) << text;
}

}  // namespace
}  // namespace regctl
