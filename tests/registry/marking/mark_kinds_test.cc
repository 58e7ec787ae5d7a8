// P1: what a manifest keeps alive, by the kind of document and by the way it is written
// (contract 3.1; F33 to F42).
#include "tests/support/looking.h"

namespace regctl::gc {
namespace {

using namespace test;

// Blobs without any link, for documents to name: layers a, b and c; the image i, which alone names
// the layer j; the index n, which alone names i.
class Blobs {
 public:
  Blobs() {
    for (const char letter : {'a', 'b', 'c', 'j'}) tell(letter, std::string("layer ") + letter);
    tell('i', RegistryBuilder::image_json(digests.at('j'), 7, {}));
    const Digest image = digests.at('i');
    tell('n', RegistryBuilder::index_json(
                  {image}, {registry.tree.bytes(RegistryBuilder::data(image)).size()}));
  }

  // `text` with every "@x" replaced by the digest of blob x, "@^x" by the same in upper case.
  std::string fill(std::string text) const {
    for (std::size_t at; (at = text.find('@')) != std::string::npos;) {
      const bool upper = text[at + 1] == '^';
      std::string digest = digests.at(text[at + 1 + upper]).text();
      for (std::size_t i = 7; upper && i < digest.size(); ++i)
        digest[i] = static_cast<char>(std::toupper(digest[i]));
      text.replace(at, 2 + upper, digest);
    }
    return text;
  }

  Digests all_but(const std::string& letters) const {
    Digests rest;
    for (const auto& [letter, digest] : digests) {
      if (letters.find(letter) == std::string::npos) rest.insert(digest);
    }
    return rest;
  }

  RegistryBuilder registry;
  std::map<char, Digest> digests;

 private:
  void tell(char letter, const std::string& bytes) { digests[letter] = registry.blob(bytes); }
};

struct Kind {
  const char* name;
  std::string json;
  const char* keeps;
};

void PrintTo(const Kind& kind, std::ostream* out) { *out << kind.name; }

class P1Document : public testing::TestWithParam<Kind> {};

TEST_P(P1Document, KeepsWhatItNamesAndNothingElse) {
  Blobs blobs;
  blobs.registry.manifest("app", blobs.fill(GetParam().json), "v1");
  const Looked findings = Look().at(blobs.registry);
  EXPECT_EQ(planned(findings), blobs.all_but(GetParam().keeps));
  EXPECT_EQ(codes(findings.plan.warnings), Codes{});
  EXPECT_EQ(codes(findings.plan.blockers), Codes{});
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, P1Document,
    testing::Values(
        Kind{
            "Schema1",
            R"({"schemaVersion":1,"name":"app","tag":"v1","fsLayers":[{"blobSum":"@a"},{"blobSum":"@b"},{"blobSum":"@a"}],
                 "history":[{"v1Compatibility":"{\"id\":\"0\"}"}],"signatures":[{"header":{"alg":"ES256"}}]})",
            "ab"},
        Kind{
            "Schema2",
            R"({"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.v2+json",
                 "config":{"mediaType":"application/vnd.docker.container.image.v1+json","digest":"@a"},
                 "layers":[{"mediaType":"application/vnd.docker.image.rootfs.diff.tar.gzip","digest":"@b"}]})",
            "ab"},
        Kind{
            "Schema2Plugin",
            R"({"schemaVersion":2,"config":{"mediaType":"application/vnd.docker.plugin.v1+json","digest":"@a"},
                 "layers":[{"digest":"@b"}]})",
            "ab"},
        Kind{
            "ManifestList",
            R"({"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.list.v2+json","manifests":
                 [{"mediaType":"application/vnd.docker.distribution.manifest.v2+json","digest":"@i","platform":{}}]})",
            "ij"},
        Kind{"OciIndex", R"({"schemaVersion":2,"manifests":[{"digest":"@i"}]})", "ij"},
        Kind{
            "NestedIndex",
            R"({"manifests":[{"mediaType":"application/vnd.oci.image.index.v1+json","digest":"@n"}]})",
            "nij"},
        Kind{
            "BuildKitCacheIndex",
            R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":
                 [{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"@a"},
                  {"mediaType":"application/vnd.oci.image.layer.v1.tar+zstd","digest":"@i"},
                  {"mediaType":"application/vnd.buildkit.cacheconfig.v0","digest":"@b"}]})",
            "abi"},  // i stands there as a layer: it is not opened
        Kind{
            "BuildKitCacheImage",
            R"({"schemaVersion":2,"config":{"mediaType":"application/vnd.buildkit.cacheconfig.v0","digest":"@a"},
                 "layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"@b"}]})",
            "ab"},
        Kind{
            "BuildKitAttestation",
            R"({"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"@i",
                 "annotations":{"vnd.docker.reference.digest":"@a","vnd.docker.reference.type":"attestation-manifest"},
                 "platform":{"architecture":"unknown","os":"unknown"}}]})",
            "ij"},
        Kind{"OciImageOfOtherThings",
             R"({"schemaVersion":2,"artifactType":"application/vnd.cncf.helm.config.v1+json",
                 "config":{"mediaType":"application/vnd.oci.empty.v1+json","digest":"@a","data":"e30="},
                 "layers":[{"mediaType":"application/vnd.cncf.helm.chart.content.v1.tar+gzip","digest":"@b"}]})",
             "ab"},
        Kind{
            "F33ArtifactManifest",
            R"({"mediaType":"application/vnd.oci.artifact.manifest.v1+json","blobs":[{"digest":"@a"}],
                 "subject":{"digest":"@b"}})",
            "a"},
        Kind{"F33UnknownMediaType",
             R"({"schemaVersion":7,"mediaType":"application/x-mine","stuff":{"x":["@a"]}})", "a"},
        Kind{
            "LayersAndManifests",
            R"({"schemaVersion":2,"config":{"digest":"@a"},"layers":[{"digest":"@b"}],"manifests":[{"digest":"@i"}]})",
            "abij"},
        Kind{
            "WrongTypes",
            R"({"schemaVersion":"2","annotations":{"n":7},"layers":{"digest":"@a"},"config":["@b"]})",
            "ab"},
        Kind{
            "EmptyAndInvalidDigests",
            R"({"manifests":[{"digest":""},{"digest":"latest"},{"digest":"sha256:zz"},{"digest":7},{"digest":"@i"}]})",
            "ij"},
        Kind{"NothingAtAll", "{}", ""}),
    name_of_case);

