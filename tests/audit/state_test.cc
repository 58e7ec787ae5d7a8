// What a state remembers, and whose it is.
#include "audit/state.h"

#include <gmock/gmock.h>

#include <fstream>

#include "cli/failure.h"
#include "cli/output_file.h"
#include "registry/hasher.h"
#include "tests/support/program.h"
#include "tests/support/scanning.h"
#include "tests/support/temporary_directory.h"

namespace regctl::audit {
namespace {

using namespace test;

class StateTest : public testing::Test {
 protected:
  StateTest() { store.v2 = "/srv/docker/registry/v2"; }

  Inventory inventory() const {
    const auto storage = registry.tree.storage();
    return surveyed(*storage, scanned(*storage));
  }
  // Of the blob, as it stands there.
  void note(State& state, Time at, bool is_sound = true) const {
    const Inventory now = inventory();
    const Blob& seen = *now.blob(*now.digests.find(blob));
    state.note(blob, {seen.bytes, seen.inode, seen.modified, seen.changed}, at, "test", is_sound);
  }
  LastSeen last_seen(State& state) const {
    const Inventory now = inventory();
    return state.last_seen(now).at(index_of(*now.digests.find(blob)));
  }
  cli::ExitStatus refusal() const {
    try {
      State state(file, store);
    } catch (const cli::Failure& failure) {
      return failure.status();
    }
    return cli::ExitStatus::done;
  }

  TemporaryDirectory work;
  const std::string file = work.path() / "state";
  StoreFacts store = {.device = 1, .inode = 7};
  RegistryBuilder registry;
  const Digest blob = registry.layer("app", "layer");
};

TEST_F(StateTest, RemembersWhatWasVerified) {
  {
    State state(file, store);
    EXPECT_EQ(last_seen(state), LastSeen());
    note(state, kNow);
    EXPECT_EQ(last_seen(state), (LastSeen{kNow, true}));
  }
  State state(file, store);
  EXPECT_EQ(last_seen(state), (LastSeen{kNow, true}));
  EXPECT_EQ(state.trouble(), "");
}

TEST_F(StateTest, RemembersWhatWasWrongWhoeverTouchedIt) {
  State state(file, store);
  note(state, kNow - kDay);
  note(state, kNow, false);
  EXPECT_EQ(last_seen(state), (LastSeen{kNow, true, true}));
  registry.tree.remove(RegistryBuilder::data(blob));
  registry.ago(kHour).blob("layer");
  EXPECT_EQ(last_seen(state), (LastSeen{kNow, false, true}));
}

// It was read then, so that others come first; but it may be wrong by now.
TEST_F(StateTest, IsNoProofOfWhatWasWrittenToSince) {
  State state(file, store);
  note(state, kNow);
  registry.tree.remove(RegistryBuilder::data(blob));
  registry.ago(kHour).blob("layer");  // the same bytes, written again
  EXPECT_EQ(last_seen(state), (LastSeen{kNow, false}));
}

TEST_F(StateTest, IsNoProofOfAnotherFileWithTheSameTimes) {
  State state(file, store);
  const Inventory now = inventory();
  const Blob& seen = *now.blob(*now.digests.find(blob));
  const FileState same{seen.bytes, seen.inode, seen.modified, seen.changed};
  FileState copied = same, touched = same;
  ++copied.inode;
  touched.changed += kHour;
  for (const FileState& other : {copied, touched}) {
    state.note(blob, other, kNow, "test", true);
    EXPECT_EQ(last_seen(state), (LastSeen{kNow, false}));
  }
}

// The next blob may take hours.
TEST_F(StateTest, IsWrittenDownBeforeTheNextIsNoted) {
  State state(file, store);
  note(state, kNow);
  EXPECT_TRUE(
      becomes_true([&] { return cli::read_file(file).find(blob.text()) != std::string::npos; }));
}

TEST_F(StateTest, IsOfOneStore) {
  { State state(file, store); }
  store.v2 = "/mnt/docker/registry/v2";  // moved, or seen from elsewhere
  EXPECT_EQ(refusal(), cli::ExitStatus::done);
  store.inode = 8;  // restored to another disk
  EXPECT_EQ(refusal(), cli::ExitStatus::done);
  store.v2 = "/srv/docker/registry/v2";
  store.device = 2;  // the same number on another disk
  EXPECT_EQ(refusal(), cli::ExitStatus::usage);
}

TEST_F(StateTest, OfOneAuditAtATime) {
  const State state(file, store);
  EXPECT_EQ(refusal(), cli::ExitStatus::locked);
}

TEST_F(StateTest, IsNoOtherFile) {
  std::ofstream(file) << std::string(4096, 'x');
  EXPECT_EQ(refusal(), cli::ExitStatus::usage);
  EXPECT_EQ(std::filesystem::file_size(file), 4096u);
  try {
    State state(file, store);
  } catch (const cli::Failure& failure) {
    EXPECT_THAT(failure.hint(), testing::HasSubstr("another program's file"));
  }
}

TEST_F(StateTest, ComparesWithTheLastThatIsOldEnough) {
  State state(file, store);
  EXPECT_FALSE(state.snapshot_before(kNow));
  const auto at = [&](Time time) {
    const auto snapshot = state.snapshot_before(time);
    return snapshot ? snapshot->at : Time::min();
  };
  state.add({.at = kNow - 2 * kDay,
             .blobs = 3,
             .bytes = 30,
             .garbage_bytes = 7,
             .repositories = {{"a", 10}, {"caf\xe9", 20}}});
  EXPECT_EQ(at(kNow - 7 * kDay), kNow - 2 * kDay);  // there is none as old as that
  state.add({.at = kNow - 9 * kDay});
  state.add({.at = kNow - 8 * kDay});
  EXPECT_EQ(at(kNow - 7 * kDay), kNow - 8 * kDay);
  EXPECT_EQ(at(kNow), kNow - 2 * kDay);
  const auto last = state.snapshot_before(kNow);
  ASSERT_EQ(last->repositories.size(), 2u);
  EXPECT_EQ(last->repositories[1].repository, "caf\xe9");
  EXPECT_EQ(last->repositories[1].bytes, 20u);
  EXPECT_EQ(last->garbage_bytes, 7u);
}

}  // namespace
}  // namespace regctl::audit
