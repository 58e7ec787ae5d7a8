// What earlier runs renamed away (contract 3.2): read through, given back, waiting, purged.
#include <gmock/gmock.h>

#include "gc/report.h"
#include "tests/support/scene.h"

namespace regctl::gc {
namespace {

using namespace test;
using testing::IsEmpty;

using Objects = std::set<std::tuple<Quarantined::Kind, std::string, Digest>>;
constexpr auto kBlob = Quarantined::Kind::blob;
constexpr auto kRevision = Quarantined::Kind::revision_link;
constexpr auto kLayerLink = Quarantined::Kind::layer_link;

Objects restored(const Looked& findings) {
  Objects objects;
  for (const Restoration& one : findings.plan.restore)
    objects.emplace(one.copy.kind, one.copy.repository, *one.copy.digest);
  return objects;
}

Objects purged(const Looked& findings) {
  Objects objects;
  for (const Purge& one : findings.plan.purge)
    objects.emplace(one.copy.kind, one.copy.repository, *one.copy.digest);
  return objects;
}

class Quarantine : public testing::Test {
 protected:
  void take(const Digest& digest, Time taken = kTaken) {
    scene.registry.quarantine(RegistryBuilder::data(digest), taken);
  }
  Looked look() const { return Look().at(scene.registry); }
  Looked look_offline() const { return Look().offline().at(scene.registry); }
  Scene scene;
};

TEST_F(Quarantine, IsCountedApart) {
  take(scene.loose);
  const Report report{.findings = look()};
  EXPECT_EQ(planned(*report.findings), Digests{scene.elsewhere});
  const Totals totals = totals_of(report);
  EXPECT_EQ(totals.quarantined, (Amount{1, 5}));
  EXPECT_EQ(totals.garbage.count, 1u);
  EXPECT_EQ(totals.blobs.count, 13u);  // four images of three blobs, and what is loose elsewhere
  EXPECT_EQ(totals.reachable.count, 12u);
}

TEST_F(Quarantine, WaitsForTheHoldAndForTheGate) {
  take(scene.loose, kNow - kHour);
  Looked findings = look();
  EXPECT_EQ(findings.plan.waiting.amount, (Amount{1, 5}));
  EXPECT_EQ(findings.plan.waiting.until, kNow + 19 * kHour);
  EXPECT_EQ(purged(findings), Objects{});

  Look look;
  look.wishes.caches = {.restarted_at = kNow - kHour + 4 * kSecond};
  look.wishes.margins.hold = Duration(0);
  findings = look.at(scene.registry);
  EXPECT_EQ(purged(findings), Objects{});
  EXPECT_EQ(findings.plan.waiting.gate.shut, Shut::not_local);

  look.wishes.caches = {.restarted_at = kNow - kHour + 5 * kSecond};
  look.wishes.margins.hold = kHour + kSecond;
  EXPECT_EQ(purged(look.at(scene.registry)), Objects{});
  look.wishes.margins.hold = kHour;
  findings = look.at(scene.registry);
  EXPECT_EQ(purged(findings), (Objects{{kBlob, "", scene.loose}}));
  EXPECT_EQ(findings.plan.waiting.amount, Amount{});
  EXPECT_EQ(findings.plan.waiting.until, std::nullopt);
}

TEST_F(Quarantine, OfTheFutureIsKept) {
  take(scene.loose, kNow + kSecond);
  const Looked findings = look_offline();
  EXPECT_EQ(purged(findings), Objects{});
  EXPECT_EQ(findings.plan.waiting.amount.count, 1u);
}

TEST_F(Quarantine, P11DoesNotApplyToIt) {
  scene.tree.touch(RegistryBuilder::data(scene.loose), kNow - 2 * kHour);
  scene.tree.touch(layout::blob(scene.loose), kNow - kHour);
  take(scene.loose, kNow - kHour);
  EXPECT_EQ(purged(look_offline()), (Objects{{kBlob, "", scene.loose}}));
}

TEST_F(Quarantine, WhatIsReferencedComesBack) {
  take(scene.layer);
  take(scene.image);
  take(scene.loose);
  const Looked findings = look_offline();
  EXPECT_EQ(restored(findings), (Objects{{kBlob, "", scene.layer}, {kBlob, "", scene.image}}));
  EXPECT_EQ(purged(findings), (Objects{{kBlob, "", scene.loose}}));
  EXPECT_EQ(planned(findings),
            Digests{scene.elsewhere});  // what only the copy of the image names stays
  EXPECT_EQ(codes(findings.plan.warnings), Codes{});
}

// The only thing in quarantine is a referenced blob, whose size a descriptor claims: a run that
// changes something looks into every directory, and finds it.
TEST_F(Quarantine, TheOnlyCopyComesBackToo) {
  take(scene.layer);
  Look every;
  every.looking.sizes = Sizes::seen;
  EXPECT_EQ(restored(every.at(scene.registry)), (Objects{{kBlob, "", scene.layer}}));
}

TEST_F(Quarantine, OfTwoCopiesTheNewestGoesBack) {
  const std::string data = scene.data(), bytes = scene.bytes(data);
  take(scene.image);
  scene.put(data, bytes);
  scene.registry.quarantine(data, kNow - kHour, "fedcba9876543210");
  const Looked findings = look();
  ASSERT_EQ(restored(findings), (Objects{{kBlob, "", scene.image}}));
  EXPECT_EQ(findings.plan.restore[0].copy.run, "fedcba9876543210");
}

TEST_F(Quarantine, ACopyThatDoesNotHashIsNoManifest) {
  scene.bytes(scene.data()) += ' ';
  take(scene.image);
  const Looked findings = look_offline();
  EXPECT_EQ(codes(findings.plan.warnings), Codes{"manifest-missing"});
  EXPECT_EQ(planned(findings), Digests{scene.elsewhere});
}

TEST_F(Quarantine, DataWinsOverACopy) {
  const std::string bytes = scene.bytes(scene.data());
  take(scene.image);
  scene.put(scene.data(), "{}");
  EXPECT_EQ(codes(look().plan.warnings), Codes{"manifest-digest-mismatch"});
  scene.put(scene.data(), bytes);
  EXPECT_EQ(codes(look().plan.warnings), Codes{});
}

TEST_F(Quarantine, ADuplicateIsPurgedAndNeverPutBack) {
  const std::string bytes = scene.bytes(scene.data());
  take(scene.image);
  take(scene.loose, kNow - kHour);
  scene.put(scene.data(), bytes);
  scene.put(RegistryBuilder::data(scene.loose), "loose");
  Look look;
  look.wishes.caches.none = true;
  const Looked findings = look.at(scene.registry);
  EXPECT_EQ(restored(findings), Objects{});
  EXPECT_EQ(purged(findings), (Objects{{kBlob, "", scene.image}}));
  EXPECT_EQ(findings.plan.waiting.amount.count, 1u);
}

class ALinkWrittenAfterTheRename : public Quarantine, public testing::WithParamInterface<bool> {};

// Whatever the grace, with a second of slack for coarse clocks.
TEST_P(ALinkWrittenAfterTheRename, BringsABlobBack) {
  take(scene.loose);
  const std::string link = RegistryBuilder::layer_link("app", scene.loose);
  const bool enough = GetParam();
  scene.tree.touch(link, kTaken - kSecond - (enough ? Duration(0) : Duration(1)));
  const Looked findings = Look().offline().keep_younger_than(Duration(0)).at(scene.registry);
  EXPECT_EQ(restored(findings), enough ? (Objects{{kBlob, "", scene.loose}}) : Objects{});
  EXPECT_EQ(purged(findings), enough ? Objects{} : (Objects{{kBlob, "", scene.loose}}));
  for (const Restoration& one : findings.plan.restore) EXPECT_EQ(one.reason, Why::returned);
}

TEST_P(ALinkWrittenAfterTheRename, BringsARevisionBackWithItsClosure) {
  const Digest child = scene.registry.image("app", {"child"}),
               index = scene.registry.index("app", {child});
  for (const Digest& digest : {child, index}) {
    scene.registry.quarantine(RegistryBuilder::revision("app", digest), kTaken);
    take(digest);
  }
  take(digest_of("child"));
  const bool enough = GetParam();
  // Old registries write in place: into the very file that was renamed.
  const auto seconds =
      std::to_string(std::chrono::floor<std::chrono::seconds>(kTaken).time_since_epoch().count());
  scene.tree.touch(
      RegistryBuilder::revision("app", index) + ".regctl-gc." + seconds + ".0123456789abcdef",
      kTaken - kSecond - (enough ? Duration(0) : Duration(1)));
  const Objects all{{kRevision, "app", child},
                    {kRevision, "app", index},
                    {kBlob, "", child},
                    {kBlob, "", index},
                    {kBlob, "", digest_of("child")}};
  const Looked findings = look_offline();
  EXPECT_EQ(restored(findings), enough ? all : Objects{});
  EXPECT_EQ(purged(findings), enough ? Objects{} : all);
}

INSTANTIATE_TEST_SUITE_P(Slack, ALinkWrittenAfterTheRename, testing::Values(true, false),
                         [](const auto& one) { return one.param ? "WithinASecond" : "Before"; });

TEST_F(Quarantine, ARevisionWrittenIntoComesBackThoughItsManifestIsAliveElsewhere) {
  scene.registry.manifest("library", scene.bytes(scene.data()), "v1");
  scene.tree.remove(layout::tag("app", "v1"));
  scene.registry.image("app", {"another"}, "v2");
  scene.tree.touch(scene.revision_link(), kTaken);
  scene.registry.quarantine(scene.revision_link(), kTaken);
  const Looked findings = Look().offline().delete_untagged().at(scene.registry);
  EXPECT_EQ(restored(findings), (Objects{{kRevision, "app", scene.image}}));
  EXPECT_EQ(findings.plan.restore.at(0).reason, Why::returned);
}

TEST_F(Quarantine, ARevisionLinkIsPurgedThoughItsManifestIsAliveElsewhere) {
  scene.registry.manifest("library", scene.bytes(RegistryBuilder::data(scene.untagged)), "v1");
  scene.registry.quarantine(RegistryBuilder::revision("app", scene.untagged), kTaken);
  const Looked findings = Look().offline().delete_untagged().at(scene.registry);
  EXPECT_EQ(purged(findings), (Objects{{kRevision, "app", scene.untagged}}));
  EXPECT_FALSE(planned(findings).contains(scene.untagged));
}

TEST_F(Quarantine, ARevisionLinkIsNoRootByItself) {
  scene.registry.quarantine(RegistryBuilder::revision("app", scene.untagged), kTaken);
  const Looked findings = look_offline();
  EXPECT_EQ(restored(findings), Objects{});
  EXPECT_EQ(planned(findings).count(scene.untagged), 1u);
  EXPECT_EQ(purged(findings), (Objects{{kRevision, "app", scene.untagged}}));
}

TEST_F(Quarantine, ARevisionLinkComesBackThroughATagARootAProtectionOrAPin) {
  const std::string link = RegistryBuilder::revision("app", scene.untagged);
  scene.registry.quarantine(link, kTaken);
  const Objects back{{kRevision, "app", scene.untagged}};
  Look look = Look().delete_untagged();

  look.wishes.policy.roots = {{std::nullopt, scene.untagged}};
  EXPECT_EQ(restored(look.at(scene.registry)), back);
  look.wishes.policy.roots = {{"other", scene.untagged}};
  EXPECT_EQ(restored(look.at(scene.registry)), Objects{});
  look.wishes.policy.roots.clear();

  look.wishes.policy.protect = {"a*"};
  EXPECT_EQ(restored(look.at(scene.registry)), back);
  look.wishes.policy.protect.clear();

  const std::string before = std::exchange(scene.bytes(scene.layer_link()), "");
  EXPECT_EQ(restored(look.at(scene.registry)), back);
  scene.bytes(scene.layer_link()) = before;

  EXPECT_EQ(restored(look.at(scene.registry)), Objects{});
  scene.registry.tag("app", "again", scene.untagged);
  EXPECT_EQ(restored(look.at(scene.registry)), back);
}

TEST_F(Quarantine, LayerLinksComeBackWithWhatTheyNameAndGoOtherwise) {
  const Digest gone = digest_of("gone");
  scene.registry.link_layer("app", gone);
  scene.registry.quarantine(RegistryBuilder::layer_link("app", gone), kTaken);
  scene.registry.quarantine(scene.layer_link(), kTaken);
  const Looked findings = look_offline();
  EXPECT_EQ(restored(findings), (Objects{{kLayerLink, "app", scene.layer}}));
  EXPECT_EQ(purged(findings), (Objects{{kLayerLink, "app", gone}}));
}

TEST_F(Quarantine, LayerLinksGoUnlessDataOrACopyStays) {
  const std::string link = RegistryBuilder::layer_link("app", scene.loose);
  // Why the link goes; empty: it stays.
  const auto reason = [&](const Looked& found) -> std::optional<LinkReason> {
    for (const LayerLinkRemoval& one : found.plan.layer_links) {
      if (one.repository == "app" && one.digest == scene.loose) return one.reason;
    }
    return std::nullopt;
  };
  EXPECT_EQ(reason(look()), LinkReason::blob_is_taken);
  take(scene.loose);
  EXPECT_EQ(reason(look()), std::nullopt) << "the copy is held";
  EXPECT_EQ(reason(look_offline()), LinkReason::blob_is_purged);
  scene.put(RegistryBuilder::data(scene.loose), "loose");
  EXPECT_EQ(reason(look()), std::nullopt) << "new data, and a copy that is held";
  scene.tree.remove(layout::blob(scene.loose));
  scene.tree.directory(layout::blob(scene.loose), kTaken);
  EXPECT_EQ(reason(look()), LinkReason::leads_nowhere);
  scene.tree.remove(layout::blob(scene.loose));
  EXPECT_EQ(reason(look()), LinkReason::leads_nowhere);
  Look keeping;
  keeping.wishes.margins.prune_layer_links = false;
  EXPECT_THAT(keeping.at(scene.registry).plan.layer_links, IsEmpty());
  scene.tree.touch(link, kNow - kHour);
  EXPECT_EQ(reason(look()), std::nullopt);
}

TEST_F(Quarantine, ACopyOfALayerLinkGoesWithTheCopyOfItsBlob) {
  take(scene.loose);
  scene.registry.quarantine(RegistryBuilder::layer_link("app", scene.loose), kTaken);
  EXPECT_EQ(purged(look()), Objects{});
  EXPECT_EQ(purged(look_offline()),
            (Objects{{kBlob, "", scene.loose}, {kLayerLink, "app", scene.loose}}));
}

TEST_F(Quarantine, ALayerLinkOfAnEmptyRepositoryStaysWhileItsLayerIsNeededAndLost) {
  scene.registry.link_layer("empty", scene.layer);
  scene.registry.quarantine(RegistryBuilder::layer_link("empty", scene.layer), kTaken);
  scene.tree.remove(layout::blob(scene.layer));
  EXPECT_EQ(purged(look_offline()), Objects{});
}

TEST_F(Quarantine, AnAliasLinkGoesOnlyWithBothItsNames) {
  const Digest name = digest_of("loose", Algorithm::sha512);
  scene.registry.link_layer("app", name, scene.loose);
  EXPECT_EQ(look().plan.layer_links.size(), 3u);
  scene.tree.remove(layout::blob(scene.loose));
  EXPECT_EQ(look().plan.layer_links.size(), 3u);
  scene.registry.manifest("app", R"({"layers":[{"digest":")" + name.text() + R"("}]})", "needs-it");
  EXPECT_EQ(look().plan.layer_links.size(), 1u) << "that of the other repository";
}

// F74: a registry is between mkdir and rename.
TEST_F(Quarantine, F74ABlobDirectoryWithoutDataIsNothing) {
  scene.tree.directory(layout::blob(digest_of("arriving")), kNow);
  const Looked findings = look_offline();
  EXPECT_EQ(planned(findings), (Digests{scene.loose, scene.elsewhere}));
  EXPECT_EQ(codes(findings.plan.warnings), Codes{});
}

TEST_F(Quarantine, OtherNamesAreNotOurs) {
  scene.read_all();
  const std::string data = RegistryBuilder::data(scene.loose);
  for (const char* suffix :
       {".regctl-gc.", ".regctl-gc.12.", ".regctl-gc.x.run", ".regctl-gc.-1.run",
        ".regctl-gc.1.RUN", ".regctl-gc.99999999999.run", ".regctl-gc.1.a/../b"})
    scene.put(data + suffix, "loose");
  const Looked findings = look_offline();
  EXPECT_THAT(findings.inventory.quarantined, IsEmpty());
  EXPECT_EQ(codes(findings.plan.warnings), Codes{"unexpected-file"});
}

}  // namespace
}  // namespace regctl::gc
