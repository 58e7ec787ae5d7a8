// What an audit reads and what it makes of it: what earlier audits and evidence say, and what the
// second look sees.
#include "audit/verification.h"

#include <gmock/gmock.h>

#include "tests/support/auditing.h"
#include "tests/support/scanning.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/troubled_storage.h"

namespace regctl::audit {
namespace {

using namespace test;

constexpr char kRight[] = "precious", kWrong[] = "ruinous!";

struct Looks : testing::Test {
  RegistryBuilder registry;
  const Digest layer = digest_of(kRight), image = registry.image("app", {kRight}, "v1");
  const std::string data = RegistryBuilder::data(layer);
  int opened = 0;
  std::function<Answer()> on_open = [] { return Answer::truth; };  // of the layer
  std::function<bool()> is_written_to = [] { return false; };      // each time that somebody asks
  int asked = 0;

  int listed = 0;  // the top of the repositories
  std::function<bool()> fails_to_list = [] { return false; };
  std::vector<Evidence> evidence;
  std::stop_source stop;

  Verdict verdict() {
    Hooks hooks;
    hooks.honesty = [&](Verb verb, const std::string& key) {
      if (verb == Verb::list && key == layout::kRepositories) {
        ++listed;
        return fails_to_list() ? Answer::error : Answer::truth;
      }
      if (verb != Verb::open || key != data) return Answer::truth;
      ++opened;
      return on_open();
    };
    hooks.identified = [&](const std::string& key, Identity& identity) {
      if (key == data && is_written_to()) identity.changed += ++asked * kSecond;
    };
    Audit audit;
    audit.wishes.evidence = evidence;
    audit.stop = stop.get_token();
    return audit.of(TroubledStorage(registry.tree.storage(), hooks));
  }
};

TEST_F(Looks, ABlobThatCannotBeReadAndIsWrongIsDamagedWhicheverComesFirst) {
  registry.tree.bytes(data) = kWrong;
  for (const int fails : {1, 2}) {
    opened = 0;
    on_open = [&] { return opened == fails ? Answer::error : Answer::truth; };
    std::set<Rule> seen = {Rule::blob_digest_mismatch};
    if (fails == 2) seen.insert(Rule::read_error);  // it was not seen to be right
    EXPECT_EQ(rules_of(verdict()), seen) << fails;
  }
}

TEST_F(Looks, WhatIsWrittenToInTheSecondLookIsReadOnceMore) {
  registry.tree.bytes(data) = kWrong;
  is_written_to = [&] { return opened == 2; };
  EXPECT_EQ(rules_of(verdict()), std::set{Rule::blob_digest_mismatch});
  EXPECT_EQ(opened, 3);
}

TEST_F(Looks, WhatIsWrittenToAgainAndAgainStaysWhatItWas) {
  registry.tree.bytes(data) = kWrong;
  is_written_to = [&] { return opened > 1; };
  EXPECT_EQ(rules_of(verdict()), std::set{Rule::blob_digest_mismatch});
}

TEST_F(Looks, ABlobThatIsRightAtLastIsRight) {
  registry.tree.bytes(data) = kWrong;
  on_open = [&] {
    if (opened == 2) registry.tree.bytes(data) = kRight;
    return Answer::truth;
  };
  EXPECT_EQ(rules_of(verdict()), std::set<Rule>{});
}

// Whatever took it did so when all had been listed.
TEST_F(Looks, ANeededBlobThatVanishesIsMissing) {
  on_open = [&] {
    registry.tree.remove(layout::blob(layer));
    return Answer::absence;
  };
  const Verdict told = verdict();
  EXPECT_THAT(rules_of(told), testing::Contains(Rule::blob_missing));
  EXPECT_EQ(told.harm.tags, 1u);
}

// What a look cannot see is not gone.
TEST_F(Looks, AnErrorInOneLookHidesNothing) {
  registry.tree.remove(layout::blob(layer));
  for (const int fails : {1, 2}) {
    listed = 0;
    fails_to_list = [&] { return listed == fails; };
    const auto found = rules_of(verdict());
    EXPECT_TRUE(found.contains(Rule::blob_missing)) << fails;
    EXPECT_FALSE(found.contains(Rule::read_error)) << fails;
  }
}

// Nor is it told only where two looks failed in the same way.
TEST_F(Looks, AnErrorInTheLastLookIsTold) {
  const Digest other = registry.layer("app", "other");
  registry.image("app", {"other"}, "v2");
  fails_to_list = [&] {
    if (listed == 1) registry.tree.remove(layout::blob(layer));
    if (listed == 3) registry.tree.remove(layout::blob(other));
    return listed == 4;
  };
  EXPECT_TRUE(rules_of(verdict()).contains(Rule::read_error));
}

// What was read is told, and what two looks saw before.
TEST_F(Looks, ASignalInTheSecondLookLosesNothing) {
  registry.tree.bytes(data) = kWrong;
  registry.image("app", {"gone"}, "v2");
  registry.tree.remove(layout::blob(digest_of("gone")));
  on_open = [&] {
    if (opened == 2) stop.request_stop();
    return Answer::truth;
  };
  const Verdict told = verdict();
  EXPECT_TRUE(told.verification.is_interrupted);
  EXPECT_EQ(rules_of(told),
            (std::set{Rule::blob_digest_mismatch, Rule::blob_missing, Rule::layer_link_dangling}));
  EXPECT_EQ(told.harm.tags, 2u);
}

TEST_F(Looks, NorDoesOneWhileTheStoreIsLookedAtAgain) {
  registry.tree.bytes(data) = kWrong;
  fails_to_list = [&] {
    if (listed == 2) stop.request_stop();
    return false;
  };
  const Verdict told = verdict();
  EXPECT_TRUE(told.verification.is_interrupted);
  EXPECT_EQ(rules_of(told), std::set{Rule::blob_digest_mismatch});
}

TEST_F(Looks, NorDoesOneBeforeAnythingIsRead) {
  registry.tree.remove(layout::blob(layer));
  fails_to_list = [&] {
    if (listed == 2) stop.request_stop();
    return false;
  };
  const Verdict told = verdict();
  EXPECT_TRUE(told.verification.is_interrupted);
  EXPECT_TRUE(rules_of(told).contains(Rule::blob_missing));
}

TEST_F(Looks, NorWhatALinkByAnotherNameLeadsTo) {
  registry.link_layer("app", digest_of(kWrong, Algorithm::sha512), layer);
  on_open = [&] {
    if (opened == 2) stop.request_stop();
    return Answer::truth;
  };
  EXPECT_EQ(rules_of(verdict()), std::set{Rule::link_name_mismatch});
}

TEST_F(Looks, WhatEvidenceCallsWrongAndCannotBeReadIsBoth) {
  evidence = {{.file = "sums", .written = {kNow, kNow}, .checksums = {{layer, digest_of(kWrong)}}}};
  on_open = [] { return Answer::error; };
  EXPECT_EQ(rules_of(verdict()), (std::set{Rule::blob_digest_mismatch, Rule::read_error}));
}

TEST_F(Looks, AnUnneededBlobThatVanishesIsNoDamage) {
  const Digest garbage = registry.blob("garbage");
  on_open = [&] {
    registry.tree.remove(layout::blob(garbage));
    return Answer::truth;
  };
  EXPECT_EQ(rules_of(verdict()), std::set<Rule>{});
}

class Knowing : public testing::Test {
 protected:
  Knowing() { registry.ago(20 * kDay).blob(kRight); }