INSTANTIATE_TEST_SUITE_P(
    Spellings, P1Document,
    testing::Values(
        Kind{"F34UpperCaseKey", R"({"LAYERS":[{"DIGEST":"@a"}],"Manifests":[{"digest":"@i"}]})",
             "aij"},
        Kind{"F34FoldedKey",
             "{\"layer\u017F\":[{\"digest\":\"@a\"}],\"manifest\u017F\":[{\"digest\":\"@i\"}]}",
             "aij"},
        Kind{"F34EscapedKey",
             R"({"\u006cayers":[{"digest":"@a"}],"\u006danifests":[{"digest":"@i"}]})", "aij"},
        Kind{
            "F34FoldedMediaType",
            R"({"manifests":[{"MEDIATYPE":"application/vnd.oci.image.layer.v1.tar","digest":"@i"}]})",
            "i"},
        Kind{"F35DuplicateKeys",
             R"({"layers":[{"digest":"@a"}],"layers":[{"digest":"@b","digest":"@c"}]})", "abc"},
        Kind{
            "F35DuplicateMediaTypes",
            R"({"manifests":[{"mediaType":"application/vnd.oci.image.layer.v1.tar","mediaType":"x/y","digest":"@i"}]})",
            "ij"},
        Kind{"AKey", R"({"blobs":{"@a":{}}})", "a"},
        Kind{"AChildAsAKey", R"({"manifests":{"@i":null}})", "ij"},
        Kind{"UpperCaseHexadecimal", R"({"layers":[{"digest":"@^a"}]})", "a"},
        Kind{"PartOfAString", R"({"comment":"made from @a, I think","x":" @b","y":"@c "})", ""},
        Kind{"F38BadUtf8", "{\"author\":\"\xFF\xFE\",\"layers\":[{\"digest\":\"@a\"}]}", "a"},
        Kind{"F38LoneSurrogate", R"({"author":"\ud800","layers":[{"digest":"@a"}]})", "a"},
        Kind{"F38HugeNumbers",
             R"({"size":1e999,"n":-123456789012345678901234567890,"layers":[{"digest":"@a"}]})",
             "a"},
        Kind{"F36Deep9000",
             R"({"x":)" + std::string(9000, '[') + R"({"layers":["@a"]})" + std::string(9000, ']') +
                 R"(,"layers":["@b"]})",
             "ab"},
        Kind{"F36Deep200000",
             R"({"x":)" + std::string(200000, '[') + "\"@a\"" + std::string(200000, ']') + "}",
             "a"}),
    name_of_case);

