// What real clients push is clean: no audit raises an alarm for it, and every question is answered.
#include <gmock/gmock.h>

#include <fstream>

#include "registry/hasher.h"
#include "tests/support/pusher.h"
#include "tests/support/store_on_disk.h"

namespace regctl {
namespace {

using namespace test;
using json = nlohmann::json;
namespace fs = std::filesystem;

constexpr char kOciLayer[] = "application/vnd.oci.image.layer.v1.tar+gzip";
constexpr char kEmpty[] = "application/vnd.oci.empty.v1+json";

json descriptor(const char* type, const std::string& bytes) {
  return {{"mediaType", type}, {"digest", digest_of(bytes).text()}, {"size", bytes.size()}};
}

class Clients : public StoreOnDisk {
 protected:
  Clients() {
    fs::create_directories(v2());
    server.emplace(root.path());
    port = server->port();
  }

  void must(const std::vector<std::string>& argv) const {
    const Ran ran = run(argv);
    ASSERT_EQ(ran.status, 0) << argv[0] << ' ' << argv[1] << ": " << ran.err;
  }
  std::string at(const std::string& name) const {
    return "docker://" + server->address() + '/' + name;
  }
  void buildah(std::vector<std::string> arguments) const {
    const std::string own = work.path() / "buildah";
    arguments.insert(arguments.begin(), {"buildah", "--root", own + "/storage", "--runroot",
                                         own + "/run", "--storage-driver", "vfs"});
    must(arguments);
  }
  void skopeo(const std::vector<std::string>& options, const std::string& to) const {
    std::vector<std::string> argv = {"skopeo", "--insecure-policy", "copy", "-q",
                                     "--dest-tls-verify=false"};
    argv.insert(argv.end(), options.begin(), options.end());
    argv.push_back(at(to));
    must(argv);
  }

  // A manifest of any kind, with blobs of its own. Returns its descriptor.
  json push(const std::string& repository, const std::string& tag, json manifest,
            const std::vector<std::string>& blobs, const char* type = kOciManifest) {
    for (const std::string& blob : blobs) EXPECT_TRUE(client.push_blob(repository, blob));
    manifest["schemaVersion"] = 2;
    manifest["mediaType"] = type;
    const LocalImage image{.json = manifest.dump(), .media_type = type};
    const std::string reference = tag.empty() ? digest_of(image.json).text() : tag;
    const Reply reply = client.put_manifest(repository, reference, image);
    EXPECT_EQ(reply.status, 201) << repository << ':' << tag << ' ' << reply.body;
    return descriptor(type, image.json);
  }
  // An image of one layer, for a platform.
  json push_image(const std::string& repository, const std::string& tag,
                  const std::string& architecture) {
    const std::string layer = "layer for " + architecture,
                      config = R"({"os":"linux","architecture":")" + architecture + R"("})";
    json image = push(repository, tag,
                      {{"config", descriptor("application/vnd.oci.image.config.v1+json", config)},
                       {"layers", {descriptor(kOciLayer, layer)}}},
                      {layer, config});
    image["platform"] = {{"os", "linux"}, {"architecture", architecture}};
    return image;
  }

  void push_with_umoci_and_skopeo() const {
    const std::string layout = work.path() / "oci", file = work.path() / "file";
    std::ofstream(file) << "a file";
    must({"umoci", "init", "--layout", layout});
    must({"umoci", "new", "--image", layout + ":base"});
    must({"umoci", "insert", "--image", layout + ":base", file, "/file"});
    skopeo({"oci:" + layout + ":base"}, "umoci:oci");
    skopeo({"--format", "v2s2", "oci:" + layout + ":base"}, "umoci:schema2");
    skopeo({"--src-tls-verify=false", at("umoci:oci")}, "copied/umoci:oci");
  }

  void push_with_buildah() const {
    const std::string file = work.path() / "file";
    buildah({"from", "--name", "work", "scratch"});
    buildah({"copy", "-q", "work", file, "/first"});
    buildah({"config", "--cmd", "/first", "work"});
    buildah({"commit", "-q", "work", "one"});
    buildah({"push", "-q", "--tls-verify=false", "--compression-format", "zstd", "one",
             at("buildah:zstd")});
    buildah({"copy", "-q", "work", file, "/second"});
    buildah({"commit", "-q", "work", "two"});
    buildah({"push", "-q", "--tls-verify=false", "two", at("buildah:oci")});
    buildah({"push", "-q", "--tls-verify=false", "--format", "v2s2", "two", at("buildah:schema2")});
    buildah({"manifest", "create", "list"});
    for (const char* platform : {"amd64", "arm64"}) {
      const char* tag = platform == std::string("arm64") ? "oci" : "schema2";
      buildah({"manifest", "add", "--arch", platform, "--tls-verify=false", "list",
               at(std::string("buildah:") + tag)});
    }
    buildah({"manifest", "push", "--all", "--tls-verify=false", "list", at("buildah:many")});
  }

