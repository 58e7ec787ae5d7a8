// The programs as people and scripts call them: exit statuses, streams, reports, and what they do
// to the disk.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "registry/hasher.h"
#include "tests/support/looking.h"
#include "tests/support/program.h"
#include "tests/support/random_store.h"
#include "tests/support/store_on_disk.h"

namespace regctl {
namespace {

using namespace test;
using nlohmann::json;

class Programs : public testing::Test {
 protected:
  void write() {
    const auto v2 = root.path() / "docker/registry/v2";
    std::filesystem::create_directories(v2);
    registry.tree.write_to(v2);
  }
  Ran gc(std::vector<std::string> options,
         const std::map<std::string, std::string>& environment = {}) {
    options.insert(options.begin(), regctl_gc());
    options.push_back("--trust-times");
    options.push_back(root.path());
    return run(options, environment);
  }

  RegistryBuilder registry;
  TemporaryDirectory root;
};

TEST_F(Programs, ExitStatuses) {
  registry.image("app", {"one"}, "v1");
  registry.layer("app", "garbage");
  write();
  EXPECT_EQ(gc({"-n"}).status, 0);
  const Ran done = gc({"-n", "--json"});
  EXPECT_EQ(done.status, 0) << done.err;
  EXPECT_EQ(report_of(done)["totals"]["garbage"]["count"], 1) << done.out;
  EXPECT_EQ(report_of(done)["totals"]["reachable"]["count"], 3) << done.out;
  EXPECT_EQ(gc({"--offline", "--heal"}).status, 2);
  EXPECT_EQ(gc({"--run", "0123456789abcdef"}).status, 2);
  EXPECT_EQ(gc({"-n", "--delete-untaged"}).status, 2);
  EXPECT_EQ(gc({"-n"}, {{"REGCTL_GC_DRYRUN", "1"}}).status, 2);
  EXPECT_EQ(gc({"-n", "--max-delete", "0"}).status, 12);
  EXPECT_EQ(gc({"-n", "--max-delete", "1"}).status, 0);
  EXPECT_EQ(gc({"-n", "--protect", "nothing/*"}).status, 1);
  EXPECT_EQ(gc({"-n", "--protect", "nothing/*", "--fail-on", "error"}).status, 0);
  EXPECT_EQ(gc({"-n", "--report", root.path() / "docker/registry/v2/report.json"}).status, 2);
  const Ran wrong = run({regctl_gc(), "-n", root.path() / "docker"});
  EXPECT_EQ(wrong.status, 10);
  EXPECT_EQ(wrong.out, "");
  EXPECT_NE(wrong.err, "");
  const TemporaryDirectory empty;
  EXPECT_EQ(run({regctl_gc(), "-n", empty.path()}).status, 1);
  const Ran quiet = gc({"-n", "-q"});
  EXPECT_EQ(quiet.out + quiet.err, "");
}

TEST_F(Programs, AFileThatIsWrittenKnowsOfOneThatIsNot) {
  registry.image("app", {"one"}, "v1");
  write();
  const TemporaryDirectory out;
  const std::string metrics = out.path() / "metrics", report = out.path() / "report";
  EXPECT_EQ(gc({"--offline", "--insist", "registry-in-doubt", "--metrics", metrics, "--report",
                out.path() / "no/such/report"})
                .status,
            1);
  EXPECT_NE(read_all(metrics).find("regctl_gc_last_run_exit_status{root=\"" + root.path().string() +
                                   "\"} 1\n"),
            std::string::npos)
      << read_all(metrics);
  EXPECT_EQ(gc({"-n", "--metrics", out.path() / "no/such/metrics", "--report", report}).status, 1);
  const json run = json::parse(read_all(report)).at("run");
  EXPECT_EQ(run.at("exit_status"), 1);
  EXPECT_EQ(run.at("outcome"), "warnings");
}

TEST_F(Programs, ReportsAreTheSameWhateverTheNumberOfThreads) {
  registry = random_store(7).registry;
  write();
  const auto report = [&](const char* jobs) {
    json all = json::parse(gc({"-n", "-m", "--json", "-j", jobs}).out);
    all.erase("run");
    all["waiting"].erase("until");
    all["waiting"].erase("what_would_free_it");  // tests beside this one come and go
    all["totals"].erase("filesystem");
    return all.dump();
  };
  const std::string one = report("1");
  EXPECT_EQ(report("2"), one);
  EXPECT_EQ(report("16"), one);
}

TEST_F(Programs, ReportFileAndPlainTextAgreeWithTheReport) {
  registry.image("app", {"one"}, "v1");
  const Digest garbage = registry.layer("app", "garbage");
  write();
  const TemporaryDirectory out;
  const auto file = out.path() / "report.json";
  const Ran ran = gc({"-n", "--format", "plain", "--report", file, "--list", "blobs"});
  const json report = json::parse(read_all(file));
  EXPECT_EQ(report.at("plan").at("blobs").at(0).at("digest"), garbage.text());
  EXPECT_EQ(report.at("totals").at("blobs").at("size_claimed").at("count"), 2);
  EXPECT_EQ(report.at("totals").at("blobs").at("size_seen").at("count"), 2);
  EXPECT_NE(ran.out.find("blob\t" + garbage.text() + "\t7\t"), std::string::npos) << ran.out;
}

// P5: no system call of a dry run or an audit asks for anything but reading.
TEST_F(Programs, P5ADryRunAndAnAuditWriteNothing) {
  registry = random_store(11).registry;
  write();
  const TemporaryDirectory work;
  const auto trace = work.path() / "trace";
  for (const std::vector<std::string>& program :
       {std::vector<std::string>{regctl_gc(), "-n", "-m", "-q"},
        {regctl_audit(), "--quick", "-q"}}) {
    std::vector<std::string> argv = {
        "strace",
        "-f",
        "-qq",
        "-o",
        trace,
        "-e",
        "trace=%file,ftruncate,fchmod,fchown,fallocate,write,pwrite64,copy_file_range"};
    argv.insert(argv.end(), program.begin(), program.end());
    argv.push_back(root.path());
    run(argv);
    std::ifstream in(trace);
    int opened = 0;
    for (std::string line; std::getline(in, line);) {
      opened += line.find("openat2(") != std::string::npos;
      if (line.find("/tsan.rodata.") != std::string::npos) continue;  // ThreadSanitizer's own
      for (const char* verb : {"O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC", "unlink", "rename",
                               "mkdir", "rmdir", "link(", "linkat", "chmod", "chown", "utime",
                               "truncate", "fallocate", "copy_file_range", "setxattr"}) {
        const bool reads_link =
            line.find("readlink") != std::string::npos;  // Boost resolves ROOT with it
        EXPECT_TRUE(line.find(verb) == std::string::npos || reads_link)
            << program[0] << ": " << line;
      }
    }
    EXPECT_GT(opened, 50) << "the trace shows no work";
  }
}

// Pushed by a client into a served registry, deleted through its interface.
TEST_F(Programs, ARealRegistry) {
  DockerRegistry server(root.path());
  Http http(server.port());
  const auto push = [&](const std::string& tag, const std::string& layer) {
    const std::string config = "{\"layer\":\"" + layer + "\"}";
    push_blob(http, "team/app", config, digest_of(config).text());
    push_blob(http, "team/app", layer, digest_of(layer).text());
    const std::string manifest = RegistryBuilder::image_json(digest_of(config), config.size(),
                                                             {{digest_of(layer), layer.size()}});
    push_manifest(http, "team/app", tag, manifest, kOciManifest);
    return digest_of(manifest);
  };
  const Digest first = push("v1", "first");
  push("v1", "second");
  const Digest third = push("v2", "third");
  ASSERT_EQ(http.request("DELETE", "/v2/team/app/manifests/" + third.text()).status, 202);

  const auto planned_with = [&](std::vector<std::string> options) {
    options.insert(options.end(),
                   {"-n", "--json", "--keep-younger-than", "0s", "--max-delete", "100%"});
    const Ran ran = gc(options);
    EXPECT_EQ(ran.status, 0) << ran.err;
    return planned(ran);
  };
  const Digests deleted = {third, digest_of("third"), digest_of("{\"layer\":\"third\"}")};
  EXPECT_EQ(planned_with({}), deleted);
  Digests untagged = deleted;
  untagged.insert({first, digest_of("first"), digest_of("{\"layer\":\"first\"}")});
  EXPECT_EQ(planned_with({"-m"}), untagged);

  const Ran audit = run({regctl_audit(), "--quick", "--json", root.path()});
  EXPECT_EQ(audit.status, 0) << audit.out;
  EXPECT_EQ(json::parse(audit.out).at("state"), "clean");
}

TEST_F(Programs, AuditNamesTheTagsThatBreak) {
  const Digest image = registry.image("app", {"needed"}, "v1");
  registry.image("other", {"fine"}, "v1");
  registry.tree.remove(layout::blob(digest_of("needed")));
  write();
  const Ran audit = run({regctl_audit(), "--quick", "--json", root.path()});
  EXPECT_EQ(audit.status, 12);
  const json report = json::parse(audit.out);
  EXPECT_EQ(report.at("state"), "damaged");
  EXPECT_EQ(report.at("summary").at("unpullable_tags"), 1);
  const json& finding = report.at("findings").at(0);
  EXPECT_EQ(finding.at("rule"), "blob-missing");
  EXPECT_EQ(finding.at("used_by").at(0), (json{{"repository", "app"},
                                               {"tags", {"v1"}},
                                               {"manifest", image.text()},
                                               {"platform", "linux"}}));
  EXPECT_EQ(finding.at("digest"), digest_of("needed").text());
}

}  // namespace
}  // namespace regctl
