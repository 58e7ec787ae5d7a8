// Names as people outside of ASCII give them, through every report of both programs: shown as they
// are where the locale can show them, escaped once where it cannot.
#include <algorithm>
#include <fstream>
#include <map>
#include <random>

#include "registry/hasher.h"
#include "registry/names.h"
#include "tests/support/store_on_disk.h"

namespace regctl {
namespace {

using namespace test;
namespace fs = std::filesystem;

constexpr char kUtf8[] = "C.UTF-8", kPosix[] = "C";

class ForeignNames : public StoreOnDisk {
 protected:
  // A store below `\u00FCbung` with directories of such names, which the audit tells of.
  ForeignNames() {
    registry.image("\u65E5\u672C/caf\u00E9", {"layer"}, "v1");
    registry.layer("\u65E5\u672C/caf\u00E9", "garbage");
    registry.image("evil\u202E", {"other"}, "v1");
    fs::create_directories(top / "docker/registry/v2");
    registry.tree.write_to(top / "docker/registry/v2");
  }

  Ran ask(std::vector<std::string> argv, const char* locale) const {
    argv.push_back(top);
    return run(argv, {{"LC_ALL", locale}});
  }

  static std::size_t count(const std::string& text, const std::string& what) {
    std::size_t found = 0;
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++found;
    return found;
  }

