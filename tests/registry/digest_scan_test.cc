// What marking trusts: every digest that a registry could follow is found, whatever the JSON looks
// like.
#include "registry/digest_scan.h"

#include <gtest/gtest.h>

#include <chrono>

#include "tests/registry/found_digests.h"

namespace regctl {
namespace {

using namespace std::string_literals;
using namespace test;

Digest digest(char c, Algorithm algorithm = Algorithm::sha256) {
  return *Digest::from_hex(algorithm, std::string(2 * bytes_of(algorithm), c));
}

const Digest a = digest('a'), b = digest('b'), c = digest('c');

using Digests = FoundDigests;

// The references of a text that must be a JSON object; $a, $b and $c stand for digests.
std::string with_digests(std::string text) {
  for (const auto& [name, what] : {std::pair("$a", a), {"$b", b}, {"$c", c}}) {
    for (auto at = text.find(name); at != std::string::npos; at = text.find(name))
      text.replace(at, 2, what.text());
  }
  return text;
}

DigestScan scan_object(const std::string& text) {
  DigestScan scan = scan_digests(with_digests(text));
  EXPECT_TRUE(scan.is_json_object) << text;
  return scan;
}

Digests references(const std::string& text) { return digests_of(scan_object(text).references); }

Digests children(const std::string& text) {
  Digests found;
  for (const FoundReference& reference : scan_object(text).references) {
    if (reference.child) found.push_back(reference.digest);
  }
  return found;
}

TEST(DigestScan, KeysDoNotMatter) {
  for (const char* key : {"layers", "LAYERS", "layer\u017F", "layer\\u017f", "\\u006cayers",
                          "bloBs", "\u212A", "", "x"}) {
    EXPECT_EQ(references("{\""s + key + "\":[{\"digest\":\"$a\"}]}"), Digests{a}) << key;
  }
}

TEST(DigestScan, KeysAreReferencesToo) {
  EXPECT_EQ(references(R"({"$a":1,"x":{"$b":{"$c":null}}})"), (Digests{a, b, c}));
}

TEST(DigestScan, DuplicatesAllCount) {
  EXPECT_EQ(
      references(R"({"config":{"digest":"$a","digest":"$b"},"config":{"digest":"$c"},"x":"$a"})"),
      (Digests{a, b, c, a}));
}

TEST(DigestScan, EveryAlgorithmAndEitherCase) {
  const Digest long_one = digest('d', Algorithm::sha512), middle = digest('e', Algorithm::sha384);
  EXPECT_EQ(references(R"({"x":[")" + long_one.text() + R"(",")" + middle.text() + R"(","sha256:)" +
                       std::string(64, 'A') + "\"]}"),
            (Digests{long_one, middle, a}));
}

TEST(DigestScan, OnlyWholeStringsCountInJson) {
  for (const char* text :
       {" $a", "$a ", "$a$b", "x$a", "$a\\n", "$a\\u0000", "repo@$a", "SHA256:$a"}) {
    EXPECT_EQ(references("{\"x\":\""s + text + "\"}"), Digests{}) << text;
  }
  EXPECT_EQ(references("{\"x\":\"sha256:" + std::string(63, 'a') + "\"}"), Digests{});
  EXPECT_EQ(references("{\"x\":\"sha512:" + std::string(64, 'a') + "\"}"), Digests{});
  EXPECT_EQ(references("{\"x\":\"md5:" + std::string(32, 'a') + "\"}"), Digests{});
}

TEST(DigestScan, EscapesAreUndone) {
  const std::string hex(63, 'a');
  for (const std::string& text :
       {"sha256\\u003a" + hex + "a", "\\u0073ha256:" + hex + "a", "sha256:" + hex + "\\u0061",
        "sha256:" + hex + "\\u0041", "\\u0073\\u0068\\u0061256\\u003A" + hex + "a"}) {
    EXPECT_EQ(references("{\"x\":\"" + text + "\"}"), Digests{a}) << text;
    EXPECT_EQ(references("{\"" + text + "\":0}"), Digests{a}) << text;
  }
  std::string escaped;  // the longest spelling of the longest digest
  const Digest longest = digest('f', Algorithm::sha512);
  for (const char character : longest.text()) {
    static constexpr char kDigits[] = "0123456789ABCDEF";
    escaped += {'\\', 'u', '0', '0', kDigits[character >> 4], kDigits[character & 15]};
  }
  EXPECT_EQ(references("{\"x\":\"" + escaped + "\"}"), Digests{longest});
  EXPECT_EQ(references("{\"x\":\"" + escaped + "0\"}"), Digests{});
  EXPECT_EQ(references("{\"x\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t$a\",\"y\":\"$b\"}"), Digests{b});
}

TEST(DigestScan, AnnotationsAndSubjectAreNoReferences) {
  const DigestScan scan = scan_object(
      R"({"subject":{"digest":"$a","x":["$b"]},"annotations":{"base":"$c","$c":{"deep":["$c"]}},"x":"$b"})");
  EXPECT_EQ(digests_of(scan.references), Digests{b});
  EXPECT_EQ(scan.subjects, (Digests{a, b}));
  EXPECT_EQ(references(R"({"layers":[{"annotations":{"x":"$a"},"digest":"$b"}]})"), Digests{b});
  EXPECT_EQ(references(R"({"annotations":"$a","subject":"$b"})"), Digests{});
  EXPECT_EQ(references(R"({"annotations":null,"x":"$a"})"),
            Digests{a});  // and what follows counts again
}

TEST(DigestScan, TheirNamesMayBeEscaped) {
  EXPECT_EQ(references(R"({"\u0061nnotations":{"x":"$a"},"annotation\u0073":{"x":"$b"}})"),
            Digests{});
  const DigestScan scan = scan_object(R"({"\u0073ub\u006aect":{"digest":"$a"}})");
  EXPECT_EQ(digests_of(scan.references), Digests{});
  EXPECT_EQ(scan.subjects, Digests{a});
}

TEST(DigestScan, AnyOtherSpellingOfTheirNamesIsScanned) {
  for (const char* key :
       {"Annotations", "ANNOTATIONS", "annotation", "annotations ", " annotations",
        "annotation\u017F", "annotation\\u017f", "annotations\\u0000", "Subject", "SUBJECT",
        "\u017Fubject", "subjects", "subjec", "subject\\n"}) {
    const DigestScan scan = scan_object("{\""s + key + "\":{\"digest\":\"$a\"}}");
    EXPECT_EQ(digests_of(scan.references), Digests{a}) << key;
    EXPECT_EQ(scan.subjects, Digests{}) << key;
  }
}

// Whoever annotates an image must not make it the referrer of another.
TEST(DigestScan, AnAnnotationOfThatNameIsNoSubject) {
  const DigestScan scan =
      scan_object(R"({"subject":{"$a":{"x":"$b"}},"annotations":{"subject":{"digest":"$c"}}})");
  EXPECT_EQ(digests_of(scan.references), Digests{});
  EXPECT_EQ(scan.subjects, (Digests{a, b}));
}

TEST(DigestScan, ChildrenStandUnderManifests) {
  EXPECT_EQ(
      children(R"({"manifests":[{"digest":"$a"},{"digest":"$b"}],"layers":[{"digest":"$c"}]})"),
      (Digests{a, b}));
  for (const char* key : {"MANIFESTS", "Manifests", "manife\u017Ft\u017F", "manife\\u017ft\\u017F",
                          "\\u006danifests"})
    EXPECT_EQ(children("{\""s + key + "\":[{\"digest\":\"$a\"}]}"), Digests{a}) << key;
  for (const char* key :
       {"manifest", "manifestss", "manifests ", "xmanifests", "manif\u00E9sts", "mani"})
    EXPECT_EQ(children("{\""s + key + "\":[{\"digest\":\"$a\"}]}"), Digests{}) << key;
  EXPECT_EQ(children(R"({"manifests":"$a"})"), Digests{a});
  EXPECT_EQ(children(R"({"manifests":["$a",["$b"]],"x":{"manifests":{"x":{"y":["$c"]}}}})"),
            (Digests{a, b, c}));
  EXPECT_EQ(children(R"({"manifests":[{"annotations":{"x":"$a"},"$b":1}]})"), Digests{b});
  EXPECT_EQ(children(R"({"manifests":[],"x":"$a"})"), Digests{});
}

TEST(DigestScan, AMediaTypeOfALayerMakesNoChild) {
  const std::string layer = "application/vnd.oci.image.layer.v1.tar+gzip",
                    index = "application/vnd.oci.image.index.v1+json";
  const auto with = [](const std::string& members) {
    return R"({"manifests":[{)" + members + "}]}";
  };
  for (const std::string& type :
       {layer, "application/vnd.docker.image.rootfs.diff.tar.gzip"s,
        "application/vnd.oci.image.config.v1+json"s, "application/vnd.oci.empty.v1+json"s,
        "application/vnd.docker.container.image.v1+json"s}) {
    EXPECT_EQ(children(with(R"("mediaType":")" + type + R"(","digest":"$a")")), Digests{}) << type;
    EXPECT_EQ(children(with(R"("digest":"$a","MEDIATYPE":")" + type + "\"")), Digests{}) << type;
  }
  for (const std::string& type :
       {index, "application/vnd.docker.distribution.manifest.v2+json"s, ""s, "text/plain"s,
        std::string(2000, 'x'), "Application/vnd.oci.image.layer.v1.tar"s}) {
    EXPECT_EQ(children(with(R"("mediaType":")" + type + R"(","digest":"$a")")), Digests{a}) << type;
  }
  // In doubt it may be a manifest: of several media types one is none of a layer, or it is no
  // string at all.
  EXPECT_EQ(children(with(R"("mediaType":")" + layer + R"(","mediatype":")" + index +
                          R"(","digest":"$a")")),
            Digests{a});
  EXPECT_EQ(children(with(R"("mediatype":")" + index + R"(","mediaType":")" + layer +
                          R"(","digest":"$a")")),
            Digests{a});
  EXPECT_EQ(children(with(R"("mediaType":[")" + layer + R"("],"digest":"$a")")), Digests{a});
  EXPECT_EQ(children(with(R"("platform":{"mediaType":")" + layer + R"("},"digest":"$a")")),
            Digests{a});
  // One element's media type says nothing of the next.
  EXPECT_EQ(
      children(R"({"manifests":[{"digest":"$a","mediaType":")" + layer + R"("},{"digest":"$b"}]})"),
      Digests{b});
  EXPECT_EQ(children(R"({"mediaType":")" + layer + R"(","manifests":[{"digest":"$a"}]})"),
            Digests{a});
}

