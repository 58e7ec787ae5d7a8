// Half stores on disks: the branches of a pooled file system, collected one by one, and stores from
// which random files are missing.
#include <random>

#include "tests/support/mounting.h"
#include "tests/system/sweeping_disk.h"

namespace regctl::test {
namespace {

class HalfStore : public testing::Test {
 protected:
  HalfStore() {
    // So many that chance does not leave what could be mere damage: of 20 one run in 60 did.
    for (int i = 0; i < 60; ++i) {
      const std::string n = std::to_string(i);
      registry.image("team/app" + std::to_string(i % 5), {"common", "layer " + n}, "v" + n);
    }
    for (int i = 0; i < 6; ++i) registry.layer("team/app0", "garbage " + std::to_string(i));
  }

  static Ran collect(const std::filesystem::path& root, const std::string& mode) {
    return run(
        {regctl_gc(), mode, "--json", "--keep-younger-than", "0s", "--max-delete", "100%", root});
  }
  // A part of a store is refused as one, and stays as it is.
  static void expect_refused(const std::filesystem::path& root) {
    const auto before = nodes_below(root);
    for (const char* mode : {"--dry-run", "--offline", "--registry-cache=none"}) {
      const Ran ran = collect(root, mode);
      EXPECT_EQ(ran.status, 12) << mode << ": " << ran.err;
      const auto codes = codes_of(ran, "blockers");
      EXPECT_TRUE(codes.contains("half-a-store") || codes.contains("blobs-missing") ||
                  codes.contains("repositories-missing"))
          << ran.err;
      EXPECT_EQ(nodes_below(root), before) << mode;
    }
  }

  RegistryBuilder registry;
  TemporaryDirectory work;
};

TEST_F(HalfStore, BranchesOfAPooledFileSystem) {
  const auto pool = work.path() / "pool";
  // Every file goes somewhere by chance, or every directory with the files in it.
  for (const char* policies : {"category.create=rand", "func.mkdir=rand,func.create=eprand"}) {
    SCOPED_TRACE(policies);
    const TemporaryDirectory a_directory, b_directory;
    const auto a = a_directory.path(), b = b_directory.path();
    {
      const Fuse fuse({"mergerfs", "-f", "-o", "minfreespace=0," + std::string(policies),
                       a.string() + ":" + b.string(), pool},
                      pool);
      if (!fuse) GTEST_SKIP() << fuse.refusal();
      std::filesystem::create_directories(pool / "docker/registry/v2");
      registry.tree.write_to(pool / "docker/registry/v2");
    }
    for (const auto& branch : {a, b}) {
      SCOPED_TRACE(branch);
      expect_refused(branch);
    }
  }
}

TEST_F(HalfStore, ARandomHalfOrThirdIsMissing) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (const unsigned part : {2u, 3u}) {
    const auto root = work.path() / std::to_string(part);
    std::filesystem::create_directories(root / "docker/registry/v2");
    registry.tree.write_to(root / "docker/registry/v2");
    for (const auto& [file, node] : nodes_below(root)) {
      if (S_ISREG(node.mode) && random() % part == 0) std::filesystem::remove(root / file);
    }
    expect_refused(root);
  }
}

}  // namespace
}  // namespace regctl::test
