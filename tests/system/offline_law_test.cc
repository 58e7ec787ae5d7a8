// The law of an offline run: it reaches its end at once. Over random stores, a dry run straight
// after it plans nothing, and an audit has nothing to say.
#include <cstdlib>
#include <random>

#include "tests/support/random_store.h"
#include "tests/support/remains.h"
#include "tests/support/store_on_disk.h"

namespace regctl::test {
namespace {

class OfflineLaw : public testing::Test {
 protected:
  static unsigned rounds() {
    const char* asked = std::getenv("REGCTL_TEST_ROUNDS");
    return asked ? static_cast<unsigned>(std::atoi(asked)) : 30;
  }
  static Ran collect(const std::filesystem::path& root, const std::vector<std::string>& wishes,
                     bool dry) {
    std::vector<std::string> argv = {
        regctl_gc(),         "--offline",    "--json",   "--keep-younger-than", "0s",
        "--max-delete",      "100%",         "--insist", "manifests-elsewhere", "--insist",
        "registry-in-doubt", "--max-damage", "100%",     "--trust-times"};
    if (dry) argv.push_back("--dry-run");
    argv.insert(argv.end(), wishes.begin(), wishes.end());
    argv.push_back(root);
    return run(argv);
  }
  // What is to be taken or given back.
  static std::size_t left(const nlohmann::json& plan) {
    std::size_t count = 0;
    for (const char* part : {"tags", "manifests", "blobs", "layer_links", "restore", "purge"})
      count += plan[part].size();
    return count;
  }
};

TEST_F(OfflineLaw, TheNextRunHasNothingToDo) {
  const char* asked = std::getenv("REGCTL_TEST_SEED");
  const auto first = asked ? static_cast<std::uint32_t>(std::atoll(asked)) : std::random_device{}();
  std::size_t took = 0;
  for (unsigned round = 0; round < rounds(); ++round) {
    const std::uint32_t seed = first + round;
    SCOPED_TRACE("REGCTL_TEST_SEED=" + std::to_string(seed));
    const TemporaryDirectory root;
    std::filesystem::create_directories(root.path() / "docker/registry/v2");
    random_store(seed).registry.tree.write_to(root.path() / "docker/registry/v2");
    const bool untagged = seed % 2;
    const std::vector<std::string> wishes = {untagged ? "--delete-untagged"
                                                      : "--delete-untagged=false"};
    const auto before = report_of(collect(root.path(), wishes, true))["plan"];
    const Ran done = collect(root.path(), wishes, false);
    const auto report = report_of(done);
    if (done.status == 12) continue;  // all of a store, or no tag of it
    ASSERT_LE(done.status, 1) << done.err;
    EXPECT_EQ(report["plan"]["layer_links"], before["layer_links"]);
    took += report["plan"]["layer_links"].size();
    const auto after = report_of(collect(root.path(), wishes, true))["plan"];
    EXPECT_EQ(left(after), 0u) << after;
    const Ran audit = run({regctl_audit(), "--quick", "--json", root.path()});
    EXPECT_EQ(audit.status, 0) << audit.out;
  }
  EXPECT_GT(took, 0u) << "no link was ever taken";
}

// What was deleted, lost or taken before is taken in one run as well. Only where what goes had
// signatures itself does the next run see that, and where of several copies of one tag the last
// went back: none goes before that.
TEST_F(OfflineLaw, NorAfterRemainsWereLetGo) {
  const char* asked = std::getenv("REGCTL_TEST_SEED");
  const auto first = asked ? static_cast<std::uint32_t>(std::atoll(asked)) : std::random_device{}();
  std::size_t tags = 0, manifests = 0;
  for (unsigned round = 0; round < rounds(); ++round) {
    const std::uint32_t seed = first + round;
    SCOPED_TRACE("REGCTL_TEST_SEED=" + std::to_string(seed));
    const TemporaryDirectory root;
    std::filesystem::create_directories(root.path() / "docker/registry/v2");
    std::mt19937 random(seed);
    RegistryBuilder registry = random_store(seed).registry;
    for (int i = 0; i < 4; ++i) leave_remains(registry, random);
    registry.tree.write_to(root.path() / "docker/registry/v2");
    std::vector<std::string> wishes = {"--prune-dead-tags", seed % 3 == 0
                                                                ? "--prune-orphaned-referrers"
                                                                : "--prune-broken-manifests"};
    if (seed % 3 == 1) wishes.push_back("--delete-untagged");
    const Ran done = collect(root.path(), wishes, false);
    if (done.status == 12) continue;
    ASSERT_LE(done.status, 1) << done.err;
    const auto report = report_of(done);
    tags += report["plan"]["tags"].size();
    manifests += report["plan"]["manifests"].size();
    for (int i = 0; i < 2 && seed % 3 == 0; ++i) collect(root.path(), wishes, false);
    auto after = report_of(collect(root.path(), wishes, true))["plan"];
    std::set<std::pair<std::string, std::string>> back;
    for (const auto& one : report["plan"]["restore"]) {
      if (one["kind"] == "tag") back.emplace(one["repository"], one["tag"]);
    }
    std::erase_if(after["purge"].get_ref<nlohmann::json::array_t&>(), [&](const auto& one) {
      return one["kind"] == "tag" && back.contains({one["repository"], one["tag"]});
    });
    EXPECT_EQ(left(after), 0u) << after << "\nafter " << report["plan"];
  }
  EXPECT_GT(tags, 0u) << "no tag was ever taken";
  EXPECT_GT(manifests, 0u) << "no manifest was ever taken";
}

}  // namespace
}  // namespace regctl::test
