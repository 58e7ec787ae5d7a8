// The cache gate before registries that really run (contract 3.3): what is found out about them in
// /proc, and what becomes of a blob that is in quarantine.
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "gc/serving/registry_processes.h"
#include "registry/find_store.h"
#include "registry/hasher.h"
#include "registry/store.h"
#include "tests/support/pusher.h"
#include "tests/support/store_on_disk.h"
#include "tests/support/sweeping.h"

namespace regctl {
namespace {

using namespace test;
using nlohmann::json;
namespace fs = std::filesystem;

class GateOnDisk : public StoreOnDisk {
 protected:
  const Digest garbage = registry.layer("app", "garbage");

  GateOnDisk() { registry.image("app", {"alive"}, "v1"); }

  // The store with `garbage` in quarantine since `taken`.
  void write_with_garbage_taken(Time taken) {
    registry.quarantine(RegistryBuilder::data(garbage), taken);
    write();
  }
  void write_with_old_garbage() { write_with_garbage_taken(kTaken); }

  bool is_waiting() const {
    const auto directory = (v2() / RegistryBuilder::data(garbage)).parent_path();
    return fs::exists(directory) && !fs::is_empty(directory);
  }
  static std::string reason_in(const Ran& ran) {
    const json report = report_of(ran);
    return report.is_object() && report["waiting"].is_object()
               ? report["waiting"]["what_would_free_it"].get<std::string>()
               : ran.err;
  }
  Ran collect(std::vector<std::string> options = {}) const {
    options.insert(options.begin(),
                   {regctl_gc(), "--json", "--hold", "0s", "--max-delete", "100%"});
    options.push_back(root.path());
    return run(options);
  }

  void expect_purged(const Ran& ran) const {
    EXPECT_LE(ran.status, 1) << ran.err;
    EXPECT_FALSE(is_waiting()) << reason_in(ran);
    EXPECT_EQ(report_of(ran)["swept"]["purged"]["count"], 1) << ran.out;
  }
  void expect_waiting(const Ran& ran) const {
    EXPECT_LE(ran.status, 1) << ran.err;
    EXPECT_TRUE(is_waiting());
    EXPECT_EQ(report_of(ran)["swept"]["purged"]["count"], 0) << ran.out;
    EXPECT_EQ(report_of(ran)["waiting"]["gate"], "closed");
  }
  // `word`, an option or a process id, stands in what would free it, however that is put.
  void expect_waiting(const Ran& ran, const std::string& word) const {
    expect_waiting(ran);
    EXPECT_THAT(reason_in(ran), Says(word));
  }
  static testing::Matcher<std::string> Says(const std::string& word) {
    return testing::ContainsRegex("(^|[^0-9])" + word + "([^0-9]|$)");
  }
  static std::string pid_of(const DockerRegistry& one) {
    return std::to_string(one.program().pid());
  }

