// Random sound stores: what we plan, what distribution's own collector would delete, and what the
// teller of the store knows to be garbage are the same sets.
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "tests/support/random_store.h"
#include "tests/support/store_on_disk.h"

namespace regctl {
namespace {

using namespace test;

std::set<Digest> digests_after(const std::string& text, const std::string& words) {
  std::set<Digest> digests;
  for (std::size_t at = text.find(words); at != std::string::npos; at = text.find(words, at + 1))
    if (const auto digest = digest_at(text, at + words.size())) digests.insert(*digest);
  return digests;
}

// REGCTL_TEST_ROUNDS makes the campaign longer, REGCTL_TEST_SEED repeats one round.
TEST(Differential, PlanUpstreamAndTruthAgree) {
  const char* rounds = std::getenv("REGCTL_TEST_ROUNDS");
  const char* fixed = std::getenv("REGCTL_TEST_SEED");
  std::random_device entropy;
  const std::vector<std::string> ours = {
      regctl_gc(), "--dry-run", "--keep-younger-than", "0s", "--max-delete", "100%", "--json"};
  std::size_t garbage = 0;
  for (int round = 0; round < (fixed ? 1 : rounds ? std::atoi(rounds) : 40); ++round) {
    const auto seed =
        fixed ? static_cast<std::uint32_t>(std::strtoul(fixed, nullptr, 10)) : entropy();
    SCOPED_TRACE("REGCTL_TEST_SEED=" + std::to_string(seed));
    const RandomStore store = random_store(seed);
    const TemporaryDirectory root;
    const auto v2 = root.path() / "docker/registry/v2";
    std::filesystem::create_directories(v2);
    store.registry.tree.write_to(v2);
    garbage += store.garbage.size();

    auto argv = ours;
    argv.push_back(root.path());
    const Ran plain = run(argv);
    ASSERT_TRUE(plain.status == 0 || plain.status == 12) << plain.err;  // 12: everything is garbage
    EXPECT_EQ(planned(plain), store.garbage);

    const Ran upstream = upstream_collect(root.path(), {"--dry-run"});
    ASSERT_EQ(upstream.status, 0) << upstream.err;
    EXPECT_EQ(digests_after(upstream.out, "blob eligible for deletion: "), store.garbage);

    argv.insert(argv.begin() + 1, "--delete-untagged");
    const Ran untagged = run(argv);
    ASSERT_LE(untagged.status, 12) << untagged.err;
    EXPECT_EQ(planned(untagged), store.garbage_untagged);
  }
  EXPECT_GT(garbage, 0u);  // or nothing was compared
}

}  // namespace
}  // namespace regctl
