// The whole circle on a real registry with a real client: push, overwrite, delete, collect, pull
// all that is left, push again what was collected.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "registry/hasher.h"
#include "tests/support/program.h"
#include "tests/support/sweeping.h"

namespace regctl {
namespace {

using namespace test;
namespace fs = std::filesystem;

class Circle : public testing::Test {
 protected:
  struct Image {
    Digest manifest;
    std::vector<Digest> layers;
    std::map<std::string, std::string>
        files;  // by hex digest, as skopeo stores them; the manifest apart
    std::string json;
  };

  // An image in an OCI layout of its own, with a gzipped tar file for each of `layers`.
  Image make(const std::string& name, const std::vector<std::string>& layers) const {
    Image image{.manifest = digest_of("")};
    std::vector<std::pair<Digest, std::uint64_t>> descriptors;
    std::string ids;
    for (const std::string& content : layers) {
      const TemporaryDirectory directory;
      std::ofstream(directory.path() / "content") << content << std::string(20'000, content[0]);
      const std::string tar = "tar --sort=name --mtime=@0 --owner=0 --group=0 -C " +
                              directory.path().string() + " -c content";
      const std::string plain = run({"sh", "-c", tar}).out,
                        bytes = run({"sh", "-c", tar + " | gzip -n"}).out;
      ids += (ids.empty() ? "\"" : ",\"") + digest_of(plain).text() + '"';
      descriptors.emplace_back(digest_of(bytes), bytes.size());
      image.layers.push_back(digest_of(bytes));
      image.files[digest_of(bytes).hex()] = bytes;
    }
    const std::string config =
        R"({"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[)" + ids +
        "]}}";
    image.files[digest_of(config).hex()] = config;
    image.json = RegistryBuilder::image_json(digest_of(config), config.size(), descriptors);
    image.manifest = digest_of(image.json);
    const fs::path layout = layout_of(name), blobs = layout / "blobs/sha256";
    fs::create_directories(blobs);
    for (const auto& [hex, bytes] : image.files) std::ofstream(blobs / hex) << bytes;
    std::ofstream(blobs / image.manifest.hex()) << image.json;
    std::ofstream(layout / "oci-layout") << R"({"imageLayoutVersion":"1.0.0"})";
    std::ofstream(layout / "index.json")
        << R"({"schemaVersion":2,"manifests":[)"
        << RegistryBuilder::descriptor(kOciManifest, image.manifest, image.json.size()) << "]}";
    return image;
  }
  fs::path layout_of(const std::string& name) const { return work.path() / name; }

  static Ran skopeo(std::vector<std::string> words) {
    words.insert(words.begin(), {"skopeo", "--insecure-policy"});
    return run(words);
  }
  void push(const DockerRegistry& registry, const std::string& name, const std::string& to) const {
    const Ran ran =
        skopeo({"copy", "-q", "--dest-tls-verify=false", "oci:" + layout_of(name).string(),
                "docker://" + registry.address() + '/' + to});
    ASSERT_EQ(ran.status, 0) << to << ": " << ran.err;
  }
  static void expect_pulls(const DockerRegistry& registry, const std::string& from,
                           const Image& image) {
    const TemporaryDirectory into;
    const Ran ran =
        skopeo({"copy", "-q", "--src-tls-verify=false",
                "docker://" + registry.address() + '/' + from, "dir:" + into.path().string()});
    ASSERT_EQ(ran.status, 0) << from << ": " << ran.err;
    EXPECT_EQ(read_all(into.path() / "manifest.json"), image.json) << from;
    for (const auto& [hex, bytes] : image.files)
      EXPECT_EQ(read_all(into.path() / hex), bytes) << from;
  }
  static void expect_gone(const DockerRegistry& registry, const std::string& from) {
    EXPECT_NE(skopeo({"inspect", "--raw", "--tls-verify=false",
                      "docker://" + registry.address() + '/' + from})
                  .status,
              0)
        << from;
  }
  static void remove_manifest(const DockerRegistry& registry, const std::string& repository,
                              const Image& image) {
    Http http(registry.port());
    EXPECT_EQ(
        http.request("DELETE", "/v2/" + repository + "/manifests/" + image.manifest.text()).status,
        202);
  }
  static void push_index(const DockerRegistry& registry, const std::string& repository,
                         const std::string& tag, const std::vector<Image>& images) {
    std::vector<Digest> children;
    std::string json =
        std::string(R"({"schemaVersion":2,"mediaType":")") + kOciIndex + R"(","manifests":[)";
    for (const Image& image : images)
      json += (&image == images.data() ? "" : ",") +
              RegistryBuilder::descriptor(kOciManifest, image.manifest, image.json.size());
    Http http(registry.port());
    push_manifest(http, repository, tag, json + "]}", kOciIndex);
  }

  nlohmann::json collect(std::vector<std::string> options) const {
    options.insert(options.begin(), {regctl_gc(), "--json", "-m", "--keep-younger-than", "0s",
                                     "--max-delete", "100%", "--insist", "registry-in-doubt"});
    options.push_back(root.path());
    const Ran ran = run(options);
    EXPECT_LE(ran.status, 1) << ran.err;  // 1: a hold may be short
    auto report = nlohmann::json::parse(ran.out, nullptr, false);
    EXPECT_TRUE(report.is_object() && report.at("errors").empty() && report.at("blockers").empty())
        << ran.out;
    return report;
  }
  fs::path v2() const { return root.path() / "docker/registry/v2"; }
  bool has(const Digest& digest) const { return fs::exists(v2() / RegistryBuilder::data(digest)); }

  TemporaryDirectory root, work;
};

TEST_F(Circle, PushOverwriteDeleteCollectPullAndPushAgain) {
  const Image one = make("one", {"base", "one"}), two = make("two", {"base", "two"}),
              three = make("three", {"base", "three"}), four = make("four", {"base", "four"}),
              amd = make("amd", {"base", "amd"}), arm = make("arm", {"base", "arm"});
  {
    DockerRegistry registry(root.path());
    push(registry, "one", "team/app:v1");
    push(registry, "two", "team/app:v2");
    push(registry, "three", "other:latest");
    push(registry, "four", "team/app:v1");
    push(registry, "amd", "team/app:amd");
    push(registry, "arm", "team/app:arm");
    push_index(registry, "team/app", "multi", {amd, arm});
    push(registry, "two", "team/app:amd");  // from here on only children of the index
    push(registry, "two", "team/app:arm");
    remove_manifest(registry, "other", three);
    if (HasFatalFailure()) return;
  }
  const auto report = collect({"--offline"});
  EXPECT_EQ(report.at("swept").at("purged").at("count"),
            6);  // of "one" and "three": manifest, configuration and a layer each
  for (const Image* image : {&one, &three})
    EXPECT_FALSE(has(image->manifest) || has(image->layers[1]));
  EXPECT_EQ(count_quarantined(files_below(v2())), 0u);
  EXPECT_EQ(collect({"--offline"}).at("plan").at("layer_links").size(), 0u);
  EXPECT_EQ(run({regctl_audit(), "--quick", "--fail-on", "error", root.path()}).status, 0);

  DockerRegistry registry(root.path());
  const auto expect_the_tagged = [&] {
    expect_pulls(registry, "team/app:v1", four);
    expect_pulls(registry, "team/app:v2", two);
    for (const Image* child : {&amd, &arm})
      expect_pulls(registry, "team/app@" + child->manifest.text(), *child);
    const TemporaryDirectory into;
    const Ran all = skopeo({"copy", "-q", "--all", "--src-tls-verify=false",
                            "docker://" + registry.address() + "/team/app:multi",
                            "dir:" + into.path().string()});
    EXPECT_EQ(all.status, 0) << all.err;
  };
  expect_the_tagged();
  expect_gone(registry, "other:latest");
  expect_gone(registry, "team/app@" + one.manifest.text());

  push(registry, "three", "other:latest");
  push(registry, "one", "team/app:again");
  expect_pulls(registry, "other:latest", three);
  expect_pulls(registry, "team/app:again", one);
  expect_the_tagged();
}

// Beside a registry that serves: what is quarantined is away, and comes back byte for byte.
TEST_F(Circle, P8OnlineQuarantineAndBack) {
  const Image one = make("one", {"base", "one"}), two = make("two", {"base", "two"}),
              three = make("three", {"three"});
  DockerRegistry registry(root.path());
  push(registry, "one", "app:v1");
  push(registry, "two", "app:v1");
  push(registry, "three", "app:gone");
  if (HasFatalFailure()) return;
  remove_manifest(registry, "app", three);
  const Files before = files_below(v2());
  const auto report = collect({});
  EXPECT_EQ(report.at("swept").at("quarantined").at("count"), 6);
  EXPECT_EQ(report.at("swept").at("purged").at("count"), 0);
  EXPECT_EQ(files_below(v2()).size(), before.size());
  EXPECT_FALSE(has(one.layers[1]));
  expect_pulls(registry, "app:v1", two);
  expect_gone(registry, "app@" + one.manifest.text());
  collect({"--restore"});
  EXPECT_EQ(files_below(v2()), before);
  expect_pulls(registry, "app@" + one.manifest.text(), one);
  // Taken again, pushed again: whole whatever the next run does with the copies.
  collect({});
  push(registry, "one", "app:again");
  expect_pulls(registry, "app:again", one);
  collect({"--hold", "0s", "--registry-cache", "none"});
  expect_pulls(registry, "app:again", one);
  expect_pulls(registry, "app:v1", two);
}

}  // namespace
}  // namespace regctl
