// scripts/maintenance-window, with commands that only write down that they were called, and with
// Debian's registry.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>

#include "registry/hasher.h"
#include "tests/support/program.h"
#include "tests/support/registry_builder.h"

namespace regctl {
namespace {

using namespace test;
using Lines = std::vector<std::string>;
using testing::ElementsAre;

// Ends when the test says so, or is over. A signal that comes just before a shell's `read` is not
// seen until that ends.
const std::string kHold = "while read -r -t 0.05; [ $? -gt 128 ]; do :; done <\"$WORK/fifo\"\n";

class MaintenanceWindow : public testing::Test {
 protected:
  MaintenanceWindow() {
    mkfifo((work.path() / "fifo").c_str(), 0600);
    fifo.open(work.path() / "fifo",
              std::ios::in | std::ios::out);  // for both, which waits for nobody
    command("stop", note("stop"));
    command("start", note("start"));
    command("sleep", note("sleep $*"));
    collector("", "");
  }

  static std::string note(const std::string& what) {
    return "echo \"" + what + "\" >>\"$WORK/log\"\n";
  }
  void command(const std::string& name, const std::string& body) {
    const auto file = work.path() / name;
    std::ofstream(file) << "#!/bin/bash\n" << body;
    std::filesystem::permissions(file, std::filesystem::perms::owner_all);
  }
  // What a dry run does, and what a run that collects does after it has written down its options.
  void collector(const std::string& looks, const std::string& collects) {
    command("collect", "if [ \"$1\" = --dry-run ]; then\n" + note("look") + looks + "exit\nfi\n" +
                           note("collect $*") + collects);
  }

  std::vector<std::string> window(const Lines& options = {}) const {
    std::vector<std::string> argv = {REGCTL_TEST_SCRIPTS "/maintenance-window", "ROOT"};
    argv.insert(argv.end(), options.begin(), options.end());
    return argv;
  }
  std::map<std::string, std::string> environment() const {
    const std::string here = work.path().string();
    return {{"WORK", here},
            {"PATH", here + ':' + std::getenv("PATH")},
            {"REGCTL_GC", here + "/collect"},
            {"REGISTRY_LOCK", here + "/lock"},
            {"REGISTRY_STOP", here + "/stop"},
            {"REGISTRY_START", here + "/start"}};
  }
  Lines log() const {
    std::ifstream in(work.path() / "log");
    Lines lines;
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
  }
  bool has_come_to(const std::string& line) const {
    return becomes_true([&] { return !log().empty() && log().back() == line; });
  }