  // What refers to an image: as OCI 1.1 says, by the fallback tag, by cosign's, by BuildKit's
  // index.
  void push_referrers() {
    const json image = push_image("signed", "v1", "amd64");
    const std::string hex = image.at("digest").get<std::string>().substr(7), sbom = "an SBOM";
    json subject = image;
    subject.erase("platform");
    const json referrer = push("signed", "",
                               {{"artifactType", "application/spdx+json"},
                                {"config", descriptor(kEmpty, "{}")},
                                {"layers", {descriptor("application/spdx+json", sbom)}},
                                {"subject", subject}},
                               {sbom, "{}"});
    push("signed", "sha256-" + hex, {{"manifests", {referrer}}}, {}, kOciIndex);
    const std::string signature = R"({"critical":{}})", config = R"({"rootfs":{"diff_ids":[]}})";
    json layer = descriptor("application/vnd.dev.cosign.simplesigning.v1+json", signature);
    layer["annotations"] = {{"dev.cosignproject.cosign/signature", "MEUC"}};
    push("signed", "sha256-" + hex + ".sig",
         {{"config", descriptor("application/vnd.oci.image.config.v1+json", config)},
          {"layers", {layer}}},
         {signature, config});

    const json amd = push_image("attested", "", "amd64"), arm = push_image("attested", "", "arm64");
    const std::string statement = R"({"_type":"https://in-toto.io/Statement/v0.1"})",
                      unknown = R"({"os":"unknown","architecture":"unknown"})";
    json attestation =
        push("attested", "",
             {{"config", descriptor("application/vnd.oci.image.config.v1+json", unknown)},
              {"layers", {descriptor("application/vnd.in-toto+json", statement)}}},
             {statement, unknown});
    attestation["platform"] = {{"os", "unknown"}, {"architecture", "unknown"}};
    attestation["annotations"] = {{"vnd.docker.reference.type", "attestation-manifest"},
                                  {"vnd.docker.reference.digest", amd.at("digest")}};
    push("attested", "v1", {{"manifests", {amd, arm, attestation}}}, {}, kOciIndex);
  }

  // What is no image: a chart, and caches of builds in both of their forms.
  void push_artifacts() {
    const std::string chart = "a chart", values = R"({"name":"chart","version":"1.0.0"})";
    push("charts/web", "1.0.0",
         {{"config", descriptor("application/vnd.cncf.helm.config.v1+json", values)},
          {"layers", {descriptor("application/vnd.cncf.helm.chart.content.v1.tar+gzip", chart)}}},
         {chart, values});
    const std::string cached = "a cached layer", config = R"({"layers":[{"layer":0}]})";
    const json cache = descriptor("application/vnd.buildkit.cacheconfig.v0", config);
    EXPECT_TRUE(client.push_blob("cache", cached) && client.push_blob("cache", config));
    push("cache", "index", {{"manifests", {descriptor(kOciLayer, cached), cache}}}, {}, kOciIndex);
    push("cache", "image", {{"config", cache}, {"layers", {descriptor(kOciLayer, cached)}}}, {});
  }

  // Stored by its sha256, with a link from the name by which it was pushed.
  void push_by_sha512() {
    const std::string layer = "a layer by its sha512", config = "{}",
                      name = digest_of(layer, Algorithm::sha512).text();
    const Reply begun = client.request("POST", "/v2/sha512/blobs/uploads/");
    ASSERT_EQ(begun.status, 202);
    const std::string location = begun.headers.at("location");
    const std::string target = location.substr(location.find("/v2/"));
    ASSERT_EQ(
        client.request("PUT", target + "&digest=" + name, layer, "application/octet-stream").status,
        201);
    json by_sha512 = descriptor(kOciLayer, layer);
    by_sha512["digest"] = name;
    push("sha512", "v1",
         {{"config", descriptor("application/vnd.oci.image.config.v1+json", config)},
          {"layers", {by_sha512}}},
         {config});
  }

  std::optional<DockerRegistry> server;
  std::atomic<int> port;
  Client client{port};
};

TEST_F(Clients, WhatTheyPushIsClean) {
  push_with_umoci_and_skopeo();
  push_with_buildah();
  push_referrers();
  push_artifacts();
  push_by_sha512();
  if (HasFatalFailure()) return;

  const Ran ran = run({regctl_audit(), "--json", root.path()});
  EXPECT_EQ(ran.status, 0) << ran.out << ran.err;
  const json report = report_of(ran);
  EXPECT_EQ(report.at("state"), "clean");
  std::set<std::string> notes;
  for (const json& finding : report.at("findings")) notes.insert(finding.at("rule"));
  // What signatures and SBOMs are by: no tag reaches them.
  EXPECT_THAT(notes, testing::IsSubsetOf({"manifest-untagged"}));

  const json images = json::parse(run({regctl_audit(), "--images", "--json", root.path()}).out);
  std::map<std::string, std::string> platforms;
  for (const json& row : images.at("images")) {
    const std::string name =
        row.at("repository").get<std::string>() + ':' + row.at("tag").get<std::string>();
    platforms[name] = row.at("platform").is_string() ? row.at("platform") : "";
    for (const char* question : {"--history", "--why"}) {
      const Ran answered = run({regctl_audit(), question, name, root.path()});
      EXPECT_EQ(answered.status, 0) << question << ' ' << name << ' ' << answered.err;
    }
  }
  EXPECT_EQ(platforms.size(), 15u);
  EXPECT_EQ(platforms["buildah:many"], "2 platforms");
  EXPECT_EQ(platforms["attested:v1"], "3 platforms");
  EXPECT_EQ(platforms["buildah:zstd"].substr(0, 6), "linux/");
  for (const std::string question : {"--usage", "--untagged", "--images"})
    EXPECT_EQ(run({regctl_audit(), question, "-v", root.path()}).status, 0) << question;

  // Nor would the collector take anything of it.
  const Ran plan = run({regctl_gc(), "-n", "--json", "--keep-younger-than", "0s", root.path()});
  EXPECT_EQ(report_of(plan).at("plan").at("blobs").size(), 0u) << plan.out;
  EXPECT_EQ(report_of(plan).at("totals").at("kept").at("pinned").at("count"), 0u);
}

}  // namespace
}  // namespace regctl
