#include "registry/manifest.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "registry/hasher.h"
#include "tests/support/printing.h"
#include "tests/support/registry_builder.h"

namespace regctl {
namespace {

using namespace test;

const Digest a = digest_of("a"), b = digest_of("b"), c = digest_of("c");

Manifest parsed(const std::string& json) {
  const auto manifest = parse_manifest(json);
  EXPECT_TRUE(manifest) << json;
  return manifest ? *manifest : Manifest();
}

std::vector<std::pair<Role, Digest>> roles(const Manifest& manifest) {
  std::vector<std::pair<Role, Digest>> roles;
  for (const Descriptor& descriptor : manifest.descriptors)
    roles.emplace_back(descriptor.role, descriptor.digest);
  return roles;
}

using Roles = std::vector<std::pair<Role, Digest>>;

TEST(Manifest, AnImage) {
  const Manifest manifest = parsed(RegistryBuilder::image_json(a, 7, {{b, 11}, {c, 13}}, a));
  EXPECT_EQ(manifest.kind, ManifestKind::image);
  EXPECT_EQ(roles(manifest),
            (Roles{{Role::config, a}, {Role::layer, b}, {Role::layer, c}, {Role::subject, a}}));
  EXPECT_EQ(manifest.descriptors[0].bytes, 7u);
  EXPECT_EQ(manifest.descriptors[1].bytes, 11u);
  EXPECT_FALSE(manifest.descriptors[1].has_urls);
}

TEST(Manifest, AnIndexWithPlatforms) {
  const std::string json = R"({"schemaVersion":2,"artifactType":"x/y","manifests":[)"
                           R"({"digest":")" +
                           a.text() +
                           R"(","platform":{"os":"linux","architecture":"arm64","variant":"v8"}},)"
                           R"({"digest":")" +
                           b.text() +
                           R"(","platform":{"os":"linux","architecture":"amd64"}},)"
                           R"({"digest":")" +
                           c.text() + R"("}]})";
  const Manifest manifest = parsed(json);
  EXPECT_EQ(manifest.kind, ManifestKind::index);
  EXPECT_EQ(roles(manifest), (Roles{{Role::child, a}, {Role::child, b}, {Role::child, c}}));
  EXPECT_FALSE(manifest.descriptors[2].bytes);
}

TEST(Manifest, Schema1AndArtifacts) {
  const Manifest schema1 = parsed(R"({"schemaVersion":1,"fsLayers":[{"blobSum":")" + a.text() +
                                  R"("},{"blobSum":")" + a.text() + R"("},{"blobSum":"none"},1]})");
  EXPECT_EQ(schema1.kind, ManifestKind::schema1);
  EXPECT_EQ(roles(schema1), (Roles{{Role::layer, a}, {Role::layer, a}}));
  const Manifest artifact = parsed(R"({"blobs":[{"digest":")" + b.text() + R"("}]})");
  EXPECT_EQ(artifact.kind, ManifestKind::artifact);
  EXPECT_EQ(roles(artifact), (Roles{{Role::blob, b}}));
}

TEST(Manifest, ForeignLayersHaveUrls) {
  const Manifest manifest =
      parsed(R"({"layers":[{"digest":")" + a.text() +
             R"(","urls":["https://example.com"]},{"digest":")" + b.text() + R"(","urls":[]}]})");
  EXPECT_TRUE(manifest.descriptors.at(0).has_urls);
  EXPECT_FALSE(manifest.descriptors.at(1).has_urls);
}

TEST(Manifest, FieldsOfAnUnexpectedTypeAreSkipped) {
  const std::string good = R"({"digest":")" + a.text() + "\"}";
  for (const std::string& json :
       {R"({"mediaType":1,"config":"x","layers":[1,"x",null,[],{},{"digest":1},{"digest":"x"},)" +
            good + "]}",
        R"({"config":null,"manifests":{},"subject":[],"layers":[)" + good + "]}",
        R"({"layers":[{"digest":")" + a.text() +
            R"(","size":-1,"urls":"x","platform":"x","mediaType":[]}]})",
        R"({"layers":[{"digest":")" + a.text() + R"(","size":1.5,"platform":{"os":1}}]})"}) {
    const Manifest manifest = parsed(json);
    ASSERT_EQ(roles(manifest), (Roles{{Role::layer, a}})) << json;
    EXPECT_FALSE(manifest.descriptors[0].bytes) << json;
  }
}

