// P12: which revisions --delete-untagged takes, and which it keeps.
#include "tests/support/looking.h"

namespace regctl::gc {
namespace {

using namespace test;

TEST(P12DeleteUntagged, IsOffUnlessAskedFor) {
  RegistryBuilder registry;
  registry.image("app", {"tagged"}, "v1");
  registry.image("app", {"untagged"});
  const Looked findings = Look().at(registry);
  EXPECT_EQ(planned_manifests(findings), Manifests{});
  EXPECT_EQ(planned(findings), Digests{});
  EXPECT_EQ(findings.untagged.count, 1u);
}

TEST(P12DeleteUntagged, SaysWhatTheManifestWasTaggedOnce) {
  RegistryBuilder registry;
  const Digest old = registry.image("app", {"old"}, "v1");
  registry.tag("app", "latest", old);
  registry.image("app", {"new"}, "v1");
  registry.tag("app", "latest", registry.image("app", {"newer"}));
  const Looked findings = Look().delete_untagged().at(registry);
  ASSERT_EQ(findings.plan.manifests.size(), 1u);
  EXPECT_EQ(findings.plan.manifests[0].digest, old);
  EXPECT_EQ(findings.plan.manifests[0].former_tags, (std::vector<std::string>{"latest", "v1"}));
  for (const BlobRemoval& blob : findings.plan.blobs) EXPECT_EQ(blob.reason, Reason::untagged);
  EXPECT_EQ(findings.plan.blobs.size(), 3u);
}

TEST(P12DeleteUntagged, AManifestTaggedElsewhereKeepsItsBlobsButNotItsLink) {
  RegistryBuilder registry;
  const Digest image = registry.image("release", {"shared"}, "v1");
  registry.image("release", {"shared"});
  registry.image("staging", {"shared"});
  registry.image("staging", {"other"}, "v1");
  const Looked findings = Look().delete_untagged().at(registry);
  EXPECT_EQ(planned_manifests(findings), (Manifests{{"staging", image}}));
  EXPECT_EQ(planned(findings), Digests{});
}

TEST(P12KeptSet, ProtectedRepositoriesByGlob) {
  RegistryBuilder registry;
  Manifests untagged;
  for (const char* name : {"prod/a", "prod/b/c", "production", "dev"}) {
    registry.image(name, {std::string("tagged in ") + name}, "v1");
    untagged.emplace(name, registry.image(name, {std::string("untagged in ") + name}));
  }
  Look look = Look().delete_untagged();
  EXPECT_EQ(planned_manifests(look.at(registry)), untagged);
  look.wishes.policy.protect = {"prod/*", "no/such"};
  const Looked findings = look.at(registry);
  EXPECT_EQ(findings.plan.manifests.size(), 2u);
  for (const auto& manifest : findings.plan.manifests)
    EXPECT_TRUE(manifest.repository == "production" || manifest.repository == "dev")
        << manifest.repository;
  EXPECT_EQ(findings.plan.kept_protected.count, 6u);
  EXPECT_EQ(codes(findings.plan.warnings), Codes{"protect-idle"});
}

TEST(P12KeptSet, ProtectedAndListedByAnotherName) {
  RegistryBuilder registry;
  registry.image("team/app", {"tagged"}, "v1");
  const Digest image = registry.image("team/app", {"untagged"});
  registry.tree.symlink("repositories/prod", "team", kNow);
  Look look = Look().delete_untagged();
  EXPECT_EQ(planned_manifests(look.at(registry)), (Manifests{{"team/app", image}}));
  look.wishes.policy.protect = {"prod/*"};
  const Looked findings = look.at(registry);
  EXPECT_EQ(planned_manifests(findings), Manifests{});
  EXPECT_EQ(codes(findings.plan.warnings), Codes{});
  // Over two links, and where there is no end of names.
  registry.tree.symlink("repositories/team/deep", "../team", kNow);
  look.wishes.policy.protect = {"prod/deep/*"};
  EXPECT_EQ(planned_manifests(look.at(registry)), Manifests{});
  look.wishes.policy.protect.clear();
  look.wishes.policy.roots = {{"prod/app", image}};
  EXPECT_EQ(planned_manifests(look.at(registry)), Manifests{});
}

TEST(P12KeptSet, ABareRootCountsInEveryRepositoryThatHasIt) {
  RegistryBuilder registry;
  registry.image("a", {"tagged"}, "v1");
  registry.image("b", {"tagged"}, "v1");
  const Digest running = registry.image("a", {"running"});
  registry.image("b", {"running"});
  const Digest other = registry.image("b", {"other"});
  Look look = Look().delete_untagged();
  EXPECT_EQ(planned_manifests(look.at(registry)),
            (Manifests{{"a", running}, {"b", running}, {"b", other}}));
  look.wishes.policy.roots = {{std::nullopt, running}};
  EXPECT_EQ(planned_manifests(look.at(registry)), (Manifests{{"b", other}}));
}

TEST(P12KeptSet, ARootOfOneRepositoryCountsOnlyThere) {
  RegistryBuilder registry;
  registry.image("a", {"tagged"}, "v1");
  registry.image("b", {"tagged"}, "v1");
  const Digest child = registry.image("a", {"running"}), index = registry.index("a", {child});
  registry.image("b", {"running"});
  registry.index("b", {child});
  Look look = Look().delete_untagged();
  look.wishes.policy.roots = {{"a", index}, {std::nullopt, digest_of("on another registry")}};
  const Looked findings = look.at(registry);
  EXPECT_EQ(planned_manifests(findings), (Manifests{{"b", child}, {"b", index}}));
  EXPECT_EQ(planned(findings), Digests{});
  EXPECT_EQ(findings.mark.roots_not_in_store, 1u);
}

TEST(P12KeptSet, ARootMayBeTheOtherNameOfAnUpload) {
  RegistryBuilder registry;
  registry.image("app", {"tagged"}, "v1");
  const Digest layer = registry.layer("app", "by sha512"),
               name = digest_of("by sha512", Algorithm::sha512);
  registry.link_layer("app", name, layer);
  EXPECT_EQ(planned(Look().at(registry)), Digests{layer});
  Look look;
  look.wishes.policy.roots = {{std::nullopt, name}};
  const Looked findings = look.at(registry);
  EXPECT_EQ(planned(findings), Digests{});
  EXPECT_EQ(findings.mark.roots_not_in_store, 0u);
}

TEST(P12KeptSet, ARootKeepsItsReferrersAndChildren) {
  RegistryBuilder registry;
  registry.image("app", {"tagged"}, "v1");
  const Digest child = registry.image("app", {"child"}), index = registry.index("app", {child});
  registry.image("app", {"signature of the child"}, "", child);
  const Digest orphan = registry.image("app", {"signature of nothing"}, "", digest_of("gone"));
  Look look = Look().delete_untagged();
  look.wishes.policy.roots = {{std::nullopt, index}};
  EXPECT_EQ(planned_manifests(look.at(registry)), (Manifests{{"app", orphan}}));
}

TEST(P12KeptSet, AnyReferenceStringOfAKeptOneKeepsARevision) {
  RegistryBuilder registry;
  const Digest odd = registry.image("app", {"named by a layer descriptor"});
  const Digest base = registry.image("app", {"named by an annotation only"});
  registry.manifest("app",
                    R"({"layers":[{"digest":")" + odd.text() + R"("}],"annotations":{"base":")" +
                        base.text() + R"("}})",
                    "v1");
  EXPECT_EQ(planned_manifests(Look().delete_untagged().at(registry)), (Manifests{{"app", base}}));
}

