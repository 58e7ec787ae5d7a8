// A served registry as the judge of our digest scanner: whatever it misses in an oddly spelled
// manifest (MANIFEST_BLOB_UNKNOWN), it has read as a reference, so the scanner must have found it.
#include <gtest/gtest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <random>

#include "registry/digest_scan.h"
#include "tests/support/program.h"
#include "tests/support/registry_builder.h"

namespace regctl {
namespace {

using namespace test;

class OddSpeller {
 public:
  explicit OddSpeller(std::uint32_t seed) : random_(seed) {}

  struct Spelled {
    std::string json, media_type;
  };

  Spelled manifest() {
    static constexpr const char* kTypes[] = {
        kOciManifest, "application/vnd.docker.distribution.manifest.v2+json", kOciIndex,
        "application/vnd.docker.distribution.manifest.list.v2+json"};
    const std::string type = kTypes[random_() % 4];
    const bool index = type == kOciIndex || type.find("list") != std::string::npos;
    std::string json = space() + '{';
    json += member("schemaVersion", "2") + ',' + member("mediaType", string(type));
    add(
        json, [&] { return member("annotations", '{' + member("a", digest()) + '}'); }, 20);
    add(
        json, [&] { return member("subject", descriptor("x/y")); }, 20);
    add(
        json, [&] { return member("unknown", value(3)); }, 30);
    for (int i = pick(1, 3); i > 0; --i) {
      if (index)
        json += ',' + member("manifests", children());
      else
        json += ',' +
                member("config", descriptor("application/vnd.docker.container.image.v1+json")) +
                ',' + member("layers", layers());
    }
    add(
        json, [&] { return member("unknown", value(3)); }, 30);
    json += space() + '}' + space();
    if (chance(5)) json[random_() % json.size()] ^= static_cast<char>(1 << random_() % 8);
    return {json, type};
  }

 private:
  int pick(int least, int most) { return std::uniform_int_distribution<int>(least, most)(random_); }
  bool chance(int percent) { return pick(1, 100) <= percent; }

  template <class Make>
  void add(std::string& json, Make make, int percent) {
    if (chance(percent)) json += ',' + make();
  }

  std::string space() {
    return chance(80) ? ""
                      : std::string(static_cast<std::size_t>(pick(1, 3)), " \t\r\n"[random_() % 4]);
  }

  static std::string escape(unsigned char c) {
    char text[8];
    std::snprintf(text, sizeof text, "\\u%04x", c);
    return text;
  }

  std::string string(const std::string& text) {
    std::string json = "\"";
    const bool odd = chance(30);
    for (const char c : text)
      json += odd && chance(20) ? escape(static_cast<unsigned char>(c)) : std::string(1, c);
    return json + '"';
  }

  // A key as encoding/json would still match it.
  std::string key(const std::string& name) {
    std::string json = "\"";
    const bool odd = chance(40);
    for (const char c : name) {
      if (odd && c == 's' && chance(30))
        json += chance(50) ? "\u017F" : "\\u017f";
      else if (odd && c == 'k' && chance(30))
        json += "\u212A";
      else if (odd && chance(40))
        json += static_cast<char>(std::toupper(c));
      else if (odd && chance(20))
        json += escape(static_cast<unsigned char>(c));
      else
        json += c;
    }
    return json + '"';
  }

  std::string member(const std::string& name, const std::string& value) {
    return space() + key(name) + space() + ':' + space() + value + space();
  }

  std::string digest() {
    std::string text = chance(92) ? "sha256:" : "sha512:";
    const std::size_t length = text == "sha256:" ? 64 : 128;
    static constexpr char kHex[] = "0123456789abcdef";
    for (std::size_t i = 0; i < length; ++i) text += kHex[random_() % 16];
    if (chance(4)) text[static_cast<std::size_t>(pick(7, 20))] = 'A';
    return string(text);
  }

  std::string descriptor(const std::string& type) {
    std::string json = "{" + member("mediaType", string(type)) + ',' +
                       member("size", std::to_string(pick(0, 9))) + ',' +
                       member("digest", digest());
    add(
        json, [&] { return member("digest", digest()); }, 15);
    add(
        json, [&] { return member("annotations", '{' + member("b", digest()) + '}'); }, 10);
    add(
        json, [&] { return member("urls", "[]"); }, 10);
    return json + '}';
  }

  std::string layers() {
    std::string json = "[";
    for (int i = pick(0, 4); i > 0; --i)
      json += descriptor(chance(90) ? "application/vnd.docker.image.rootfs.diff.tar.gzip"
                                    : "text/plain") +
              (i > 1 ? "," : "");
    return json + ']';
  }

  std::string children() {
    std::string json = "[";
    for (int i = pick(0, 4); i > 0; --i)
      json += descriptor(chance(70) ? kOciManifest : "text/plain") + (i > 1 ? "," : "");
    return json + ']';
  }

  std::string value(int depth) {
    switch (depth ? pick(0, 6) : pick(0, 4)) {
      case 0:
        return digest();
      case 1:
        return "1e999";
      case 2:
        return "\"\xff\xfe broken\"";
      case 3:
        return "\"\\ud800 lone\"";
      case 4:
        return std::string(500, '[') + std::string(500, ']');
      case 5:
        return '[' + value(depth - 1) + ',' + value(depth - 1) + ']';
      default:
        return '{' + member("layers", value(depth - 1)) + '}';
    }
  }

  std::mt19937 random_;
};

// REGCTL_TEST_FUZZ makes the campaign longer, REGCTL_TEST_SEED repeats it.
TEST(ScannerFuzz, FindsWhateverTheRegistryReads) {
  const char* rounds = std::getenv("REGCTL_TEST_FUZZ");
  const char* fixed = std::getenv("REGCTL_TEST_SEED");
  const auto seed =
      fixed ? static_cast<std::uint32_t>(std::strtoul(fixed, nullptr, 10)) : std::random_device()();
  SCOPED_TRACE("REGCTL_TEST_SEED=" + std::to_string(seed));
  const TemporaryDirectory root;
  const DockerRegistry registry(root.path());
  Http http(registry.port());
  OddSpeller speller(seed);
  int complaints = 0, accepted = 0;
  for (int i = 0; i < (rounds ? std::atoi(rounds) : 3000); ++i) {
    const auto [json, media_type] = speller.manifest();
    const Reply answer = http.request("PUT", "/v2/fuzz/manifests/t", json, media_type);
    accepted += answer.status == 201;
    if (answer.status != 400) continue;
    const auto body = nlohmann::json::parse(answer.body, nullptr, false);
    if (!body.is_object() || !body.contains("errors")) continue;
    const DigestScan scan = scan_digests(json);
    for (const auto& error : body.at("errors")) {
      if (error.value("code", "") != "MANIFEST_BLOB_UNKNOWN") continue;
      each_digest_in_text(error.dump(), [&, &json = json](const Digest& digest) {
        ++complaints;
        const auto is_it = [&](const FoundReference& reference) {
          return reference.digest == digest;
        };
        EXPECT_TRUE(std::any_of(scan.references.begin(), scan.references.end(), is_it))
            << digest.text() << " in " << json;
      });
    }
  }
  EXPECT_GT(complaints, 1000) << "the registry hardly complained: nothing was compared";
  RecordProperty("complaints", complaints);
  RecordProperty("accepted", accepted);
}

}  // namespace
}  // namespace regctl