TEST(Manifest, AnUnknownObjectIsAManifestOfNoKind) {
  EXPECT_EQ(parsed("{}").kind, ManifestKind::unknown);
  EXPECT_EQ(parsed(R"({"architecture":"amd64","rootfs":{"diff_ids":[]}})").kind,
            ManifestKind::unknown);
}

TEST(Manifest, WhatIsNoJsonObjectIsMalformed) {
  for (const std::string& text :
       {std::string(), std::string("x"), std::string("[]"), std::string("null"), std::string("{"),
        std::string("{}x"), std::string("{\"a\":\"\xFF}"), std::string("\0", 1)}) {
    const auto manifest = parse_manifest(text);
    EXPECT_NE(manifest ? "" : manifest.why_not(), "") << text;
  }
}

// What registries answer 500 for, or clients do not take.
TEST(Manifest, AMemberThatIsNotWhatAManifestHasThere) {
  const std::string good = R"({"digest":")" + a.text() + R"(","size":7})",
                    v2 = R"({"schemaVersion":2,)";
  for (
      const std::string& json :
      {v2 + R"("config":)" + good + R"(,"layers":[)" + good + "]}",
       v2 +
           R"("mediaType":"application/vnd.docker.distribution.manifest.list.v2+json","manifests":[)" +
           good + "]}",
       v2 + R"("config":)" + good + R"(,"layers":null,"mediaType":null,"subject":{}})",
       v2 + R"("manifests":[{"digest":")" + a.text() + R"(","size":-1}]})",
       v2 +
           R"("mediaType":"application/vnd.docker.distribution.manifest.v2+json","annotations":5,)" +
           R"("subject":5,"config":)" + good + "}",
       v2 + R"("subject":5,"manifests":[]})",
       v2 + R"("mediaType":"application/x-mine","annotations":{"a":"b"}})",
       v2 + R"("mediaType":"application/x-mine","x":{"layers":{}}})", v2 + R"("manifests":null})",
       v2 + R"("config":{"digest":")" + a.text() + R"(","size":7,"digest":null},"config":null})",
       std::string(R"({"SCHEMAVERSION":1,"fsLayers":[{"blobSum":")" + a.text() + R"("}]})"),
       std::string(R"({"schemaVersion":1,"fsLayers":[{"blobSum":"tarsum.v1+sha256:00"}]})"),
       std::string(R"({"mediaType":"application/x-mine","blobs":{}})"),
       std::string(R"({"schemaVersion":3,"mediaType":"application/x-mine"})")})
    EXPECT_EQ(parsed(json).bad_member, "") << json;

  using Bad = std::pair<std::string, std::string>;
  std::string upper = a.text();
  for (char& letter : upper) letter = letter == 'a' ? 'A' : letter;
  ASSERT_NE(upper, a.text());
  std::vector<Bad> all = {
      {"{}", "schemaVersion"},
      {R"({"architecture":"amd64","rootfs":{"diff_ids":[]}})", "schemaVersion"},
      {R"({"schemaVersion":"2","mediaType":"x","layers":[]})", "schemaVersion"},
      {R"({"schemaVersion":2.0,"layers":[]})", "schemaVersion"},
      {R"({"schemaVersion":7,"layers":[]})", "schemaVersion"},
      {v2 + R"("mediaType":5})", "mediaType"},
      {v2 + R"("config":null,"layers":[]})", "config"},
      {v2 + R"("config":["x"]})", "config"},
      {v2 + R"("layers":[]})", "config"},
      {R"({"schemaVersion":2})", "config"},
      {v2 + R"("mediaType":"application/vnd.oci.image.manifest.v1+json"})", "config"},
      {v2 + R"("fsLayers":[]})", "config"},
      {v2 + R"("config":{"digest":")" + a.text() + R"("},"layers":[]})", "config"},
      {R"({"mediaType":"application/vnd.oci.image.manifest.v1+json"})", "schemaVersion"},
      {R"({"schemaVersion":1,"config":)" + good + "}", "schemaVersion"},
      {v2 + R"("mediaType":"application/x-mine","config":)" + good + "}", "mediaType"},
      {v2 + R"("mediaType":"application/vnd.oci.image.index.v1+json","config":)" + good + "}",
       "mediaType"},
      {v2 + R"("mediaType":"application/vnd.oci.image.manifest.v1+json","manifests":[]})",
       "mediaType"},
      {v2 + R"("manifests":[],"layers":[]})", "layers"},
      {v2 + R"("manifests":[],"config":)" + good + "}", "config"},
      {v2 + R"("fsLayers":[],"config":)" + good + "}", "fsLayers"},
      {v2 + R"("fsLayers":0,"config":)" + good + "}", "fsLayers"},
      {v2 + R"("history":[],"config":)" + good + "}", "history"},
      {v2 + R"("history":[],"manifests":[]})", "history"},
      {v2 + R"("subject":"x","config":)" + good + "}", "subject"},
      {v2 + R"("subject":{"digest":5},"config":)" + good + "}", "subject"},
      {v2 + R"("subject":{"annotations":{"a":5}},"config":)" + good + "}", "subject"},
      {v2 + R"("annotations":{"a":5},"config":)" + good + "}", "annotations"},
      {v2 + R"("layers":{}})", "layers"},
      {v2 + R"("layers":[null]})", "layers"},
      {v2 + R"("manifests":["x"]})", "manifests"}};
  for (const std::string& digest : {std::string(), std::string("sha256:abc"),
                                    std::string("md5:900150983cd24fb0d6963f7d28e17f72"), upper})
    all.push_back({v2 + R"("layers":[{"digest":")" + digest + R"(","size":7}]})", "layers"});
  for (const char* other : {R"("size":"7")", R"("size":7.0)", R"("size":[])", R"("mediaType":{})",
                            R"("size":7,"urls":"x")", R"("size":7,"annotations":{"a":1})",
                            R"("size":7,"platform":"linux")", R"("size":7,"platform":{"os":5})",
                            R"("size":7,"platform":{"os.features":"x"})", R"("size":7,"data":5)",
                            R"("size":7,"artifactType":5)"})
    all.push_back({v2 + R"("config":{"digest":")" + a.text() + R"(",)" + other + "}}", "config"});
  for (const auto& [json, member] : all) EXPECT_EQ(parsed(json).bad_member, member) << json;
}