TEST(P12KeptSet, AReferrerDoesNotKeepItsSubject) {
  RegistryBuilder registry;
  registry.image("app", {"tagged"}, "v1");
  const Digest subject = registry.image("app", {"subject"});
  registry.image("app", {"signature"}, "signature", subject);
  EXPECT_EQ(planned_manifests(Look().delete_untagged().at(registry)),
            (Manifests{{"app", subject}}));
}

TEST(P12KeptSet, FallbackAndCosignTagsKeepTheirOwnTargetsOnly) {
  RegistryBuilder registry;
  const Digest subject = registry.image("app", {"subject"}),
               base = registry.image("app", {"tagged"}, "v1");
  const Digest signature = registry.image("app", {"signature"}, "", subject);
  registry.index("app", {signature}, "sha256-" + subject.hex());
  const Digest former =
      registry.image("app", {"cosign, first time"}, "sha256-" + base.hex() + ".sig");
  registry.image("app", {"cosign, second time"}, "sha256-" + base.hex() + ".sig");
  EXPECT_EQ(planned_manifests(Look().delete_untagged().at(registry)),
            (Manifests{{"app", subject}, {"app", former}}));
}

TEST(P12KeptSet, YoungRevisionsByAnyLinkOrTheirBlob) {
  RegistryBuilder registry;
  registry.ago(30 * kDay).image("app", {"tagged"}, "v1");
  const Digest old = registry.image("app", {"old"}), blob = registry.image("app", {"blob touched"}),
               directory = registry.image("app", {"directory touched"}),
               link = registry.image("app", {"link touched"}),
               moved = registry.image("app", {"tagged until an hour ago"}, "moving"),
               layer = registry.image("app", {"linked as a layer"});
  const Time young = kNow - kHour;
  registry.tag("app", "moving", old);
  registry.tag("app", "moving", registry.image("app", {"tagged"}, "v1"));
  registry.tree.touch(RegistryBuilder::data(blob), young);
  registry.tree.touch(layout::blob(directory), young);
  registry.tree.touch(RegistryBuilder::revision("app", link), young);
  registry.tree.touch(
      layout::tag("app", "moving") + "/index/" + layout::digest_path(moved) + "/link", young);
  registry.ago(kHour).link_layer("app", layer);
  EXPECT_EQ(planned_manifests(Look().delete_untagged().at(registry)), (Manifests{{"app", old}}));
}

