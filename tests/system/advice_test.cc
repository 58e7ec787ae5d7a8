// Whatever a message tells people to run is run here, and helps (contract 10). A code of the table
// whose advice names a command or an option, and that has no scenario, fails.
#include <gmock/gmock.h>

#include <fstream>
#include <functional>
#include <regex>

#include "audit/finding.h"
#include "gc/deciding/cache_gate.h"
#include "report/message.h"
#include "tests/system/sweeping_disk.h"

namespace regctl {
namespace {

using namespace test;
using nlohmann::json;
namespace fs = std::filesystem;
using report::Code;
using Options = std::vector<std::string>;

Options words_of(const std::string& text) {
  std::istringstream in(text);
  return {std::istream_iterator<std::string>(in), {}};
}

Options operator+(Options options, const Options& more) {
  options.insert(options.end(), more.begin(), more.end());
  return options;
}

class AdviceTest : public SweepDisk {
 protected:
  // More than half of the store is alive.
  AdviceTest() { registry.image("other", {std::string(500'000, 'x')}, "large"); }

  static constexpr const char* kInDoubt = "registry-in-doubt";

  // A real run unless `options` say otherwise; old is what was modified long ago.
  Ran gc(const Options& options) const {
    return run(Options{regctl_gc(), "--json", "--trust-times"} + options + Options{root.path()});
  }
  static bool says(const Ran& ran, std::string_view id) {
    const json report = report_of(ran);
    for (const char* part : {"blockers", "warnings", "errors", "advice"}) {
      if (!report.is_object()) break;
      for (const auto& message : report.at(part)) {
        if (message.at("code") == id) return true;
      }
    }
    return false;
  }
  // What `text` advises, as a person would copy it: the words that match; empty: there are none.
  static Options copied(const std::string& text, const std::string& pattern) {
    std::smatch found;
    return std::regex_search(text, found, std::regex(pattern)) ? words_of(found.str()) : Options();
  }

  // With `given` the code is told, with `better` in its place no more.
  void expect_better(std::string_view id, const Options& given, const Options& better) const {
    const Ran before = gc(given), after = gc(better);
    EXPECT_TRUE(says(before, id)) << before.out << before.err;
    EXPECT_FALSE(says(after, id)) << after.out << after.err;
    EXPECT_LE(after.status, 1) << after.err;
  }
  // The advice beside it is found by `pattern`, and tried; `value` goes with it.
  void expect_help(std::string_view id, const Options& given, const std::string& pattern,
                   const Options& value = {}) const {
    const Options advised = copied(gc(given).err, pattern);
    ASSERT_FALSE(advised.empty()) << gc(given).err;
    expect_better(id, given, given + advised + value);
  }
  // Ends with 10, and with a command that is then run.
  static void expect_another_root(const fs::path& given) {
    const Ran refused = run({regctl_gc(), "--dry-run", given});
    EXPECT_EQ(refused.status, 10) << refused.err;
    Options command = copied(refused.err, "regctl-gc --dry-run [^ \n]+");
    ASSERT_EQ(command.size(), 3u) << refused.err;
    command[0] = regctl_gc();
    EXPECT_LE(run(command).status, 1);
  }

  void upload(Time time) {
    const std::string key = "repositories/app/_uploads/0b1a5a9c-8a47-4a6e-9a2e-4d0d5b5f6e11/";
    registry.tree.file(key + "startedat", format_rfc3339(time), time);
    registry.tree.file(key + "data", "bytes", time);
  }
  // A tag whose manifest was deleted by the API of an old registry.
  Digest dead_tag() {
    const Digest image = registry.image("dead", {"dead layer"}, "v1");
    registry.tree.remove(RegistryBuilder::revision("dead", image));
    return image;
  }
  Digest broken_manifest() {
    const Digest image = registry.image("broken", {"broken layer"});
    registry.tree.remove(layout::blob(image));
    return image;
  }
  void orphan() {
    const Digest image = registry.image("signed", {"signed"});
    registry.image("signed", {"signature"}, "sha256-" + image.hex() + ".sig");
    registry.tree.remove(RegistryBuilder::revision("signed", image));
  }
  void become_a_cache() { std::ofstream(root.path() / "scheduler-state.json") << "{}"; }

  // By the code whose advice it tries.
  static const std::map<Code, std::function<void(AdviceTest&)>>& scenarios();
  // What the gate says of `evidence`, and that the claims that are advised open it.
  static void expect_gate(Code code, gc::ProcessEvidence found, bool none_would_do);
};

void AdviceTest::expect_gate(Code code, gc::ProcessEvidence found, bool none_would_do) {
  const Time taken = kTaken;
  gc::GateEvidence evidence{.found = std::move(found)};
  const auto answer = part_of(ask_gate(evidence, taken));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->code, code);
  evidence.claims.restarted_at = kNow;
  for (gc::RegistryProcess& process : evidence.found.processes) process.started = kNow;
  EXPECT_FALSE(part_of(ask_gate(evidence, taken)));
  evidence.claims = {.none = true};
  if (none_would_do) {
    EXPECT_FALSE(part_of(ask_gate(evidence, taken)));
  }
}

const std::map<Code, std::function<void(AdviceTest&)>>& AdviceTest::scenarios() {
  using enum Code;
  using Test = AdviceTest;
  const auto server = [](gc::RegistryProcess process) {
    process.pid = 7;
    return gc::ProcessEvidence{
        .processes = {process}, .blindness = {gc::Blindness::Why::none}, .local = true};
  };
  const auto max_delete = [](const Options& given, const std::string& pattern) {
    return [=](Test& test) {
      for (int i = 0; i < 9; ++i) test.registry.image("many", {"tiny"}, "", {}, std::to_string(i));
      test.registry.image("many", {std::string(900'000, 'x')}, "v1");
      test.write();
      test.expect_help("max-delete", Options{"-n"} + given, pattern);
    };
  };
  // `lose` tells of an image in a repository, and what is missing of it.
  const auto half = [](void (*lose)(RegistryBuilder&, const std::string& name)) {
    return [lose](Test& test) {
      for (const char* name : {"a", "b", "c", "d"}) lose(test.registry, name);
      test.write();
      test.expect_help("half-a-store", {"-n"}, "  --max-damage [0-9]+%");
    };
  };
  static const std::map<Code, std::function<void(Test&)>> kScenarios = {
      {symlink_in_tree,
       [](Test& test) {
         test.write();
         const fs::path blobs = test.v2() / "blobs", moved = test.work.path() / "blobs";
         fs::rename(blobs, moved);
         fs::create_directory_symlink(moved, blobs);
         test.expect_help("symlink-in-tree", {"-n"}, "--follow [^ ),]+");
       }},
      {root_behind_link,
       [](Test& test) {
         test.write();
         fs::rename(test.root.path() / "docker", test.work.path() / "docker");
         fs::create_directory_symlink(test.work.path() / "docker", test.root.path() / "docker");
         const Ran refused = test.gc({"-n"});
         EXPECT_EQ(refused.status, 10);
         EXPECT_LE(test.gc(Options{"-n"} + copied(refused.err, "--follow [^ ),]+")).status, 1);
       }},
      {half_of_manifests, half([](RegistryBuilder& registry, const std::string& name) {
         registry.tree.remove(layout::blob(registry.image(name, {name})));
       })},
      {half_of_tags, half([](RegistryBuilder& registry, const std::string& name) {
         registry.image(name, {name}, "v1");
         registry.tree.remove(layout::tag_current_link(name, "v1"));
       })},
      {half_of_layers, half([](RegistryBuilder& registry, const std::string& name) {
         registry.image(name, {name}, "v1");
         registry.tree.remove(layout::blob(digest_of(name)));
       })},
      {upload_in_progress,
       [](Test& test) {
         const Options offline = {"-n", "--offline", "--insist", kInDoubt};
         test.upload(now());
         test.write();
         test.expect_better("upload-in-progress", offline, {"-n"});
         test.upload(now() - kHour);  // the time it was to wait has passed
         fs::remove_all(test.v2());
         test.write();
         EXPECT_FALSE(says(test.gc(offline), "upload-in-progress"));
       }},
      {registry_serving,
       [](Test& test) {
         test.write();
         const DockerRegistry serving(test.root.path());
         test.expect_better("registry-serving", {"-n", "--offline"}, {"-n"});
       }},
      {cache_serving,
       [](Test& test) {
         test.write();
         const TemporaryDirectory elsewhere;
         const DockerRegistry upstream(elsewhere.path());
         const DockerRegistry serving(test.root.path(), {.more = "proxy: {remoteurl: \"http://" +
                                                                 upstream.address() + "\"}\n"});
         test.expect_better("registry-serving", {"-n", "--offline"}, {"-n"});
       }},
      {registry_may_serve,
       [](Test& test) {
         test.write();
         const DockerRegistry serving(test.root.path());
         fs::remove(serving.configuration());
         test.expect_help(kInDoubt, {"-n", "--offline"}, "--insist registry-in-doubt");
       }},
      {manifests_elsewhere,
       [](Test& test) {
         for (const char* name : {"a", "b", "c"}) test.registry.layer(name, name);
         test.write();
         test.expect_help("manifests-elsewhere", {"-n"}, "--insist manifests-elsewhere");
       }},
      {pull_through_cache,
       [](Test& test) {
         test.write();
         test.become_a_cache();
         test.expect_better("pull-through-cache", {"-n", "-m"}, {"-n"});
         test.expect_better("pull-through-cache", {"-n", "-m"}, {"-n", "--cache-unused", "3650d"});
       }},
      {no_cache,
       [](Test& test) {
         test.write();
         test.expect_help("not-a-cache", {"-n", "--cache-unused", "3650d"}, "--pull-through-cache");
       }},
      {no_tags,
       [](Test& test) {
         for (const char* name : {"other", "team/app"})
           test.registry.tree.remove(layout::repository(name) + "/_manifests/tags");
         test.write();
         test.expect_better("no-tags", {"-n", "-m"}, {"-n"});
       }},
      {tags_look_dead,
       [](Test& test) {
         test.registry.ago(kDay).image("other", {"pushed without a tag"});
         test.write();
         test.expect_help("tags-look-dead", {"-n", "-m"}, "--insist tags-look-dead");
       }},
      {max_delete_blobs, max_delete({"--max-delete", "1"}, "  --max-delete [0-9]+")},
      {max_delete_bytes, max_delete({"--max-delete", "1B"}, "  --max-delete [0-9]+B")},
      {max_delete_share_of_bytes, max_delete({"--max-delete", "1%"}, "  --max-delete [0-9]+%")},
      {max_delete_share_of_manifests,
       max_delete({"-m", "--max-delete", "30%"}, "  --max-delete [0-9]+%")},
      {manifest_missing,
       [](Test& test) {
         test.broken_manifest();
         test.write();
         test.expect_help("manifest-missing", {"-n"}, "--prune-broken-manifests");
       }},
      {repair_or_pin,
       [](Test& test) {
         test.registry.tree.bytes(test.alive[0]) = "";
         test.write();
         const Ran refused = test.gc({"-n", "--on-damage=refuse"});
         EXPECT_EQ(refused.status, 12);
         const Options pin = copied(refused.err, "--on-damage=pin");
         EXPECT_EQ(test.gc(Options{"-n"} + pin).status, 1);
       }},
      {repositories_are_kept,
       [](Test& test) {
         test.registry.tree.bytes(test.alive[0]) = "";
         test.write();
         EXPECT_TRUE(copied(test.gc({"-n"}).err, "regctl-audit").size() == 1);
         EXPECT_NE(run(audit_of(test.root.path())).out.find(test.alive[0]), std::string::npos);
       }},
      {registry_has_cache,
       [](Test& test) {
         test.registry.quarantine(RegistryBuilder::data(test.garbage[0]), kTaken);
         test.write();
         const DockerRegistry serving(test.root.path(), kInmemory);
         test.expect_better("registry-has-cache", {"-n", "--registry-cache", "none"}, {"-n"});
       }},
      {run_unknown,
       [](Test& test) {
         test.write();
         EXPECT_LE(test.gc({}).status, 1);
         const Ran lost = test.gc({"--restore", "--run", "nobody"});
         EXPECT_TRUE(says(lost, "run-unknown")) << lost.err;
         std::smatch command;
         ASSERT_TRUE(std::regex_search(lost.err, command, std::regex("find -name '[^']+'")));
         const Ran found = run({"sh", "-c", "cd $1; " + command.str(), "sh", test.root.path()});
         const auto name = layout::parse_quarantine_name(
             fs::path(found.out.substr(0, found.out.find('\n'))).filename().string());
         ASSERT_TRUE(name) << found.out;
         EXPECT_FALSE(says(test.gc({"--restore", "--run", name->run}), "run-unknown"));
         EXPECT_EQ(test.garbage_left(test.root.path()), test.garbage.size());
       }},
      {mismatched_garbage,
       [](Test& test) {
         test.registry.tree.bytes(RegistryBuilder::data(test.garbage[0])) = "other bytes";
         test.write();
         test.expect_help("blob-digest-mismatch", {}, "--remove-mismatched");
       }},
      // The state in which it is told needs a disk that fails; the command is that of any run.
      {not_put_back,
       [](Test& test) {
         test.write();
         const json taken = report_of(test.gc({}));
         EXPECT_EQ(test.garbage_left(test.root.path()), 0u);
         const std::string run = taken.at("run").at("id");
         EXPECT_LE(test.gc({"--restore", "--run", run}).status, 1);
         EXPECT_EQ(test.garbage_left(test.root.path()), test.garbage.size());
       }},
      {root_configuration,
       [](Test& test) {
         test.write();
         const fs::path file = test.work.path() / "config.yml";
         std::ofstream(file) << "storage:\n  filesystem:\n    rootdirectory: "
                             << test.root.path().string() << "\n";
         test.expect_another_root(file);
       }},
      {root_beside_store,
       [](Test& test) {
         test.write();
         test.expect_another_root(test.v2() / "blobs");
       }},
      {root_nested,
       [](Test& test) {
         test.write();
         const fs::path inside = test.v2() / "docker/registry";
         fs::create_directories(inside);
         fs::create_directory(inside / "v2");
         fs::create_directory(inside / "v2/blobs");
         test.expect_another_root(test.root.path());
       }},
      {untagged_manifests,
       [](Test& test) {
         test.write();
         test.expect_help("untagged-manifests", {"-n"}, "--delete-untagged");
       }},
      {dead_tags,
       [](Test& test) {
         test.dead_tag();
         test.write();
         test.expect_help("dead-tags", {"-n"}, "--prune-dead-tags");
       }},
      {broken_manifests,
       [](Test& test) {
         test.broken_manifest();
         test.registry.layer("broken", "pinned by it");
         test.write();
         test.expect_help("broken-manifests", {"-n"}, "--prune-broken-manifests");
       }},
      {orphaned_referrers,
       [](Test& test) {
         test.orphan();
         test.write();
         test.expect_help("orphaned-referrers", {"-n"}, "--prune-orphaned-referrers");
       }},
      {never_expires,
       [](Test& test) {
         test.registry.image("other", {"asked for today"}, "today");
         for (const auto& [key, node] : test.registry.tree.nodes()) {
           const bool lately = key.find("/tags/today") != key.npos;
           if (lately && node.kind == EntryKind::file) test.registry.tree.touch(key, now());
         }
         test.write();
         test.become_a_cache();
         test.expect_help("never-expires", {"-n", "--max-delete", "100%"}, "--cache-unused 30d");
       }},
      {stale_uploads,
       [](Test& test) {
         test.upload(kNow - 30 * kDay);
         test.write();
         test.expect_help("stale-uploads", {"-n"}, "--purge-uploads 168h");
       }},
      {young_blobs,
       [](Test& test) {
         test.registry.tree.touch(RegistryBuilder::data(test.garbage[0]), now());
         test.write();
         test.expect_help("young-blobs", {"-n"}, "--keep-younger-than", {"0s"});
       }},
      {arrived_blobs,
       [](Test& test) {
         test.write();
         test.expect_help("arrived-blobs", {"-n", "--trust-times=false"}, "--trust-times");
       }},
      {restart_registry,
       [](Test& test) {
         test.registry.quarantine(RegistryBuilder::data(test.garbage[0]), kTaken);
         test.write();
         const Ran took = test.gc({});
         EXPECT_TRUE(says(took, "restart-registry")) << took.err;
         // The sentence says when; the option is in the report and the manual.
         const Options advised = {"--registry-restarted-at"};
         const json purged = report_of(test.gc(advised + Options{format_rfc3339(now() - kSecond)}));
         EXPECT_EQ(purged.at("swept").at("purged").at("count"), 1u);
       }},
      {flush_redis,
       [server](Test&) {
         // Its cache cannot be looked at: the word of who has flushed it counts.
         gc::GateEvidence evidence{
             .found = server({.certain = true, .cache = gc::Cache::redis, .redis = true})};
         EXPECT_EQ(part_of(ask_gate(evidence, kTaken))->code, flush_redis);
         evidence.claims.restarted_at = kNow;
         EXPECT_FALSE(part_of(ask_gate(evidence, kTaken)));
       }},
      {restart_server_in_doubt,
       [server](Test& test) {
         test.expect_gate(restart_server_in_doubt,
                          server({.certain = true,
                                  .cache = gc::Cache::none,
                                  .doubt = {gc::Doubt::Why::configuration_changed}}),
                          false);
       }},
      {restart_in_doubt,
       [server](Test& test) {
         test.expect_gate(
             restart_in_doubt,
             server({.cache = gc::Cache::none, .doubt = {gc::Doubt::Why::no_configuration}}),
             false);
       }},
      {restart_unknown_cache,
       [server](Test& test) {
         test.expect_gate(restart_unknown_cache,
                          server({.certain = true, .cache = gc::Cache::unknown}), false);
       }},
      {restart_all_not_local,
       [](Test& test) {
         test.expect_gate(restart_all_not_local, {.blindness = {gc::Blindness::Why::none}}, true);
       }},
      {restart_all_not_seen,
       [](Test& test) {
         test.expect_gate(restart_all_not_seen,
                          {.blindness = {gc::Blindness::Why::processes_hidden}, .local = true},
                          true);
       }},
      {restart_all_none_found,
       [](Test& test) {
         test.expect_gate(restart_all_none_found,
                          {.blindness = {gc::Blindness::Why::none}, .local = true}, true);
       }},
      {leave_out_cache_none,
       [server](Test&) {
         gc::GateEvidence evidence{
             .found =
                 server({.started = kTaken - kDay, .certain = true, .cache = gc::Cache::inmemory}),
             .claims = {.none = true}};
         EXPECT_EQ(part_of(ask_gate(evidence, kTaken))->code, leave_out_cache_none);
         evidence.claims.none = false;
         evidence.found.processes[0].started = kNow;
         EXPECT_FALSE(part_of(ask_gate(evidence, kTaken)));
       }},
  };
  return kScenarios;
}

// A command or an option of ours, or a place for one.
bool names_a_command(std::string text) {
  text = std::regex_replace(text, std::regex("mount --bind"), "");
  return std::regex_search(
      text, std::regex("[ (]--[a-z]|^--[^ ]*$|^--[^ ]* (lets|[0-9A-Z])|regctl-(gc|audit)|find -|"
                       "\\{2\\} \\{1\\}"));
}

TEST_F(AdviceTest, EveryCommandHasAScenario) {
  std::size_t commands = 0;
  for (int i = 0; i <= static_cast<int>(Code::other_name_of); ++i) {
    const report::CodeInfo& info = report::info_of(static_cast<Code>(i));
    const bool part = info.kind == report::MessageKind::part;
    if (!names_a_command(std::string(part ? info.sentence : info.hint))) continue;
    ++commands;
    EXPECT_TRUE(scenarios().contains(info.code)) << info.sentence << ": " << info.hint;
  }
  EXPECT_EQ(scenarios().size(), commands) << "a scenario tries what nothing advises";
}

class AdviceHelps : public AdviceTest, public testing::WithParamInterface<Code> {
 public:
  static std::vector<Code> codes() {
    std::vector<Code> all;
    for (const auto& [code, scenario] : scenarios()) all.push_back(code);
    return all;
  }
};

TEST_P(AdviceHelps, WhereItIsGiven) { scenarios().at(GetParam())(*this); }

INSTANTIATE_TEST_SUITE_P(Codes, AdviceHelps, testing::ValuesIn(AdviceHelps::codes()),
                         [](const auto& one) {
                           const std::string_view id = report::info_of(one.param).id;
                           std::string name(id.empty() ? "code" : id);
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name + '_' + std::to_string(static_cast<int>(one.param));
                         });

// --- what the audit advises

class AuditAdvice : public AdviceTest {
 protected:
  static std::set<std::string> rules_in(const fs::path& root) {
    const json report = report_of(run(audit_of(root)));
    std::set<std::string> rules;
    for (const auto& finding : report.at("findings")) rules.insert(finding.at("rule"));
    return rules;
  }
};

TEST_F(AuditAdvice, EveryCommandHelps) {
  using enum audit::Rule;
  const std::map<audit::Rule, std::function<void()>> cases = {
      {manifest_missing, [&] { broken_manifest(); }},
      {tag_dead, [&] { dead_tag(); }},
      {layer_link_dangling, [&] { registry.link_layer("other", digest_of("nowhere")); }},
      {upload_stale, [&] { upload(kNow - 30 * kDay); }},
      {upload_malformed,
       [&] { registry.tree.file("repositories/app/_uploads/x/data", "bytes", kNow - 30 * kDay); }},
      {repository_empty,
       [&] {
         registry.tree.directory("repositories/empty/_manifests/tags", kNow - 30 * kDay);
         registry.tree.directory("repositories/empty/_layers/sha256", kNow - 30 * kDay);
       }},
      {manifest_untagged, [] {}},
      {blob_unreferenced, [] {}},
      {quarantined, [&] { registry.quarantine(RegistryBuilder::data(garbage[0]), kTaken); }},
      {referrer_orphaned, [&] { orphan(); }},
      {symlink_in_tree, [] {}},  // Links.TheAdviceOfTheRefusalHelps
      {owner_mixed, [] {}},      // AuditOnDisk.MixedOwnersAreGivenBack
  };
  const RegistryBuilder sound = registry;
  for (const audit::RuleInfo& info : audit::rules()) {
    if (!names_a_command(std::string(info.advice))) continue;
    ASSERT_TRUE(cases.contains(info.rule)) << info.id << ": " << info.advice;
    if (info.rule == symlink_in_tree || info.rule == owner_mixed) continue;
    registry = sound;
    cases.at(info.rule)();
    fs::remove_all(v2());
    write();
    const std::string id(info.id);
    EXPECT_TRUE(rules_in(root.path()).contains(id)) << id;
    Options command = copied(std::string(info.advice), "regctl-gc( --[a-z-]+( [0-9]+[a-z])?)*");
    ASSERT_FALSE(command.empty()) << info.advice;
    command.erase(command.begin());
    const Ran ran =
        gc(command + Options{"--offline", "--insist", kInDoubt, "--max-delete", "100%"});
    EXPECT_LE(ran.status, 1) << id << ran.err;
    EXPECT_FALSE(rules_in(root.path()).contains(id)) << id << ran.out;
  }
}

TEST_F(AuditAdvice, WrongBytesThatNobodyNeedsGo) {
  registry.tree.bytes(RegistryBuilder::data(garbage[0])) = "wrong";
  write();
  const Ran told = run({regctl_audit(), "--json", root.path()});
  EXPECT_EQ(told.status, 12);
  const json finding = report_of(told).at("findings")[0];
  EXPECT_EQ(finding.at("rule"), "blob-digest-mismatch");
  Options command = copied(finding.at("advice"), "regctl-gc --[a-z-]+");
  ASSERT_FALSE(command.empty()) << finding;
  command.erase(command.begin());
  EXPECT_LE(gc(command + Options{"--offline", "--insist", kInDoubt, "--max-delete", "100%"}).status,
            1);
  EXPECT_EQ(run({regctl_audit(), root.path()}).status, 0);
}

// --- what is to be done by hand

TEST_F(AdviceTest, AStoreThatIsToBeEmptied) {
  registry = {};
  dead_tag();
  write();
  const Ran looked = gc({"-n"});
  EXPECT_TRUE(says(looked, "empties-store")) << looked.out;
  EXPECT_FALSE(says(looked, "dead-tags")) << looked.out;
  EXPECT_EQ(codes_of(gc({"-n", "--prune-dead-tags"}), "blockers"),
            std::set<std::string>{"takes-everything"});
  for (const char* name : {"blobs", "repositories"}) fs::remove_all(v2() / name);
  const Ran empty = gc({"-n"});
  EXPECT_EQ(empty.status, 0) << empty.err;
  EXPECT_FALSE(says(empty, "empties-store"));
  EXPECT_EQ(run(audit_of(root.path())).status, 0);
}

}  // namespace
}  // namespace regctl