// As registries read them, which store whatever encoding/json takes.
TEST(Manifest, WhatEncodingJsonTakesIsRead) {
  const std::string layers = R"("layers":[{"digest":")" + a.text() + R"(","size":7}])",
                    before = R"({"config":{"digest":")" + b.text() + R"("},"annotations":{"x":)";
  const std::string deep = std::string(5000, '[') + std::string(5000, ']');
  for (const std::string& odd :
       {std::string("\"\xFF\xFE\""), std::string("\"M\xFCller\""), std::string(R"("\ud800")"),
        std::string(R"("\udc00\ud800x")"), std::string(R"("\ud83d\ude00")"), std::string(30, '9'),
        std::string("-1e999"), std::string("1.5E+400"), deep, "{\"y\":" + deep + "}",
        std::string("\"\xED\xA0\x80\xF8\xC0\xAF\xE2\x82\"")}) {
    const Manifest manifest = parsed(before + odd + "}," + layers + '}');
    EXPECT_EQ(roles(manifest), (Roles{{Role::config, b}, {Role::layer, a}})) << odd;
    EXPECT_EQ(manifest.descriptors.back().bytes, 7u) << odd;
  }
  EXPECT_EQ(roles(parsed(R"({"layers":[{"digest":")" + b.text() + R"("}],)" + layers + '}')),
            (Roles{{Role::layer, a}}));
  EXPECT_EQ(roles(parsed(R"({"Layers":[{"Digest":")" + a.text() + R"("}]})")),
            (Roles{{Role::layer, a}}));
}

TEST(BlobMediaType, LayersAndConfigurations) {
  for (const char* type :
       {"application/vnd.oci.image.layer.v1.tar+gzip",
        "application/vnd.oci.image.layer.nondistributable.v1.tar",
        "application/vnd.oci.image.config.v1+json",
        "application/vnd.docker.image.rootfs.diff.tar.gzip",
        "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
        "application/vnd.docker.container.image.v1+json", "application/vnd.docker.plugin.v1+json",
        "application/vnd.oci.empty.v1+json"})
    EXPECT_TRUE(is_blob_media_type(type)) << type;
  for (const char* type :
       {"", "application/vnd.oci.image.manifest.v1+json", "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
        "application/vnd.docker.distribution.manifest.list.v2+json", "application/json",
        "x application/vnd.oci.image.layer.v1.tar",
        "application/vnd.oci.artifact.manifest.v1+json"})
    EXPECT_FALSE(is_blob_media_type(type)) << type;
}

RC_GTEST_PROP(ManifestLaw, NeverThrows, (const std::string& bytes)) {
  parse_manifest(bytes);
  parse_manifest("{\"layers\":[" + bytes + "]}");
}

}  // namespace
}  // namespace regctl
