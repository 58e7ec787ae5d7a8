// The law of an offline run: it reaches its end at once. Over random stores, a dry run straight
// after it plans nothing, and an audit has nothing to say.
#include <cstdlib>
#include <random>

#include "tests/support/random_store.h"
#include "tests/support/store_on_disk.h"

namespace regctl::test {
namespace {

class OfflineLaw : public testing::Test {
 protected:
  static unsigned rounds() {
    const char* asked = std::getenv("REGCTL_TEST_ROUNDS");
    return asked ? static_cast<unsigned>(std::atoi(asked)) : 30;
  }
  static Ran collect(const std::filesystem::path& root, bool untagged, bool dry) {
    return run({regctl_gc(), "--offline", "--json", "--keep-younger-than", "0s", "--max-delete",
                "100%", "--trust-times", "--insist", "manifests-elsewhere", "--insist",
                "registry-in-doubt", dry ? "--dry-run" : "--dry-run=false",
                untagged ? "--delete-untagged" : "--delete-untagged=false", root});
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
    const auto before = report_of(collect(root.path(), untagged, true))["plan"];
    const Ran done = collect(root.path(), untagged, false);
    const auto report = report_of(done);
    if (done.status == 12) continue;  // all of a store, or no tag of it
    ASSERT_LE(done.status, 1) << done.err;
    EXPECT_EQ(report["plan"]["layer_links"], before["layer_links"]);
    took += report["plan"]["layer_links"].size();
    const auto after = report_of(collect(root.path(), untagged, true))["plan"];
    for (const char* part : {"manifests", "blobs", "layer_links", "restore", "purge"})
      EXPECT_EQ(after[part].size(), 0u) << part << ": " << after[part];
    const Ran audit = run({regctl_audit(), "--quick", "--json", root.path()});
    EXPECT_EQ(audit.status, 0) << audit.out;
  }
  EXPECT_GT(took, 0u) << "no link was ever taken";
}

}  // namespace
}  // namespace regctl::test