  TemporaryDirectory work;
  std::fstream fifo;
};

constexpr const char* kCollects = "collect --offline --uploads-idle 15s ROOT";

TEST_F(MaintenanceWindow, StopsWaitsCollectsAndStarts) {
  const Ran ran = run(window(), environment());
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(log(), ElementsAre("look", "stop", "sleep 15", kCollects, "start"));
}

TEST_F(MaintenanceWindow, AnIdleTimeAmongTheOptionsComesLast) {
  auto given = environment();
  given["REGISTRY_IDLE"] = "3";
  EXPECT_EQ(run(window({"--uploads-idle", "1m"}), given).status, 0);
  EXPECT_THAT(log(),
              ElementsAre("look", "stop", "sleep 3",
                          "collect --offline --uploads-idle 3s --uploads-idle 1m ROOT", "start"));
  given["REGISTRY_IDLE"] = "1m";
  EXPECT_EQ(run(window(), given).status, 2);
}

TEST_F(MaintenanceWindow, StartsWhenTheCollectorFails) {
  collector("", "exit 13\n");
  EXPECT_EQ(run(window(), environment()).status, 13);
  EXPECT_THAT(log(), ElementsAre("look", "stop", "sleep 15", kCollects, "start"));
}

TEST_F(MaintenanceWindow, StopsNothingForARunThatWouldBeRefused) {
  collector("exit 12\n", "");
  EXPECT_EQ(run(window(), environment()).status, 12);
  EXPECT_THAT(log(), ElementsAre("look"));
}

TEST_F(MaintenanceWindow, StartsWhenStoppingFailed) {
  command("stop", note("stop") + "exit 5\n");
  EXPECT_EQ(run(window(), environment()).status, 5);
  EXPECT_THAT(log(), ElementsAre("look", "stop", "start"));
}

TEST_F(MaintenanceWindow, SaysThatStartingFailed) {
  command("start", note("start") + "exit 6\n");
  const Ran ran = run(window(), environment());
  EXPECT_EQ(ran.status, 6);
  EXPECT_THAT(ran.err, testing::HasSubstr(environment().at("REGISTRY_START")));
}

// The collector is told once, and ends in its own time.
TEST_F(MaintenanceWindow, ASignalEndsTheCollectorBeforeTheRegistryStarts) {
  for (const auto& [number, name] :
       {std::pair{SIGTERM, "TERM"}, {SIGINT, "INT"}, {SIGHUP, "HUP"}}) {
    std::filesystem::remove(work.path() / "log");
    const std::string status = std::to_string(128 + number);
    collector("", std::string("trap '") +
                      "echo told >>\"$WORK/log\"; read -r <\"$WORK/fifo\"; echo ended "
                      ">>\"$WORK/log\"; exit " +
                      status + "' " + name + "\n" + note("ready") + kHold);
    Program script(window(), environment());
    ASSERT_TRUE(has_come_to("ready")) << script.err();
    script.send(number);
    ASSERT_TRUE(has_come_to("told")) << name << ": " << script.err();
    EXPECT_FALSE(script.has_ended());
    fifo << std::endl;
    EXPECT_EQ(script.wait().status, 128 + number);
    EXPECT_THAT(log(), ElementsAre("look", "stop", "sleep 15", kCollects, "ready", "told", "ended",
                                   "start"));
  }
}

TEST_F(MaintenanceWindow, ASignalBeforeTheCollectionOnlyStartsTheRegistry) {
  command("sleep", note("sleep") + "exec cat \"$WORK/fifo\"\n");
  Program script(window(), environment());
  ASSERT_TRUE(has_come_to("sleep")) << script.err();
  script.send(SIGTERM);
  EXPECT_EQ(script.wait().status, 128 + SIGTERM);
  EXPECT_THAT(log(), ElementsAre("look", "stop", "sleep", "start"));
}

// A signal does not cut the stopping short.
TEST_F(MaintenanceWindow, ASignalWhileStoppingCollectsNothing) {
  command("stop", note("stop") + kHold);
  Program script(window(), environment());
  ASSERT_TRUE(has_come_to("stop")) << script.err();
  script.send(SIGTERM);
  fifo << std::endl;
  EXPECT_EQ(script.wait().status, 128 + SIGTERM);
  EXPECT_THAT(log(), ElementsAre("look", "stop", "start"));
}

TEST_F(MaintenanceWindow, OneAtATime) {
  command("stop", note("stop") + kHold);
  Program first(window(), environment());
  ASSERT_TRUE(has_come_to("stop")) << first.err();
  const Ran second = run(window(), environment());
  EXPECT_EQ(second.status, 11);
  EXPECT_THAT(log(), ElementsAre("look", "stop"));
  fifo << std::endl;
  EXPECT_EQ(first.wait().status, 0);
}

// Debian's registry, restarted by the script as systemctl would. It holds an image, and a layer
// that nothing needs.
class ReadOnlyWindow : public testing::Test {
 protected:
  ReadOnlyWindow() {
    const DockerRegistry first(root.path(), kInmemory);
    port = first.port();
    Http http(port);
    const std::string config = "{}";
    push_blob(http, "app", config, digest_of(config).text());
    push_blob(http, "app", "layer", layer.text());
    push_blob(http, "app", "garbage", garbage.text());
    const std::string json =
        RegistryBuilder::image_json(digest_of(config), config.size(), {{layer, 5}});
    push_manifest(http, "app", "v1", json, kOciManifest);
    std::string configuration = read_all(first.configuration());
    const std::string any = "127.0.0.1:0";
    configuration.replace(configuration.find(any), any.size(), first.address());
    std::ofstream(work.path() / "config.yml") << configuration;
    command("restart", R"(pid=$(cat "$WORK/pid" 2>/dev/null) && kill "$pid"
while [ -n "$pid" ] && [ -e "/proc/$pid/exe" ]; do :; done
env REGISTRY_HTTP_SECRET=fixed "$@" docker-registry serve "$WORK/config.yml" >/dev/null 2>"$WORK/err" &
echo $! >"$WORK/pid"
)");
    command("sleep", "exec /bin/sleep 0.02\n");
    collector("");
  }
  ~ReadOnlyWindow() override {
    run({"bash", "-c", "kill \"$(cat \"$WORK/pid\")\""}, environment());
  }