// What a registry never reads a reference in must not keep anything alive, and no other spelling of
// it is believed.
INSTANTIATE_TEST_SUITE_P(
    Exclusions, P1Document,
    testing::Values(
        Kind{
            "Annotations",
            R"({"annotations":{"org.opencontainers.image.base.digest":"@a","@b":{"manifests":["@i"]}}})",
            ""},
        Kind{"AnnotationsOfADescriptor", R"({"layers":[{"digest":"@a","annotations":{"x":"@b"}}]})",
             "a"},
        Kind{"AnnotationsEscaped", R"({"annot\u0061tions":{"x":"@a"}})", ""},
        Kind{"AnnotationsUpperCase", R"({"Annotations":{"x":"@a"}})", "a"},
        Kind{"AnnotationsLookingAlike",
             "{\"annotation\u017F\":{\"x\":\"@a\"},\"annotations \":\"@b\"}", "ab"},
        Kind{"Subject", R"({"subject":{"digest":"@i"},"layers":[{"digest":"@a"}]})", "a"},
        Kind{"SubjectAnywhere", R"({"config":{"subject":["@a",{"digest":"@b"}]}})", ""},
        Kind{"SubjectUpperCase", R"({"Subject":{"digest":"@a"}})", "a"},
        Kind{"SubjectIsNoFoldedKey", "{\"\u017Fubject\":{\"digest\":\"@a\"}}", "a"},
        Kind{"SubjectAndLayer", R"({"subject":{"digest":"@a"},"layers":[{"digest":"@a"}]})", "a"},
        Kind{"AfterTheExclusion",
             R"({"annotations":{"a":[{}]},"subject":{},"config":{"digest":"@a"}})", "a"}),
    name_of_case);

TEST(P1Children, F40AChildThatIsALayerIsKeptAndNoDamage) {
  Blobs blobs;
  const Digest text = blobs.registry.blob(blobs.fill("not JSON, but it says \"annotations\":@a"));
  blobs.registry.index("app", {blobs.digests['b'], text}, "v1");
  const Looked findings = Look().at(blobs.registry);
  EXPECT_EQ(planned(findings),
            blobs.all_but("ab"));  // in bytes that are no JSON every digest counts
  EXPECT_EQ(codes(findings.plan.warnings), Codes{});
}

TEST(P1Children, F40AChildMayLiveInAnotherRepository) {
  Blobs blobs;
  blobs.registry.link_revision("elsewhere", blobs.digests['i']);
  blobs.registry.index("app", {blobs.digests['i']}, "v1");
  EXPECT_EQ(planned(Look().at(blobs.registry)), blobs.all_but("nij"));  // n is that very index
  EXPECT_EQ(planned(Look().delete_untagged().at(blobs.registry)), blobs.all_but("nij"));
}

TEST(P1Children, F41SparseIndexesAndMissingSubjectsAreNoDamage) {
  Blobs blobs;
  blobs.registry.index("app", {digest_of("arm64, never copied"), blobs.digests['i']}, "v1");
  blobs.registry.image("app", {"signature"}, "", digest_of("subject that is gone"));
  blobs.registry.tag("app", "v2", digest_of("tag of nothing"));
  const Looked findings = Look().at(blobs.registry);
  EXPECT_EQ(planned(findings), blobs.all_but("ij"));
  EXPECT_EQ(codes(findings.plan.warnings), Codes{});
}

TEST(P1Children, F42AbsentConfigurationsAndForeignLayersAreNoDamage) {
  Blobs blobs;
  const std::string gone = digest_of("gone").text();
  blobs.registry.manifest(
      "app",
      blobs.fill(
          R"({"config":{"digest":")" + gone + R"("},"layers":[
      {"mediaType":"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip","digest":")" +
          gone +
          R"(","urls":["https://example.org/x"]},{"digest":"@a","urls":["https://example.org/y"]}]})"),
      "v1");
  const Looked findings = Look().at(blobs.registry);
  EXPECT_EQ(planned(findings), blobs.all_but("a"));
  EXPECT_EQ(codes(findings.plan.warnings), Codes{});
}

// A reference that is called a manifest by a revision link is opened, wherever it stands.
TEST(P1OpenedAsAManifest, ByARevisionLinkInAnyRepository) {
  Blobs blobs;
  blobs.registry.manifest("app", blobs.fill(R"({"layers":[{"digest":"@i"}]})"), "v1");
  EXPECT_EQ(planned(Look().at(blobs.registry)), blobs.all_but("i"));
  blobs.registry.link_revision("elsewhere", blobs.digests['i']);
  blobs.registry.tag("elsewhere", "other", digest_of("nothing"));
  EXPECT_EQ(planned(Look().delete_untagged().at(blobs.registry)), blobs.all_but("ij"));
}

TEST(P1OpenedAsAManifest, ByARevisionLinkInQuarantine) {
  Blobs blobs;
  blobs.registry.manifest("app", blobs.fill(R"({"layers":[{"digest":"@i"}]})"), "v1");
  blobs.registry.link_revision("elsewhere", blobs.digests['i']);
  blobs.registry.quarantine(RegistryBuilder::revision("elsewhere", blobs.digests['i']),
                            kNow - kHour);
  EXPECT_EQ(planned(Look().at(blobs.registry)), blobs.all_but("ij"));
}