  // Whether the gate can open by what is seen; skip_reason says why not. (Processes other than ours
  // may be in doubt too: that they run here is an answer as well.)
  bool can_see_all() {
    const auto found = gc::find_registries("/proc", Store(find_store(root.path()).facts).facts());
    if (found.blindness)
      skip_reason = "not every process of this host can be seen";
    else if (!found.local)
      skip_reason = "the store is not on a local file system";
    return skip_reason.empty();
  }
};

#define NEEDS_TO_SEE_ALL() \
  if (!can_see_all()) GTEST_SKIP() << "no gate opens by evidence alone here: " << skip_reason

TEST_F(GateOnDisk, NoRegistryIsNoProof) {
  write_with_old_garbage();
  expect_waiting(collect(), "--registry-restarted-at");
}

TEST_F(GateOnDisk, WordsOpenItEverywhere) {
  write_with_old_garbage();
  const Ran early =
      collect({"--registry-restarted-at", format_rfc3339(kTaken + std::chrono::seconds(4))});
  expect_waiting(early, "--registry-restarted-at");
  EXPECT_EQ(collect({"--registry-restarted-at", format_rfc3339(now() + kHour)}).status, 2);
  expect_purged(
      collect({"--registry-restarted-at", format_rfc3339(kTaken + std::chrono::seconds(5))}));
}

TEST_F(GateOnDisk, NoCacheAtAllOpensItEverywhere) {
  write_with_old_garbage();
  expect_purged(collect({"--registry-cache", "none"}));
}

TEST_F(GateOnDisk, TheHoldComesFirst) {
  write_with_garbage_taken(now());
  const Ran ran = collect({"--hold", "1h", "--registry-cache", "none"});
  EXPECT_LE(ran.status, 1) << ran.err;
  EXPECT_TRUE(is_waiting());
}

TEST_F(GateOnDisk, ARegistryWithoutACacheOpensIt) {
  write_with_garbage_taken(now());
  const DockerRegistry serving(root.path());
  NEEDS_TO_SEE_ALL();
  expect_purged(collect());
}

TEST_F(GateOnDisk, OneThatServesAnotherStoreSaysNothing) {
  write_with_old_garbage();
  const DockerRegistry serving(work.path());
  expect_waiting(collect());
}

TEST_F(GateOnDisk, ACacheInMemoryFromBeforeKeepsItClosed) {
  const DockerRegistry serving(root.path(), kInmemory);
  write_with_garbage_taken(now());
  expect_waiting(collect(), pid_of(serving));
  const Ran told = collect({"--registry-cache", "none"});  // which is not so
  expect_waiting(told, pid_of(serving));
  EXPECT_EQ(told.status, 1);
  EXPECT_TRUE(codes_of(told, "warnings").contains("registry-has-cache")) << told.out;
}

TEST_F(GateOnDisk, ACacheInMemoryFromAfterOpensIt) {
  write_with_garbage_taken(now() - std::chrono::seconds(60));
  const DockerRegistry serving(root.path(), kInmemory);
  NEEDS_TO_SEE_ALL();
  expect_purged(collect());
}

// It started after the quarantine, but by less than the clocks are trusted with.
TEST_F(GateOnDisk, ARestartWithinFiveSecondsIsNone) {
  write_with_garbage_taken(now() - std::chrono::seconds(2));
  const DockerRegistry serving(root.path(), kInmemory);
  expect_waiting(collect(), pid_of(serving));
}

TEST_F(GateOnDisk, ARestartThatWasNoneIsSeen) {
  const Time taken = std::chrono::floor<std::chrono::seconds>(now()) - std::chrono::seconds(8);
  write_with_garbage_taken(taken + std::chrono::seconds(6));
  const DockerRegistry serving(root.path(), kInmemory);  // up to 5 seconds after: not restarted
  ASSERT_TRUE(becomes_true([&] { return now() > taken + std::chrono::seconds(12); }));
  const Ran ran =
      collect({"--registry-restarted-at", format_rfc3339(taken + std::chrono::seconds(11))});
  expect_waiting(ran, pid_of(serving));
  EXPECT_TRUE(codes_of(ran, "warnings").contains("registry-not-restarted")) << ran.out;
  EXPECT_EQ(ran.status, 1);
}

TEST_F(GateOnDisk, AConfigurationChangedAfterTheStartSaysNothing) {
  write_with_old_garbage();
  const DockerRegistry serving(root.path(), kInmemory);
  const std::string text = read_all(serving.configuration());
  std::ofstream(serving.configuration()) << text << "# changed\n";
  // Later than the start by more than any estimate of that is wrong.
  fs::last_write_time(serving.configuration(),
                      fs::file_time_type::clock::now() + std::chrono::seconds(2));
  expect_waiting(collect(), pid_of(serving));
  expect_purged(collect({"--registry-restarted-at", format_rfc3339(kNow - kDay)}));
}

TEST_F(GateOnDisk, AnEnvironmentTurnsTheCacheOn) {
  write_with_garbage_taken(now());
  const DockerRegistry serving(
      root.path(), {.environment = {{"REGISTRY_STORAGE_CACHE_BLOBDESCRIPTOR", "inmemory"}}});
  expect_waiting(collect(), pid_of(serving));
}

TEST_F(GateOnDisk, AnEnvironmentNamesTheStore) {
  write_with_garbage_taken(now());
  Orders orders = kInmemory;
  orders.environment = {{"REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY", root.path()}};
  const DockerRegistry serving(work.path(), orders);
  expect_waiting(collect(), pid_of(serving));
}

TEST_F(GateOnDisk, RedisIsNeverJudgedByItself) {
  write_with_old_garbage();
  const DockerRegistry serving(root.path(), {.more = "redis: {addr: \"127.0.0.1:1\"}\n"});
  expect_waiting(collect(), pid_of(serving));
  const Ran told = collect({"--registry-cache", "none"});
  expect_waiting(told);
  EXPECT_TRUE(codes_of(told, "warnings").contains("registry-has-cache")) << told.out;
  expect_purged(collect({"--registry-restarted-at", format_rfc3339(kNow - kDay)}));
}

TEST_F(GateOnDisk, OfflineRefusesBesideARegistryThatServes) {
  write_with_old_garbage();
  std::optional<DockerRegistry> serving(std::in_place, root.path());
  const Ran refused = collect({"--offline", "--insist", "registry-in-doubt"});
  EXPECT_EQ(refused.status, 12) << refused.err;
  EXPECT_EQ(codes_of(refused, "blockers"), std::set<std::string>{"registry-serving"});
  EXPECT_THAT(refused.err, Says(pid_of(*serving)));
  EXPECT_TRUE(is_waiting());
  serving.reset();
  expect_purged(collect({"--offline", "--insist", "registry-in-doubt"}));
}

// Whatever the reason for the doubt: a push that an in-memory cache answers would be lost for good.
TEST_F(GateOnDisk, OfflineRefusesBesideARegistryInDoubt) {
  write_with_old_garbage();
  const auto expect_refused = [&](const std::string& reason) {
    const Ran refused = collect({"--offline"});
    EXPECT_EQ(refused.status, 12) << reason << ": " << refused.err;
    const auto codes = codes_of(refused, "blockers");
    EXPECT_TRUE(codes.contains("registry-in-doubt") || codes.contains("registry-serving"))
        << reason << ": " << refused.err;
    EXPECT_TRUE(is_waiting()) << reason;
  };
  {
    const DockerRegistry serving(root.path(), kInmemory);
    fs::remove(serving.configuration());
    expect_refused("its configuration was removed");
  }
  {
    const DockerRegistry serving(root.path(), kInmemory);
    // Start times are told in steps.
    const Time later = now() + std::chrono::milliseconds(100);
    ASSERT_TRUE(becomes_true([&] { return now() > later; }));
    std::ofstream(serving.configuration()) << "version: 0.1\nstorage: {filesystem: "
                                              "{rootdirectory: /nowhere}}\n";
    expect_refused("its configuration was replaced");
  }
  {
    Orders through_a_pipe = kInmemory;
    through_a_pipe.wrapper = {"sh", "-c", "mkfifo $3.pipe; cat $3 >$3.pipe & exec $1 $2 $3.pipe",
                              "sh"};
    const DockerRegistry serving(root.path(), through_a_pipe);
    expect_refused("its configuration came through a pipe");
  }
  {
    const DockerRegistry serving(
        root.path(), {.storage = ", cache: {<<: {blobdescriptor: inmemory}}", .more = ""});
    expect_refused("its configuration has a merge key");
  }
  {
    const DockerRegistry serving(
        root.path(), {.storage = ", cache: !mine {blobdescriptor: inmemory}", .more = ""});
    expect_refused("its configuration has a tag of its own");
  }
  expect_purged(collect({"--offline", "--insist", "registry-in-doubt"}));
}

// What the refusal is for: the cache answers for bytes that are gone, the push is accepted and its
// image cannot be pulled.
TEST_F(GateOnDisk, APushBesideARefusalIsWhole) {
  write();
  const DockerRegistry serving(root.path(), kInmemory);
  fs::remove(serving.configuration());
  std::atomic<int> port = serving.port();
  Client client(port);
  const LocalImage image = local_image({"layer one", "layer two"}, "{}");
  const auto push = [&] {
    return client.push_blobs("app", image) &&
           client.put_manifest("app", "new", image).status == 201;
  };
  const auto remove = [&] {
    const std::string target = "/v2/app/manifests/" + image.digest.text();
    EXPECT_EQ(client.request("DELETE", target).status, 202);
  };
  const std::vector<std::string> offline = {"--offline", "--keep-younger-than", "0s",
                                            "--trust-times"};
  ASSERT_TRUE(push());
  remove();
  const Ran refused = collect(offline);
  EXPECT_EQ(refused.status, 12) << refused.err;
  ASSERT_TRUE(push());
  EXPECT_EQ(client.lacks("app", "new"), "");

  remove();
  auto insisting = offline;
  insisting.insert(insisting.end(), {"--insist", "registry-in-doubt"});
  EXPECT_LE(collect(insisting).status, 1);
  ASSERT_TRUE(push());
  EXPECT_NE(client.lacks("app", "new"), "") << "the control is void: nothing was at stake";
}

// A collector that is not root, and so may not look into the registry's process.
TEST_F(GateOnDisk, OfflineRefusesWhereItMayNotLook) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can start programs of another user";
  constexpr uid_t kCollector = 65533;
  write_with_old_garbage();
  const fs::path program = work.path() / "regctl-gc";
  fs::copy_file(regctl_gc(), program);
  for (const auto& top : {root.path(), work.path()}) {
    ASSERT_EQ(lchown(top.c_str(), kCollector, kCollector), 0);
    for (const auto& entry : fs::recursive_directory_iterator(top))
      ASSERT_EQ(lchown(entry.path().c_str(), kCollector, kCollector), 0);
  }
  const auto collect_as_another = [&] {
    const std::string id = std::to_string(kCollector);
    return run({"setpriv", "--reuid=" + id, "--regid=" + id, "--clear-groups", program, "--json",
                "--hold", "0s", "--max-delete", "100%", "--offline", root.path()});
  };
  {
    const DockerRegistry serving(root.path(), kInmemory);
    const Ran refused = collect_as_another();
    EXPECT_EQ(refused.status, 12) << refused.err;
    EXPECT_TRUE(codes_of(refused, "blockers").contains("registry-in-doubt")) << refused.out;
    EXPECT_THAT(refused.out, Says(pid_of(serving)));  // others of this host may come first
    EXPECT_TRUE(is_waiting());
  }
  EXPECT_TRUE(becomes_true([&] {
    collect_as_another();
    return !is_waiting();
  }));
}

// Anybody on a host may call a program registry. One that may not write here holds up nothing, and
// what it offers to read is not read.
TEST_F(GateOnDisk, WhoCouldNotWriteRaisesNoDoubt) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can start programs of another user";
  write_with_old_garbage();
  const auto pipe = work.path() / "pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0666), 0);
  std::vector<std::string> claim = {"sh", "-c", "echo >&2; read x <$2", "registry", "serve", pipe};
  const auto started = [](const Program& one) {
    return becomes_true([&] { return !one.err().empty(); });
  };
  {
    const Program root_s(claim);
    ASSERT_TRUE(started(root_s));
    const Ran refused = collect({"--offline"});
    EXPECT_EQ(codes_of(refused, "blockers"), std::set<std::string>{"registry-in-doubt"});
    const Ran insisting = collect({"--offline", "--dry-run", "--insist", "registry-in-doubt"});
    EXPECT_LE(insisting.status, 1) << insisting.err;
  }
  claim.insert(claim.begin(), {"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"});
  const Program nobody_s(claim);
  ASSERT_TRUE(started(nobody_s));
  // Again where a registry of another test was in doubt for a moment.
  EXPECT_TRUE(becomes_true([&] {
    collect({"--offline"});
    return !is_waiting();
  }));
}

