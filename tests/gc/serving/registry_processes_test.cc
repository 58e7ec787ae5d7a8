// find_registries() over a /proc told file by file.
#include "gc/serving/registry_processes.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "tests/support/store_at.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/unprivileged.h"

namespace regctl::gc {

void PrintTo(const RegistryProcess& one, std::ostream* out) {
  *out << "pid " << one.pid << (one.certain ? " certain " : " uncertain ") << one.configuration
       << " since " << format_rfc3339(one.started) << ", cache " << static_cast<int>(one.cache)
       << (one.redis ? ", redis" : "") << (one.read_only ? ", read-only" : "")
       << (one.proxy ? ", proxy" : "") << (one.collecting ? ", collecting" : "") << "; "
       << static_cast<int>(one.doubt.why);
}

namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;

using Words = std::vector<std::string>;

class FindRegistries : public testing::Test {
 protected:
  static constexpr int kPid = 70;
  test::TemporaryDirectory work;
  const fs::path proc = work.path() / "proc", host = work.path() / "host";
  fs::path store = host / "srv/store";
  // Configuration files are as old as this test, so what "started before" them started an hour ago.
  const Time now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  const Time boot = now - std::chrono::hours(24), later = now + std::chrono::hours(1),
             before = now - std::chrono::hours(1);

  FindRegistries() {
    for (const char* directory :
         {"proc/1", "proc/self/ns", "host/etc", "host/srv/store/docker/registry/v2",
          "host/srv/other/docker/registry/v2", "host/srv/new"})
      fs::create_directories(work.path() / directory);
    write(proc / "stat",
          "cpu  1 2 3\nbtime " +
              std::to_string(std::chrono::system_clock::to_time_t(
                  std::chrono::time_point_cast<std::chrono::system_clock::duration>(boot))) +
              "\nprocesses 9\n");
    fs::create_symlink("pid:[4026531836]", proc / "self/ns/pid");
    make_process(1, {"/sbin/init"}, boot);
  }

  static void write(const fs::path& file, const std::string& text) {
    std::ofstream(file, std::ios::binary) << text;
  }
  static std::string joined(const Words& words) {
    std::string text;
    for (const std::string& word : words) text += word + '\0';
    return text;
  }

  fs::path make_process(int pid, const Words& line, Time started, const Words& environment = {},
                        const std::string& name = "x") const {
    const fs::path directory = proc / std::to_string(pid);
    fs::create_directories(directory);
    write(directory / "cmdline", joined(line));
    write(directory / "environ", joined(environment));
    const auto ticks = (started - boot) / std::chrono::milliseconds(1000 / sysconf(_SC_CLK_TCK));
    write(directory / "stat", std::to_string(pid) + " (" + name +
                                  ") S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 " +
                                  std::to_string(ticks) + " 23 24\n");
    if (!fs::is_symlink(directory / "root")) fs::create_directory_symlink(host, directory / "root");
    if (!fs::is_symlink(directory / "cwd"))
      fs::create_directory_symlink(host / "srv", directory / "cwd");
    return directory;
  }
  void serve(const std::string& configuration, const Words& environment = {}) {
    write(host / "etc/c.yml", configuration);
    make_process(kPid, {"/usr/bin/docker-registry", "serve", "/etc/c.yml"}, later, environment);
  }

