// The reports as people and scripts get them, kept as files: tests/golden/*.txt is what a terminal
// shows (standard output, then standard error and the exit status), *.json what --json prints,
// which is also valid by its schema in docs/. A changed report fails here and shows the difference;
// REGCTL_TEST_ACCEPT=1 writes the files anew, and the diff of the commit is then what to review.
//
// What differs between two runs or machines is put in brackets: times as hours before the run, the
// version, paths, durations, identities, and all that the file system says of its own size.
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>
#include <regex>

#include "registry/hasher.h"
#include "tests/support/report_schema.h"
#include "tests/support/store_on_disk.h"

namespace regctl {
namespace {

using namespace test;
using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

// Stories are told as of kNow; the programs look at a real clock, which is this much later.
const Duration kSinceThen =
    std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now() - kNow);
const Time kPresent = kNow + kSinceThen;

// Of files and directories, and in the names of quarantined copies.
void move_to_the_present(Tree& tree) {
  std::vector<std::string> paths;
  for (const auto& [path, node] : tree.nodes()) paths.push_back(path);
  for (const std::string& path : paths) {
    tree.touch(path, tree.nodes().at(path).modified + kSinceThen);
    const auto slash = path.rfind('/') + 1;
    const auto copy = layout::parse_quarantine_name(path.substr(slash));
    if (!copy) continue;
    const auto taken = std::chrono::floor<std::chrono::seconds>(copy->taken + kSinceThen)
                           .time_since_epoch()
                           .count();
    tree.rename(path, path.substr(0, slash) + std::string(copy->original) + ".regctl-gc." +
                          std::to_string(taken) + '.' + copy->run);
  }
}

// "<720 h ago>". Half an hour of slack: a run takes its own time.
std::string relative(const std::string& rfc3339) {
  const auto time = parse_rfc3339(rfc3339);
  if (!time) return rfc3339;
  const auto hours =
      std::chrono::floor<std::chrono::hours>(kPresent - *time + std::chrono::minutes(30)).count();
  return hours == 0  ? "<now>"
         : hours > 0 ? "<" + std::to_string(hours) + " h ago>"
                     : "<in " + std::to_string(-hours) + " h>";
}

std::string replace_all(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

class Golden : public StoreOnDisk {
 protected:
  void tell(const RegistryBuilder& story) {
    registry = story;
    move_to_the_present(registry.tree);
    write();
  }

  // `name`.txt is what the program says with these options on ROOT.
  void expect_text(const std::string& name, std::vector<std::string> argv) {
    const std::string program = fs::path(argv[0]).filename();
    std::string words = program;
    for (std::size_t i = 1; i < argv.size(); ++i) words += ' ' + argv[i];
    argv.push_back(root.path());
    const Ran ran = run(argv, {{"LC_ALL", "C.UTF-8"}});
    std::string text = "$ " + words + " ROOT\n" + ran.out;
    if (!ran.err.empty()) text += "--- standard error ---\n" + ran.err;
    compare(name + ".txt",
            normal(text + "--- exit status " + std::to_string(ran.status) + " ---\n"));
  }

  // `name`.json is the report.
  void expect_json(const std::string& name, std::vector<std::string> argv) {
    argv.insert(argv.end(), {"--json", root.path()});
    const Ran ran = run(argv, {{"LC_ALL", "C.UTF-8"}});
    EXPECT_EQ(objection_to(argv[0], ran.out), "") << name;
    Json report = Json::parse(ran.out, nullptr, false);
    ASSERT_TRUE(report.is_object()) << ran.status << ran.err;
    normalise(report, "");
    compare(name + ".json", report.dump(2) + '\n');
  }

 private:
  std::string normal(std::string text) const {
    text = replace_all(text, root.path(), "ROOT");
    for (
        const auto& [pattern, replacement] :
        std::initializer_list<std::pair<const char*, const char*>>{
            {R"((regctl-(gc|audit)) \d+\.\d+\.\d+)", "$1 <version>"},
            {R"(\([a-z0-9.]+, [^,\n]+, [^,\n]+ free\))", "(<file system>)"},
            {R"( in \d+\.\d s\n)", " in <time>\n"},
            {R"((not every process of this|no registry was found|registries of other hosts)[^\n]+)",
             "<what the host says of registries>"},
            {R"(Free now [^\n]+)", "Free now <size>; after a real run about <size>"},
            {R"(\nThe file system is nearly full[\s\S]*?at once\.\n)", ""}})
      text = std::regex_replace(text, std::regex(pattern), replacement);
    std::string out;  // days of tables, and complete times
    static const std::regex kTime(R"(\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\dZ)?)");
    std::sregex_iterator match(text.begin(), text.end(), kTime), end;
    std::size_t at = 0;
    for (; match != end; ++match) {
      const std::string time = match->str();
      out += text.substr(at, static_cast<std::size_t>(match->position()) - at) +
             (time.size() == 10 ? "<day>" : relative(time));
      at = static_cast<std::size_t>(match->position()) + time.size();
    }
    return out + text.substr(at);
  }

  void normalise(Json& value, const std::string& key) const {
    static const std::set<std::string> kOfTheRun = {
        "id",         "host",       "version",    "seconds",
        "disk_bytes", "size_bytes", "free_bytes", "free_after_bytes"};
    if (kOfTheRun.contains(key))
      value = '<' + key + '>';
    else if (key == "filesystem")
      value = Json{{"type", "<type>"},
                   {"size_bytes", "<size_bytes>"},
                   {"free_bytes", "<free_bytes>"},
                   {"free_after_bytes", "<free_after_bytes>"}};
    else if (key == "rules")
      value = std::to_string(value.size()) + " rules";
    else if (value.is_string())
      value = normal(value.get<std::string>());
    else if (value.is_object())
      for (auto& [name, member] : value.items()) normalise(member, name);
    else if (value.is_array())
      for (auto& item : value) normalise(item, "");
  }

  void compare(const std::string& name, const std::string& text) {
    const fs::path golden = fs::path(REGCTL_TEST_GOLDEN) / name, actual = work.path() / name;
    if (std::getenv("REGCTL_TEST_ACCEPT")) {
      std::ofstream(golden, std::ios::binary) << text;
      return;
    }
    std::ofstream(actual, std::ios::binary) << text;
    const Ran diff = run({"diff", "--unified", "--new-file", golden, actual});
    EXPECT_EQ(diff.status, 0) << "tests/golden/" << name
                              << " (-) is not what is reported now (+). If it should be: "
                              << "REGCTL_TEST_ACCEPT=1\n"
                              << diff.out << diff.err;
  }
};

const std::vector<std::string> kGc = {regctl_gc(), "--dry-run", "--trust-times", "--progress",
                                      "never"};
const std::vector<std::string> kAudit = {regctl_audit(), "--quick", "--progress", "never"};

std::vector<std::string> with(std::vector<std::string> argv,
                              const std::vector<std::string>& options) {
  argv.insert(argv.end(), options.begin(), options.end());
  return argv;
}

std::string kibibytes(std::size_t count, char letter) { return std::string(count << 10, letter); }

// A little of everything that a healthy registry has, and garbage of every age.
RegistryBuilder everyday() {
  RegistryBuilder registry;
  registry.ago(200 * kDay);
  const std::string base = kibibytes(300, 'b');
  registry.image("base/debian", {base}, "12");
  registry.layer("web/shop", kibibytes(40, 'o'));
  registry.ago(40 * kDay);
  const Digest amd = registry.image("team/api", {base, kibibytes(20, 'a')}),
               arm = registry.image("team/api", {base, kibibytes(24, 'r')});
  registry.index("team/api", {amd, arm}, "1.0");
  const Digest signed_image = registry.image("web/shop", {base, kibibytes(12, 's')}, "latest");
  registry.image("web/shop", {"a signature"}, "", signed_image);
  registry.layer("team/api", kibibytes(7, 'p'));
  registry.ago(10 * kDay);
  registry.image("web/shop", {base, kibibytes(90, 'f')});  // overwritten
  registry.blob(kibibytes(5, 'l'));
  const Digest shared = registry.layer("web/shop", kibibytes(33, 'w'));
  registry.link_layer("team/api", shared);
  const std::string sha512 = kibibytes(3, '5');
  registry.link_layer("team/api", digest_of(sha512, Algorithm::sha512),
                      registry.layer("team/api", sha512));
  registry.link_layer("web/shop", digest_of("a layer that is gone"));
  const std::string upload = "repositories/web/shop/_uploads/6f7a0f2e-0000-4000-8000-000000000001";
  registry.tree.file(upload + "/startedat", format_rfc3339(registry.time() + kSinceThen),
                     registry.time());
  registry.tree.file(upload + "/data", kibibytes(64, 'u'), registry.time());
  registry.tree.directory("repositories/abandoned/_layers", registry.time());
  registry.ago(3 * kDay);
  registry.image("web/shop", {base, kibibytes(14, 't')}, "latest");
  registry.blob("three days old");
  registry.ago(kHour);
  registry.layer("team/api", kibibytes(2, 'y'));
  return registry;
}

TEST_F(Golden, Everyday) {
  tell(everyday());
  expect_text("everyday-gc", kGc);
  expect_json("everyday-gc", kGc);
  expect_text("everyday-gc-all",
              with(kGc, {"--delete-untagged", "--purge-uploads", "7d", "--prune-empty-repositories",
                         "--keep-younger-than", "0s", "--max-delete", "100%", "--list", "all",
                         "--top", "3", "-vv"}));
  expect_json("everyday-gc-all", with(kGc, {"--delete-untagged", "--purge-uploads", "7d",
                                            "--prune-empty-repositories", "--keep-younger-than",
                                            "0s", "--max-delete", "100%", "--protect", "team/*"}));
  expect_text("everyday-gc-plain", with(kGc, {"--format", "plain"}));
  expect_text("everyday-gc-refused", with(kGc, {"--max-delete", "1%"}));
  expect_text("everyday-audit", kAudit);
  expect_text("everyday-audit-all", with(kAudit, {"--list", "all", "--no-trunc", "--bytes"}));
  expect_json("everyday-audit", kAudit);
}

// Every kind of damage that is read, each in a repository of its own, and a healthy one with
// garbage.
TEST_F(Golden, Damaged) {
  RegistryBuilder story;
  story.image("healthy", {"healthy"}, "v1");
  story.layer("healthy", "garbage of the healthy");
  story.image("layer-gone", {"lost layer"}, "v1");
  story.tree.remove(layout::blob(digest_of("lost layer")));
  const Digest flipped = story.image("digit-flipped", {"flipped"}, "v1");
  std::string& bytes = story.tree.bytes(RegistryBuilder::data(flipped));
  bytes[bytes.rfind("sha256:") + 7] ^= 1;
  story.layer("digit-flipped", "garbage of the flipped");
  const Digest gone = story.image("manifest-gone", {"orphaned"}, "v1");
  story.tree.remove(layout::blob(gone));
  const Digest garbled = story.image("link-garbled", {"garbled"}, "v1");
  story.tree.bytes(RegistryBuilder::revision("link-garbled", garbled)) += " and more";
  story.tag("tag-dangling", "v1", digest_of("never pushed"));
  const Digest child = story.image("child-gone", {"child"}, ""),
               other = story.image("child-gone", {"other"});
  story.index("child-gone", {child, other}, "v1");
  story.tree.remove(layout::blob(child));
  tell(story);
  expect_text("damaged-gc", kGc);
  expect_json("damaged-gc", kGc);
  expect_text("damaged-gc-refuse", with(kGc, {"--on-damage", "refuse"}));
  expect_text("damaged-audit", kAudit);
  expect_json("damaged-audit", kAudit);
}

// What may hide entries: nothing is taken, and the reasons are named.
TEST_F(Golden, Refused) {
  RegistryBuilder story;
  story.image("app", {"kept"}, "v1");
  story.layer("app", "garbage");
  story.tree.symlink("repositories/elsewhere", "/srv/elsewhere", story.time());
  story.tree.device("repositories/app/_manifests/tags/pipe", story.time());
  story.tree.directory("repositories/app/_unknown", story.time());
  tell(story);
  expect_text("refused-gc", kGc);
  expect_json("refused-gc", kGc);
  expect_text("refused-audit", kAudit);
  expect_json("refused-audit", kAudit);
}

// Names as an attacker or a backup tool may leave them.
TEST_F(Golden, Names) {
  RegistryBuilder story;
  const std::string hostile = "evil/\x1b[31mred\x1b[0m\nnext line\\", latin = "caf\xe9",
                    utf8 = "caf\u00e9";
  for (const std::string& name :
       {hostile, latin, utf8, std::string("-n"), std::string("<b>&amp;")}) {
    story.image(name, {"layer of " + name}, "v1");
    story.layer(name, "garbage of " + name);
  }
  story.tree.file("repositories/" + latin +
                      "/_manifests/tags/\x9b"
                      "31m/current/link",
                  "nothing that a registry writes, and long enough to be whole: not cut short",
                  story.time());
  tell(story);
  expect_text("names-gc", kGc);
  expect_json("names-gc", kGc);
  expect_text("names-audit", kAudit);
  expect_json("names-audit", kAudit);
}

// What earlier runs renamed away.
TEST_F(Golden, Quarantine) {
  RegistryBuilder story;
  story.image("app", {"wanted again"}, "v1");
  story.quarantine(RegistryBuilder::data(digest_of("wanted again")), kNow - 2 * kDay);
  const Digest due = story.layer("app", "held long enough"),
               recent = story.layer("app", "held for an hour");
  story.image("other", {"something of size that stays"}, "v1");
  story.quarantine(RegistryBuilder::data(due), kNow - 2 * kDay);
  story.quarantine(RegistryBuilder::data(recent), kNow - kHour);
  story.layer("app", "new garbage");
  tell(story);
  expect_text("quarantine-gc", kGc);
  expect_json("quarantine-gc", kGc);
  expect_text("quarantine-gc-offline", with(kGc, {"--offline", "--insist", "registry-in-doubt"}));
  expect_json("quarantine-gc-offline", with(kGc, {"--offline", "--insist", "registry-in-doubt"}));
  expect_text("quarantine-audit", kAudit);
  expect_json("quarantine-audit", kAudit);
}

TEST_F(Golden, Wrong) {
  expect_text("wrong-empty-gc", kGc);
  expect_json("wrong-empty-gc", kGc);
  expect_text("wrong-empty-audit", kAudit);
  fs::create_directories(root.path() / "sub/docker/registry/v2");
  expect_text("wrong-above-gc", kGc);
  expect_text("wrong-above-audit", kAudit);
  expect_text("wrong-option-gc", with(kGc, {"--delete-untaged"}));
}

}  // namespace
}  // namespace regctl
