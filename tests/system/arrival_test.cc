// P11 on disks: a copy that keeps times, interrupted anywhere, is collected of nothing; a chown,
// our own quarantine and restore, or another mount make nothing young.
#include <random>

#include "tests/support/mounting.h"
#include "tests/system/sweeping_disk.h"

namespace regctl::test {
namespace {

class ArrivalOnDisk : public SweepDisk {
 protected:
  static Ran offline(const std::filesystem::path& root, std::vector<std::string> options = {}) {
    options.insert(options.begin(), {regctl_gc(), "--json", "--offline", "--insist",
                                     "registry-in-doubt", "--max-delete", "100%"});
    options.push_back(root);
    return run(options);
  }
  static std::size_t taken(const Ran& ran) { return planned(ran).size(); }
  static int arrived(const Ran& ran) {
    return report_of(ran)["totals"]["kept"]["arrived"]["count"].get<int>();
  }
};

// `cp -a` and its like go by name, so that blobs/ is complete while repositories are missing.
TEST_F(ArrivalOnDisk, P11ACopyInterruptedAnywhereLosesNothing) {
  write();
  std::vector<std::string> keys;
  for (const auto& [key, node] : nodes_below(root.path())) keys.push_back(key);
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  int judged = 0;
  for (int round = 0; round < 25; ++round) {
    const TemporaryDirectory copy;
    const std::size_t arrived = keys.size() / 3 + random() % (keys.size() * 2 / 3);
    for (std::size_t i = 0; i < arrived; ++i) {
      const auto from = root.path() / keys[i], to = copy.path() / keys[i];
      if (std::filesystem::is_directory(from))
        std::filesystem::create_directory(to);
      else
        std::filesystem::copy_file(from, to);
    }
    for (std::size_t i = arrived; i-- > 0;)
      std::filesystem::last_write_time(copy.path() / keys[i],
                                       std::filesystem::last_write_time(root.path() / keys[i]));
    if (!std::filesystem::exists(v2_of(copy.path()))) continue;
    const Files before = files_below(copy.path());
    for (const char* untagged : {"--delete-untagged", "--delete-untagged=false"}) {
      const Ran ran = offline(copy.path(), {"--max-damage", "100%", untagged});
      if (ran.status == 10) continue;
      ++judged;
      EXPECT_EQ(taken(ran), 0u) << ran.out;
      EXPECT_EQ(files_below(copy.path()), before) << arrived << " of " << keys.size();
    }
  }
  EXPECT_GT(judged, 0);
}

TEST_F(ArrivalOnDisk, P11TheReportSaysWhatIsKeptForThat) {
  write();
  const Ran ran = offline(root.path());
  EXPECT_EQ(taken(ran), 0u);
  EXPECT_EQ(arrived(ran), static_cast<int>(garbage.size()));
  EXPECT_TRUE(codes_of(ran, "advice").contains("arrived-blobs")) << ran.err;
  const Ran trusting = offline(root.path(), {"--trust-times"});
  EXPECT_EQ(garbage_left(root.path()), 0u) << trusting.err;
}

// Everything below happens to a store that is old enough: the limit is shorter than what has passed
// since it was written.
class OldStore : public ArrivalOnDisk, public testing::WithParamInterface<const char*> {
 protected:
  static constexpr const char* kLimit = "1s";

  // At a place on the file system that is asked for. Empty: the host does not let us.
  std::filesystem::path place() {
    const std::string kind = GetParam();
    if (kind == "tmpfs") {
      mounted_.emplace(std::vector<std::string>{"-t", "tmpfs", "none"}, work.path() / "at");
    } else if (kind == "overlay") {
      // Not on an overlay itself: its directories are on a file system of their own.
      base_.emplace(std::vector<std::string>{"-t", "tmpfs", "none"}, work.path() / "base");
      for (const char* one : {"lower", "upper", "work"})
        std::filesystem::create_directories(work.path() / "base" / one);
      const std::string base = work.path() / "base";
      mounted_.emplace(std::vector<std::string>{"-t", "overlay", "overlay", "-o",
                                                "lowerdir=" + base + "/lower,upperdir=" + base +
                                                    "/upper,workdir=" + base + "/work"},
                       work.path() / "at");
    } else {
      image_ = work.path() / "image";
      EXPECT_EQ(run({"truncate", "-s", "32M", image_}).status, 0);
      EXPECT_EQ(run({"/sbin/mkfs.ext4", "-q", "-F", image_}).status, 0);
      mounted_.emplace(std::vector<std::string>{"-o", "loop", image_}, work.path() / "at");
    }
    if (!*mounted_) {
      skip_reason = mounted_->refusal();
      return {};
    }
    return work.path() / "at";
  }
  // Waits until all that has been written is older than kLimit.
  static void grow_old() {
    const auto then = now() + std::chrono::milliseconds(1100);
    becomes_true([&] { return now() > then; });
  }
  Ran dry_run_of_old(const std::filesystem::path& at) {
    return offline(at, {"--dry-run", "--keep-younger-than", kLimit});
  }

 private:
  std::optional<Mounted> base_, mounted_;
  std::filesystem::path image_;
};

INSTANTIATE_TEST_SUITE_P(, OldStore, testing::Values("ext4", "tmpfs", "overlay"),
                         [](const auto& test) { return std::string(test.param); });

TEST_P(OldStore, P11NothingMakesItYoung) {
  const auto at = place();
  if (at.empty()) GTEST_SKIP() << skip_reason;
  write_to(at);
  EXPECT_EQ(taken(offline(at, {"--dry-run"})), 0u) << "it was written just now";
  grow_old();
  EXPECT_EQ(taken(dry_run_of_old(at)), garbage.size());

  EXPECT_EQ(run({"chown", "-R", "1234:1234", v2_of(at)}).status, 0);
  EXPECT_EQ(taken(dry_run_of_old(at)), garbage.size()) << "after a chown";

  ASSERT_TRUE(is_done(
      run({regctl_gc(), "--json", "--keep-younger-than", kLimit, "--max-delete", "100%", at})));
  EXPECT_EQ(garbage_left(at), 0u);
  ASSERT_TRUE(is_done(run({regctl_gc(), "--json", "--restore", at})));
  EXPECT_EQ(garbage_left(at), garbage.size());
  EXPECT_EQ(taken(dry_run_of_old(at)), garbage.size()) << "after quarantine and restore";
}

}  // namespace
}  // namespace regctl::test
