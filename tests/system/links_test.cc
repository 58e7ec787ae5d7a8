// Symbolic links below ROOT, as people make them who move a part of their registry to a larger disk
// or rename a repository: with both programs, on disks of this host.
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/attacker.h"
#include "tests/system/sweeping_disk.h"

namespace regctl {
namespace {

using namespace test;
using nlohmann::json;
namespace fs = std::filesystem;

constexpr const char* kBlobs = "docker/registry/v2/blobs";

// The part of `store` at `place` stands on `disk`, and a link in its place.
void move_out(const fs::path& store, const std::string& place, const fs::path& disk) {
  fs::create_directories((disk / place).parent_path());
  fs::rename(store / place, disk / place);
  fs::create_directory_symlink(disk / place, store / place);
}

class Links : public SweepDisk {
 protected:
  Links() { write_to(root.path()); }

  static Ran audit(const fs::path& store, std::vector<std::string> options = {}) {
    std::vector<std::string> argv = audit_of(store);
    argv.insert(argv.begin() + 1, options.begin(), options.end());
    return run(argv);
  }
  static std::set<std::string> rules_of(const Ran& ran) {
    std::set<std::string> rules;
    const json report = report_of(ran);
    for (const auto& finding : report.at("findings")) rules.insert(finding.at("rule"));
    return rules;
  }
  void expect_alive_in(const fs::path& store, const std::string& when) const {
    for (const std::string& key : alive)
      EXPECT_TRUE(fs::exists(v2_of(store) / key)) << key << " is gone, " << when;
  }
  // The option that a hint on standard error gives, as a person would copy it.
  static std::vector<std::string> advised(const Ran& ran) {
    const auto at = ran.err.find("--follow ");
    if (at == std::string::npos) return {};
    const auto from = at + std::string_view("--follow ").size();
    return {"--follow", ran.err.substr(from, ran.err.find_first_of("),\n", from) - from)};
  }