  // At the storage below `store`.
  ProcessEvidence look() const {
    return find_registries(proc, test::store_at(store / "docker/registry/v2").facts());
  }
  RegistryProcess only() const {
    const ProcessEvidence evidence = look();
    if (evidence.processes.size() != 1) {
      ADD_FAILURE() << evidence.processes.size() << " were found";
      return {};
    }
    return evidence.processes[0];
  }
  RegistryProcess serving(Cache cache) const {
    return {.pid = kPid,
            .started = later,
            .certain = true,
            .configuration = "/etc/c.yml",
            .cache = cache};
  }
  void expect_found(const Words& line, const std::string& name = "x") {
    make_process(kPid, line, later, {}, name);
    EXPECT_EQ(look().processes.size(), 1u) << testing::PrintToString(line);
  }
  void expect_skipped(const Words& line, const std::string& name = "x") {
    make_process(kPid, line, later, {}, name);
    const ProcessEvidence evidence = look();
    EXPECT_THAT(evidence.processes, IsEmpty()) << testing::PrintToString(line);
    EXPECT_FALSE(evidence.blindness);
  }
};

const std::string kBare = "storage: {filesystem: {rootdirectory: /srv/store}}\n";
const std::string kInmemory =
    "storage: {filesystem: {rootdirectory: /srv/store}, cache: {blobdescriptor: inmemory}}\n";
const std::string kOther = "storage: {filesystem: {rootdirectory: /srv/other}}\n";

TEST_F(FindRegistries, NothingIsCompleteAndEmpty) {
  EXPECT_EQ(look(), (ProcessEvidence{.blindness = {Blindness::Why::none}, .local = true}));
}

// A process that could write to none of the storage's directories takes no push and removes no
// blob; what cannot be found out counts as if it could.
TEST_F(FindRegistries, OnlyWhoCouldWriteCounts) {
  serve(kInmemory);
  const fs::path v2 = store / "docker/registry/v2", process = proc / std::to_string(kPid);
  const std::string kNobody =
                        "Uid:\t65534\t65534\t65534\t65534\n"
                        "Gid:\t65534\t65534\t65534\t65534\n",
                    kNone = "CapPrm:\t0000000000000000\n", kAll = "CapPrm:\t000001ffffffffff\n",
                    kSelf = std::to_string(geteuid());
  const auto counts = [&](const std::string& status, const std::string& map = "0 0 4294967295\n") {
    write(process / "status", status);
    for (const char* which : {"uid_map", "gid_map"}) write(process / which, map);
    return look().processes.size() == 1;
  };
  fs::permissions(v2, fs::perms(0755));
  EXPECT_FALSE(counts(kNobody + "Groups:\t\n" + kNone));
  EXPECT_TRUE(counts("")) << "nothing is told";
  EXPECT_TRUE(counts(kNobody + kAll)) << "mighty";
  EXPECT_FALSE(counts(kNobody + kAll, "0 100000 65536\n")) << "mighty in a world of its own";
  EXPECT_TRUE(counts("Uid:\t1\t2\t" + kSelf + "\t3\nGid:\t9\t9\t9\t9\n" + kNone))
      << "it may become the owner";

  fs::permissions(v2, fs::perms(0775));
  EXPECT_FALSE(counts(kNobody + "Groups:\t4 5\n" + kNone));
  EXPECT_TRUE(counts(kNobody + "Groups:\t4 " + std::to_string(getegid()) + "\n" + kNone));
  fs::permissions(v2, fs::perms(0757));
  EXPECT_TRUE(counts(kNobody + kNone)) << "anybody may write";
  fs::permissions(v2, fs::perms(0755));
  fs::create_directories(v2 / "blobs");
  fs::permissions(v2 / "blobs", fs::perms(0777));
  EXPECT_TRUE(counts(kNobody + kNone)) << "where blobs are put";
}

TEST_F(FindRegistries, TellsWhatAProcessIsConfiguredTo) {
  serve(kBare);
  EXPECT_EQ(only(), serving(Cache::none));
  serve(kInmemory);
  EXPECT_EQ(only(), serving(Cache::inmemory));
  serve(
      "{storage: {filesystem: {rootdirectory: /srv/store}, maintenance: {readonly: {enabled: "
      "true}}}, proxy: {remoteurl: x}, redis: {addr: x}}");
  RegistryProcess all = serving(Cache::none);
  all.read_only = all.proxy = all.redis = true;
  EXPECT_EQ(only(), all);
}

TEST_F(FindRegistries, KnowsTheVariablesOfItsEnvironment) {
  serve(kOther, {"PATH=/bin", "REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY=/srv/store",
                 "REGISTRY_STORAGE_CACHE_BLOBDESCRIPTOR=inmemory"});
  EXPECT_EQ(only(), serving(Cache::inmemory));
  serve(kInmemory, {"REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY=/srv/other"});
  EXPECT_THAT(look().processes, IsEmpty());
}

TEST_F(FindRegistries, FindsTheConfigurationThroughTheEnvironment) {
  write(host / "etc/c.yml", kBare);
  make_process(kPid, {"registry", "serve"}, later, {"REGISTRY_CONFIGURATION_PATH=/etc/c.yml"});
  EXPECT_EQ(only(), serving(Cache::none));
  make_process(kPid, {"/usr/bin/dockerregistry"}, later,
               {"REGISTRY_CONFIGURATION_PATH=/etc/c.yml"});
  EXPECT_EQ(only(), serving(Cache::none));
  make_process(kPid, {"/usr/bin/registry-exporter"}, later);
  EXPECT_THAT(look().processes, IsEmpty());
  make_process(kPid, {"registry", "serve"}, later);
  EXPECT_EQ(only().doubt.why, Doubt::Why::no_configuration);
}

TEST_F(FindRegistries, RecognisesCommandLines) {
  write(host / "etc/c.yml", kBare);
  expect_found({"docker-registry", "serve", "/etc/c.yml"});
  expect_found({"/bin/registry", "serve", "/etc/c.yml"});
  expect_found({"/usr/bin/registry_DO_NOT_USE_GC", "serve", "/etc/c.yml"});
  expect_found({"registry", "/etc/c.yml"});
  expect_found({"hub", "serve", "/etc/c.yml"});
  expect_found({"renamed", "serve", "/etc/c.yml"}, "docker-registry");
  expect_found({"/sbin/tini", "registry", "serve", "/etc/c.yml"});
  expect_found({"registry", "--verbose", "serve", "/etc/c.yml"});
  expect_skipped({});  // a thread of the kernel
  expect_skipped({"registry", "--version"});
  expect_skipped({"registry", "help"});
  expect_skipped({"sh", "-c", "registry serve /etc/c.yml"});
  expect_skipped({"vi", "/etc/docker/registry"});
  expect_skipped({"regctl-gc", "/srv/registry"});
  expect_skipped({"jekyll", "serve"});
  expect_skipped({"hub", "serve", "everything"});
}

// Of binfmt_misc: the kernel calls it what was executed, and the flag P leaves the name it was
// given in the line.
TEST_F(FindRegistries, RecognisesARegistryInAnEmulator) {
  write(host / "etc/c.yml", kBare);
  const std::string qemu = "/usr/bin/qemu-x";
  expect_found({qemu, "/bin/registry", "serve", "/etc/c.yml"}, "registry");
  expect_found({qemu, "/bin/registry", "registry", "serve", "/etc/c.yml"}, "registry");
  EXPECT_EQ(only(), serving(Cache::none));
  expect_found({qemu, "/bin/registry", "/bin/registry", "--verbose", "serve", "/etc/c.yml"},
               "registry");
  expect_found({qemu, "/bin/registry", "registry", "/etc/c.yml"}, "registry");
  expect_skipped({qemu, "/bin/registry", "--version"}, "registry");
  expect_skipped({qemu, "/bin/registry", "registry", "--version"}, "registry");
  expect_skipped({qemu, "/bin/registry", "registry", "help", "serve"}, "registry");
  expect_skipped({qemu, "/bin/registry", "registry", "garbage-collect", "--dry-run", "/etc/c.yml"},
                 "registry");
  make_process(kPid, {qemu, "/bin/registry", "registry", "garbage-collect", "/etc/c.yml"}, later,
               {}, "registry");
  EXPECT_TRUE(only().collecting);
  make_process(kPid, {qemu, "/bin/registry", "registry"}, later,
               {"REGISTRY_CONFIGURATION_PATH=/etc/c.yml"}, "registry");
  EXPECT_EQ(only(), serving(Cache::none));
}

TEST_F(FindRegistries, RecognisesARegistryBehindOptionsOfAnotherProgram) {
  write(host / "etc/c.yml", kBare);
  expect_found({"/sbin/tini", "--", "registry", "serve", "/etc/c.yml"});
  expect_found({"sudo", "-u", "registry", "/bin/registry", "serve", "/etc/c.yml"});
  expect_found({"qemu-x", "-L", "/usr/x", "/bin/registry", "serve", "/etc/c.yml"});
  expect_found({"vim", "registry", "serve", "notes"});  // nothing tells it from tini
  EXPECT_EQ(only().doubt.why, Doubt::Why::configuration_unread);
  expect_skipped({"vim", "-p", "registry", "notes"});
  expect_skipped({"vim", "serve", "registry"});
  expect_skipped({"cp", "-r", "/srv/registry", "/etc/c.yml"});
  expect_skipped({"registry", "help", "serve"}, "registry");
  expect_skipped({"tini", "--", "registry", "garbage-collect", "--dry-run", "/etc/c.yml"});
}

TEST_F(FindRegistries, RecognisesTheOtherCollector) {
  write(host / "etc/c.yml", kBare);
  make_process(kPid, {"registry", "garbage-collect", "-m", "--delete-untagged", "/etc/c.yml"},
               later);
  RegistryProcess collector = serving(Cache::none);
  collector.collecting = true;
  EXPECT_EQ(only(), collector);
  expect_skipped({"registry", "garbage-collect", "--dry-run", "/etc/c.yml"});
  expect_skipped({"registry", "garbage-collect", "-md", "/etc/c.yml"});
  write(host / "etc/c.yml", kOther);
  expect_skipped({"registry", "garbage-collect", "/etc/c.yml"});
}

TEST_F(FindRegistries, LeavesOtherStoresAlone) {
  for (const char* text : {"storage: {filesystem: {rootdirectory: /srv/other}}",
                           "storage: {filesystem: {rootdirectory: /srv/new}}",
                           "storage: {filesystem: {rootdirectory: /nowhere}}",
                           "storage: {filesystem: {}}", "storage: {s3: {}}", "{}"}) {
    serve(text);
    EXPECT_EQ(look(), (ProcessEvidence{.blindness = {Blindness::Why::none}, .local = true}))
        << text;
  }
}

// As in a container: the same paths mean other directories, and absolute links stay inside.
TEST_F(FindRegistries, SeesFilesAsTheProcessDoes) {
  const fs::path container = host / "run/container";
  fs::create_directories(container / "etc");
  write(container / "etc/real.yml", kBare);
  fs::create_symlink("/etc/real.yml", container / "etc/c.yml");
  write(host / "etc/c.yml", kOther);
  fs::create_directories(container / "srv");
  fs::rename(store, container / "srv/the-real-one");
  fs::create_directory_symlink("/srv/the-real-one", container / "srv/store");
  fs::create_directories(store / "docker/registry/v2");
  const fs::path process = make_process(kPid, {"registry", "serve", "/etc/c.yml"}, later);
  EXPECT_THAT(look().processes, IsEmpty());
  fs::remove(process / "root");
  fs::create_directory_symlink(container, process / "root");
  EXPECT_THAT(look().processes, IsEmpty());  // the host's /srv/store is another one

  store = container / "srv/the-real-one";
  EXPECT_EQ(only(), serving(Cache::none));
}

TEST_F(FindRegistries, KnowsTheStoreByAnyName) {
  fs::create_directory_symlink("store", host / "srv/link");
  serve("storage: {filesystem: {rootdirectory: /srv/link/}}");
  EXPECT_EQ(only(), serving(Cache::none));
}

TEST_F(FindRegistries, ReadsRelativePathsBelowTheWorkingDirectory) {
  write(host / "srv/c.yml", "storage: {filesystem: {rootdirectory: store}}");
  make_process(kPid, {"registry", "serve", "./c.yml"}, later);
  RegistryProcess expected = serving(Cache::none);
  expected.configuration = "./c.yml";
  EXPECT_EQ(only(), expected);
  make_process(kPid, {"registry", "serve", "../etc/c.yml"}, later);
  EXPECT_EQ(only().doubt.why, Doubt::Why::configuration_unread);
  write(host / "srv/c.yml", "storage: {filesystem: {rootdirectory: ../srv/store}}");
  make_process(kPid, {"registry", "serve", "c.yml"}, later);
  EXPECT_EQ(only().doubt.why, Doubt::Why::storage_unseen);
}

TEST_F(FindRegistries, BelievesNoConfigurationThatIsYoungerThanTheProcess) {
  write(host / "etc/c.yml", kInmemory);
  make_process(kPid, {"registry", "serve", "/etc/c.yml"}, before);
  RegistryProcess found = only();
  EXPECT_EQ(found.started, before);
  EXPECT_EQ(found.doubt.why, Doubt::Why::configuration_changed);
  EXPECT_TRUE(found.certain);
  EXPECT_EQ(found.cache, Cache::inmemory);

  write(host / "etc/c.yml", kOther);  // what it was before is not known
  found = only();
  EXPECT_EQ(found.doubt.why, Doubt::Why::configuration_changed);
  EXPECT_FALSE(found.certain);

  make_process(kPid, {"registry", "serve", "/etc/c.yml"}, before,
               {"REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY=/srv/other"});
  EXPECT_THAT(look().processes, IsEmpty());
  make_process(kPid, {"registry", "serve", "/etc/c.yml"}, before,
               {"REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY=/srv/store"});
  EXPECT_TRUE(only().certain);
}

// Its modification time is old, but it has not been in this place for long.
TEST_F(FindRegistries, BelievesNoOldFileMovedThereLater) {
  write(host / "etc/new.yml", kInmemory);
  fs::last_write_time(host / "etc/new.yml",
                      fs::file_time_type::clock::now() - std::chrono::hours(48));
  fs::rename(host / "etc/new.yml", host / "etc/c.yml");
  make_process(kPid, {"registry", "serve", "/etc/c.yml"}, before);
  EXPECT_EQ(only().doubt.why, Doubt::Why::configuration_changed);
}

// Through links and directories that lead to old files. The times of what is changed cannot be set:
// each case waits.
class FindRegistriesByWay : public FindRegistries {
 protected:
  static constexpr auto kPause =
      std::chrono::milliseconds(100);  // more than a start and a change are told apart by

