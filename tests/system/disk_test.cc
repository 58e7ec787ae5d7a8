// What a dry run and an audit make of real disks: other file systems, mount options, links and
// flags that only a disk has. Tests are named after the faults of the reliability reference (F18,
// ...). What this host's kernel refuses to mount is skipped with the reason.
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "registry/hasher.h"
#include "tests/support/attacker.h"
#include "tests/support/store_on_disk.h"

namespace regctl {
namespace {

using namespace test;
using nlohmann::json;
namespace fs = std::filesystem;

class Disk : public SmallStore {
 protected:
  Disk() { write(); }

  // The same answer as here, also with its files on `fs`.
  void expect_same_on(const std::string& fault, const std::string& prepare) {
    const std::string here = judgement(dry_run({"-m"}));
    ASSERT_EQ(planned(dry_run()), (std::set{garbage, loose}));
    const auto there = mounted(prepare, dry_run_of(at(), {"-m"}));
    if (!there) GTEST_SKIP() << fault << ": " << skip_reason;
    EXPECT_EQ(judgement(*there), here);
    const auto audit = mounted(prepare, audit_of(at()));
    ASSERT_TRUE(audit) << skip_reason;
    EXPECT_EQ(audit->status, 0) << audit->out << audit->err;
  }

  Digest loose = registry.blob("garbage without a link");
};

// The tree as a macOS or Windows volume may bring it back: some directories in capitals. A registry
// finds them there.
TEST_F(Disk, F18NamesThatDifferInCase) {
  const std::string capitals =
      "\nv2=$at/docker/registry/v2; mv $v2/repositories/other/_manifests/tags $v2/x; mv $v2/x "
      "$v2/repositories/other/_manifests/Tags"
      "\nmv $v2/repositories/team/app/_layers/sha256 $v2/x; mv $v2/x "
      "$v2/repositories/team/app/_layers/SHA256"
      "\ntest -e $v2/repositories/other/_manifests/tags/v1/current/link";
  std::optional<Ran> ran;
  for (const std::string& file_system :
       {std::string("truncate -s 16M $work/image; mkfs.ext4 -q -F -O casefold $work/image; mount "
                    "-o loop $work/image $at; "
                    "mkdir $at/docker; chattr +F $at/docker; copy"),
        std::string("truncate -s 16M $work/image; mkfs.ntfs -q -F $work/image; lowntfs-3g -o "
                    "ignore_case $work/image $at; copy")}) {
    if ((ran = mounted(file_system + capitals, dry_run_of(at())))) break;
  }
  if (!ran)
    GTEST_SKIP() << "F18: no file system here folds case (install ntfs-3g?): " << skip_reason;
  // ext4 lists them as they were made: damage, all that the repository links is kept. NTFS lists
  // them in small letters, and nothing is wrong.
  EXPECT_TRUE(ran->status == 0 || ran->status == 1) << ran->out << ran->err;
  for (const Digest& digest : planned(*ran))
    EXPECT_TRUE(digest == loose || digest == garbage) << ran->out;
}

TEST_F(Disk, F21ARootThatIsALink) {
  const TemporaryDirectory elsewhere;
  const auto link = elsewhere.path() / "link";
  fs::create_directory_symlink(root.path(), link);
  const Ran ran = run(dry_run_of(link));
  EXPECT_EQ(judgement(ran), judgement(dry_run()));
  EXPECT_EQ(json::parse(ran.out).at("run").at("root"), link.string());
  fs::remove(link);
  fs::create_directory_symlink(elsewhere.path() / "nowhere", link);
  for (const auto& program : {dry_run_of(link), audit_of(link)}) {
    const Ran dangling = run(program);
    EXPECT_EQ(dangling.status, 10);
    EXPECT_EQ(dangling.out, "");
    EXPECT_NE(dangling.err, "");
  }
}

TEST_F(Disk, F22LinksExchangedWithDirectoriesWhileWeRead) {
  // Outside: the same tree, and something in every directory of it that no report may ever tell of.
  const TemporaryDirectory outside;
  RegistryBuilder other;
  other.image("team/app", {"outside layer"}, "outside-tag");
  other.image("team/outside-repository", {"outside layer"}, "outside-tag");
  other.layer("other", "outside layer");
  other.tree.write_to(outside.path());
  // Whoever reads a file or a directory leaves its access time behind.
  std::vector<fs::path> all_outside;
  for (const auto& entry : fs::recursive_directory_iterator(outside.path()))
    all_outside.push_back(entry.path());
  const timespec unread[2] = {{1, 0}, {0, UTIME_OMIT}};
  for (const fs::path& path : all_outside)
    ASSERT_EQ(utimensat(AT_FDCWD, path.c_str(), unread, 0), 0);
  const auto was_read = [](const fs::path& path) {
    struct stat st;
    return lstat(path.c_str(), &st) == 0 && st.st_atim.tv_sec != 1;
  };
  const std::string shard = layout::blob_shard(digest_of("outside layer"));
  fs::create_directories(v2() / shard);

  const std::string quiet = judgement(dry_run());
  int refused = 0;
  const auto look = [&](const std::vector<std::string>& prefix) {
    std::vector<std::string> argv = prefix;
    const auto program = dry_run_of(root.path());
    argv.insert(argv.end(), program.begin(), program.end());
    const Ran ran = run(argv);
    if (ran.status == 12) {
      ++refused;
      EXPECT_FALSE(codes_of(ran, "blockers").empty()) << ran.out;
    } else if (ran.status != 10) {  // 10: a link at v2 or above it
      EXPECT_EQ(judgement(ran), quiet);
    }
    for (const std::string& word : {std::string("outside-"), digest_of("outside layer").hex()})
      EXPECT_EQ(ran.out.find(word), std::string::npos) << ran.out;
  };
  const auto audit = [&] {
    const Ran ran = run(audit_of(root.path()));
    EXPECT_TRUE(ran.status == 0 || ran.status == 12 || ran.status == 13) << ran.status << ran.err;
    for (const std::string& word : {std::string("outside-"), digest_of("outside layer").hex()})
      EXPECT_EQ(ran.out.find(word), std::string::npos) << ran.out;
  };
  {
    const Attacker attacker(
        v2(), outside.path(),
        {"repositories", "repositories/team", "repositories/team/app",
         "repositories/team/app/_manifests", "repositories/team/app/_manifests/tags",
         "repositories/other/_layers", "blobs/sha256", shard});
    for (int i = 0; i < 60; ++i) look({});
    for (int i = 0; i < 20; ++i) audit();
    // Where a kernel or a container's seccomp filter lacks openat2.
    for (int i = 0; i < 12; ++i)
      look({"strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=openat2", "-e",
            "inject=openat2:error=ENOSYS"});
    EXPECT_GT(attacker.exchanges(), 1000u);
  }
  for (const fs::path& path : all_outside) EXPECT_FALSE(was_read(path)) << path;
  EXPECT_GT(refused, 10) << "the attacker hardly ever hit: nothing was tested";
  EXPECT_EQ(judgement(dry_run()), quiet);
  EXPECT_NE(fs::directory_iterator(outside.path() / "blobs"), fs::directory_iterator());
  if (!was_read(outside.path() / "blobs"))
    GTEST_SKIP() << "F22: no access times here; only what was reported is tested";
}

TEST_F(Disk, F25ABlobWithASecondName) {
  const std::string before = judgement(dry_run());
  fs::create_hard_link(v2() / RegistryBuilder::data(garbage), root.path() / "second name");
  fs::create_hard_link(v2() / RegistryBuilder::data(digest_of("shared")), root.path() / "another");
  EXPECT_EQ(judgement(dry_run()), before);
  EXPECT_EQ(run(audit_of(root.path())).status, 0);
}

TEST_F(Disk, F26SparseFilesCountByLengthAndByBlocks) {
  constexpr std::uint64_t kLength = 1 << 30;
  fs::resize_file(v2() / RegistryBuilder::data(loose), kLength);
  const Ran ran = dry_run({"--offline"});
  const json report = json::parse(ran.out);
  const auto& totals = report.at("totals");
  EXPECT_EQ(totals.at("garbage").at("bytes"), kLength + 7) << ran.err;
  EXPECT_LT(totals.at("garbage").at("disk_bytes"), 1 << 20);
  const auto& filesystem = totals.at("filesystem");
  EXPECT_LT(filesystem.at("free_after_bytes").get<std::uint64_t>() -
                filesystem.at("free_bytes").get<std::uint64_t>(),
            1u << 20);
  for (const auto& blob : report.at("plan").at("blobs")) {
    EXPECT_LT(blob.at("disk_bytes"), 1 << 20);
    EXPECT_EQ(blob.at("bytes"), blob.at("digest") == loose.text() ? kLength : 7);
  }
}

// The same of a copy that an earlier run quarantined.
TEST_F(Disk, F26SparseFilesInQuarantine) {
  const fs::path data = v2() / RegistryBuilder::data(loose);
  fs::resize_file(data, 1 << 30);
  fs::rename(data, data.string() + ".regctl-gc.1700000000.0123456789abcdef");
  const Ran ran = dry_run({"--offline"});
  const json report = json::parse(ran.out);
  ASSERT_EQ(report.at("plan").at("purge").size(), 1u) << ran.out;
  EXPECT_EQ(report.at("plan").at("purge").at(0).at("bytes"), 1 << 30);
  const auto& filesystem = report.at("totals").at("filesystem");
  EXPECT_LT(filesystem.at("free_after_bytes").get<std::uint64_t>() -
                filesystem.at("free_bytes").get<std::uint64_t>(),
            1u << 20);
}

// chattr +i and +a stop even root from changing; they must not stop anybody from reading.
TEST_F(Disk, F27ImmutableFiles) {
  const std::string before = judgement(dry_run());
  std::vector<std::pair<int, int>> flagged;
  const auto flag = [&](const fs::path& path, int flags) {
    const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    int now = 0;
    const bool ok =
        ioctl(fd, FS_IOC_GETFLAGS, &now) == 0 && ioctl(fd, FS_IOC_SETFLAGS, &(flags |= now)) == 0;
    if (ok)
      flagged.emplace_back(fd, now);
    else
      close(fd);
    return ok;
  };
  const bool ok = flag(v2() / RegistryBuilder::data(garbage), FS_IMMUTABLE_FL) &&
                  flag(v2() / "blobs/sha256", FS_IMMUTABLE_FL) &&
                  flag(v2() / RegistryBuilder::data(digest_of("shared")), FS_APPEND_FL);
  const Ran ran = dry_run(), audit = run(audit_of(root.path()));
  for (auto [fd, flags] : flagged) {
    EXPECT_EQ(ioctl(fd, FS_IOC_SETFLAGS, &flags), 0);
    close(fd);
  }
  if (!ok) GTEST_SKIP() << "F27: no such flags here, or not for us";
  EXPECT_EQ(judgement(ran), before);
  EXPECT_EQ(audit.status, 0) << audit.err;
}

constexpr char kNoTypes[] =
    "truncate -s 16M $work/image; mkfs.ext4 -q -F -O ^filetype $work/image; mount -o loop "
    "$work/image $at; copy";

TEST_F(Disk, F48ListingsWithoutTypes) {
  expect_same_on("F48", kNoTypes);
  if (IsSkipped()) return;
  std::vector<std::string> traced = {
      "strace", "-f", "-v", "-e", "trace=getdents64", "-o", work.path() / "trace"};
  const auto program = dry_run_of(at());
  traced.insert(traced.end(), program.begin(), program.end());
  ASSERT_TRUE(mounted(kNoTypes, traced));
  EXPECT_NE(read_all(work.path() / "trace").find("d_type=DT_UNKNOWN"), std::string::npos)
      << "the control is void";
}

TEST_F(Disk, F48OnlyLinksCanHideThere) {
  const auto ran = mounted(std::string(kNoTypes) +
                               "; v2=$at/docker/registry/v2; mv $v2/repositories/team $at/team; ln "
                               "-s $at/team $v2/repositories/team",
                           dry_run_of(at()));
  if (!ran) GTEST_SKIP() << "F48: " << skip_reason;
  EXPECT_EQ(ran->status, 12) << ran->out;
  EXPECT_EQ(codes_of(*ran, "blockers"), (std::set<std::string>{"symlink-in-tree"})) << ran->out;
}

TEST_F(Disk, F53AReadOnlyFileSystem) {
  expect_same_on(
      "F53", "mount --bind $store $at; mount -o remount,bind,ro $at; ! touch $at/x 2>/dev/null");
}

TEST_F(Disk, F53AReadOnlyImage) {
  expect_same_on("F53",
                 "truncate -s 16M $work/image; mkfs.ext4 -q -F $work/image; mount -o loop "
                 "$work/image $at; copy; "
                 "mount -o remount,ro $at; ! touch $at/x 2>/dev/null");
}

TEST_F(Disk, F54AReportToAFullDisk) {
  const std::string full =
      "mount -t tmpfs -o size=64k tmpfs $at; echo old >$at/report.json; "
      "! head -c 1M /dev/zero >$at/fill 2>/dev/null";
  for (auto program : {dry_run_of(root.path()), audit_of(root.path())}) {
    program.insert(program.begin() + 1, {"--report", at() / "report.json"});
    program.insert(program.begin(), {"sh", "-c",
                                     "status=0; \"$@\" || status=$?; at=${3%/*}; echo; cat "
                                     "$at/report.json; ls -A $at; exit $status",
                                     "sh"});
    const auto ran = mounted(full, program);
    if (!ran) GTEST_SKIP() << "F54: " << skip_reason;
    EXPECT_EQ(ran->status, 1) << ran->err;
    const std::string old = "\nold\nfill\nreport.json\n";  // and nothing half-written
    ASSERT_TRUE(ran->out.ends_with(old)) << ran->out;
    const Ran printed = {.status = ran->status,
                         .out = ran->out.substr(0, ran->out.size() - old.size()),
                         .err = ran->err};
    EXPECT_TRUE(codes_of(printed, "warnings").contains("report-not-written")) << printed.out;
  }
}

// Whole seconds, no access times, or times that are written late: no decision may hang on more than
// that.
TEST_F(Disk, F60TimesWithoutPrecision) {
  expect_same_on("F60",
                 "truncate -s 16M $work/image; mkfs.ext4 -q -F -I 128 $work/image; mount -o "
                 "loop,noatime,lazytime $work/image $at; copy");
}

TEST_F(Disk, F60AccessTimesDecideNothing) {
  const std::string before = judgement(dry_run({"--keep-younger-than", "1d"}));
  const timespec future[2] = {{4'000'000'000, 0}, {0, UTIME_OMIT}},
                 past[2] = {{1, 0}, {0, UTIME_OMIT}};
  for (const auto* times : {future, past}) {
    for (const auto& entry : fs::recursive_directory_iterator(root.path()))
      ASSERT_EQ(utimensat(AT_FDCWD, entry.path().c_str(), times, 0), 0);
    EXPECT_EQ(judgement(dry_run({"--keep-younger-than", "1d"})), before);
  }
}

}  // namespace
}  // namespace regctl