  void command(const std::string& name, const std::string& body) {
    const auto file = work.path() / name;
    std::ofstream(file) << "#!/bin/bash\n" << body;
    std::filesystem::permissions(file, std::filesystem::perms::owner_all);
  }
  // Ours, which comes after what is to happen before it collects. What a push is answered then is
  // written down.
  void collector(const std::string& before) {
    command("collect",
            "[ \"$1\" != --offline ] || {\ncurl -s -o /dev/null -w '%{http_code}' -X PUT "
            "--data-binary '' \"$REGISTRY_URL/v2/app/manifests/v2\" >\"$WORK/answer\"\n" +
                before + "\n}\nexec " + regctl_gc() + " \"$@\"\n");
  }
  void start_registry() {
    ASSERT_EQ(run({work.path() / "restart"}, environment()).status, 0);
    ASSERT_TRUE(becomes_true([&] { return answer_to_push() == 400; }));
  }
  std::map<std::string, std::string> environment() const {
    const std::string here = work.path().string();
    return {{"WORK", here},
            {"PATH", here + ':' + std::getenv("PATH")},
            {"REGCTL_GC", here + "/collect"},
            {"REGCTL_AUDIT", regctl_audit()},
            {"REGISTRY_LOCK", here + "/lock"},
            {"REGISTRY_URL", "http://127.0.0.1:" + std::to_string(port)},
            {"REGISTRY_READ_ONLY",
             here + "/restart REGISTRY_STORAGE_MAINTENANCE_READONLY='{enabled: true}'"},
            {"REGISTRY_WRITABLE", here + "/restart"}};
  }
  std::vector<std::string> window(const Lines& options = {}) const {
    Lines argv = {REGCTL_TEST_SCRIPTS "/maintenance-window",
                  "--read-only",
                  root.path(),
                  "--keep-younger-than",
                  "0s",
                  "--trust-times",
                  "--max-delete",
                  "100%"};
    argv.insert(argv.end(), options.begin(), options.end());
    return argv;
  }
  // 0: none.
  int answer_to_push() const {
    try {
      return Http(port).request("PUT", "/v2/app/manifests/v2", "", kOciManifest).status;
    } catch (const std::runtime_error&) {
      return 0;
    }
  }
  bool holds(const Digest& digest) const {
    return std::filesystem::exists(root.path() / "docker/registry/v2" /
                                   RegistryBuilder::data(digest));
  }
  // Pushes are taken again, and what was pushed can be pulled.
  void expect_all_is_well() const {
    EXPECT_EQ(answer_to_push(), 400);
    Http http(port);
    EXPECT_EQ(http.request("GET", "/v2/app/manifests/v1").status, 200);
    EXPECT_EQ(http.request("GET", "/v2/app/blobs/" + layer.text()).body, "layer");
  }
  std::string answer_meanwhile() const { return read_all(work.path() / "answer"); }

  TemporaryDirectory root, work;
  const Digest layer = digest_of("layer"), garbage = digest_of("garbage");
  int port = 0;
};

TEST_F(ReadOnlyWindow, FreesGarbageWhileNobodyCanPush) {
  start_registry();
  const Ran ran = run(window(), environment());
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(answer_meanwhile(), "405");
  EXPECT_FALSE(holds(garbage));
  EXPECT_THAT(ran.out, testing::HasSubstr("state:     CLEAN"));
  expect_all_is_well();
}

TEST_F(ReadOnlyWindow, ARunThatIsRefusedOpensItAgain) {
  start_registry();
  collector("set -- --max-delete 0 \"${@/100%/0}\"");
  const Ran ran = run(window(), environment());
  EXPECT_EQ(ran.status, 12) << ran.err;
  EXPECT_TRUE(holds(garbage));
  expect_all_is_well();
}

TEST_F(ReadOnlyWindow, ACollectorThatIsKilledOpensItAgain) {
  start_registry();
  for (const auto& [signal, status] : {std::pair{"KILL", 137}, {"TERM", 143}}) {
    collector(std::string("kill -") + signal + " $$");
    EXPECT_EQ(run(window(), environment()).status, status);
    expect_all_is_well();
  }
}

// Where registries share a secret (http.secret), or one keeps it over a restart.
TEST_F(ReadOnlyWindow, APushThatItCutsGoesOnAfterwards) {
  start_registry();
  std::string location;
  {
    Http http(port);
    location = http.request("POST", "/v2/app/blobs/uploads/").headers.at("location");
    const auto path = [&] { return location.substr(location.find("/v2/")); };
    const Reply begun = http.request("PATCH", path(), "half ", "application/octet-stream");
    ASSERT_EQ(begun.status, 202);
    location = begun.headers.at("location");
  }
  const Ran ran = run(window(), environment());
  EXPECT_EQ(ran.status, 0) << ran.err;
  Http http(port);
  const Reply done = http.request(
      "PUT",
      location.substr(location.find("/v2/")) + "&digest=" + digest_of("half and half").text(),
      "and half", "application/octet-stream");
  EXPECT_EQ(done.status, 201) << done.body;
  expect_all_is_well();
}

// A registry that ignores what it is told goes on taking pushes.
TEST_F(ReadOnlyWindow, CollectsNothingWherePushesAreTaken) {
  start_registry();
  auto given = environment();
  given["REGISTRY_READ_ONLY"] = given["REGISTRY_WRITABLE"];
  const Ran ran = run(window(), given);
  EXPECT_EQ(ran.status, 13);
  EXPECT_THAT(ran.err, testing::HasSubstr("'400'"));
  EXPECT_TRUE(holds(garbage));
  expect_all_is_well();
}

TEST_F(ReadOnlyWindow, SaysThatTheRegistryDidNotComeBack) {
  start_registry();
  auto given = environment();
  given["REGISTRY_WRITABLE"] = "kill \"$(cat \"$WORK/pid\")\"";
  const Ran ran = run(window(), given);
  EXPECT_EQ(ran.status, 13);
  EXPECT_THAT(ran.err, testing::HasSubstr("CHECK BY HAND"));
}

}  // namespace
}  // namespace regctl