TEST(P12KeptSet, AnAliasLinkNamesWhatItHolds) {
  RegistryBuilder registry;
  registry.image("app", {"tagged"}, "v1");
  const Digest old = registry.image("app", {"old"});
  registry.link_layer("app", digest_of("the same bytes", Algorithm::sha512), old);
  EXPECT_EQ(planned_manifests(Look().delete_untagged().at(registry)), (Manifests{{"app", old}}));
  registry.ago(kHour).link_layer("app", digest_of("the same bytes", Algorithm::sha512), old);
  EXPECT_EQ(planned_manifests(Look().delete_untagged().at(registry)), Manifests{});
}

TEST(P12KeptSet, AYoungIndexKeepsItsOldChildren) {
  RegistryBuilder registry;
  registry.image("app", {"tagged"}, "v1");
  const Digest child = registry.image("app", {"child"});
  const Digest index = registry.ago(kHour).index("app", {child});
  EXPECT_EQ(planned_manifests(Look().delete_untagged().at(registry)), Manifests{});
  Look everything = Look().delete_untagged().keep_younger_than(Duration(0));
  registry.tree.touch(RegistryBuilder::revision("app", index), kNow - 30 * kDay);
  EXPECT_EQ(planned_manifests(everything.at(registry)),
            (Manifests{{"app", child}, {"app", index}}));
}

// More than an hour newer than the newest tag of the whole store: something else may be tagging.
TEST(P12OutsideTags, ARevisionNewerThanEveryTagIsKeptAndCounted) {
  RegistryBuilder registry;
  registry.ago(10 * kDay).image("app", {"tagged"}, "v1");
  registry.ago(5 * kDay).image("other", {"newest tag"}, "v1");
  const Digest before = registry.ago(6 * kDay).image("app", {"before it"});
  const Digest just = registry.ago(5 * kDay - kHour).image("app", {"an hour later"});
  const Digest child = registry.ago(4 * kDay).image("app", {"of an index"});
  const Digest index = registry.index("app", {child});
  const Digest outside = registry.ago(3 * kDay).image("app", {"long after"});
  const Digest subject = digest_of("gone"),
               referrer = registry.image("app", {"a referrer"}, "", subject);
  const Looked findings = Look().delete_untagged().at(registry);
  EXPECT_EQ(planned_manifests(findings),
            (Manifests{{"app", before}, {"app", just}, {"app", referrer}}));
  EXPECT_EQ(findings.plan.kept_outside_tags,
            2u);  // the index, whose child it keeps, and the lone image
  EXPECT_EQ(codes(findings.plan.blockers), Codes{});
  registry.ago(2 * kDay).image("other", {"newer tag"}, "v2");
  EXPECT_EQ(planned_manifests(Look().delete_untagged().at(registry)), (Manifests{{"app", before},
                                                                                 {"app", just},
                                                                                 {"app", referrer},
                                                                                 {"app", outside},
                                                                                 {"app", index},
                                                                                 {"app", child}}));
}

