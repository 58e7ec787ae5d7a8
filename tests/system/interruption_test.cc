// The collector killed at every changing system call, and with every reading call failing (P2, P7).
// strace counts calls per thread, so the program runs on one.
#include <gtest/gtest.h>

#include <iostream>
#include <map>
#include <optional>
#include <regex>
#include <set>

#include "registry/hasher.h"
#include "tests/support/program.h"
#include "tests/support/sweeping.h"

namespace regctl {
namespace {

using namespace test;

// One in how many of the points is tried; all with REGCTL_TEST_ROUNDS set.
std::size_t stride(std::size_t usual) { return getenv("REGCTL_TEST_ROUNDS") ? 1 : usual; }

class Interruption : public testing::Test {
 protected:
  RegistryBuilder registry;
  std::vector<std::string> alive;  // keys that must be there whenever nothing runs

  Interruption() {
    const Digest one = registry.image("app", {"base", "one"}, "v1"),
                 two = registry.image("app", {"base", "two"});
    const Digest multi = registry.index("app", {one, two}, "multi");
    const Digest former = registry.image("app", {"base", "former"});
    registry.tag("app", "v1", former);
    registry.tag("app", "v1", one);
    registry.layer("app", "loose");
    registry.tree.remove(
        RegistryBuilder::revision("app", registry.image("app", {"deleted"}, "dead")));
    registry.tree.remove(RegistryBuilder::data(registry.image("app", {"lost"})));
    registry.image("app", {"a signature"}, "sha256-" + digest_of("an image").hex() + ".sig");
    registry.layer("team/empty", "gone with its repository");
    registry.tree.file("repositories/app/_uploads/6ba7b810-9dad-11d1-80b4-00c04fd430c8/startedat",
                       "2026-05-02T00:00:00Z", registry.time());
    registry.tree.file("repositories/app/_uploads/6ba7b810-9dad-11d1-80b4-00c04fd430c8/data",
                       "half", registry.time());
    registry.quarantine(RegistryBuilder::data(registry.layer("app", "taken long ago")),
                        registry.time());
    for (const Digest& manifest : {one, two, multi})
      alive.push_back(RegistryBuilder::revision("app", manifest));
    for (const Digest& blob :
         {one, two, multi, digest_of("base"), digest_of("one"), digest_of("two")})
      alive.push_back(RegistryBuilder::data(blob));
    for (const char* tag : {"v1", "multi"}) alive.push_back(layout::tag_current_link("app", tag));
  }

  std::vector<std::string> mode{"--offline", "--insist", "registry-in-doubt"};
  std::vector<std::string> command(const std::filesystem::path& root,
                                   const std::vector<std::string>& prefix = {}) const {
    std::vector<std::string> argv = prefix;
    argv.insert(argv.end(),
                {regctl_gc(), "--trust-times", "-m", "-q", "-j", "1", "--max-delete", "100%",
                 "--purge-uploads", "168h", "--prune-empty-repositories", "--prune-dead-tags",
                 "--prune-broken-manifests", "--prune-orphaned-referrers"});
    argv.insert(argv.end(), mode.begin(), mode.end());
    argv.push_back(root);
    return argv;
  }
  static std::vector<std::string> injecting(const std::string& what) {
    return {"strace", "-f", "-qq", "-o", "/dev/null", "-e", "inject=" + what};
  }

