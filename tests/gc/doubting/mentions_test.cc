// The second scanner finds what the first one finds, on documents that were written to tell them
// apart.
#include "gc/doubting/mentions.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <random>
#include <tuple>

#include "registry/digest_scan.h"
#include "registry/hasher.h"
#include "registry/manifest.h"
#include "tests/support/printing.h"

namespace regctl::gc {
namespace {

using Found = std::vector<std::tuple<Digest, bool>>;

Found sorted(Found found) {
  std::sort(found.begin(), found.end());
  return found;
}

Found by_first(std::string_view text) {
  Found found;
  for (const FoundReference& one : scan_digests(text).references)
    found.emplace_back(one.digest, one.child);
  return sorted(found);
}

Found by_second(std::string_view text) {
  Found found;
  for (const Mention& one : mentions_in(text).all) found.emplace_back(one.digest, one.child);
  return sorted(found);
}

const Digest kOne = digest_of("one"), kTwo = digest_of("two", Algorithm::sha512);

std::string in_quotes(const std::string& text) { return '"' + text + '"'; }

Found children(const std::string& json) { return by_second(json); }

TEST(SecondScan, FindsKeysAndValuesAtAnyDepth) {
  const std::string json =
      R"({"a":[[{"b":)" + in_quotes(kOne.text()) + "}]]," + in_quotes(kTwo.text()) + ":1}";
  EXPECT_TRUE(mentions_in(json).is_object);
  EXPECT_EQ(by_second(json), sorted({{kOne, false}, {kTwo, false}}));
}

TEST(SecondScan, UnescapesAndTakesUpperCase) {
  std::string escaped;
  for (const char c : kOne.text()) {
    static constexpr char kDigits[] = "0123456789ABCDEF";
    const char upper = c >= 'a' && c <= 'f' && escaped.size() > 60 ? static_cast<char>(c - 32) : c;
    escaped += std::string("\\u00") + kDigits[upper >> 4] + kDigits[upper & 15];
  }
  EXPECT_EQ(by_second("{\"d\":\"" + escaped + "\"}"), (Found{{kOne, false}}));
}

TEST(SecondScan, TakesWholeStringsOnly) {
  for (const std::string& text :
       {" " + kOne.text(), kOne.text() + "0", kOne.text() + "\\n", "x" + kOne.text()})
    EXPECT_EQ(by_second("{\"d\":\"" + text + "\"}"), Found{}) << text;
}

TEST(SecondScan, LeavesOutAnnotationsAndSubjectsSpelledExactly) {
  const std::string value = ":{\"x\":" + in_quotes(kOne.text()) + "}}";
  for (const char* key : {"annotations", "subject", "ann\\u006ftations", "\\u0073ubject"})
    EXPECT_EQ(by_second(std::string("{\"") + key + '"' + value), Found{}) << key;
  for (const char* key :
       {"Annotations", "SUBJECT", "\u017Fubject", "\\u017fubject", "annotation", "subjects"})
    EXPECT_EQ(by_second(std::string("{\"") + key + '"' + value), (Found{{kOne, false}})) << key;
}

TEST(SecondScan, SubjectsAreKnownButNotThoseOfAnnotations) {
  const std::string subject = R"({"subject":{"digest":)" + in_quotes(kOne.text()) + "}}";
  EXPECT_EQ(mentions_in(subject).subjects, std::vector{kOne});
  EXPECT_TRUE(mentions_in(R"({"annotations":)" + subject + "}").subjects.empty());
}

TEST(SecondScan, ChildrenStandUnderManifestsAndAreNoLayers) {
  const std::string digest = R"("digest":)" + in_quotes(kOne.text());
  for (const char* key :
       {"manifests", "MANIFESTS", "manifest\u017F", "manifest\\u017f", "m\\u0061nifests"}) {
    const std::string start = std::string("{\"") + key + "\":[{";
    EXPECT_EQ(children(start + digest + "}]}"), (Found{{kOne, true}})) << key;
    const std::string layer = R"("mediaType":"application/vnd.oci.image.layer.v1.tar")";
    EXPECT_EQ(children(start + layer + "," + digest + "}]}"), (Found{{kOne, false}})) << key;
    EXPECT_EQ(children(start + digest + "," + layer + "}]}"), (Found{{kOne, false}})) << key;
    EXPECT_EQ(children(start + layer + R"(,"MediaType":"other",)" + digest + "}]}"),
              (Found{{kOne, true}}))
        << key;
    EXPECT_EQ(children(start + layer + R"(,"x":{)" + digest + "}}]}"), (Found{{kOne, true}}))
        << key;
    EXPECT_EQ(children(start + R"("x":{)" + layer + "}," + digest + "}]}"), (Found{{kOne, true}}))
        << key;
  }
  EXPECT_EQ(children(R"({"manifests":[)" + in_quotes(kOne.text()) + "]}"), (Found{{kOne, true}}));
  EXPECT_EQ(children("{\"layers\":[{" + digest + "}]}"), (Found{{kOne, false}}));
}

// Both lists of what is never opened are of one mind.
TEST(SecondScan, KnowsTheMediaTypesOfLayersAndConfigurations) {
  for (const std::string type :
       {"application/vnd.oci.image.layer.v1.tar+gzip",
        "application/vnd.oci.image.layer.nondistributable.v1.tar",
        "application/vnd.oci.image.config.v1+json",
        "application/vnd.docker.image.rootfs.diff.tar.gzip",
        "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
        "application/vnd.docker.container.image.v1+json", "application/vnd.docker.plugin.v1+json",
        "application/vnd.oci.empty.v1+json", "application/vnd.buildkit.cacheconfig.v0",
        "application/vnd.oci.image.manifest.v1+json", "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
        "application/vnd.docker.distribution.manifest.list.v2+json", "application/octet-stream",
        ""}) {
    const std::string json = R"({"manifests":[{"mediaType":")" + type + R"(","digest":)" +
                             in_quotes(kOne.text()) + "}]}";
    EXPECT_EQ(by_second(json), (Found{{kOne, !is_blob_media_type(type)}})) << type;
  }
}

TEST(SecondScan, WhatIsNoJsonObjectIsSearchedByteByByte) {
  const std::string digest = kOne.text();
  for (const std::string& text :
       {digest, "[\"" + digest + "\"]", "{\"annotations\":\"" + digest + "\"",
        "{\"a\":1,}" + digest, "\xEF\xBB\xBF{\"d\":\"" + digest + "\"}",
        "{\"d\":\"" + digest + "\"} {}", "{\"d\":01,\"e\":\"" + digest + "\"}", "x" + digest + "f",
        "{\"d\":\"" + digest + "\",}", "{\"d\":\"" + digest + "\",\"e\":}",
        "{\"d\":[\"" + digest + "\",]}", "{\"d\":[\"" + digest + "\"}]",
        "{\"d\":\"" + digest + "\"]", "{\"d\":\"" + digest + "\",\"a\tb\":1}",
        "{\"d\":\"" + digest + "\" \"e\":1}", "{\"d\" \"" + digest + "\"}",
        "{\"d\":\"" + digest + "\";\"e\":1}", "{\"d\":\"" + digest + "\\x\"}"}) {
    EXPECT_FALSE(mentions_in(text).is_object) << text;
    EXPECT_EQ(by_second(text), (Found{{kOne, false}})) << text;
  }
}

TEST(SecondScan, NeitherDepthNorLengthMatters) {
  std::string deep = "{\"a\":";
  deep += std::string(1'000'000, '[') + in_quotes(kOne.text()) + std::string(1'000'000, ']') + "}";
  EXPECT_EQ(by_second(deep), (Found{{kOne, false}}));
  std::string nested;
  for (int i = 0; i < 100'000; ++i) nested += R"({"manifests":)";
  nested += in_quotes(kOne.text()) + std::string(100'000, '}');
  EXPECT_EQ(by_second(nested), (Found{{kOne, true}}));
  EXPECT_EQ(by_second("{\"" + std::string(1'000'000, 'a') + "\":" + in_quotes(kOne.text()) + "}"),
            (Found{{kOne, false}}));
}

// Pieces put together at random make valid JSON now and then, and nearly valid JSON nearly always.
RC_GTEST_PROP(SecondScan, AgreesWithTheFirstOnWhateverThisMakes, (std::uint32_t seed)) {
  static const std::string kPieces[] = {"{",
                                        "}",
                                        "[",
                                        "]",
                                        ",",
                                        ":",
                                        " ",
                                        "\"a\":",
                                        "\"manifests\":[",
                                        "\"mediaType\":",
                                        "\"annotations\":{",
                                        "\"subject\":{",
                                        "\"application/vnd.oci.image.layer.v1\"",
                                        "\"x\"",
                                        "1",
                                        "-0.5e+3",
                                        "01",
                                        "true",
                                        "nul",
                                        "\"\\u00",
                                        "\"\\n\"",
                                        "\xFF",
                                        "\x01",
                                        "\""};
  std::mt19937 random(seed);
  std::string text = "{";
  int depth = 1;
  // Half of the documents are grown by a grammar, so that the interesting half of the rules is met.
  if (seed % 2) {
    std::vector<char> open{'}'};
    bool first = true;
    for (int i = 0; i < 40 && !open.empty(); ++i) {
      if (random() % 5 == 0) {
        text += open.back();
        open.pop_back();
        first = false;
        continue;
      }
      if (!first) text += ',';
      first = false;
      static const char* kKeys[] = {"a",         "manifests", "Manifest\u017F",
                                    "mediaType", "MEDIATYPE", "annotations",
                                    "subject",   "Subject",   "m\\u0061nifests"};
      if (open.back() == '}')
        text += random() % 8 ? in_quotes(kKeys[random() % std::size(kKeys)]) + ":"
                             : in_quotes(kTwo.text()) + " :";
      switch (random() % 6) {
        case 0:
          text += '{';
          open.push_back('}');
          first = true;
          break;
        case 1:
          text += '[';
          open.push_back(']');
          first = true;
          break;
        case 2:
          text += "\"application/vnd.oci.image.layer.v1.tar\"";
          break;
        case 3:
          text += "\"application/vnd.oci.image.manifest.v1+json\"";
          break;
        default:
          text += in_quotes((random() % 2 ? kOne : digest_of(std::to_string(random() % 4))).text());
      }
    }
    while (!open.empty()) {
      text += open.back();
      open.pop_back();
    }
    if (random() % 4 == 0) text[random() % text.size()] = "{}[]\",:x\\"[random() % 9];
  } else {
    for (int i = 0; i < 20; ++i) {
      text += kPieces[random() % std::size(kPieces)];
      if (random() % 3 == 0) text += in_quotes(kOne.text());
    }
    while (depth-- > 0) text += '}';
  }
  const DigestScan first = scan_digests(text);
  const Mentions second = mentions_in(text);
  RC_ASSERT(first.is_json_object == second.is_object);
  RC_ASSERT(by_first(text) == by_second(text));
  RC_ASSERT(first.subjects == second.subjects);
}

}  // namespace
}  // namespace regctl::gc
