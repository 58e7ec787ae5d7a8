// P2: a storage that fails, or that hides what is there, at any single call of a look.
#include <gmock/gmock.h>

#include "tests/support/looking.h"
#include "tests/support/troubled_storage.h"

namespace regctl::gc {
namespace {

using namespace test;
using testing::IsEmpty;
using testing::IsSupersetOf;

// Something of every kind that a scan reads; nothing damaged.
RegistryBuilder sound_store() {
  RegistryBuilder registry;
  const Digest amd = registry.image("team/app", {"amd64", "shared"}),
               arm = registry.image("team/app", {"arm64"});
  const Digest index = registry.index("team/app", {amd, arm}, "latest");
  registry.image("team/app", {"signature"}, "", index);
  const std::string bytes = "pushed by sha512";
  const Digest stored = registry.layer("team", bytes), name = digest_of(bytes, Algorithm::sha512);
  registry.link_layer("team", name, stored);
  const Digest config = registry.layer("team", "{}");
  registry.manifest("team", RegistryBuilder::image_json(config, 2, {{name, bytes.size()}}), "v1");
  registry.image("team", {"overwritten"});

  // An index whose child is in quarantine and has no revision link; only the child names its layer.
  const Digest layer = registry.blob("layer of a copy");
  const Digest child = registry.blob(RegistryBuilder::image_json(config, 2, {{layer, 15}}));
  registry.quarantine(RegistryBuilder::data(child), kNow - kDay);
  registry.index("team", {child}, "sparse");

  // A tag without its current link, whose history alone names an image.
  const Digest old_layer = registry.blob("layer of a former image");
  const Digest former = registry.blob(RegistryBuilder::image_json(config, 2, {{old_layer, 23}}));
  registry.tag("lost", "v1", former);
  registry.tree.remove(layout::tag_current_link("lost", "v1"));

  // Links in quarantine.
  const Digest gone = digest_of("gone");
  registry.link_layer("lost", gone);
  registry.quarantine(RegistryBuilder::layer_link("lost", gone), kNow - kDay);
  const Digest taken = registry.image("lost", {"taken"});
  registry.quarantine(RegistryBuilder::revision("lost", taken), kNow - kDay);

  registry.layer("team", "garbage");
  registry.blob("garbage without a link");
  const std::string upload = "repositories/team/_uploads/6f7a0f2e-0000-4000-8000-000000000001";
  registry.tree.file(upload + "/startedat", format_rfc3339(kNow - 30 * kDay), kNow - 30 * kDay);
  registry.tree.file(upload + "/data", "part", kNow - kHour);
  registry.tree.touch(upload, kNow - 30 * kDay);
  registry.tree.file("repositories/team/_uploads/6f7a0f2e-0000-4000-8000-000000000002/startedat",
                     format_rfc3339(kNow - 30 * kDay), kNow - 30 * kDay);
  return registry;
}

// Damage of the kinds that leave something to be read around it.
RegistryBuilder damaged_store() {
  RegistryBuilder registry = sound_store();
  const Digest broken = registry.image("broken", {"precious"}, "v1");
  registry.tree.bytes(layout::tag_current_link("broken", "v1")).clear();
  registry.tree.bytes(RegistryBuilder::revision("broken", broken)) += "\n";
  const Digest hinted = registry.blob("named at an unknown place");
  registry.tree.file("repositories/broken/_layers/tarsum/v1/sha256/00/link", hinted.text(),
                     registry.time());
  const Digest damaged = registry.image("flipped", {"also precious"}, "v1");
  registry.tree.bytes(RegistryBuilder::data(damaged)).back() = ']';
  return registry;
}

Look everything() {
  Look look;
  look.offline().delete_untagged();
  look.wishes.margins.purge_uploads = 7 * kDay;
  look.wishes.margins.prune_empty_repositories = true;
  return look;
}

using Call = std::pair<Verb, std::string>;

std::string described(const Call& call) {
  return std::string(word_for(call.first)) + ' ' + call.second;
}

// The calls of one look at `registry`, in order.
std::vector<Call> calls_of(const RegistryBuilder& registry, const Look& look) {
  std::vector<Call> calls;
  const auto note = [&](Verb verb, const std::string& key) {
    calls.emplace_back(verb, key);
    return Answer::truth;
  };
  look.at(TroubledStorage(registry.tree.storage(), note));
  return calls;
}

Looked with_trouble_at(std::size_t n, Answer trouble, const RegistryBuilder& registry,
                       const Look& look) {
  std::size_t call = 0;
  const auto at_n = [&](Verb, const std::string&) { return call++ == n ? trouble : Answer::truth; };
  return look.at(TroubledStorage(registry.tree.storage(), at_n));
}

// Whether the verdict of the troubled look is a safe one.
void expect_refused_or_same(const Looked& troubled, const Plan& plan, const std::string& what) {
  SCOPED_TRACE(what);
  if (!troubled.plan.blockers.empty()) return;
  EXPECT_EQ(planned(troubled).size(), plan.blobs.size());
  EXPECT_TRUE(troubled.plan == plan);
}

struct Story {
  const char* name;
  RegistryBuilder (*tell)();
  bool everything;
};

void PrintTo(const Story& story, std::ostream* out) { *out << story.name; }

class P2AnIncompleteMarkTakesNothing : public testing::TestWithParam<Story> {
 protected:
  const RegistryBuilder registry = GetParam().tell();
  const Look look = GetParam().everything ? everything() : Look().offline();
  const Plan plan = look.at(registry).plan;
};

TEST_P(P2AnIncompleteMarkTakesNothing, TheStoryHasSomethingToLose) {
  EXPECT_THAT(plan.blobs, testing::Not(IsEmpty()));
  EXPECT_THAT(plan.blockers, IsEmpty());
  EXPECT_THAT(plan.purge, testing::Not(IsEmpty()));
}

// F44, F45, F47, F55: permission, I/O error, a listing that broke off, exhausted descriptors.
TEST_P(P2AnIncompleteMarkTakesNothing, F45AnErrorInAnyCall) {
  const auto calls = calls_of(registry, look);
  ASSERT_GT(calls.size(), 50u);
  for (std::size_t n = 0; n < calls.size(); ++n) {
    expect_refused_or_same(with_trouble_at(n, Answer::error, registry, look), plan,
                           described(calls[n]));
  }
}

TEST_P(P2AnIncompleteMarkTakesNothing, F46AnAbsenceThatIsNotTrue) {
  const auto calls = calls_of(registry, look);
  for (std::size_t n = 0; n < calls.size(); ++n) {
    expect_refused_or_same(with_trouble_at(n, Answer::absence, registry, look), plan,
                           described(calls[n]));
  }
}

// Listed again and again, and absent every time: neither there nor gone.
TEST_P(P2AnIncompleteMarkTakesNothing, F46AnEntryThatIsListedButNeverThere) {
  for (const auto& [key, node] : registry.tree.nodes()) {
    const auto hide = [&, hidden = key](Verb, const std::string& asked) {
      return asked == hidden || asked.starts_with(hidden + '/') ? Answer::absence : Answer::truth;
    };
    expect_refused_or_same(look.at(TroubledStorage(registry.tree.storage(), hide)), plan, key);
  }
}

// Removed by somebody else right after the directory above it was listed: what was not read yet is
// not there, and nothing else may follow from it.
TEST_P(P2AnIncompleteMarkTakesNothing, F46AnEntryThatVanishesForGood) {
  for (const auto& [key, node] : registry.tree.nodes()) {
    RegistryBuilder changing = registry;
    bool listed = false, removed = false;
    const std::string parent =
        key.substr(0, key.find_last_of('/') == std::string::npos ? 0 : key.rfind('/'));
    const auto vanish = [&, vanishing = key](Verb verb, const std::string& asked) {
      if (listed && !removed) {
        changing.tree.remove(vanishing);
        removed = true;
      }
      listed |= verb == Verb::list && asked == parent;
      return test::Answer::truth;
    };
    const Looked findings = look.at(TroubledStorage(changing.tree.storage(), vanish));
    if (!findings.plan.blockers.empty() || !removed) continue;
    const Looked without = look.at(changing);
    Digests allowed = without.plan.blockers.empty() ? planned(without) : Digests{};
    for (const BlobRemoval& blob : plan.blobs) allowed.insert(blob.digest);
    EXPECT_THAT(allowed, IsSupersetOf(planned(findings))) << key;
  }
}

// P13: the same findings, whatever the number of threads.
TEST_P(P2AnIncompleteMarkTakesNothing, P13EightJobsFindWhatOneFinds) {
  const Looked one = look.at(registry);
  Look parallel = look;
  parallel.jobs = 8;
  for (int i = 0; i < 10; ++i) {
    const Looked eight = parallel.at(registry);
    ASSERT_TRUE(one.inventory == eight.inventory);
    ASSERT_TRUE(one.mark == eight.mark);
    ASSERT_TRUE(one.plan == eight.plan);
  }
}

TEST(P2AnIncompleteMark, F44ADirectoryThatMayNotBeReadIsNamed) {
  const RegistryBuilder registry = sound_store();
  for (const char* key : {"repositories/team/_layers", "repositories", "blobs",
                          "repositories/team/_manifests/tags"}) {
    const auto deny = [&](Verb, const std::string& asked) {
      return asked == key || asked.starts_with(std::string(key) + '/') ? test::Answer::error
                                                                       : test::Answer::truth;
    };
    const Looked findings = Look().at(TroubledStorage(registry.tree.storage(), deny));
    EXPECT_TRUE(codes(findings.plan.blockers).contains("read-error")) << key;
    EXPECT_EQ(findings.plan.blockers.at(0).path, key);
  }
}

INSTANTIATE_TEST_SUITE_P(Stories, P2AnIncompleteMarkTakesNothing,
                         testing::Values(Story{"Sound", sound_store, false},
                                         Story{"SoundEverything", sound_store, true},
                                         Story{"Damaged", damaged_store, false},
                                         Story{"DamagedEverything", damaged_store, true}),
                         name_of_case);

// A refusal stops taking and purging, never giving back (contract 3.2).
TEST(WhatCannotBeRead, DoesNotKeepFromGivingBack) {
  RegistryBuilder registry;
  registry.image("app", {"needed"}, "v1");
  registry.blob_at(digest_of("by sha512", Algorithm::sha512), "by sha512");
  registry.quarantine(RegistryBuilder::data(digest_of("needed")), kNow - kDay);
  const TroubledStorage storage(registry.tree.storage(), [](Verb, const std::string& key) {
    return key == "blobs/sha512" ? Answer::error : Answer::truth;
  });
  for (const Mode mode : {Mode::online, Mode::heal, Mode::restore}) {
    Look look;
    look.wishes.mode = mode;
    look.looking.sizes = Sizes::seen;  // as a run that changes something looks
    const Plan plan = look.at(storage).plan;
    EXPECT_EQ(codes(plan.blockers), Codes{"read-error"});
    ASSERT_EQ(plan.restore.size(), 1u);
    EXPECT_EQ(plan.restore[0].copy.digest, digest_of("needed"));
  }
}

}  // namespace
}  // namespace regctl::gc