  // A fresh copy of the store, and what it comes to when nothing disturbs the runs.
  struct Copy {
    TemporaryDirectory root;
    explicit Copy(const RegistryBuilder& registry) {
      const auto v2 = root.path() / "docker/registry/v2";
      std::filesystem::create_directories(v2);
      registry.tree.write_to(v2);
    }
    Files files() const { return files_below(root.path() / "docker/registry/v2"); }
  };
  Files settle(const Copy& copy) const {
    for (int i = 0; i < 3; ++i) {
      const Ran ran = run(command(copy.root.path()));
      EXPECT_LE(ran.status, 1) << ran.err;  // 1: a registry of another test is in doubt
    }
    return copy.files();
  }
  static constexpr std::string_view kMark = ".regctl-gc.";
  // As a key would be if a tag in it were not in quarantine.
  static std::string with_tag_in_place(const std::string& key) {
    static const std::regex kPlace("/_manifests/regctl-gc\\.[0-9]+\\.[^/]+/");
    return std::regex_replace(key, kPlace, "/_manifests/tags/");
  }
  // Names in quarantine without time and run.
  static Files canonical(const Files& files) {
    Files plain;
    for (const auto& [key, file] : files) {
      const auto at = key.rfind(kMark);
      EXPECT_TRUE(plain
                      .emplace(at == std::string::npos ? with_tag_in_place(key)
                                                       : key.substr(0, at + kMark.size()),
                               file)
                      .second)
          << key;
    }
    return plain;
  }
  // The program killed at every call that changes something, in a fresh copy each time.
  std::size_t kill_everywhere() const {
    const Files end = canonical(settle(Copy(registry)));
    expect_alive(end, "undisturbed");
    std::size_t kills = 0;
    for (const char* call : {"renameat2", "mkdirat", "unlinkat", "syncfs"}) {
      for (std::size_t n = 1;; ++n) {
        const Copy copy(registry);
        const std::string point = std::string(call) + ":signal=KILL:when=" + std::to_string(n);
        const Ran ran = run(command(copy.root.path(), injecting(point)));
        if (ran.status <= 1) break;
        EXPECT_EQ(ran.status, 137) << point << ": " << ran.err;
        if (ran.status != 137) return kills;
        ++kills;
        expect_alive(copy.files(), point);
        EXPECT_EQ(canonical(settle(copy)), end) << point;
      }
    }
    RecordProperty("kills", static_cast<int>(kills));
    return kills;
  }
  // What is in quarantine, as if it were not.
  static Files in_place(const Files& files) {
    Files all;
    for (const auto& [key, file] : files)
      EXPECT_TRUE(all.emplace(with_tag_in_place(key.substr(0, key.rfind(kMark))), file).second)
          << key;
    return all;
  }
  // The files that are as in neither, one a line.
  static std::string neither(const Files& files, const Files& before, const Files& after) {
    std::set<std::string> keys;
    for (const Files* some : {&files, &before, &after}) {
      for (const auto& [key, file] : *some) keys.insert(key);
    }
    const auto in = [](const Files& some, const std::string& key) {
      const auto found = some.find(key);
      return found == some.end() ? std::nullopt : std::optional(found->second);
    };
    std::string lines;
    for (const std::string& key : keys) {
      const auto file = in(files, key);
      if (file != in(before, key) && file != in(after, key))
        lines += (file ? "+ " : "- ") + key + '\n';
    }
    return lines;
  }
  static constexpr int kDiedInTheLoader =
      127;  // it reads files as well, and then there was no program
  void expect_alive(const Files& files, const std::string& when) const {
    for (const std::string& key : alive)
      EXPECT_TRUE(files.contains(key)) << key << " is gone, " << when;
  }
};

TEST_F(Interruption, P7KilledAtAnyChangingCall) { EXPECT_GT(kill_everywhere(), 30u); }

// Nothing shows that the gate may open: what this run takes waits, and what is needed again comes
// back.
TEST_F(Interruption, P7KilledAtAnyChangingCallBesideAServingRegistry) {
  mode = {"--hold", "1h"};
  registry.quarantine(RegistryBuilder::data(registry.layer("app", "waits for the gate")), kTaken);
  const Digest image = registry.image("other", {"wanted back"}, "v1");
  for (const Digest& digest : {image, digest_of("wanted back")})
    registry.quarantine(RegistryBuilder::data(digest), kTaken);
  const Files end = settle(Copy(registry));
  for (const Digest& digest : {image, digest_of("wanted back")})
    EXPECT_TRUE(end.contains(RegistryBuilder::data(digest)));
  EXPECT_GE(count_quarantined(end), 6u);
  EXPECT_GT(kill_everywhere(), 15u);
}

TEST_F(Interruption, P7KilledAtAnyChangingCallOfAPurge) {
  mode = {"--hold", "1h", "--registry-cache", "none"};
  const Digest untagged = registry.image("app", {"base", "of an untagged one"});
  for (const Digest& digest : {untagged, digest_of("of an untagged one")})
    registry.quarantine(RegistryBuilder::data(digest), kTaken);
  registry.quarantine(RegistryBuilder::revision("app", untagged), kTaken);
  registry.quarantine(RegistryBuilder::layer_link("app", digest_of("of an untagged one")), kTaken);
  registry.layer("app", "uploaded again beside its copy");
  const std::string again = RegistryBuilder::data(digest_of("uploaded again beside its copy"));
  registry.quarantine(again, kTaken);
  registry.tree.file(again, "uploaded again beside its copy", registry.time());
  const Files end = settle(Copy(registry));
  EXPECT_FALSE(end.contains(RegistryBuilder::data(untagged)));
  for (const auto& [key, file] : end)
    EXPECT_EQ(key.find(".regctl-gc.1779"), std::string::npos) << key << " was not purged";
  EXPECT_GT(kill_everywhere(), 15u);
}

// Every point of a call near the beginning, and ever fewer after: calls repeat themselves.
TEST_F(Interruption, P2AnyFailingReadTakesNothingOrChangesNothing) {
  const Copy undisturbed(registry);
  const Files before = undisturbed.files();
  ASSERT_LE(run(command(undisturbed.root.path())).status, 1);
  const Files after = undisturbed.files();
  std::map<int, int> statuses;
  std::size_t points = 0;
  for (const char* call : {"openat2", "getdents64", "newfstatat", "read"}) {
    for (const char* error : {"EIO", "EACCES", "ENOENT", "ENOMEM", "EMFILE", "ESTALE"}) {
      for (std::size_t n = 1 + points % 3; n < 600; n += stride(1 + n)) {
        const Copy copy(registry);
        const bool for_good = points++ % 2;
#ifdef REGCTL_TEST_SANITIZED
        if (for_good && call == std::string_view("read"))
          continue;  // sanitizers read as well, when something is thrown
#endif
        // Absent is what somebody has removed meanwhile, and from here on all, or this: that is no
        // error, only less to do.
        const bool seems_removed = error == std::string_view("ENOENT");
        const std::string point = std::string(call) + ":error=" + error +
                                  ":when=" + std::to_string(n) + (for_good ? "+" : "");
        const Ran ran = run(command(copy.root.path(), injecting(point)));
        ++statuses[ran.status];
        const Files files = copy.files();
        expect_alive(files, point);
        SCOPED_TRACE(point + ": exit " + std::to_string(ran.status) + ", " + ran.err);
        switch (ran.status) {
          case 0:
          case 1:
            EXPECT_EQ(seems_removed ? neither(in_place(files), in_place(before), after)
                                    : neither(files, after, after),
                      "");
            break;
          // Something went, perhaps only into quarantine, and the rest was kept.
          case 13:
            EXPECT_EQ(neither(in_place(files), in_place(before), after), "");
            break;
          // Nothing went. What a repository that is in doubt links was given back.
          case 12:
            EXPECT_EQ(neither(in_place(files), in_place(before), in_place(before)), "");
            EXPECT_EQ(neither(files, before, in_place(before)), "");
            break;
          case 2:
          case 10:
          case 70:
          case kDiedInTheLoader:
            EXPECT_EQ(neither(files, before, before), "");
            break;
          default:
            ADD_FAILURE();
        }
      }
    }
  }
  for (const auto& [status, times] : statuses) std::cout << times << "x exit " << status << "; ";
  std::cout << points << " points" << std::endl;
  EXPECT_GT(points - static_cast<std::size_t>(statuses[kDiedInTheLoader]), 100u);
  EXPECT_GT(statuses[12], 40);
}

}  // namespace
}  // namespace regctl