TEST(P12TagsUnknown, ARepositoryWithoutATagsDirectoryIsLeftAlone) {
  RegistryBuilder registry;
  registry.image("app", {"tagged"}, "v1");
  const Digest untagged = registry.image("app", {"untagged"});
  registry.image("harbor", {"tagged in a database"});
  const Looked findings = Look().delete_untagged().at(registry);
  EXPECT_EQ(planned_manifests(findings), (Manifests{{"app", untagged}}));
  EXPECT_EQ(codes(findings.plan.warnings), Codes{}) << "it is legitimate, and lasts";
  ASSERT_EQ(findings.advice.size(), 1u);
  EXPECT_EQ(findings.advice[0].code, report::Code::pulled_by_digest);
  EXPECT_EQ(findings.advice[0].count, 1u);
  EXPECT_GT(findings.advice[0].bytes, 0u);
  registry.tree.directory("repositories/harbor/_manifests/tags", registry.time());
  EXPECT_EQ(Look().delete_untagged().at(registry).plan.manifests.size(), 2u);
}

TEST(P12TagsUnknown, ATagWithoutItsLinkKeepsWhatItsHistoryNamesAndNothingElse) {
  RegistryBuilder registry;
  registry.image("app", {"tagged"}, "v1");
  const Digest untagged = registry.image("app", {"untagged"});
  registry.image("other", {"tagged"}, "v1");
  const Digest elsewhere = registry.image("other", {"untagged elsewhere"});
  registry.tree.remove(layout::tag_current_link("app", "v1"));
  const Looked findings = Look().delete_untagged().at(registry);
  EXPECT_EQ(planned_manifests(findings), (Manifests{{"app", untagged}, {"other", elsewhere}}));
  EXPECT_EQ(codes(findings.plan.warnings), Codes{"tag-without-link"});
}

TEST(P12TagsUnknown, ARepositoryWithoutRevisionsIsNoReasonToWarn) {
  RegistryBuilder registry;
  registry.image("app", {"tagged"}, "v1");
  registry.layer("layers", "linked");
  EXPECT_EQ(codes(Look().delete_untagged().at(registry).plan.warnings), Codes{});
}

TEST(P12Quarantine, RevisionsInQuarantineCountAsRevisions) {
  RegistryBuilder registry;
  const Digest child = registry.image("app", {"child"});
  registry.index("app", {child}, "v1");
  registry.quarantine(RegistryBuilder::revision("app", child), kNow - kHour);
  const Digest gone = registry.image("app", {"taken"});
  registry.quarantine(RegistryBuilder::revision("app", gone), kNow - kHour);
  const Digest signature = registry.image("app", {"signature"}, "", child);
  registry.quarantine(RegistryBuilder::revision("app", signature), kNow - kHour);
  const Looked findings = Look().delete_untagged().at(registry);
  EXPECT_EQ(planned_manifests(findings), Manifests{});
  std::map<Digest, Why> restored;
  for (const Restoration& one : findings.plan.restore) restored[*one.copy.digest] = one.reason;
  EXPECT_EQ(restored, (std::map<Digest, Why>{{child, Why::reference}, {signature, Why::referrer}}));
  EXPECT_EQ(planned(findings).count(gone), 1u);
}

// Children may be revisions of one repository and tagged, through an index, in another.
TEST(P12KeptSet, IsThatOfEachRepositoryAlone) {
  RegistryBuilder registry;
  const Digest child = registry.image("library", {"child"});
  registry.image("library", {"tagged"}, "v1");
  registry.index("app", {child}, "v1");
  const Looked findings = Look().delete_untagged().at(registry);
  EXPECT_EQ(planned_manifests(findings), (Manifests{{"library", child}}));
  EXPECT_EQ(planned(findings), Digests{});
}

}  // namespace
}  // namespace regctl::gc
