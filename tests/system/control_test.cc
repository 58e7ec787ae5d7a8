// The ways distribution's collector loses live data, run against both programs: it must lose (or
// the control proves nothing), and we must not.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "registry/hasher.h"
#include "tests/support/looking.h"
#include "tests/support/program.h"

namespace regctl {
namespace {

using namespace test;

class Control : public testing::Test {
 protected:
  void write() {
    std::filesystem::create_directories(v2());
    registry.tree.write_to(v2());
  }
  std::filesystem::path v2() const { return root.path() / "docker/registry/v2"; }
  bool exists(const Digest& digest) const {
    return std::filesystem::exists(v2() / RegistryBuilder::data(digest));
  }

  // What our dry run would take; fails the test if it took nothing at all into view.
  std::set<Digest> ours(std::vector<std::string> options = {}) {
    options.insert(options.begin(), {regctl_gc(), "--dry-run", "--json", "--keep-younger-than",
                                     "0s", "--max-delete", "100%"});
    options.push_back(root.path());
    const Ran ran = run(options);
    EXPECT_LE(ran.status, 12) << ran.err;
    std::set<Digest> digests;
    const auto report = nlohmann::json::parse(ran.out);
    EXPECT_GT(report.at("totals").at("blobs").at("count"), 0);
    for (const auto& blob : report.at("plan").at("blobs"))
      digests.insert(*Digest::parse(blob.at("digest").get<std::string>()));
    return digests;
  }

  // Upstream collects for real, says all is well, and `live` is gone; we keep it.
  void expect_upstream_loses(const Digest& live, std::vector<std::string> options = {}) {
    write();
    EXPECT_FALSE(ours(options).contains(live));
    const Ran ran = upstream_collect(root.path(), options);
    EXPECT_EQ(ran.status, 0) << ran.err;
    EXPECT_FALSE(exists(live)) << "upstream does not lose this any more: the control is void";
  }

  RegistryBuilder registry;
  TemporaryDirectory root;
};

TEST_F(Control, ChildrenOfATaggedIndexWithDeleteUntagged) {
  const Digest amd = registry.image("app", {"amd64"}), arm = registry.image("app", {"arm64"});
  registry.index("app", {amd, arm}, "latest");
  registry.image("app", {"really untagged"});
  expect_upstream_loses(digest_of("amd64"), {"-m"});
}

TEST_F(Control, LayersPushedBySha512) {
  const std::string bytes = "a layer pushed by its sha512";
  const Digest stored = registry.layer("app", bytes), name = digest_of(bytes, Algorithm::sha512);
  registry.link_layer("app", name, stored);
  const Digest config = registry.layer("app", "{}");
  registry.manifest("app", RegistryBuilder::image_json(config, 2, {{name, bytes.size()}}), "v1");
  expect_upstream_loses(stored);
}

TEST_F(Control, ARepositoryWithoutLayers) {
  registry.image("other", {"something"}, "v1");
  const Digest child = registry.image("app", {"child"}),
               index = registry.index("cache", {child}, "v1");
  registry.tree.remove("repositories/app");  // what one HEAD through a pull-through cache leaves
  expect_upstream_loses(index);
}

TEST_F(Control, AStrayFileBeginningWithAnUnderscore) {
  registry.image("app", {"live"}, "v1");
  registry.tree.file("repositories/_backup.txt", "notes", registry.time());
  expect_upstream_loses(digest_of("live"));
}

TEST_F(Control, AManifestWithOneFlippedDigit) {
  const Digest image = registry.image("app", {"live"}, "v1");
  std::string& bytes = registry.tree.bytes(RegistryBuilder::data(image));
  const auto at = bytes.rfind("sha256:") + 7;
  bytes[at] = bytes[at] == '0' ? '1' : '0';
  expect_upstream_loses(digest_of("live"));
}

// One call that says "no such file", once, about a directory that is there: a manifest is being
// deleted beside the run.
TEST_F(Control, ARevisionDirectoryThatVanishesInMidWalk) {
  const Digest image = registry.image("app", {"live"}, "v1");
  registry.layer("app", "garbage");
  write();
  const std::string revision = (v2() / RegistryBuilder::revision("app", image)).parent_path();
  const auto traced = [&](const std::vector<std::string>& strace,
                          const std::vector<std::string>& command) {
    std::vector<std::string> argv = {"strace", "-f", "-qq", "-o", "/dev/null"};
    argv.insert(argv.end(), strace.begin(), strace.end());
    argv.insert(argv.end(), command.begin(), command.end());
    return run(argv);
  };

  const auto config = root.path() / "config.yml";
  std::ofstream(config) << "version: 0.1\nstorage: {filesystem: {rootdirectory: "
                        << root.path().string() << "}}\n";
  const Ran upstream =
      traced({"-P", revision, "-e", "trace=openat", "-e", "inject=openat:error=ENOENT:when=1"},
             {"docker-registry", "garbage-collect", "--dry-run", config});
  EXPECT_EQ(upstream.status, 0) << upstream.err;
  EXPECT_NE(upstream.out.find("blob eligible for deletion: " + digest_of("live").text()),
            std::string::npos)
      << "upstream does not lose this any more: the control is void\n"
      << upstream.out;

  // We open by descriptor, so each of our opens fails in turn.
  const std::vector<std::string> ours = {regctl_gc(),           "-n", "-j",       "1", "--json",
                                         "--keep-younger-than", "0s", root.path()};
  const auto plan_of = [](const Ran& ran) {
    const auto report = nlohmann::json::parse(ran.out);
    return std::pair(report.at("plan").dump(), report.at("blockers").size());
  };
  const auto [plan, none] = plan_of(run(ours));
  ASSERT_EQ(none, 0u);
  int injected = 0;
  for (int n = 1; n <= 200; ++n) {
    const Ran ran = traced(
        {"-e", "trace=openat2", "-e", "inject=openat2:error=ENOENT:when=" + std::to_string(n)},
        ours);
    const auto [now, blockers] = plan_of(ran);
    if (ran.status == 0 && now == plan && n > 60) break;  // past the last call
    ++injected;
    EXPECT_TRUE(now == plan || blockers > 0) << "call " << n << ": " << ran.out;
  }
  EXPECT_GT(injected, 30);
}

}  // namespace
}  // namespace regctl