  FindRegistriesByWay() {
    for (const char* directory : {"old", "new"})
      fs::create_directories(host / "etc/conf" / directory);
    write(host / "etc/conf/old/c.yml", kBare);
    write(host / "etc/conf/new/c.yml", kInmemory);
  }

  void start(const std::string& configuration) const {
    std::this_thread::sleep_for(kPause);
    make_process(kPid, {"registry", "serve", configuration}, std::chrono::system_clock::now());
    std::this_thread::sleep_for(kPause);
  }
  static void point(const fs::path& link, const fs::path& target) {
    fs::remove(link);
    fs::create_symlink(target, link);
  }
  void expect_believed() const { EXPECT_FALSE(only().doubt); }
  void expect_doubted() const { EXPECT_EQ(only().doubt.why, Doubt::Why::configuration_changed); }
};

TEST_F(FindRegistriesByWay, BelievesNoOldFileThatALinkOnTheWayLeadsTo) {
  point(host / "etc/now", "/etc/conf/old");
  start("/etc/now/c.yml");
  expect_believed();
  point(host / "etc/now", "/etc/conf/new");
  EXPECT_EQ(only().cache, Cache::inmemory);
  expect_doubted();
}

// As a configuration map of Kubernetes is mounted.
TEST_F(FindRegistriesByWay, BelievesNoOldFileThatALinkBehindALinkLeadsTo) {
  point(host / "etc/conf/..data", "old");
  point(host / "etc/conf/c.yml", "..data/c.yml");
  point(host / "srv/conf", "../etc/./conf/old//..");
  start("conf/../conf/c.yml");  // the way out of the working directory is not followed
  EXPECT_EQ(only().doubt.why, Doubt::Why::configuration_unread);
  start("/srv/conf/../conf/c.yml");
  expect_believed();
  point(host / "etc/conf/..data", "new");
  expect_doubted();
}

TEST_F(FindRegistriesByWay, BelievesNoOldFileBelowTheWorkingDirectoryThatALinkLeadsTo) {
  fs::rename(host / "etc/conf", host / "srv/conf");
  point(host / "srv/now", "conf/old");
  start("./now/c.yml");
  fs::rename(host / "srv", host / "moved");  // by what name it works there does not count
  fs::create_directory_symlink("moved", host / "srv");
  store = host / "moved/store";
  expect_believed();
  point(host / "moved/now", "conf/new");
  expect_doubted();
}

TEST_F(FindRegistriesByWay, BelievesNoOldFileInARenamedDirectory) {
  start("/etc/conf/old/c.yml");
  fs::rename(host / "etc/conf/old", host / "etc/conf/older");
  fs::rename(host / "etc/conf/new", host / "etc/conf/old");
  expect_doubted();
}

TEST_F(FindRegistriesByWay, BelievesNoOldFileBelowARenamedDirectory) {
  start("/etc/conf/old/c.yml");
  fs::rename(host / "etc/conf", host / "srv/conf");
  fs::rename(host / "srv/conf", host / "etc/conf");
  expect_doubted();
}

TEST_F(FindRegistriesByWay, OtherFilesAndOtherLinksAreNoReasonForDoubt) {
  write(host / "c.yml", kBare);
  for (const char* configuration : {"/etc/conf/old/c.yml", "/c.yml"}) {
    start(configuration);
    for (const char* directory : {"", "etc", "etc/conf", "etc/conf/old"}) {
      write(host / directory / "other", "");
      fs::rename(host / directory / "other", host / directory / "another");
      point(host / directory / "link", "/etc/conf/new");
      fs::remove(host / directory / "another");
    }
    expect_believed();
  }
}

// As an overlay sets them of directories that it copies.
TEST_F(FindRegistriesByWay, OldTimesOfDirectoriesAreNoReasonForDoubt) {
  start("/etc/conf/old/c.yml");
  for (const char* directory : {"etc/conf/old", "etc/conf", "etc", ""})
    fs::last_write_time(host / directory, fs::file_time_type::clock::now() - std::chrono::hours(1));
  expect_believed();
}

TEST_F(FindRegistries, TakesTheEarlierOfTwoTimesOfBoot) {
  serve(kBare);
  write(proc / "uptime", "172800.00 1.0\n");  // two days
  const Time earlier = only().started;
  EXPECT_LE(earlier, later - std::chrono::hours(24) + std::chrono::seconds(60));
  EXPECT_GE(earlier, later - std::chrono::hours(24) - std::chrono::seconds(60));
  write(proc / "uptime", "60.00 1.0\n");
  EXPECT_EQ(only().started, later + std::chrono::seconds(1));
}

TEST_F(FindRegistries, DoubtsWhatItCannotRead) {
  serve("storage: [");
  EXPECT_EQ(only().doubt.unclear.why, Unclear::Why::not_yaml);
  EXPECT_FALSE(only().certain);
  serve("words");
  EXPECT_EQ(only().doubt.unclear, Unclear{Unclear::Why::not_a_map});
  fs::remove(host / "etc/c.yml");
  EXPECT_EQ(only().doubt.why, Doubt::Why::configuration_unread);
  fs::create_directory(host / "etc/c.yml");
  EXPECT_EQ(only().doubt.why, Doubt::Why::configuration_unread);
  fs::remove(host / "etc/c.yml");
  ASSERT_EQ(mkfifo((host / "etc/c.yml").c_str(), 0600), 0);  // must not wait for a writer
  EXPECT_EQ(only().doubt.why, Doubt::Why::configuration_unread);
  fs::remove(host / "etc/c.yml");
  write(host / "etc/c.yml", std::string(2 << 20, ' '));
  EXPECT_EQ(only().doubt.why, Doubt::Why::configuration_unread);
  make_process(kPid, {"registry", "serve", "/etc/c.yml"}, later,
               {"REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY=/srv/other"});
  EXPECT_THAT(look().processes, IsEmpty());  // whatever its configuration says
}

TEST_F(FindRegistries, AnUnreadableEnvironmentOrRootIsDoubt) {
  serve(kBare);
  fs::permissions(work.path(), fs::perms::all);
  fs::permissions(proc / "70/environ", fs::perms::none);
  const test::Unprivileged nobody;
  if (!nobody) GTEST_SKIP() << "could not become another user";
  EXPECT_EQ(only().doubt.why, Doubt::Why::environment_unread);
  EXPECT_FALSE(look().blindness);
}

TEST_F(FindRegistries, AnUnreadableStoreIsDoubt) {
  serve(kBare);
  fs::permissions(work.path(), fs::perms::all);
  fs::create_directories(host / "locked/store/docker/registry/v2");
  serve("storage: {filesystem: {rootdirectory: /locked/store}}");
  fs::permissions(host / "locked", fs::perms::none);
  const test::Unprivileged nobody;
  if (!nobody) GTEST_SKIP() << "could not become another user";
  EXPECT_EQ(only().doubt.why, Doubt::Why::storage_unseen);
}

TEST_F(FindRegistries, IsIncompleteWhereAProcessCannotBeRead) {
  make_process(5, {"anything"}, before);
  fs::permissions(work.path(), fs::perms::all);
  fs::permissions(proc / "5/cmdline", fs::perms::none);
  const test::Unprivileged nobody;
  if (!nobody) GTEST_SKIP() << "could not become another user";
  EXPECT_TRUE(look().blindness);
  EXPECT_EQ(look().blindness, (Blindness{Blindness::Why::process_unread, 5, EACCES}));
}

TEST_F(FindRegistries, IsIncompleteWhereProcessesAreHidden) {
  fs::remove(proc / "self/ns/pid");
  fs::create_symlink("pid:[4026532201]", proc / "self/ns/pid");
  EXPECT_EQ(look().blindness.why, Blindness::Why::other_namespace);
  EXPECT_TRUE(look().blindness);
  fs::remove(proc / "self/ns/pid");
  EXPECT_TRUE(look().blindness);
  fs::create_symlink("pid:[4026531836]", proc / "self/ns/pid");
  EXPECT_FALSE(look().blindness);
  fs::remove_all(proc / "1");
  EXPECT_EQ(look().blindness.why, Blindness::Why::processes_hidden);
}

TEST_F(FindRegistries, ProcessesThatEndAreNoProblem) {
  fs::create_directories(proc / "44");  // gone between the list and the look
  fs::remove_all(make_process(45, {"registry", "serve", "/etc/c.yml"}, later) / "environ");
  EXPECT_EQ(look(), (ProcessEvidence{.blindness = {Blindness::Why::none}, .local = true}));
}

TEST_F(FindRegistries, WithoutProcNothingIsKnown) {
  EXPECT_TRUE(find_registries(work.path() / "nothing", {}).blindness);
  fs::remove(proc / "stat");
  EXPECT_TRUE(look().blindness);
}

TEST_F(FindRegistries, SaysWhetherOtherHostsMayServeIt) {
  EXPECT_TRUE(look().local);
  StoreFacts facts = test::store_at(store / "docker/registry/v2").facts();
  facts.medium.name = "nfs4";
  EXPECT_FALSE(find_registries(proc, facts).local);
  EXPECT_FALSE(find_registries(work.path() / "nothing", facts).local);
}

}  // namespace
}  // namespace regctl::gc