TEST_F(GateOnDisk, OfflineGoesBesideOneThatOnlyReads) {
  write_with_old_garbage();
  const DockerRegistry serving(root.path(),
                               {.storage = ", maintenance: {readonly: {enabled: true}}"});
  expect_purged(collect({"--offline", "--insist", "registry-in-doubt"}));
}

TEST_F(GateOnDisk, OfflineQuarantinesOnlyWhereRedisIsNamed) {
  write_with_old_garbage();
  const DockerRegistry serving(root.path(),
                               {.storage = ", maintenance: {readonly: {enabled: true}}",
                                .more = "redis: {addr: \"127.0.0.1:1\"}\n"});
  expect_waiting(collect({"--offline", "--insist", "registry-in-doubt"}), pid_of(serving));
}

// A pull-through cache writes, whatever its configuration says.
TEST_F(GateOnDisk, OfflineRefusesBesideAPullThroughCache) {
  write_with_old_garbage();
  const TemporaryDirectory elsewhere;
  const DockerRegistry upstream(elsewhere.path());
  const DockerRegistry serving(
      root.path(), {.storage = ", maintenance: {readonly: {enabled: true}}",
                    .more = "proxy: {remoteurl: \"http://" + upstream.address() + "\"}\n"});
  const Ran refused = collect({"--offline", "--insist", "registry-in-doubt"});
  EXPECT_EQ(refused.status, 12) << refused.err;
  EXPECT_EQ(codes_of(refused, "blockers"), std::set<std::string>{"registry-serving"});
  EXPECT_TRUE(is_waiting());
}