  const fs::path top = root.path() / "\u00FCbung";
  const std::vector<std::string> gc = {regctl_gc(), "--dry-run", "-v", "--protect", "stra\u00DFe"},
                                 audit = {regctl_audit(), "--quick", "--list", "all"};
};

TEST_F(ForeignNames, StandAsTheyAreWhereTheLocaleCanShowThem) {
  for (const auto& program : {gc, audit}) {
    const Ran ran = ask(program, kUtf8);
    const std::string said = ran.out + ran.err;
    EXPECT_GT(count(ran.out, "\u00FCbung"), 0u) << said;
    if (program == audit) {
      EXPECT_GT(count(said, "repositories/\u65E5\u672C"), 0u) << said;
      EXPECT_GT(count(said, "evil\\xe2\\x80\\xae"), 0u) << said;
    }
    EXPECT_EQ(count(said, "\u202E"), 0u) << said;
    EXPECT_EQ(count(said, "\\xc3"), 0u) << said;
    EXPECT_EQ(count(said, "\\x5c"), 0u) << said;
  }
  EXPECT_GT(count(ask(gc, kUtf8).err, "--protect stra\u00DFe"), 0u);
}

TEST_F(ForeignNames, AreEscapedOnceElsewhere) {
  for (const auto& program : {gc, audit}) {
    const Ran ran = ask(program, kPosix);
    const std::string said = ran.out + ran.err;
    EXPECT_GT(count(ran.out, "\\xc3\\xbcbung"), 0u) << said;
    if (program == audit) {
      EXPECT_GT(count(said, "repositories/\\xe6\\x97\\xa5\\xe6\\x9c\\xac"), 0u) << said;
    }
    EXPECT_EQ(count(said, "\\x5c"), 0u) << said;
    EXPECT_TRUE(std::all_of(said.begin(), said.end(), [](unsigned char c) { return c < 0x80; }));
  }
  EXPECT_GT(count(ask(gc, kPosix).err, "--protect stra\\xc3\\x9fe"), 0u);
}

TEST_F(ForeignNames, OfAWrongRootToo) {
  fs::create_directories(root.path() / "\u00E4");
  std::ofstream(root.path() / "\u00E4/file") << "x";
  for (const auto& program : {gc, audit}) {
    auto argv = program;
    argv.push_back(root.path() / "\u00E4");
    const Ran shown = run(argv, {{"LC_ALL", kUtf8}}), escaped = run(argv, {{"LC_ALL", kPosix}});
    EXPECT_EQ(shown.status, 10);
    EXPECT_GT(count(shown.err, "/\u00E4"), 0u) << shown.err;
    EXPECT_GT(count(escaped.err, "/\\xc3\\xa4"), 0u) << escaped.err;
    EXPECT_EQ(count(escaped.err, "\\x5c"), 0u) << escaped.err;
  }
}

TEST_F(ForeignNames, OfAnEmptyRootAreEscapedOnce) {
  fs::create_directories(root.path() / "\u00F6de");
  for (const auto& program : {gc, audit}) {
    auto argv = program;
    argv.push_back(root.path() / "\u00F6de");
    EXPECT_GT(count(run(argv, {{"LC_ALL", kUtf8}}).err, "\u00F6de is an empty directory"), 0u);
    EXPECT_GT(count(run(argv, {{"LC_ALL", kPosix}}).err, "\\xc3\\xb6de is an empty"), 0u);
  }
}

// Their formats are UTF-8 or ASCII whatever the locale.
TEST_F(ForeignNames, AreTheSameInFilesForPrograms) {
  std::map<std::string, std::string> files;
  for (const char* locale : {kUtf8, kPosix}) {
    for (const auto& program : {gc, audit}) {
      auto argv = program;
      const std::string name = fs::path(program[0]).filename();
      argv.insert(argv.end(), {"--report", work.path() / (name + locale)});
      ask(argv, locale);
      const auto report = nlohmann::json::parse(read_all(work.path() / (name + locale)));
      EXPECT_EQ(report["run"]["root"], top.string());
    }
    auto argv = gc;
    argv.insert(argv.end(), {"--metrics", work.path() / (std::string("metrics") + locale)});
    ask(argv, locale);
    files[locale] = read_all(work.path() / (std::string("metrics") + locale));
    EXPECT_GT(count(files[locale], "\u00FCbung\""), 0u) << files[locale];
  }
}

// The law: no name that a registry accepts for a repository, a tag or a digest is taken for
// foreign. Names are grown from the grammars and from what surrounds them, pushed, and looked for
// in the tree.
TEST_F(ForeignNames, AreNoneThatARegistryAccepts) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const std::vector<std::string> pieces = {
      "a",     "b7",    "Z",         "Upper", "0",
      ".",     "_",     "__",        "-",     "--",
      ":5000", "[::1]", "localhost", "..",    "~",
      "@",     "+",     "%",         "x.y",   "sha256-" + std::string(64, 'a'),
      ".sig",  "\u00e9"};
  const auto grown = [&](std::size_t most) {
    std::string name;
    for (std::size_t i = 1 + random() % most; i > 0; --i) name += pieces[random() % pieces.size()];
    return name;
  };
  const TemporaryDirectory served;
  const DockerRegistry registry_(served.path());
  Http http(registry_.port());
  const std::string config = "{}", layer = "a layer";
  const std::string manifest = RegistryBuilder::image_json(digest_of(config), config.size(),
                                                           {{digest_of(layer), layer.size()}});
  std::size_t accepted = 0, refused = 0;
  const auto push = [&](const std::string& repository, const std::string& tag) {
    try {
      push_blob(http, repository, config, digest_of(config).text());
      push_blob(http, repository, layer,
                digest_of(layer, random() % 2 ? Algorithm::sha512 : Algorithm::sha256).text());
      push_manifest(http, repository, tag, manifest, kOciManifest);
      ++accepted;
    } catch (const std::runtime_error&) {
      ++refused;
    }
  };
  for (const char* name : {"Upper/app", "HOST.example.com/a/b", "a__b/c-d.e", "1.2.3.4/a"})
    push(name, "_V1.0-x");
  const std::size_t known = accepted;
  for (int i = 0; i < 400; ++i) {
    std::string repository = grown(3);
    for (std::size_t depth = random() % 3; depth > 0; --depth) repository += '/' + grown(3);
    push(repository, "v1");
    push("app", grown(4));
  }
  EXPECT_EQ(known, 4u);
  EXPECT_GT(accepted, 60u);
  EXPECT_GT(refused, 60u);
  for (const auto& entry : fs::recursive_directory_iterator(served.path() / "docker")) {
    const std::string name = entry.path().filename();
    EXPECT_FALSE(is_foreign_name(name)) << entry.path();
  }
  const Ran ran = run(dry_run_of(served.path()));
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(planned(ran), std::set<Digest>{});
  EXPECT_FALSE(codes_of(ran, "advice").contains("foreign-names")) << ran.err;
}

}  // namespace
}  // namespace regctl