  Inventory inventory() const {
    const auto storage = registry.tree.storage();
    return surveyed(*storage, scanned(*storage));
  }
  Known known(const std::vector<Evidence>& evidence) {
    return known_of(inventory(), {&state, kNow}, evidence);
  }
  std::size_t place() const { return index_of(*inventory().digests.find(blob)); }
  bool is_read(const std::vector<Evidence>& evidence, Subset::Kind subset = Subset::Kind::all) {
    const Inventory now = inventory();
    return !to_be_read({.subset = {.kind = subset}}, now, known(evidence), kNow).empty();
  }
  void note(Time at, bool is_sound) {
    const Inventory now = inventory();
    const Blob& seen = *now.blob(*now.digests.find(blob));
    state.note(blob, {seen.bytes, seen.inode, seen.modified, seen.changed}, at, "test", is_sound);
  }
  Evidence says(bool is_right, Time date, Duration takes = {}) const {
    return {.file = "sums",
            .written = {date, date + takes},
            .checksums = {{blob, is_right ? blob : digest_of(kWrong)}}};
  }

  const TemporaryDirectory work;
  const StoreFacts store = {.v2 = "/srv/docker/registry/v2"};
  State state{work.path() / "state", store};
  RegistryBuilder registry;
  const Digest blob = digest_of(kRight);
};

TEST_F(Knowing, EvidenceSpeaksForABlobNightAfterNight) {
  for (int night = 0; night < 3; ++night) EXPECT_FALSE(is_read({says(true, kNow - kDay)}));
  note(kNow - kHour, true);
  EXPECT_FALSE(is_read({says(true, kNow - kDay)}));
  EXPECT_EQ(known({says(true, kNow - kDay)}).blobs[place()].at, kNow - kHour);
}

TEST_F(Knowing, NotForWhatWasWrittenToLater) {
  EXPECT_TRUE(is_read({says(true, kNow - 21 * kDay)}));
  EXPECT_EQ(share_of(known({says(true, kNow - 21 * kDay)}), inventory(), kNow).blobs, 0u);
  EXPECT_EQ(known({says(true, kNow - 21 * kDay)}).outdated, 1u);
  EXPECT_EQ(known({says(true, kNow - 12 * kDay)}).outdated, 0u);
}

// A copy that did not keep its time looks as if it had been computed when it was made.
TEST_F(Knowing, NorForWhatWasWrittenToNotLongBefore) {
  EXPECT_TRUE(is_read({says(true, kNow - 14 * kDay)}));
  EXPECT_FALSE(is_read({says(true, kNow - 12 * kDay)}));
  EXPECT_TRUE(is_read({says(true, kNow - 21 * kDay, 10 * kDay)}));
}

TEST_F(Knowing, NorFromTheFuture) {
  const Known knows = known({says(true, kNow + kHour)});
  EXPECT_EQ(share_of(knows, inventory(), kNow).blobs, 0u);
  EXPECT_TRUE(is_read({says(true, kNow + kHour)}));
  EXPECT_EQ(known({}).blobs[place()], LastSeen());  // nor is it remembered
}

TEST_F(Knowing, WhatEvidenceCallsWrongIsReadWhateverPart) {
  EXPECT_FALSE(is_read({}, Subset::Kind::nothing));
  EXPECT_TRUE(is_read({says(false, kNow - kDay)}, Subset::Kind::nothing));
  EXPECT_EQ(known({says(false, kNow - kDay)}).accused.size(), 1u);
}

TEST_F(Knowing, ButNotCalledWrongWhereItWasWrittenToSince) {
  EXPECT_TRUE(known({says(false, kNow - 21 * kDay)}).accused.empty());
  EXPECT_TRUE(is_read({says(false, kNow - 21 * kDay)}, Subset::Kind::nothing));
  note(kNow - kHour, true);  // and was seen to be right
  EXPECT_FALSE(is_read({says(false, kNow - 21 * kDay)}, Subset::Kind::nothing));
}

// Sums that take a week see what an audit in the meantime did not.
TEST_F(Knowing, WhatASlowEvidenceCallsWrongIsReadWhoeverSawItRightMeanwhile) {
  note(kNow - kHour, true);
  EXPECT_FALSE(is_read({says(false, kNow - kDay, kHour)}, Subset::Kind::nothing));
  EXPECT_TRUE(is_read({says(false, kNow - kDay, kDay)}, Subset::Kind::nothing));
}

TEST_F(Knowing, NorDoesAStateFromTheFutureClearIt) {
  note(kNow + kDay, true);
  EXPECT_TRUE(is_read({says(false, kNow - kDay)}, Subset::Kind::nothing));
}

TEST_F(Knowing, TheLaterEvidenceDecidesButADoubtStays) {
  const Known knows = known({says(true, kNow - kHour), says(false, kNow - kDay)});
  EXPECT_TRUE(knows.accused.empty());
  EXPECT_TRUE(knows.doubted[place()]);
}

TEST_F(Knowing, EvidenceThatContradictsItselfIsADoubt) {
  EXPECT_TRUE(known({says(true, kNow - kDay), says(false, kNow - kDay)}).doubted[place()]);
  EXPECT_TRUE(known({says(false, kNow - kDay), says(true, kNow - kDay)}).doubted[place()]);
}

TEST_F(Knowing, WhatWasWrongIsReadWhateverPartAndEvidence) {
  note(kNow - kHour, false);
  EXPECT_TRUE(is_read({}, Subset::Kind::nothing));
  EXPECT_TRUE(is_read({says(true, kNow - kDay)}, Subset::Kind::nothing));
  EXPECT_TRUE(known({}).blobs[place()].was_wrong);  // the older evidence does not clear it
  registry.ago(kHour / 2).blob(kRight);
  EXPECT_TRUE(is_read({}, Subset::Kind::nothing));
}

}  // namespace
}  // namespace regctl::audit