// Its own collector removes a blob's directory with all that is in it; here it is stopped where it
// begins to look.
TEST_F(GateOnDisk, NothingIsTakenBesideTheRegistrysOwnCollector) {
  registry.layer("app", "would be taken");
  write_with_old_garbage();
  const auto config = work.path() / "config.yml";
  std::ofstream(config) << "version: 0.1\nstorage: {filesystem: {rootdirectory: "
                        << root.path().string() << "}}\n";
  const Files before = files_below(v2());
  {
    const Program upstream({"strace", "-D", "-f", "-qq", "-o", "/dev/null", "-P",
                            v2() / "repositories", "-e", "trace=openat,newfstatat", "-e",
                            "inject=openat,newfstatat:signal=STOP:when=1", "docker-registry",
                            "garbage-collect", config});
    ASSERT_TRUE(becomes_true([&] { return upstream.is_held(); }));
    for (const std::vector<std::string>& mode :
         {std::vector<std::string>{}, {"--offline"}, {"--registry-cache", "none"}}) {
      const Ran refused = collect(mode);
      EXPECT_EQ(refused.status, 12) << refused.err;
      EXPECT_EQ(codes_of(refused, "blockers"), std::set<std::string>{"upstream-collector"})
          << refused.out;
    }
    EXPECT_EQ(files_below(v2()), before);
  }
  EXPECT_LE(collect({"--registry-cache", "none"}).status, 1);
  EXPECT_FALSE(is_waiting());
}

}  // namespace
}  // namespace regctl