TEST(P1OpenedAsAManifest, AsTheTargetOfATagOrARoot) {
  Blobs blobs;
  blobs.registry.tag("app", "v1", blobs.digests['i']);
  EXPECT_EQ(planned(Look().at(blobs.registry)), blobs.all_but("ij"));
  Look look;
  look.wishes.policy.roots = {{std::nullopt, blobs.digests['n']}};
  EXPECT_EQ(planned(look.at(blobs.registry)), blobs.all_but("nij"));
}

TEST(P1Tags, AHistoryIsARootOnlyWhereTheCurrentLinkIsMissing) {
  Blobs blobs;
  const Digest current = blobs.registry.image("app", {"current"}, "v1");
  blobs.registry.tag("app", "v1", blobs.digests['i']);
  blobs.registry.tag("app", "v1", current);
  EXPECT_EQ(planned(Look().at(blobs.registry)), blobs.all_but(""));
  blobs.registry.tree.remove(layout::tag_current_link("app", "v1"));
  const Looked findings = Look().at(blobs.registry);
  EXPECT_EQ(planned(findings), blobs.all_but("ij"));
  EXPECT_EQ(codes(findings.plan.warnings), Codes{"tag-without-link"});
}

class F7AliasLinks : public testing::TestWithParam<Algorithm> {};

TEST_P(F7AliasLinks, ResolveWhereverTheyStand) {
  RegistryBuilder registry;
  const std::string bytes = "a layer", configuration = "{\"a\":1}";
  const Digest layer = registry.layer("app", bytes), config = registry.layer("app", configuration);
  const Digest layer_name = digest_of(bytes, GetParam()),
               config_name = digest_of(configuration, GetParam());
  registry.link_layer("app", layer_name, layer);
  registry.link_layer("elsewhere", config_name, config);
  registry.manifest("app", RegistryBuilder::image_json(config_name, 7, {{layer_name, 7}}), "v1");
  const Digest garbage = registry.layer("app", "garbage");
  registry.link_layer("app", digest_of("garbage", GetParam()), garbage);
  const Looked findings = Look().at(registry);
  EXPECT_EQ(planned(findings), Digests{garbage});
  EXPECT_EQ(codes(findings.plan.warnings), Codes{});
  EXPECT_EQ(findings.plan.layer_links.size(), 2u);  // both names of the garbage
}

INSTANTIATE_TEST_SUITE_P(Algorithms, F7AliasLinks,
                         testing::Values(Algorithm::sha384, Algorithm::sha512),
                         [](const auto& one) { return std::string(name_of(one.param)); });

TEST(P14Sizes, F37TwelveThousandLayersAndTenThousandChildren) {
  RegistryBuilder registry;
  std::vector<std::pair<Digest, std::uint64_t>> layers;
  std::vector<Digest> children;
  for (int i = 0; i < 12000; ++i)
    layers.emplace_back(registry.blob("layer " + std::to_string(i)), 10);
  const Digest config = registry.blob("{}");
  children.push_back(registry.blob(RegistryBuilder::image_json(config, 2, layers)));
  for (int i = 1; i < 10000; ++i)
    children.push_back(registry.blob("{\"n\":" + std::to_string(i) + "}"));
  registry.index("app", children, "v1");
  const Digest garbage = registry.blob("garbage");
  EXPECT_EQ(planned(Look().at(registry)), Digests{garbage});
}

TEST(P14Sizes, F39AThousandIndexesDeepAndCyclesThroughDamage) {
  RegistryBuilder registry;
  Digest top = registry.blob(RegistryBuilder::image_json(registry.blob("the last layer"), 14, {}));
  for (int i = 0; i < 1000; ++i) top = registry.blob(RegistryBuilder::index_json({top}));
  registry.tag("app", "v1", top);
  const Digest garbage = registry.blob("garbage");
  EXPECT_EQ(planned(Look().at(registry)), Digests{garbage});

  const Digest one = digest_of("one"), two = digest_of("two");
  registry.blob_at(one, RegistryBuilder::index_json({two, one}));
  registry.blob_at(two, RegistryBuilder::index_json({one}));
  registry.index("cyclic", {one}, "v1");
  const Looked findings = Look().at(registry);
  EXPECT_EQ(planned(findings), Digests{garbage});
  EXPECT_EQ(codes(findings.plan.warnings), Codes{"manifest-digest-mismatch"});
}

}  // namespace
}  // namespace regctl::gc