TEST(DigestScan, BytesThatAreNoUtf8AreAccepted) {
  EXPECT_EQ(references("{\"\xFF\xC0\":\"\xED\xA0\x80\",\"x\":\"$a\"}"), Digests{a});
  EXPECT_EQ(references(R"({"\ud800":"\udc00\ud83d","\u0000":"\uD83D\uDE00","x":"$a"})"),
            Digests{a});
  EXPECT_EQ(references("{\"\x7F\":1,\"\xE2\x80\xA8\":\"$a\"}"), Digests{a});
}

TEST(DigestScan, ATextThatIsNoJsonIsSearchedForDigestsAnywhere) {
  for (const char* text : {"$a", "\xEF\xBB\xBF{\"x\":\"$a\"}", "{\"annotations\":{\"x\":\"$a\"}",
                           "{\"subject\":\"$a\",}", "\xFFx$ax", "{} $a", "[\"$a\"]", "\"$a\"",
                           "{\"manifests\":[\"$a\"],}", "$ab", "sha256:$a"}) {
    const DigestScan scan = scan_digests(with_digests(text));
    EXPECT_FALSE(scan.is_json_object) << text;
    EXPECT_EQ(scan.references, (std::vector<FoundReference>{{a, false}})) << text;
    EXPECT_EQ(scan.subjects, Digests{}) << text;
  }
  EXPECT_EQ(digests_of(scan_digests(with_digests("$a,$b$c")).references), (Digests{a, b, c}));
  EXPECT_EQ(digests_of(scan_digests("{sha256:" + std::string(64, 'A')).references), Digests{a});
  EXPECT_EQ(digests_of(scan_digests(with_digests("{\0$a\0"s)).references), Digests{a});
  EXPECT_EQ(digests_of(scan_digests("{sha256:" + std::string(63, 'a')).references), Digests{});
}