  TemporaryDirectory disk;
};

// Whatever was moved, the advice of the refusal helps, and the plan is that of the whole.
TEST_F(Links, TheAdviceOfTheRefusalHelps) {
  const std::string whole = judgement(dry_run({"-m"}));
  for (const std::string& place :
       {std::string("docker"), std::string("docker/registry/v2"), std::string(kBlobs),
        std::string(kBlobs) + "/sha256", "docker/registry/v2/" + layout::blob_shard(garbage[0]),
        std::string("docker/registry/v2/repositories"),
        std::string("docker/registry/v2/repositories/team"),
        std::string("docker/registry/v2/repositories/team/app/_layers")}) {
    const TemporaryDirectory store, elsewhere;
    write_to(store.path());
    move_out(store.path(), place, elsewhere.path());
    const bool above = !place.starts_with("docker/registry/v2/");
    const Ran refused = run(dry_run_of(store.path(), {"-m"}));
    EXPECT_EQ(refused.status, above ? 10 : 12) << place << refused.err;
    const auto option = advised(refused);
    ASSERT_EQ(option.size(), 2u) << place << refused.err;
    EXPECT_EQ(judgement(run(dry_run_of(store.path(), {"-m", option[0], option[1]}))), whole)
        << place;
    const Ran audited = audit(store.path(), option);
    EXPECT_EQ(audited.status, 0) << place << audited.out << audited.err;
  }
}

TEST_F(Links, ACollectionThroughOneEndsAsWithoutIt) {
  const TemporaryDirectory plain;
  write_to(plain.path());
  const Files end = settle(plain.path());
  for (const std::string& place :
       {std::string(kBlobs), std::string("docker/registry/v2/repositories/team")}) {
    const TemporaryDirectory store, elsewhere;
    write_to(store.path());
    move_out(store.path(), place, elsewhere.path());
    settle(store.path(), {"--offline", "-m", "--follow", place});
    fs::remove(store.path() / place);
    fs::rename(elsewhere.path() / place, store.path() / place);
    EXPECT_EQ(files_below(v2_of(store.path())), end) << place;
  }
}

TEST_F(Links, QuarantinedThroughOneAndRestored) {
  const Files before = files_below(v2_of(root.path()));
  move_out(root.path(), kBlobs, disk.path());
  const Ran taken = collect(root.path(), {"-m", "--follow", kBlobs});
  EXPECT_EQ(taken.status, 0) << taken.err;
  EXPECT_GT(report_of(taken).at("swept").at("quarantined").at("count"), 0u);
  EXPECT_EQ(garbage_left(root.path()), 0u);
  EXPECT_EQ(collect(root.path(), {"--restore"}).status, 12);
  EXPECT_EQ(collect(root.path(), {"--restore", "--follow", kBlobs}).status, 0);
  fs::remove(root.path() / kBlobs);
  fs::rename(disk.path() / kBlobs, root.path() / kBlobs);
  EXPECT_EQ(files_below(v2_of(root.path())), before);
}

// What stands behind a link that is not followed is unknown, not missing.
TEST_F(Links, TheAuditCallsNothingMissingThatALinkHides) {
  const std::string v2 = "docker/registry/v2/", app = v2 + "repositories/team/app/";
  for (const std::string& place :
       {v2 + "blobs", v2 + "blobs/sha256", v2 + layout::blob_shard(digest_of("shared")),
        v2 + layout::blob(digest_of("shared")), v2 + RegistryBuilder::data(digest_of("shared")),
        v2 + "repositories", v2 + "repositories/team", app + "_layers", app + "_layers/sha256",
        app + "_manifests", app + "_manifests/revisions", app + "_manifests/revisions/sha256",
        app + "_manifests/tags", app + "_manifests/tags/latest",
        app + "_manifests/tags/latest/current",
        v2 + layout::layer_link("team/app", digest_of("shared"))}) {
    const TemporaryDirectory store, elsewhere;
    write_to(store.path());
    move_out(store.path(), place, elsewhere.path());
    const Ran audited = audit(store.path());
    EXPECT_EQ(audited.status, 13) << place << audited.out << audited.err;
    EXPECT_EQ(report_of(audited).at("state"), "incomplete");
    std::set<std::string> rules = rules_of(audited);
    EXPECT_EQ(rules.erase("symlink-in-tree"), 1u) << place;
    for (const char* info : {"manifest-untagged", "blob-unreferenced"})
      EXPECT_EQ(rules.erase(info), 0u) << place << info;
    EXPECT_EQ(rules, std::set<std::string>{}) << place;
  }
}

TEST_F(Links, AnotherNameIsNoted) {
  const std::string whole = judgement(dry_run({"-m"}));
  const fs::path repositories = v2_of(root.path()) / "repositories";
  fs::create_directory_symlink("team", repositories / "old-team");
  fs::create_directory_symlink(repositories / "other", repositories / "team/other");
  const Ran looked = dry_run({"-m"});
  EXPECT_EQ(judgement(looked), whole);
  EXPECT_TRUE(codes_of(looked, "advice").contains("aliases")) << looked.out;
  const Ran audited = audit(root.path());
  EXPECT_EQ(audited.status, 0) << audited.out;
  EXPECT_TRUE(rules_of(audited).contains("alias-link"));
  const Files end = settle(root.path());
  expect_alive(end, "beside other names");
  EXPECT_TRUE(fs::is_symlink(repositories / "old-team"));
}

// Another name may be followed, and is not: it is read already.
TEST_F(Links, NothingIsTakenThroughAnotherName) {
  const std::string alias = "docker/registry/v2/repositories/old-team";
  fs::create_directory_symlink("team", root.path() / alias);
  const Ran looked = dry_run({"-m", "--follow", alias});
  EXPECT_EQ(looked.status, 0) << looked.err;
  EXPECT_EQ(looked.out.find("old-team/app"), std::string::npos);
}

TEST_F(Links, AMistakeIsToldAndAVolumeThatIsNotMountedRefuses) {
  EXPECT_EQ(collect(root.path(), {"-n", "--follow", "docker/registry/v2/blob"}).status, 2);
  move_out(root.path(), kBlobs, disk.path());
  fs::rename(disk.path() / kBlobs, disk.path() / "aside");
  EXPECT_EQ(codes_of(collect(root.path(), {"-n", "--follow", kBlobs}), "blockers"),
            std::set<std::string>{"symlink-in-tree"});
  fs::create_directories(disk.path() / kBlobs);
  EXPECT_TRUE(codes_of(collect(root.path(), {"-n", "--follow", kBlobs}), "blockers")
                  .contains("empty-mount"));
}

// In a container the same link may mean another directory: what it serves then was not read.
TEST_F(Links, ARegistryThatFindsAnotherDirectoryThereRefuses) {
  move_out(root.path(), kBlobs, disk.path());
  const TemporaryDirectory another;
  const auto blockers = [&] {
    return codes_of(collect(root.path(), {"-n", "--follow", kBlobs}), "blockers");
  };
  {
    const DockerRegistry serving(root.path());
    EXPECT_EQ(blockers(), std::set<std::string>{});
  }
  const std::string prepare = "mount --bind " + another.path().string() + ' ' +
                              (disk.path() / kBlobs).string() + " && exec \"$@\"";
  const std::vector<std::string> apart = {"unshare", "--mount", "--propagation", "private",
                                          "sh",      "-c",      prepare,         "sh"};
  auto attempt = apart;
  attempt.push_back("true");
  if (run(attempt).status != 0) GTEST_SKIP() << "this host does not let us mount that";
  const DockerRegistry serving(root.path(), {.wrapper = apart});
  EXPECT_EQ(blockers(), std::set<std::string>{"registry-sees-another"});
}

TEST_F(Links, NoReportGoesThroughOne) {
  move_out(root.path(), kBlobs, disk.path());
  const fs::path file = disk.path() / kBlobs / "report.json";
  EXPECT_EQ(collect(root.path(), {"-n", "--follow", kBlobs, "--report", file}).status, 2);
  EXPECT_FALSE(fs::exists(file));
}

// Somebody who may write below ROOT, where blobs/ is a link that is followed, exchanges that link
// and directories before and behind it with links to another registry's storage, where the same
// things are garbage, while root collects.
TEST_F(Links, P6AnAttackerGainsNothingByWhatIsFollowed) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can be attacked so";
  constexpr uid_t kAttacker = 1234;
  const auto give_away = [](const fs::path& top) {
    for (const auto& entry : fs::recursive_directory_iterator(top))
      ASSERT_EQ(lchown(entry.path().c_str(), kAttacker, kAttacker), 0);
  };
  const TemporaryDirectory outside;  // root's
  write_to(outside.path());
  // No whole store, by which it would be known.
  fs::rename(v2_of(outside.path()) / "repositories", outside.path() / "repositories");
  const Nodes sentinels = nodes_below(outside.path());
  const std::vector<std::string> places = {kBlobs, std::string(kBlobs) + "/sha256",
                                           "docker/registry/v2/" + layout::blob_shard(garbage[0]),
                                           "docker/registry/v2/" + layout::blob(garbage[0])};
  std::map<int, int> ended;
  std::uint64_t exchanges = 0;
  const int rounds = getenv("REGCTL_TEST_ROUNDS") ? 1000 : 80;
  for (int i = 0; i < rounds && !HasFailure(); ++i) {
    const TemporaryDirectory inside, moved, links;
    write_to(inside.path());
    move_out(inside.path(), kBlobs, moved.path());
    give_away(inside.path());
    give_away(moved.path());
    for (const auto* directory : {&inside, &moved, &links, &outside})
      fs::permissions(directory->path(), fs::perms(0755));
    fs::create_directory_symlink(outside.path() / "docker", links.path() / "docker");
    std::vector<std::string> attacked;
    for (std::size_t k = 0; k < places.size(); ++k) {
      if ((k + i) % 2 == 0) attacked.push_back(places[k]);
    }
    {
      const Attacker attacker(inside.path(), links.path(), attacked, kAttacker);
      ++ended[collect(inside.path(), {"--offline", "-m", "--follow", kBlobs}).status];
      exchanges += attacker.exchanges();
    }
    expect_alive_in(inside.path(), "attacked");
  }
  EXPECT_EQ(nodes_below(outside.path()), sentinels);
  EXPECT_GT(exchanges, 1000u);
  EXPECT_GT(ended[12] + ended[13], rounds / 10) << "the attacker hardly ever hit";
  for (const auto& [status, times] : ended)
    EXPECT_TRUE(status == 0 || status == 1 || status == 12 || status == 13)
        << status << ": " << times << " times";
}

}  // namespace
}  // namespace regctl
