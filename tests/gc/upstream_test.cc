// The ways in which distribution's own garbage-collect loses live data with exit status 0, each on
// a store that shows it; here the data stays.
#include "tests/support/looking.h"
#include "tests/support/troubled_storage.h"

namespace regctl::gc {
namespace {

using namespace test;

// --delete-untagged takes the children of tagged lists, their configurations and layers (2.8).
TEST(WhatUpstreamLoses, P12ChildrenOfTaggedIndexes) {
  RegistryBuilder registry;
  const Digest amd = registry.image("app", {"amd64"}), arm = registry.image("app", {"arm64"});
  const Digest attestation = registry.image("app", {"attestation"});
  registry.index("app", {registry.index("app", {amd, arm}), attestation}, "latest");
  const Looked findings = Look().delete_untagged().at(registry);
  EXPECT_EQ(planned_manifests(findings), Manifests{});
  EXPECT_EQ(planned(findings), Digests{});
}

// An earlier repository holds the same index without its children, which are then marked and never
// followed.
TEST(WhatUpstreamLoses, P12TheSameIndexInTwoRepositories) {
  RegistryBuilder registry;
  const Digest amd = registry.image("b", {"amd64"}), arm = registry.image("b", {"arm64"});
  registry.index("b", {amd, arm}, "latest");
  registry.index("a", {amd, arm}, "latest");
  const Digest old = registry.image("a", {"old"});
  for (const bool untagged : {false, true}) {
    Look look;
    if (untagged) look.delete_untagged();
    const Looked findings = look.at(registry);
    EXPECT_EQ(planned_manifests(findings), untagged ? (Manifests{{"a", old}}) : Manifests{});
    EXPECT_EQ(planned(findings).size(), untagged ? 3u : 0u);
  }
}

// Layers and configurations addressed by sha512 or sha384.
TEST(WhatUpstreamLoses, P1F7AliasedUploadsOfAnyRepository) {
  for (const Algorithm algorithm : {Algorithm::sha384, Algorithm::sha512}) {
    RegistryBuilder registry;
    const Digest config = registry.layer("app", "{}"), layer = registry.layer("base", "layer");
    registry.link_layer("app", digest_of("{}", algorithm), config);
    registry.link_layer("base", digest_of("layer", algorithm), layer);
    registry.manifest("app",
                      RegistryBuilder::image_json(digest_of("{}", algorithm), 2,
                                                  {{digest_of("layer", algorithm), 5}}),
                      "v1");
    EXPECT_EQ(planned(Look().delete_untagged().at(registry)), Digests{});
  }
}

// One directory that is gone between listing and reading makes a whole repository look as if it had
// no manifests.
TEST(WhatUpstreamLoses, P2F46TheRestOfARepositoryWhereOneRevisionVanished) {
  RegistryBuilder registry;
  for (int i = 0; i < 20; ++i)
    registry.image("app", {"layer " + std::to_string(i)}, "v" + std::to_string(i));
  const Digest deleted = registry.image("app", {"deleted meanwhile"});
  const std::string link = RegistryBuilder::revision("app", deleted),
                    directory = link.substr(0, link.rfind('/'));
  const auto delete_it = [&](Verb, const std::string& key) {
    if (key == link) registry.tree.remove(directory);
    return test::Answer::truth;
  };
  const Looked findings = Look().at(TroubledStorage(registry.tree.storage(), delete_it));
  EXPECT_EQ(findings.plan.blobs.size(), 3u);  // what the deleted one alone named, itself included
  EXPECT_TRUE(planned(findings).contains(deleted));
}

// Repositories without _layers: indexes only, or a cache's.
TEST(WhatUpstreamLoses, P1RepositoriesWithoutLayerLinks) {
  RegistryBuilder registry;
  const Digest layer = registry.blob("layer");
  const Digest image =
      registry.blob(RegistryBuilder::image_json(registry.blob("{}"), 2, {{layer, 5}}));
  registry.link_revision("mirror/app", image);
  registry.tag("mirror/app", "latest", image);
  EXPECT_EQ(planned(Look().delete_untagged().at(registry)), Digests{});
}

// A stray file `_x` hides every repository that sorts behind it (2.8).
TEST(WhatUpstreamLoses, P1RepositoriesBehindAStrayFile) {
  RegistryBuilder registry;
  registry.tree.file("repositories/_notes", "", registry.time());
  registry.tree.file("repositories/team/_notes", "", registry.time());
  registry.image("app", {"app"}, "v1");
  registry.image("team/app", {"team"}, "v1");
  const Looked findings = Look().delete_untagged().at(registry);
  EXPECT_EQ(planned(findings), Digests{});
  EXPECT_EQ(codes(findings.plan.warnings), Codes{"unexpected-file"});
}

// Untagged referrers of tagged images: signatures, attestations, bills of materials.
TEST(WhatUpstreamLoses, P12Referrers) {
  RegistryBuilder registry;
  const Digest image = registry.image("app", {"signed"}, "v1");
  registry.image("app", {"signature"}, "", image);
  registry.manifest(
      "app",
      R"({"mediaType":"application/vnd.oci.artifact.manifest.v1+json","blobs":[],"subject":)" +
          RegistryBuilder::descriptor(kOciManifest, image, 1) + "}");
  EXPECT_EQ(planned_manifests(Look().delete_untagged().at(registry)), Manifests{});
}

// A manifest whose bytes rotted keeps all its repository links; upstream follows the flipped
// digest.
TEST(WhatUpstreamLoses, P3F31LayersBehindAFlippedDigest) {
  RegistryBuilder registry;
  const Digest image = registry.image("app", {"precious"}, "v1");
  std::string& bytes = registry.tree.bytes(RegistryBuilder::data(image));
  const auto at = bytes.rfind("sha256:") + 20;
  bytes[at] = bytes[at] == '0' ? '1' : '0';
  EXPECT_EQ(planned(Look().delete_untagged().at(registry)), Digests{});
}

// References that only encoding/json would find.
TEST(WhatUpstreamLoses, P1F5UpperCaseDigestsInDescriptors) {
  RegistryBuilder registry;
  const Digest layer = registry.blob("layer");
  std::string hex = layer.hex();
  for (char& c : hex) c = static_cast<char>(std::toupper(c));
  registry.manifest("app", R"({"layers":[{"digest":"sha256:)" + hex + R"("}]})", "v1");
  EXPECT_EQ(planned(Look().at(registry)), Digests{});
}

}  // namespace
}  // namespace regctl::gc
