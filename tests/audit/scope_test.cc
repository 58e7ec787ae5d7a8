// What an audit of some repositories tells, and leaves out.
#include "audit/scope.h"

#include <gmock/gmock.h>

#include "tests/support/auditing.h"
#include "tests/support/troubled_storage.h"

namespace regctl::audit {
namespace {

using namespace test;
using testing::IsEmpty;

class ScopeTest : public testing::Test {
 protected:
  ScopeTest() {
    registry.image("team/app", {"layer"}, "v1");
    registry.image("other", {"another"}, "v1");
  }
  Verdict audited(const std::string& glob) const {
    Audit audit = Audit().quick();
    audit.wishes.repositories = {glob};
    return audit.of(TroubledStorage(registry.tree.storage(), honesty));
  }
  std::set<Rule> rules(const std::string& glob) const { return rules_of(audited(glob)); }
  void break_reading(const std::string& broken) {
    registry.tree.directory(broken, registry.time());
    honesty = [broken](Verb, const std::string& key) {
      return key == broken ? Answer::error : Answer::truth;
    };
  }

  RegistryBuilder registry;
  Honesty honesty = [](Verb, const std::string&) { return Answer::truth; };
};

TEST_F(ScopeTest, ARepositoryThatIsWantedTellsWhatHidesAPartOfIt) {
  break_reading("repositories/team/app/_uploads");
  EXPECT_EQ(rules("team/*"), std::set{Rule::read_error});
  EXPECT_EQ(rules("team/app"), std::set{Rule::read_error});
  EXPECT_THAT(rules("other"), IsEmpty());
}

TEST_F(ScopeTest, ALinkThatMayHideAWantedOne) {
  registry.tree.symlink("repositories/shop", "/elsewhere", registry.time());
  for (const char* wanted : {"shop", "shop/cart", "sh*", "*", "*/cart", "shop/*"})
    EXPECT_EQ(rules(wanted), std::set{Rule::symlink_in_tree}) << wanted;
  for (const char* other : {"other", "team/app", "shopping", "sho"})
    EXPECT_THAT(rules(other), IsEmpty()) << other;
}

TEST_F(ScopeTest, WhatHidesBlobsMayHideThoseOfAnyRepository) {
  break_reading("blobs/sha256");
  EXPECT_THAT(rules("other"), testing::Contains(Rule::read_error));
}

TEST_F(ScopeTest, OfWhatNothingRefersToOnlyWhatTheyLink) {
  const Digest mine = registry.layer("team/app", "mine");
  registry.layer("other", "theirs");
  registry.blob("nobody's");
  const std::set<std::pair<std::string, Digest>> expected = {{"", mine}};
  EXPECT_EQ(found_by(Rule::blob_unreferenced, audited("team/*")), expected);
}

TEST_F(ScopeTest, OneUsersObjectsMayBeAnyRepositorys) {
  registry.tree.give_to(5000, RegistryBuilder::layer_link("other", digest_of("another")));
  EXPECT_EQ(rules("team/app"), std::set{Rule::owner_mixed});
}

TEST_F(ScopeTest, FilesWithinAnotherAreNotTold) {
  registry.tree.file("repositories/other/notes", "x", registry.time());
  EXPECT_EQ(rules("other"), std::set{Rule::unexpected_file});
  EXPECT_THAT(rules("team/*"), IsEmpty());
}

TEST_F(ScopeTest, AGlobThatMatchesNothingIsTold) {
  EXPECT_THAT(audited("team/*").idle_globs, IsEmpty());
  EXPECT_EQ(audited("taem/*").idle_globs, std::vector<std::string>{"taem/*"});
}

}  // namespace
}  // namespace regctl::audit