std::string repeated(const std::string& text, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

// A second would do for a hundred times as much; quadratic time would need hours.
void expect_linear_time(const std::string& text, bool is_object) {
  const auto start = std::chrono::steady_clock::now();
  const DigestScan scan = scan_digests(text);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
  EXPECT_EQ(scan.is_json_object, is_object);
  EXPECT_EQ(digests_of(scan.references), Digests{a});
}

TEST(DigestScan, DepthIsNoLimit) {
  const std::string innermost = '"' + a.text() + '"';
  for (const std::size_t depth : {9'000u, 1'000'000u}) {
    SCOPED_TRACE(depth);
    expect_linear_time("{\"x\":" + repeated("[", depth) + innermost + repeated("]", depth) + '}',
                       true);
    expect_linear_time(repeated("{\"x\":", depth) + innermost + repeated("}", depth), true);
    expect_linear_time(repeated("{\"manifests\":", depth) + innermost + repeated("}", depth), true);
    expect_linear_time(repeated("{\"x\":[", depth) + innermost + repeated("]}", depth), true);
    expect_linear_time("{\"x\":" + repeated("[", depth) + innermost, false);
    expect_linear_time(repeated("{\"annotations\":", depth) + innermost, false);
  }
}

TEST(DigestScan, LongStringsAndManyMembersTakeLinearTime) {
  const std::string member = "\"x\":\"" + a.text() + "\"";
  expect_linear_time("{\"" + std::string(4'000'000, 'x') + "\":\"" +
                         repeated("\\u0061", 1'000'000) + "\"," + member + '}',
                     true);
  expect_linear_time('{' + repeated("\"x\":0,", 1'000'000) + member + '}', true);
  expect_linear_time(repeated("sha256:", 1'000'000) + a.text(), false);
  expect_linear_time("{\"x\":" + std::string(4'000'000, '9') + ',' + member + '}', true);
}

}  // namespace
}  // namespace regctl
