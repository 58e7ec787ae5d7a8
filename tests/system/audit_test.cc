// regctl-audit as a process: what it reads, what it remembers, and what stops it.
#include <gmock/gmock.h>
#include <signal.h>
#include <unistd.h>

#include <fstream>
#include <random>

#include "registry/hasher.h"
#include "tests/support/report_schema.h"
#include "tests/support/store_on_disk.h"

namespace regctl {
namespace {

using namespace test;
using json = nlohmann::json;
namespace fs = std::filesystem;

class AuditOnDisk : public StoreOnDisk {
 protected:
  static constexpr int kImages = 12;

  AuditOnDisk() {
    for (int i = 0; i < kImages; ++i) {
      const std::string name = std::to_string(i);
      registry.image("app/" + std::string(1, static_cast<char>('a' + i % 3)),
                     {"base", std::string(100'000, static_cast<char>('a' + i))}, "v" + name, {},
                     R"({"os":"linux","architecture":"arm64","n":)" + name + "}");
    }
    write();
    for (const auto& [path, node] : registry.tree.nodes())
      blobs += node.kind == EntryKind::file && path.starts_with("blobs/");
  }

  std::vector<std::string> audit(std::vector<std::string> options = {}) const {
    options.insert(options.begin(), {regctl_audit(), "--json"});
    options.push_back(root.path());
    return options;
  }
  static json verification(const Ran& ran) {
    const json report = report_of(ran);
    EXPECT_TRUE(report.is_object()) << ran.status << ran.err;
    return report.is_object() ? report.at("run").at("verification") : json();
  }
  static std::multiset<std::string> rules(const Ran& ran) {
    std::multiset<std::string> ids;
    const json report = report_of(ran);
    for (const json& finding : report.at("findings")) ids.insert(finding.at("rule"));
    return ids;
  }
  fs::path data(const std::string& bytes) const {
    return v2() / RegistryBuilder::data(digest_of(bytes));
  }
  // In place, so that neither size nor time tells.
  void flip(const fs::path& file) const {
    const auto time = fs::last_write_time(file);
    std::fstream out(file, std::ios::in | std::ios::out | std::ios::binary);
    const char byte = static_cast<char>(out.peek());
    out.seekp(0);
    out.put(static_cast<char>(byte ^ 1));
    out.close();
    fs::last_write_time(file, time);
  }
  void sum(const fs::path& to) const {
    const Ran ran =
        run({"sh", "-c", "find \"$1\" -name data -exec sha256sum {} + >\"$2\"", "sh", v2(), to});
    ASSERT_EQ(ran.status, 0) << ran.err;
  }

  const std::string state = work.path() / "state";
  std::uint64_t blobs = 0;
};

TEST_F(AuditOnDisk, HashesEveryBlob) {
  const Ran ran = run(audit());
  EXPECT_EQ(ran.status, 0) << ran.out;
  EXPECT_EQ(verification(ran).at("blobs"), blobs);
  flip(data("base"));
  const Ran again = run(audit());
  EXPECT_EQ(again.status, 12);
  EXPECT_EQ(rules(again), (std::multiset<std::string>{"blob-digest-mismatch"}));
  EXPECT_EQ(report_of(again).at("summary").at("unpullable_tags"), kImages);
  const json report = report_of(again);
  for (const json& user : report.at("findings")[0].at("used_by"))
    EXPECT_EQ(user.at("platform"), "linux/arm64");
  EXPECT_EQ(report.at("findings")[0].at("used_by").size(), kImages);
  EXPECT_EQ(run(audit({"--quick"})).status, 0);
}

TEST_F(AuditOnDisk, SlicesTogetherReadEachBlobOnce) {
  std::uint64_t read = 0;
  for (const char* slice : {"1/3", "2/3", "3/3"})
    read += verification(run(audit({"--subset", slice}))).at("blobs").get<std::uint64_t>();
  EXPECT_EQ(read, blobs);
  EXPECT_EQ(verification(run(audit({"--subset", "25%"}))).at("blobs"), (blobs + 3) / 4);
  for (const char* bad : {"0/3", "4/3", "3", "101%", "0%", "x", "1/0"})
    EXPECT_EQ(run(audit({"--subset", bad})).status, 2) << bad;
}

TEST_F(AuditOnDisk, LooksAtSomeRepositories) {
  flip(data(std::string(100'000, 'a')));  // of app/a
  EXPECT_EQ(run(audit({"--repository", "app/a"})).status, 12);
  const Ran others = run(audit({"--repository", "*/b", "--repository", "app/c"}));
  EXPECT_EQ(others.status, 0) << others.out;
  EXPECT_LT(verification(others).at("blobs"), blobs);
  const Ran none = run(audit({"--repository", "app/d"}));
  EXPECT_EQ(none.status, 1);
  EXPECT_EQ(codes_of(none, "warnings"), std::set<std::string>{"repository-idle"});
}

// Or that ends before the file does.
TEST_F(AuditOnDisk, AReadThatFails) {
  for (const std::string how : {"error=EIO", "retval=0"}) {
    const std::string file = data("base");
    std::vector<std::string> argv = audit({"-j", "1"});
    argv.insert(argv.begin(), {"strace", "-D", "-f", "-qq", "-o", "/dev/null", "-P", file, "-e",
                               "trace=read", "-e", "inject=read:" + how});
    const Ran ran = run(argv);
    EXPECT_EQ(ran.status, 13) << how << ran.out << ran.err;
    EXPECT_EQ(rules(ran), (std::multiset<std::string>{"read-error"}));
    const json report = report_of(ran), finding = report.at("findings")[0];
    EXPECT_EQ(report.at("state"), "incomplete");
    EXPECT_EQ(finding.at("digest"), digest_of("base").text());
    EXPECT_EQ(finding.at("used_by").size(), kImages);
    EXPECT_EQ(verification(ran).at("blobs"), blobs - 1);

    // A manifest that ends too soon is damaged; one that cannot be read is told once.
    if (how == "retval=0") continue;
    const auto image = Digest::parse(read_all(v2() / layout::tag_current_link("app/a", "v0")));
    std::ranges::replace(argv, file, v2() / RegistryBuilder::data(*image));
    const Ran blind = run(argv);
    EXPECT_EQ(blind.status, 13) << how << blind.out << blind.err;
    EXPECT_EQ(rules(blind), (std::multiset<std::string>{"read-error"}));
  }
}

TEST_F(AuditOnDisk, GoesOnWhereItWasStopped) {
  const Ran stopped = run(audit({"--state", state, "--deadline", "0s"}));
  EXPECT_EQ(stopped.status, 13);
  EXPECT_EQ(verification(stopped).at("blobs"), 0);
  EXPECT_EQ(verification(stopped).at("left"), blobs);
  EXPECT_EQ(verification(run(audit({"--state", state, "--max-age", "1d"}))).at("blobs"), blobs);
  const json again = verification(run(audit({"--state", state, "--max-age", "1d"})));
  EXPECT_EQ(again.at("blobs"), 0);
  EXPECT_EQ(again.at("known").at("blobs"), blobs);
  EXPECT_EQ(verification(run(audit({"--state", state}))).at("blobs"), blobs);
  flip(data("base"));
  fs::last_write_time(data("base"), fs::file_time_type::clock::now());  // written to
  EXPECT_EQ(run(audit({"--state", state, "--max-age", "1d"})).status, 12);
}

// A copy keeps the times of modification, and may be wrong.
TEST_F(AuditOnDisk, AStateIsNoProofOfACopy) {
  EXPECT_EQ(run(audit({"--state", state})).status, 0);
  EXPECT_EQ(run({"cp", "-a", root.path(), work.path() / "copy"}).status, 0);
  fs::remove_all(root.path() / "docker");
  fs::rename(work.path() / "copy" / "docker", root.path() / "docker");
  flip(data("base"));
  EXPECT_EQ(run(audit({"--state", state, "--max-age", "1d"})).status, 12);
}

// What was found before the time was up is told, although it cannot be read a second time.
TEST_F(AuditOnDisk, ADeadlineLosesNothingOfWhatWasFound) {
  const std::string big(60'000'000, 'b');
  registry.image("app/big", {big}, "v1");
  write();
  const auto deadline = audit({"--limit-rate", "20MB", "--deadline", "1s", "-j", "2"});
  EXPECT_EQ(run(deadline).status, 13);
  flip(data("base"));
  const Ran ran = run(deadline);
  EXPECT_EQ(ran.status, 12) << ran.out << ran.err;
  EXPECT_EQ(rules(ran), (std::multiset<std::string>{"blob-digest-mismatch"}));
  EXPECT_GT(verification(ran).at("left"), 0);
  auto whatever_is_found = deadline;
  whatever_is_found.insert(whatever_is_found.end() - 1, {"--fail-on", "never"});
  EXPECT_EQ(run(whatever_is_found).status, 13);

  const std::string sums = work.path() / "sums";
  sum(sums);
  const Ran told = run(audit({"--evidence", sums, "--deadline", "0s"}));
  EXPECT_EQ(told.status, 12) << told.out << told.err;
  EXPECT_EQ(codes_of(told, "warnings"), std::set<std::string>{});

  // What we have read ourselves is not called wrong for what somebody else says.
  flip(data("base"));
  fs::remove(sums);
  std::ofstream(sums) << digest_of("other").hex() << "  " << data("base").string() << '\n';
  auto disputing = deadline;
  disputing.insert(disputing.end() - 1, {"--evidence", sums});
  const Ran disputed = run(disputing);
  EXPECT_EQ(disputed.status, 13) << disputed.out << disputed.err;
  EXPECT_EQ(codes_of(disputed, "warnings"), std::set<std::string>{"evidence-disputed"});
}

// What is too large for the time that is left does not take it from the others.
TEST_F(AuditOnDisk, ABlobThatCannotEndInTimeIsNotBegun) {
  registry.image("app/big", {std::string(60'000'000, 'b')}, "v1");
  write();
  using Options = std::vector<std::string>;
  for (const Options& with : std::vector<Options>{{}, {"--state", state}}) {
    Options options = {"--limit-rate", "10MB", "--deadline", "4s", "-j", "1"};
    options.insert(options.end(), with.begin(), with.end());
    const Ran ran = run(audit(options));
    EXPECT_EQ(ran.status, 13) << ran.out;
    EXPECT_EQ(verification(ran).at("left"), 1);
    EXPECT_EQ(verification(ran).at("blobs"), blobs + 2);  // its manifest and configuration
  }
  // But an audit that could read it found it wrong, and nobody touched it since.
  flip(data(std::string(60'000'000, 'b')));
  EXPECT_EQ(run(audit({"--state", state})).status, 12);
  for (int night = 0; night < 2; ++night) {
    const Ran ran = run(audit(
        {"--state", state, "--quick", "--limit-rate", "10MB", "--deadline", "1s", "-j", "1"}));
    EXPECT_EQ(ran.status, 12) << ran.out;
    EXPECT_EQ(rules(ran), (std::multiset<std::string>{"blob-digest-mismatch"}));
    EXPECT_EQ(verification(ran).at("left"), 1);
  }
}

// As a deadline does, a signal ends it with what was found.
TEST_F(AuditOnDisk, ASignalLosesNothingOfWhatWasFound) {
  registry.image("app/big", {std::string(60'000'000, 'b')}, "v1");
  write();
  flip(data("base"));
  fs::remove_all(v2() / layout::blob(digest_of(std::string(100'000, 'a'))));
  Program slow(audit({"--limit-rate", "20MB", "-j", "2", "--state", state}));
  ASSERT_TRUE(becomes_true([&] {  // read, and found wrong
    return fs::exists(state) && read_all(state).find(digest_of("base").text()) != std::string::npos;
  })) << slow.err();
  slow.send(SIGTERM);
  const Ran ran = slow.wait();
  const json report = report_of(ran);
  ASSERT_TRUE(report.is_object()) << ran.err;
  EXPECT_EQ(ran.status, 128 + SIGTERM);
  EXPECT_EQ(report.at("run").at("outcome"), "interrupted");
  EXPECT_EQ(report.at("state"), "damaged");
  // What is missing was seen twice before it began to read.
  EXPECT_EQ(rules(ran), (std::multiset<std::string>{"blob-digest-mismatch", "blob-missing",
                                                    "layer-link-dangling"}));
  EXPECT_GT(report.at("run").at("verification").at("left"), 0);
}

// Wherever it is killed: what is remembered was hashed to its end.
TEST_F(AuditOnDisk, KilledAtAnyMoment) {
  std::random_device random;
  std::uint64_t remembered = 0;
  for (int round = 0; round < 12; ++round) {
    fs::remove(state);
    std::vector<std::string> argv = audit({"--state", state, "-j", "1"});
    const std::string when = std::to_string(1 + random() % 60);
    argv.insert(argv.begin(),
                {"strace", "-D", "-f", "-qq", "-o", "/dev/null", "-e", "trace=pwrite64,fdatasync",
                 "-e", "inject=pwrite64,fdatasync:signal=SIGKILL:when=" + when});
    const Ran killed = run(argv);
    EXPECT_TRUE(killed.status == 128 + SIGKILL || killed.status == 0) << killed.status;
    const json after = verification(run(audit({"--state", state, "--max-age", "1d"})));
    const std::uint64_t read = after.at("blobs");
    EXPECT_LE(read, blobs) << "killed at " << when;
    EXPECT_EQ(after.at("known").at("blobs"), blobs);
    remembered += blobs - read;
  }
  EXPECT_GT(remembered, 0u);
}

TEST_F(AuditOnDisk, OneAuditAStateAndOneStateAStore) {
  EXPECT_EQ(run(audit({"--state", state})).status, 0);
  Program slow(audit({"--state", state, "--limit-rate", "10KB"}));
  const auto has_it_open = [&] {
    const fs::path open = "/proc/" + std::to_string(slow.pid()) + "/fd";
    std::error_code gone;
    for (const auto& fd : fs::directory_iterator(open, gone)) {
      if (fs::read_symlink(fd.path(), gone) == state) return true;
    }
    return false;
  };
  ASSERT_TRUE(becomes_true(has_it_open)) << slow.err();
  ASSERT_TRUE(becomes_true([&] {
    return run(audit({"--state", state, "--quick"})).status == 11;
  })) << slow.err();
  slow.send(SIGTERM);
  slow.wait();
  const fs::path other = work.path() / "other";
  fs::copy(root.path(), other, fs::copy_options::recursive);
  EXPECT_EQ(run({regctl_audit(), "--state", state, other}).status, 2);
  EXPECT_EQ(run(audit({"--state", root.path() / "state"})).status, 2);
  // Nor by way of a link to what is not there yet.
  fs::create_symlink(root.path() / "docker" / "state", work.path() / "link");
  EXPECT_EQ(run(audit({"--state", work.path() / "link"})).status, 2);
  EXPECT_FALSE(fs::exists(root.path() / "docker" / "state"));
  // Nor by a name that SQLite takes for more than a name.
  const std::string uri = "file:" + (root.path() / "docker" / "state").string();
  EXPECT_EQ(run(audit({"--state", uri})).status, 2);
  EXPECT_FALSE(fs::exists(root.path() / "docker" / "state"));
}

TEST_F(AuditOnDisk, AStorageThatIsMountedTwiceIsWrittenToByNeitherName) {
  for (const fs::path& what : {root.path() / "docker", v2() / "blobs", v2() / "repositories"}) {
    const auto ran = mounted("mount --bind " + what.string() + " $at",
                             audit({"--quick", "--state", at() / "state"}));
    if (!ran) GTEST_SKIP() << skip_reason;
    EXPECT_EQ(ran->status, 2) << what;
    EXPECT_FALSE(fs::exists(what / "state"));
  }
}

TEST_F(AuditOnDisk, AFullDiskUnderTheState) {
  const auto ran = mounted("mount -t tmpfs -o size=64k tmpfs $at; head -c 40k /dev/zero >$at/fill",
                           audit({"--state", at() / "state"}));
  if (!ran) GTEST_SKIP() << skip_reason;
  EXPECT_EQ(ran->status, 1) << ran->out << ran->err;
  EXPECT_EQ(codes_of(*ran, "warnings"), std::set<std::string>{"state-not-written"});
  EXPECT_EQ(verification(*ran).at("blobs"), blobs);
}

TEST_F(AuditOnDisk, EvidenceNeedNotBeReadAgain) {
  const std::string sums = work.path() / "sums";
  sum(sums);
  const json read = verification(run(audit({"--evidence", sums})));
  EXPECT_EQ(read.at("blobs"), 0);
  EXPECT_EQ(read.at("known").at("blobs"), blobs);

  // A state keeps what it told, and does not keep it from telling again.
  for (int night = 0; night < 2; ++night) {
    const Ran ran = run(audit({"--evidence", sums, "--state", state}));
    EXPECT_EQ(ran.status, 0);
    EXPECT_EQ(verification(ran).at("blobs"), 0);
  }
  EXPECT_EQ(verification(run(audit({"--state", state, "--max-age", "1d"}))).at("blobs"), 0);
  EXPECT_EQ(run({"sqlite3", state, "SELECT DISTINCT verified_by, is_sound FROM blobs"}).out,
            sums + "|1\n");

  // Nor does it speak for what was written to later, or for longer than is asked for.
  fs::last_write_time(data("base"), fs::last_write_time(sums) + std::chrono::seconds(1));
  const json again = verification(run(audit({"--evidence", sums})));
  EXPECT_EQ(again.at("blobs"), 1);
  EXPECT_EQ(again.at("outdated_checksums"), 1);
  EXPECT_EQ(verification(run(audit({"--evidence", sums, "--max-age", "0s"}))).at("blobs"), blobs);
}

TEST_F(AuditOnDisk, WhatEvidenceCallsWrongIsRead) {
  const std::string sums = work.path() / "sums";
  flip(data("base"));
  sum(sums);
  const Ran ran = run(audit({"--quick", "--evidence", sums}));
  EXPECT_EQ(ran.status, 12);
  EXPECT_EQ(rules(ran), (std::multiset<std::string>{"blob-digest-mismatch"}));

  // What was mended since is read and found to be right, although it was wrong then.
  flip(data("base"));
  const Ran mended = run(audit({"--quick", "--evidence", sums}));
  EXPECT_EQ(mended.status, 0);
  EXPECT_EQ(verification(mended).at("blobs"), 1);

  fs::remove(sums);
  std::ofstream(sums) << digest_of("other").hex() << "  " << data("base").string() << '\n';
  const Ran disputed = run(audit({"--quick", "--evidence", sums}));
  EXPECT_EQ(disputed.status, 1);
  EXPECT_EQ(codes_of(disputed, "warnings"), std::set<std::string>{"evidence-disputed"});
  fs::remove_all(v2() / layout::blob(digest_of("base")));
  EXPECT_THAT(codes_of(run(audit({"--quick", "--evidence", sums})), "warnings"),
              testing::Contains("evidence-of-strangers"));
}

// Whatever part of the storage the next audit is asked to read.
TEST_F(AuditOnDisk, WhatWasWrongIsReadUntilItIsRight) {
  flip(data("base"));
  EXPECT_EQ(run(audit({"--state", state})).status, 12);
  for (int night = 0; night < 2; ++night) {
    const Ran ran = run(audit({"--quick", "--state", state}));
    EXPECT_EQ(ran.status, 12) << ran.out;
    EXPECT_EQ(verification(ran).at("blobs"), 1);
  }
  flip(data("base"));
  for (const std::uint64_t read : {1, 0}) {
    const Ran ran = run(audit({"--quick", "--state", state}));
    EXPECT_EQ(ran.status, 0) << ran.out;
    EXPECT_EQ(verification(ran).at("blobs"), read);
  }
}

TEST_F(AuditOnDisk, TellsWhatChangedSinceTheLast) {
  EXPECT_EQ(report_of(run(audit({"--quick", "--state", state}))).at("trend"), json::array());
  registry.image("app/new", {std::string(50'000, 'n')}, "v1");
  write();
  const json report = report_of(run(audit({"--quick", "--state", state})));
  const json& trend = report.at("trend");
  ASSERT_EQ(trend.size(), 1u);
  EXPECT_GT(trend[0].at("bytes"), 50'000);
  EXPECT_EQ(trend[0].at("repositories")[0].at("name"), "app/new");
}

TEST_F(AuditOnDisk, FiguresForPrometheus) {
  const fs::path file = work.path() / "audit.prom";
  flip(data("base"));
  EXPECT_EQ(run(audit({"--metrics", file})).status, 12);
  const std::string text = read_all(file);
  const Ran checked =
      run({"sh", "-c", "promtool check metrics <\"$1\" >&2 || test $? = 3", "sh", file});
  EXPECT_EQ(checked.status, 0) << checked.err << text;
  for (const char* sample :
       {"rule=\"blob-digest-mismatch\",severity=\"error\"} 1",
        "rule=\"tag-history-long\",severity=\"info\"} 0", "last_run_exit_status", "unpullable_tags",
        "last_success_timestamp_seconds", "oldest_verification_timestamp_seconds"})
    EXPECT_THAT(text, testing::HasSubstr(sample));
}

// One byte flipped, cut off, appended or zeroed in each of 200 blobs, links and manifests, at once:
// all are found, and nothing is said of any other.
TEST_F(AuditOnDisk, FindsEveryOneOf200DamagedFilesAndNothingElse) {
  for (int i = 0; i < 200; ++i) {
    const std::string name = std::to_string(i);
    registry.image("many/" + std::to_string(i % 20), {"layer " + name, "common " + name},
                   "v" + name, {}, R"({"os":"linux","n":)" + name + "}");
  }
  write();
  const char* fixed = std::getenv("REGCTL_TEST_SEED");
  const auto seed =
      fixed ? static_cast<std::uint32_t>(std::strtoul(fixed, nullptr, 10)) : std::random_device()();
  SCOPED_TRACE("REGCTL_TEST_SEED=" + std::to_string(seed));
  std::mt19937 random(seed);
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(v2())) {
    const bool is_history = entry.path().string().find("/index/") != std::string::npos;
    if (entry.is_regular_file() && !is_history) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::shuffle(files.begin(), files.end(), random);
  files.resize(200);
  std::map<fs::path, std::string> before;
  std::set<std::string> names, left;  // by which findings may call them: paths and digests
  for (const fs::path& file : files) {
    const std::string bytes = read_all(file), key = fs::relative(file, v2());
    before.emplace(file, bytes);
    std::string damaged = bytes;
    const std::size_t at = random() % bytes.size();
    switch (random() % 4) {
      case 0:
        damaged[at] ^= static_cast<char>(1u << random() % 7);
        break;
      case 1:
        damaged.resize(at);
        break;
      case 2:
        damaged += 'x';
        break;
      default:
        damaged[at] = '\0';
    }
    std::ofstream(file, std::ios::binary) << damaged;
    names.insert("docker/registry/v2/" + key);
    const std::string hex = fs::path(key).parent_path().filename();
    if (hex.size() == 64) names.insert("sha256:" + hex);
    left.insert(key);
  }
  const Ran ran = run(audit());
  EXPECT_EQ(ran.status, 12);
  const json report = report_of(ran);
  for (const json& finding : report.at("findings")) {
    if (finding.at("severity") == "info") continue;
    const std::string path = finding.value("path", ""), digest = finding.value("digest", "");
    EXPECT_TRUE(names.contains(path) || names.contains(digest)) << finding;
    std::erase_if(left, [&](const std::string& key) {
      const std::string hex = fs::path(key).parent_path().filename();
      return path.ends_with(key) || digest == "sha256:" + hex;
    });
  }
  EXPECT_THAT(left, testing::IsEmpty());
  for (const auto& [file, bytes] : before) std::ofstream(file, std::ios::binary) << bytes;
  EXPECT_EQ(run(audit()).status, 0);
}

// The table of rules is the only one: what a report, the help and the manual list is the same.
TEST_F(AuditOnDisk, HelpAndManualTellEveryRule) {
  const std::string help = run({regctl_audit(), "--help"}).out,
                    manual = read_all(fs::path(report_schema("regctl-audit")).parent_path() /
                                      "regctl-audit.8.scd");
  const json report = report_of(run(audit({"--quick"})));
  std::size_t told = 0;
  for (const json& rule : report.at("rules")) {
    const std::string id = rule.at("id"), severity = rule.at("severity");
    std::string summary = rule.at("summary");
    summary[0] = static_cast<char>(std::toupper(summary[0]));
    EXPECT_THAT(help, testing::HasSubstr(' ' + id));
    EXPECT_THAT(manual, testing::HasSubstr("*" + id + "* (" + severity + ")\n\t" + summary));
    ++told;
  }
  std::size_t described = 0;
  for (auto at = manual.find(")\n\t", manual.find("# FINDINGS")); at != manual.npos;
       at = manual.find(")\n\t", at + 1))
    ++described;
  EXPECT_EQ(described, told);
}

TEST_F(AuditOnDisk, MixedOwnersAreGivenBack) {
  if (geteuid() != 0) GTEST_SKIP() << "only root gives files away";
  ASSERT_EQ(chown(data("base").c_str(), 4321, 4321), 0);
  const Ran ran = run(audit());
  EXPECT_EQ(ran.status, 1);
  EXPECT_EQ(rules(ran), (std::multiset<std::string>{"owner-mixed"}));
  const std::string advice = report_of(ran).at("findings")[0].at("advice");
  EXPECT_EQ(run({"sh", "-c", "cd \"$1\" && " + advice, "sh", root.path()}).status, 0);
  EXPECT_EQ(run(audit()).status, 0);
}

TEST_F(AuditOnDisk, DrawsWhatDotCanDraw) {
  const fs::path file = work.path() / "graph.dot";
  EXPECT_EQ(run(audit({"--graph", file})).status, 0);
  const Ran drawn = run({"dot", "-Tsvg", file});
  EXPECT_EQ(drawn.status, 0) << drawn.err;
  EXPECT_THAT(drawn.out, testing::HasSubstr(digest_of("base").hex().substr(0, 12)));
  EXPECT_EQ(run(audit({"--graph", v2() / "graph.dot"})).status, 2);
  EXPECT_EQ(run({regctl_audit(), "--graph", "-", root.path()}).out, run({"cat", file}).out);
}

TEST_F(AuditOnDisk, WritesToStandardOutputWhereADashNamesTheFile) {
  const auto to_dash = [&](const std::string& option) {
    return run({regctl_audit(), "--quick", "-q", option, "-", root.path()});
  };
  EXPECT_EQ(report_of(to_dash("--report")).at("state"), "clean");
  EXPECT_THAT(to_dash("--metrics").out, testing::HasSubstr("\nregctl_audit_findings{"));
  EXPECT_FALSE(fs::exists("-"));
}

TEST_F(AuditOnDisk, AnswersAsItsSchemaSays) {
  registry.image("app/a", {"untagged"});
  registry.index("app/a", {registry.image("app/a", {"one of many"})}, "many");
  write();
  const std::string list = work.path() / "list";
  std::ofstream(list) << run({regctl_audit(), "--images", "--format", "plain", root.path()}).out
                      << "app/a:gone " << digest_of("gone").text() << '\n';
  std::vector<std::string> answers;
  const std::vector<std::vector<std::string>> questions = {{"--usage"},
                                                           {"--images", "-v"},
                                                           {"--untagged"},
                                                           {"--history", "app/a:v0"},
                                                           {"--history", "app/a:many"},
                                                           {"--reconcile", list},
                                                           {"--why", digest_of("base").text()},
                                                           {"--why", "app/a:many"}};
  for (const auto& question : questions) {
    const Ran ran = run(audit(question));
    EXPECT_EQ(ran.status, 0) << ran.err;
    answers.push_back(ran.out);
  }
  const auto schema =
      fs::path(report_schema("regctl-audit")).parent_path() / "regctl-audit-answer.schema.json";
  for (const std::string& objection : objections(schema, answers)) EXPECT_EQ(objection, "");
  EXPECT_NE(objections(schema, {R"({"root":""})"})[0], "");
  EXPECT_EQ(json::parse(answers[6]).at("chains").size(), kImages);
  EXPECT_EQ(json::parse(answers[5]).at("lacks").size(), 1);
  EXPECT_EQ(json::parse(answers[5]).at("beyond").size(), 1);  // what no tag reaches
  EXPECT_EQ(run(audit({"--images", "--usage"})).status, 2);
  EXPECT_EQ(run(audit({"--why", "0000"})).status, 2);
  const std::vector<std::vector<std::string>> of_audits = {
      {"--state", state},  {"--evidence", list},     {"--deadline", "1h"},
      {"--quick"},         {"--limit-rate", "10MB"}, {"--max-age", "1d"},
      {"--subset", "1/2"}, {"--pull-through-cache"}};
  for (auto options : of_audits) {
    options.push_back("--usage");
    EXPECT_EQ(run(audit(options)).status, 2) << options[0];
  }
  EXPECT_EQ(run(audit({"--why", "app/a:many", "--repository", "app/a"})).status, 2);
  for (const char* question : {"--images", "--untagged"}) {
    const json some = json::parse(run(audit({question, "--repository", "*/a"})).out);
    const json& rows = some.at(std::string(question).substr(2));
    EXPECT_GT(rows.size(), 0u);
    for (const json& row : rows) EXPECT_EQ(row.at("repository"), "app/a");
  }
  EXPECT_EQ(run(audit({"--usage", "--repository", "nobody/*"})).status, 1);
}

}  // namespace
}  // namespace regctl
