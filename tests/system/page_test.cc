// The pages of both programs, as a browser sees them: Chromium, headless, of which each complaint
// on the console fails the test. A request that a page wanted to make would be one: its policy
// forbids them all.
#include <gmock/gmock.h>

#include <fstream>

#include "gc/report.h"
#include "tests/support/looking.h"
#include "tests/support/store_on_disk.h"

namespace regctl {
namespace {

using namespace test;
using testing::HasSubstr;
using testing::Not;
namespace fs = std::filesystem;

constexpr const char* kHostile = "<img src=x onerror=alert(1)>";

class PageInABrowser : public StoreOnDisk {
 protected:
  // The document after its script has run; nothing leaves this host.
  std::string document_of(const fs::path& page) const {
    const Ran ran =
        run({"chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
             "--no-first-run", "--host-resolver-rules=MAP * ~NOTFOUND", "--enable-logging=stderr",
             "--user-data-dir=" + (work.path() / "profile").string(), "--dump-dom",
             "file://" + page.string()});
    EXPECT_EQ(ran.status, 0) << ran.err;
    EXPECT_THAT(ran.err, Not(HasSubstr(":CONSOLE:")));
    return ran.out;
  }

  TemporaryDirectory work;
};

// Where names of strangers come to stand: of the storage itself, of a platform, of a directory.
TEST_F(PageInABrowser, P14NamesStayText) {
  const Digest child = registry.image("app", {"layer"});
  const std::string platform = R"(,"platform":{"os":"linux","architecture":")";
  std::string json = RegistryBuilder::index_json({child});
  json.insert(json.find('}'), platform + kHostile + "\"}");
  registry.manifest("app", json, "v1");
  registry.tree.remove(RegistryBuilder::data(digest_of("layer")));
  const fs::path hostile = root.path() / kHostile, v2 = hostile / "docker/registry/v2";
  fs::create_directories(v2);
  registry.tree.write_to(v2);
  std::ofstream(v2 / "blobs" / kHostile) << "stray";

  for (const auto& argv : {std::vector<std::string>{regctl_gc(), "--dry-run"}, {regctl_audit()}}) {
    const fs::path page = work.path() / "page.html";
    std::vector<std::string> command = argv;
    command.insert(command.end(), {"--html", page, "--quiet", "--fail-on", "never", hostile});
    const Ran ran = run(command);
    ASSERT_TRUE(fs::exists(page)) << ran.err;
    const std::string document = document_of(page);
    EXPECT_THAT(document, HasSubstr("&lt;img src=x onerror=alert(1)&gt;"));
    EXPECT_THAT(document, Not(HasSubstr("<img")));
    EXPECT_THAT(document, HasSubstr("<button type=\"button\">")) << "the script did not run";
  }
}

// On paper and in mail readers there are no scripts.
TEST_F(PageInABrowser, IsCompleteWithoutItsScript) {
  registry.image("ml/training", {"layer", "base"}, "v1");
  registry.image("app", {"base"}, "v1");
  registry.layer("app", "garbage");
  write();
  const fs::path page = work.path() / "page.html";
  const Ran ran =
      run({regctl_gc(), "--dry-run", "--trust-times", "--html", page, "--quiet", root.path()});
  ASSERT_EQ(ran.status, 0) << ran.err;
  const std::string text = read_all(page);
  for (const char* part :
       {"Dry run: nothing was removed", "<svg class=\"map wide\"", "<h2>Repositories</h2>",
        "<td>ml/training", "<h2>Age of the garbage</h2>", "<h2>Size of the blobs</h2>",
        "<h2>Largest layers in use</h2>", "deleting ml/training:v1", "class=\"waste\"",
        "<h2>What waits in quarantine</h2>", "<h2>How this was made</h2>"})
    EXPECT_THAT(text, HasSubstr(part));
  document_of(page);
}

TEST_F(PageInABrowser, ShowsWhatAStateRemembers) {
  registry.image("app", {"layer"}, "v1");
  write();
  const fs::path page = work.path() / "page.html";
  const auto audit = [&] {
    return run({regctl_audit(), "--quick", "--quiet", "--state", work.path() / "state", "--html",
                page, root.path()});
  };
  EXPECT_EQ(audit().status, 0);
  EXPECT_THAT(read_all(page), Not(HasSubstr("<polyline")));
  EXPECT_EQ(audit().status, 0);
  EXPECT_THAT(read_all(page), HasSubstr("<polyline"));
  document_of(page);
}

TEST_F(PageInABrowser, Of10000RepositoriesIsBelow2MB) {
  for (int i = 0; i < 10'000; ++i) {
    const std::string name = "team-" + std::to_string(i % 100) + "/app-" + std::to_string(i);
    registry.image(name, {"layer of " + name}, "v1");
  }
  gc::Report report;
  report.run.dry_run = true;
  report.findings = Look().at(registry);
  const fs::path page = work.path() / "page.html";
  cli::write_file(page, report_page(report));
  EXPECT_LT(fs::file_size(page), 2'000'000u);
  const std::string document = document_of(page);
  EXPECT_THAT(document, HasSubstr("team-99/app-9999"));
  EXPECT_THAT(document, HasSubstr("type=\"search\""));
}

}  // namespace
}  // namespace regctl
