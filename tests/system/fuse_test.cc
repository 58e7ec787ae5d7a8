// Stores on FUSE file systems, really mounted: those whose renames keep the file are collected,
// with quarantine and back; one whose renames copy is refused.
#include <fstream>

#include "tests/support/mounting.h"
#include "tests/system/sweeping_disk.h"

namespace regctl::test {
namespace {

class FuseOnDisk : public SweepDisk {
 protected:
  // What is taken from a store in the pool comes back, and an offline run frees it.
  void expect_collected() {
    std::filesystem::create_directories(pool / "docker/registry/v2");
    registry.tree.write_to(pool / "docker/registry/v2");
    const Files before = files_below(v2_of(pool));

    const Ran online = collect(pool, {"-m"});
    ASSERT_TRUE(is_done(online)) << online.err;
    EXPECT_EQ(garbage_left(pool), 0u);
    expect_alive(files_below(v2_of(pool)), "after quarantine");
    const Ran restored = collect(pool, {"--restore"});
    ASSERT_TRUE(is_done(restored)) << restored.err;
    EXPECT_EQ(files_below(v2_of(pool)), before);

    const Ran offline = collect(pool, {"--offline", "-m", "--keep-younger-than", "0s"});
    ASSERT_TRUE(is_done(offline)) << offline.err;
    EXPECT_EQ(garbage_left(pool), 0u);
    expect_alive(files_below(v2_of(pool)), "after an offline run");
    for (const auto& [key, bytes] : files_below(v2_of(pool)))
      EXPECT_EQ(key.find("regctl-gc"), std::string::npos) << key << " was left";
  }

  std::filesystem::path pool = work.path() / "pool", branch = work.path() / "branch";
};

TEST_F(FuseOnDisk, MergerfsIsCollected) {
  const auto other = work.path() / "other";
  std::filesystem::create_directories(branch);
  std::filesystem::create_directories(other);
  const Fuse fuse({"mergerfs", "-f", "-o", "minfreespace=0,category.create=rand",
                   branch.string() + ":" + other.string(), pool},
                  pool);
  if (!fuse) GTEST_SKIP() << fuse.refusal();
  expect_collected();
}

TEST_F(FuseOnDisk, BindfsIsCollected) {
  std::filesystem::create_directories(branch);
  const Fuse fuse({"bindfs", "-f", branch, pool}, pool);
  if (!fuse) GTEST_SKIP() << fuse.refusal();
  expect_collected();
}

TEST_F(FuseOnDisk, NtfsIsCollected) {
  std::ofstream(branch).close();
  std::filesystem::resize_file(branch, 64 << 20);
  ASSERT_EQ(run({"/sbin/mkfs.ntfs", "-q", "-F", branch}).status, 0);
  const Fuse fuse({"ntfs-3g", "-o", "no_detach", branch, pool}, pool);
  if (!fuse) GTEST_SKIP() << fuse.refusal();
  expect_collected();
}

TEST_F(FuseOnDisk, F82ARenameThatCopiesIsRefused) {
  std::filesystem::create_directories(branch);
  const Fuse fuse({copying_fuse(), branch, "-f", pool}, pool);
  if (!fuse) GTEST_SKIP() << fuse.refusal();
  std::filesystem::create_directories(pool / "docker/registry/v2");
  registry.tree.write_to(pool / "docker/registry/v2");
  const Files before = files_below(v2_of(branch));
  for (const char* mode : {"--offline", "--registry-cache=none"}) {
    const Ran ran = collect(pool, {mode, "-m"});
    EXPECT_EQ(ran.status, 12) << ran.err;
    EXPECT_EQ(codes_of(ran, "blockers"), std::set<std::string>{"fuse"}) << ran.err;
    EXPECT_EQ(files_below(v2_of(branch)), before);
  }
}

}  // namespace
}  // namespace regctl::test
