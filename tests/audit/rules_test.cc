// A fixture for each rule of the audit's table: what is done to a sound store, and the finding that
// must follow. A rule without a fixture fails.
#include "audit/rules.h"

#include <gmock/gmock.h>

#include <functional>
#include <map>
#include <set>

#include "audit/report.h"
#include "report/wording.h"
#include "tests/support/auditing.h"
#include "tests/support/troubled_storage.h"

namespace regctl::audit {

namespace {

using namespace test;

const std::string kUpload = layout::upload("app", "6ba7b810-9dad-11d1-80b4-00c04fd430c8");

struct Sound {
  RegistryBuilder registry;
  Tree& tree = registry.tree;
  Digest layer = digest_of("precious"), image = registry.image("app", {"precious"}, "v1");
  Honesty honesty = [](Verb, const std::string&) { return Answer::truth; };
  Audit audit = Audit().quick();

  std::string layer_link() const { return RegistryBuilder::layer_link("app", layer); }
  std::string revision() const { return RegistryBuilder::revision("app", image); }
  void put(const std::string& key, const std::string& bytes) {
    tree.file(key, bytes, registry.time());
  }
};

Verdict verdict_on(const Sound& store, bool is_cache = false) {
  Audit audit = store.audit;
  audit.store.pull_through_cache = is_cache;
  return audit.of(TroubledStorage(store.tree.storage(), store.honesty));
}

std::vector<Finding> audited(const Sound& store, bool is_cache = false) {
  return all_findings(verdict_on(store, is_cache));
}

// Of a finding, as far as a fixture tells it.
struct Expected {
  std::string path = {}, repository = {};
  std::optional<Digest> digest = {};
  std::uint64_t bytes = 0;
  bool breaks_the_tag = false;
  std::set<Rule> others = {};  // that follow from the same
};

using Fixture = std::function<Expected(Sound&)>;

const std::map<Rule, Fixture>& fixtures() {
  using enum Rule;
  static const std::map<Rule, Fixture> kFixtures = {
      {blob_digest_mismatch,
       [](Sound& store) -> Expected {
         store.audit = Audit();
         const std::string data = RegistryBuilder::data(store.layer);
         store.tree.bytes(data)[0] ^= 1;
         return {data, "", store.layer, 8, true};
       }},
      {blob_size_mismatch,
       [](Sound& store) -> Expected {
         const std::string data = RegistryBuilder::data(store.layer);
         store.tree.bytes(data) += "!";
         return {data, "", store.layer, 9, true};
       }},
      {blob_missing,
       [](Sound& store) -> Expected {
         store.tree.remove(layout::blob(store.layer));
         return {"", "", store.layer, 0, true, {layer_link_dangling}};
       }},
      {manifest_missing,
       [](Sound& store) -> Expected {
         const std::string data = RegistryBuilder::data(store.image);
         store.tree.remove(data);
         return {data, "", store.image, 0, true};
       }},
      {manifest_unparsable,
       [](Sound& store) -> Expected {
         const Digest digest = store.registry.manifest("app", "[]", "broken");
         return {RegistryBuilder::data(digest), "", digest};
       }},
      {manifest_digest_mismatch,
       [](Sound& store) -> Expected {
         const std::string data = RegistryBuilder::data(store.image);
         store.tree.bytes(data) += ' ';
         return {data, "", store.image, 0, true};
       }},
      {tag_dangling,
       [](Sound& store) -> Expected {
         store.registry.tag("app", "v2", digest_of("never pushed"));
         store.tree.remove(layout::tag("app", "v2") + "/index");
         return {layout::tag_current_link("app", "v2"), "app", digest_of("never pushed")};
       }},
      {tag_dead,
       [](Sound& store) -> Expected {
         const Digest deleted = store.registry.image("app", {"deleted"}, "v2", {}, "precious");
         store.tree.remove(RegistryBuilder::revision("app", deleted));
         return {layout::tag("app", "v2"), "app", deleted,
                 store.tree.bytes(RegistryBuilder::data(deleted)).size() + 7};
       }},
      {link_invalid,
       [](Sound& store) -> Expected {
         store.tree.bytes(store.layer_link()) = "no digest";
         return {store.layer_link(), "app", store.layer, 0, true};
       }},
      {link_name_mismatch,
       [](Sound& store) -> Expected {
         store.tree.bytes(store.revision()) = digest_of("another").text();
         return {store.revision(), "app", store.image, 0, true};
       }},
      {symlink_in_tree,
       [](Sound& store) -> Expected {
         store.tree.symlink("repositories/team", "/elsewhere", store.registry.time());
         return {"repositories/team"};
       }},
      {alias_link,
       [](Sound& store) -> Expected {
         store.tree.symlink("repositories/team", "app", store.registry.time());
         return {"repositories/team"};
       }},
      {read_error,
       [](Sound& store) -> Expected {
         store.honesty = [](Verb, const std::string& key) {
           return key == "repositories/app/_uploads" ? Answer::error : Answer::truth;
         };
         store.tree.directory("repositories/app/_uploads", store.registry.time());
         return {"repositories/app/_uploads"};
       }},
      {half_store,
       [](Sound& store) -> Expected {
         store.tree.remove("repositories");
         return {"repositories"};
       }},
      {link_empty,
       [](Sound& store) -> Expected {
         store.tree.bytes(store.layer_link()).clear();
         return {store.layer_link(), "app", store.layer, 0, true};
       }},
      {layer_link_dangling,
       [](Sound& store) -> Expected {
         store.registry.link_layer("app", digest_of("gone"));
         return {RegistryBuilder::layer_link("app", digest_of("gone")), "app", digest_of("gone")};
       }},
      {layer_link_absent,
       [](Sound& store) -> Expected {
         store.tree.remove(store.layer_link());
         return {store.layer_link(), "app", store.layer, 0, true};
       }},
      {index_child_missing,
       [](Sound& store) -> Expected {
         const Digest child = digest_of("another platform");
         return {"", "app", store.registry.index("app", {store.image, child}, "many")};
       }},
      {index_child_unlinked,
       [](Sound& store) -> Expected {
         const Digest child = store.registry.image("app", {"precious"}, "", {}, "another platform");
         store.registry.index("app", {store.image, child}, "many");
         store.tree.remove(RegistryBuilder::revision("app", child));
         return {RegistryBuilder::revision("app", child), "app", child};
       }},
      {upload_stale,
       [](Sound& store) -> Expected {
         store.put(kUpload + "/startedat", format_rfc3339(store.registry.time()));
         store.put(kUpload + "/data", "half a layer");
         return {kUpload, "app", {}, 32};
       }},
      {upload_malformed,
       [](Sound& store) -> Expected {
         store.put(kUpload + "/startedat", "some day");
         store.put(kUpload + "/data", "half a layer");
         return {kUpload, "app", {}, 20};
       }},
      {blob_misplaced,
       [](Sound& store) -> Expected {
         const std::string place = "blobs/sha256/ff/" + digest_of("not ff").hex();
         store.put(place + "/data", "not ff");
         return {place};
       }},
      {owner_mixed,
       [](Sound& store) -> Expected {
         store.tree.give_to(5000, store.layer_link());
         store.tree.give_to(5000, store.revision());
         return {store.layer_link()};
       }},
      {unexpected_file,
       [](Sound& store) -> Expected {
         store.put("repositories/app/notes", "x");
         return {"repositories/app/notes"};
       }},
      {foreign_name,
       [](Sound& store) -> Expected {
         store.put("repositories/app/.AppleDouble/link", "x");
         return {"repositories/app/.AppleDouble"};
       }},
      {manifest_oversized,
       [](Sound& store) -> Expected {
         std::string json = RegistryBuilder::image_json(digest_of("precious"), 8, {});
         json += std::string(kLargestServedManifest, ' ');
         const Digest large = store.registry.manifest("app", json, "large");
         return {RegistryBuilder::data(large), "", large, json.size()};
       }},
      {subject_missing,
       [](Sound& store) -> Expected {
         store.registry.image("app", {"signature"}, "sig", digest_of("gone"));
         return {"", "", digest_of("gone"), 0, false, {referrer_orphaned}};
       }},
      {media_type_unknown,
       [](Sound& store) -> Expected {
         return {"", "",
                 store.registry.manifest(
                     "app", R"({"schemaVersion":2,"mediaType":"application/x-mine"})", "odd")};
       }},
      {repository_empty,
       [](Sound& store) -> Expected {
         store.tree.directory("repositories/empty/_layers", store.registry.time());
         return {"", "empty"};
       }},
      {manifest_untagged,
       [](Sound& store) -> Expected {
         const Digest former = store.registry.image("app", {"precious"}, "", {}, "{}");
         return {"", "app", former, store.tree.bytes(RegistryBuilder::data(former)).size()};
       }},
      {blob_unreferenced,
       [](Sound& store) -> Expected {
         return {"", "", store.registry.blob("nobody's"), 8};
       }},
      {manifest_schema1,
       [](Sound& store) -> Expected {
         return {"", "",
                 store.registry.manifest("app", R"({"schemaVersion":1,"fsLayers":[]})", "old")};
       }},
      {tag_history_long,
       [](Sound& store) -> Expected {
         for (int i = 0; i < 1000; ++i)
           store.put(layout::tag("app", "v1") + "/index/" +
                         layout::digest_path(digest_of(std::to_string(i))) + "/link",
                     digest_of(std::to_string(i)).text());
         return {layout::tag("app", "v1"), "app"};
       }},
      {quarantined,
       [](Sound& store) -> Expected {
         const Digest taken = store.registry.blob("taken");
         store.registry.quarantine(RegistryBuilder::data(taken), kNow - kDay);
         return {"", "", taken, 5};
       }},
      {referrer_orphaned,
       [](Sound& store) -> Expected {
         const Digest signature =
             store.registry.image("app", {"signature"}, "sig", digest_of("gone"));
         return {"", "app", signature, 0, false, {subject_missing}};
       }},
  };
  return kFixtures;
}

class EveryRule : public testing::TestWithParam<Rule> {
 protected:
  EveryRule() {
    const auto fixture = fixtures().find(GetParam());
    if (fixture != fixtures().end()) expected = fixture->second(store);
  }
  void SetUp() override {
    ASSERT_TRUE(fixtures().contains(GetParam())) << "no fixture shows this rule";
  }
  Sound store;
  Expected expected;
};

TEST_P(EveryRule, FindsItsOwn) {
  const auto findings = audited(store);
  std::set<Rule> rules = expected.others;
  rules.insert(GetParam());
  EXPECT_EQ(rules_of(findings), rules);
  std::size_t count = 0;
  for (const Finding& finding : findings) {
    if (finding.rule != GetParam()) continue;
    ++count;
    EXPECT_EQ(finding.path, expected.path);
    EXPECT_EQ(finding.repository, expected.repository);
    EXPECT_EQ(finding.digest, expected.digest);
    EXPECT_EQ(finding.bytes, expected.bytes);
    const bool breaks_it = finding.used_by.size() == 1 && finding.used_by[0].repository == "app" &&
                           finding.used_by[0].tags == SharedList<std::string>{"v1"} &&
                           finding.used_by[0].manifest == store.image;
    EXPECT_EQ(breaks_it, expected.breaks_the_tag);
  }
  EXPECT_EQ(count, 1u);
}

// In a pull-through cache what has not been asked for is missing, and nothing is wrong: no finding
// about an absence is more than information. What was read and is wrong stays what it is.
TEST_P(EveryRule, ForgivesACacheWhatIsAbsent) {
  using enum Rule;
  static const std::set<Rule> kOfAbsence = {
      blob_missing,        manifest_missing,     tag_dangling,      tag_dead,
      index_child_missing, index_child_unlinked, layer_link_absent, layer_link_dangling};
  std::set<Severity> elsewhere;
  for (const Finding& finding : audited(store)) {
    if (finding.rule == GetParam()) elsewhere.insert(finding.severity);
  }
  std::size_t count = 0;
  for (const Finding& finding : audited(store, true)) {
    if (finding.rule != GetParam()) continue;
    ++count;
    const bool is_absence = kOfAbsence.contains(finding.rule);
    EXPECT_EQ(std::set{finding.severity}, is_absence ? std::set{Severity::info} : elsewhere);
    EXPECT_EQ(finding.advice.find("push"), finding.advice.npos)
        << finding.advice;  // it answers 405
  }
  EXPECT_EQ(count, 1u);
}

std::vector<Rule> all_rules() {
  std::vector<Rule> all;
  for (const RuleInfo& info : rules()) all.push_back(info.rule);
  return all;
}

INSTANTIATE_TEST_SUITE_P(Table, EveryRule, testing::ValuesIn(all_rules()),
                         [](const testing::TestParamInfo<Rule>& one) {
                           std::string name(info_of(one.param).id);
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST(Audit, FindsNothingInASoundStore) { EXPECT_TRUE(audited(Sound()).empty()); }

TEST(Audit, BeginsWithTheWorst) {
  Sound store;
  for (const Rule rule :
       {Rule::unexpected_file, Rule::repository_empty, Rule::blob_missing, Rule::tag_dangling,
        Rule::upload_stale, Rule::blob_unreferenced, Rule::referrer_orphaned})
    fixtures().at(rule)(store);
  const auto findings = audited(store);
  EXPECT_TRUE(std::is_sorted(findings.begin(), findings.end(), [](const auto& a, const auto& b) {
    return std::pair(a.severity, a.rule) < std::pair(b.severity, b.rule);
  }));
  EXPECT_EQ(findings.front().severity, Severity::error);
  EXPECT_EQ(findings.back().severity, Severity::info);
}

// Where it is not known whether a tag can be pulled, it is named.
TEST(Audit, NamesTheTagsBehindWhatCannotBeSeen) {
  const Digest layer = digest_of("precious"), image = Sound().image;
  const std::string tag = layout::tag_current_link("app", "v1");
  for (const std::string& path :
       {RegistryBuilder::data(image), RegistryBuilder::data(layer),
        RegistryBuilder::revision("app", image), RegistryBuilder::layer_link("app", layer), tag,
        std::string(layout::parent_of(tag)), std::string("repositories/app/_layers"),
        std::string(layout::parent_of(RegistryBuilder::data(layer)))}) {
    Sound store;
    store.tree.remove(path);
    store.tree.symlink(path, "/elsewhere", store.registry.time());
    std::vector<Finding> findings = audited(store);
    std::erase_if(findings, [](const Finding& one) { return one.rule != Rule::symlink_in_tree; });
    ASSERT_EQ(findings.size(), 1u) << path;
    ASSERT_EQ(findings[0].used_by.size(), 1u) << path;
    EXPECT_EQ(findings[0].used_by[0].tags, SharedList<std::string>{"v1"}) << path;
    const std::string_view name = layout::name_of(findings[0].path);
    const bool is_file = name == "data" || name == "link";
    EXPECT_EQ(findings[0].advice == kPutFile, is_file) << path;
  }
}

TEST(Audit, ALinkOfATagTellsWhichTag) {
  Sound store;
  store.tree.bytes(layout::tag_current_link("app", "v1")) =
      "no digest at all, but long enough to be one, and what else is there to say?";
  const auto findings = audited(store);
  ASSERT_EQ(rules_of(findings), std::set{Rule::link_invalid});
  EXPECT_EQ(findings[0].repository, "app");
  EXPECT_EQ(findings[0].tag, "v1");
}

TEST(Audit, CountsATagOnceHoweverManyErrorsBreakIt) {
  Sound store;
  store.registry.tag("app", "same", store.image);
  for (const Rule rule : {Rule::blob_size_mismatch, Rule::link_invalid}) fixtures().at(rule)(store);
  const Verdict verdict = verdict_on(store);
  EXPECT_GE(all_findings(verdict).size(), 2u);
  EXPECT_EQ(verdict.harm.tags, 2u);
  EXPECT_EQ(verdict.harm.repositories, 1u);
}

// Bytes that another repository has say nothing: an index may have been copied without all of its
// platforms. Else somebody deleted the link, or its directory tells so.
TEST(Audit, AChildWithoutItsLinkIsAWarningWhereItWasPushed) {
  const auto severity_of = [](const std::string& also_in, bool leaves_directory) {
    Sound store;
    const Digest child = store.registry.image("app", {"precious"}, "", {}, "another platform");
    store.registry.index("app", {store.image, child}, "many");
    if (!also_in.empty()) store.registry.image(also_in, {"precious"}, "", {}, "another platform");
    const std::string link = RegistryBuilder::revision("app", child);
    store.tree.remove(leaves_directory ? link : std::string(layout::parent_of(link)));
    if (!leaves_directory)
      store.tree.remove(RegistryBuilder::layer_link("app", digest_of("another platform")));
    for (const Finding& finding : audited(store)) {
      const bool is_note =
          finding.rule == Rule::index_child_missing && finding.severity == Severity::info;
      if (is_note || finding.rule == Rule::index_child_unlinked) return finding.severity;
    }
    return Severity::error;
  };
  EXPECT_EQ(severity_of("", false), Severity::warning);
  EXPECT_EQ(severity_of("", true), Severity::warning);
  EXPECT_EQ(severity_of("other", true), Severity::warning);
  EXPECT_EQ(severity_of("other", false), Severity::info);
}

TEST(Audit, WhatIsFromTheFutureIsNotCalledUnreferenced) {
  Sound store;
  store.registry.ago(-kHour).blob("from the future");
  EXPECT_EQ(rules_of(audited(store)), std::set<Rule>{});
}

// The link of a tag comes after the entry of its history: one that was entered between two looks is
// being pushed.
TEST(Audit, ATagThatIsBeingPushedDoesNotDangle) {
  for (const bool pushed_again : {false, true}) {
    Sound store;
    const std::string top = layout::tag("app", "v1");
    store.tree.remove(top + "/current");
    int scans = 0;
    store.honesty = [&](Verb verb, const std::string& key) {
      const bool begins = verb == Verb::list && key == "repositories";
      if (begins && ++scans > 1 && pushed_again) {
        const Digest next = digest_of(std::to_string(scans));
        store.tree.file(top + "/index/" + layout::digest_path(next) + "/link", next.text(),
                        kNow - (60 - scans) * kSecond);
      }
      return Answer::truth;
    };
    const Verdict verdict = verdict_on(store);
    EXPECT_EQ(rules_of(verdict).contains(Rule::tag_dangling), !pushed_again);
    EXPECT_EQ(verdict.harm.tags, pushed_again ? 0u : 1u);
  }
}

// Old registries write manifests in place, so that for a moment they are empty.
TEST(Audit, ABlobThatIsBeingWrittenIsNotCalledWrong) {
  Sound store;
  store.audit = Audit();
  const std::string data = RegistryBuilder::data(store.layer);
  const std::string bytes = std::exchange(store.tree.bytes(data), "");
  int opened = 0;
  store.honesty = [&](Verb verb, const std::string& key) {
    if (verb == Verb::open && key == data && ++opened == 2) store.tree.bytes(data) = bytes;
    return Answer::truth;
  };
  EXPECT_EQ(rules_of(audited(store)), std::set<Rule>{});
  EXPECT_EQ(opened, 2);
}

// The registry's own collection takes the revisions of platforms, directories and all.
TEST(Audit, AChildWhoseLayersAreLinkedWasPushed) {
  Sound store;
  const Digest amd = store.registry.image("app", {"for amd"}),
               arm = store.registry.image("app", {"for arm"});
  store.registry.index("app", {amd, arm}, "many");
  store.registry.image("other", {"for arm"}, "v1");
  store.tree.remove(std::string(layout::parent_of(RegistryBuilder::revision("app", arm))));
  const auto findings = audited(store);
  ASSERT_EQ(findings[0].rule, Rule::index_child_unlinked);
  EXPECT_EQ(findings[0].digest, arm);
  EXPECT_EQ(findings[0].used_by[0].tags, SharedList<std::string>{"many"});
  store.tree.remove(RegistryBuilder::layer_link("app", digest_of("for arm")));
  EXPECT_EQ(audited(store)[0].severity, Severity::info);
}

// Who builds for one platform pushes an index of several.
TEST(Audit, AChildThatWasNeverPushedIsNoWarning) {
  Sound store;
  store.registry.index("app", {store.image, digest_of("another platform")}, "many");
  const Digest index =
      store.registry.index("app", {store.image, digest_of("a"), digest_of("b")}, "all");
  const auto findings = audited(store);
  ASSERT_EQ(findings.size(), 2u);  // one for each index, however many it lacks
  for (const Finding& finding : findings) {
    EXPECT_EQ(finding.rule, Rule::index_child_missing);
    EXPECT_EQ(finding.severity, Severity::info);
  }
  const auto of_two = std::ranges::find(findings, index, &Finding::digest);
  ASSERT_NE(of_two, findings.end());
  EXPECT_EQ(report::text_of(*of_two->found, cli::Charset::ascii),
            "never pushed here: 2 of its 3 platforms");
}

// Of a repository the rest is still seen, and what is wrong with it told.
TEST(Audit, AnUnreadableDirectoryHidesOnlyWhatIsBelowIt) {
  const std::string top = layout::repository("app");
  for (const std::string below :
       {"/_layers", "/_layers/sha256", "/_manifests/revisions", "/_manifests/revisions/sha256",
        "/_manifests/tags", "/_uploads"}) {
    Sound store;
    store.tree.directory(top + "/_uploads", store.registry.time());
    store.tree.remove(layout::blob(store.layer));
    store.honesty = [&](Verb, const std::string& key) {
      return key == top + below ? Answer::error : Answer::truth;
    };
    const Verdict told = verdict_on(store);
    const auto findings = all_findings(told);
    const auto unread = std::ranges::find(findings, Rule::read_error, &Finding::rule);
    ASSERT_NE(unread, findings.end()) << below;
    EXPECT_EQ(unread->path, top + below);
    ASSERT_EQ(told.inventory.repositories.size(), 1u) << below;
    const Repository& seen = told.inventory.repositories[0];
    EXPECT_EQ(seen.layers.empty(), below.starts_with("/_layers")) << below;
    EXPECT_EQ(seen.revisions.empty(), below.starts_with("/_manifests/revisions")) << below;
    EXPECT_EQ(seen.tags.empty(), below == "/_manifests/tags") << below;
    EXPECT_EQ(rules_of(findings).contains(Rule::blob_missing),
              below != "/_manifests/revisions" && below != "/_manifests/revisions/sha256")
        << below;
  }
}

TEST(Audit, NamesTheNewestTagsFirst) {
  Sound store;
  for (int i = 1; i <= 9; ++i)
    store.registry.ago(10 * kHour - i * kHour)
        .image("app", {"precious"}, std::to_string(i), {}, std::to_string(i));
  store.tree.remove(layout::blob(store.layer));
  const auto findings = audited(store);
  std::vector<std::string> tags;
  for (const UsedBy& user : findings[0].used_by) tags.push_back(*user.tags.begin());
  EXPECT_THAT(tags, testing::ElementsAre("9", "8", "7", "6", "5", "4", "3", "2", "1", "v1"));
}

// A registry deletes every link to what it is told is a manifest, those of layers too.
TEST(Audit, NobodyIsToldToDeleteALayerThatATagPointsTo) {
  Sound store;
  store.registry.tag("app", "v1", store.layer);
  const Verdict told = verdict_on(store);
  ASSERT_EQ(told.findings[0].rule, Rule::manifest_unparsable);
  EXPECT_EQ(told.findings[0].advice, info_of(Rule::tag_dangling).advice);
}

// A registry answers 500 for what has no schemaVersion; the blob is sound, and a configuration.
TEST(Audit, AnObjectThatIsNoManifest) {
  Sound store;
  const Digest config = store.registry.layer("app", R"({"architecture":"amd64"})");
  store.registry.tag("app", "v2", config);
  const Verdict told = verdict_on(store);
  ASSERT_EQ(rules_of(told), std::set{Rule::manifest_unparsable});
  const Finding& finding = told.findings[0];
  EXPECT_EQ(finding.path, RegistryBuilder::data(config));
  EXPECT_EQ(finding.found, report::Argument(report::Part{report::Code::bad_member,
                                                         {std::string("schemaVersion")}}));
  EXPECT_EQ(finding.advice, info_of(Rule::tag_dangling).advice);
  ASSERT_EQ(finding.used_by.size(), 1u);
  EXPECT_EQ(*finding.used_by[0].tags.begin(), "v2");
}

// Older registries took manifests of any size, and hand them out.
TEST(Audit, LooksIntoManifestsOfAnySize) {
  Sound store;
  const Digest layer = store.registry.layer("app", "layer");
  std::string json = RegistryBuilder::image_json(digest_of("precious"), 8, {{layer, 5}});
  json.back() = ',';
  store.registry.manifest(
      "app", json + R"("annotations":{"long":")" + std::string(5 << 20, 'x') + "\"}}", "large");
  const Verdict told = verdict_on(store);
  ASSERT_EQ(told.findings.size(), 1u);
  EXPECT_EQ(told.findings[0].rule, Rule::manifest_oversized);
  EXPECT_EQ(told.findings[0].used_by.at(0).tags, SharedList<std::string>{"large"});
  EXPECT_EQ(told.harm.tags, 1u);
  EXPECT_TRUE(told.unreferenced.empty());
}

TEST(Audit, LayersMayBeElsewhereAndConfigurationsMayNot) {
  Sound store;
  const auto json = [&](const Digest& config, const Digest& layer) {
    const auto descriptor = [&](const Digest& digest) {
      return "{\"digest\":\"" + digest.text() + R"(","size":8,"urls":["https://a.invalid/"]})";
    };
    return R"({"schemaVersion":2,"config":)" + descriptor(config) + R"(,"layers":[)" +
           descriptor(layer) + "]}";
  };
  store.registry.manifest("app", json(store.layer, digest_of("elsewhere")), "foreign");
  EXPECT_FALSE(rules_of(audited(store)).contains(Rule::blob_missing));
  store.registry.manifest("app", json(digest_of("elsewhere"), store.layer), "bad");
  EXPECT_TRUE(rules_of(audited(store)).contains(Rule::blob_missing));
}

// One platform of several is nobody's loss, but all are.
TEST(Audit, AnIndexOfNothingThatWasPushedIsAnError) {
  Sound store;
  const Digest index = store.registry.index("app", {digest_of("a"), digest_of("b")}, "none");
  const Verdict told = verdict_on(store);
  ASSERT_EQ(told.findings.size(), 1u);
  EXPECT_EQ(told.findings[0].rule, Rule::index_child_missing);
  EXPECT_EQ(told.findings[0].severity, Severity::error);
  EXPECT_EQ(told.findings[0].digest, index);
  ASSERT_EQ(told.findings[0].used_by.size(), 1u);
  EXPECT_EQ(told.findings[0].used_by[0].tags, SharedList<std::string>{"none"});
  EXPECT_EQ(told.harm.tags, 1u);
}

// With the last of its platforms the tag is lost.
TEST(Audit, TheLastPlatformThatWasDeletedIsAnError) {
  Sound store;
  const Digest amd = store.registry.image("app", {"for amd"}),
               arm = store.registry.image("app", {"for arm"});
  store.registry.index("app", {amd, arm}, "many");
  store.tree.remove(RegistryBuilder::revision("app", amd));
  for (const Finding& finding : audited(store))
    EXPECT_EQ(finding.severity, Severity::warning) << info_of(finding.rule).id;
  store.tree.remove(RegistryBuilder::revision("app", arm));
  const Verdict told = verdict_on(store);
  ASSERT_EQ(rules_of(told), std::set{Rule::index_child_unlinked});
  for (const Finding& finding : told.findings) EXPECT_EQ(finding.severity, Severity::error);
}

TEST(Audit, WhatNobodyNeedsIsNotToBePushedAgain) {
  Sound store;
  store.audit = Audit();
  const Digest digest = store.registry.blob("garbage");
  store.tree.bytes(RegistryBuilder::data(digest)) = "rubbish";
  const Verdict told = verdict_on(store);
  ASSERT_EQ(told.findings[0].rule, Rule::blob_digest_mismatch);
  EXPECT_TRUE(told.findings[0].advice.find("push") == std::string::npos) << told.findings[0].advice;
}

// It hides nothing: that nothing is below it was seen.
TEST(Audit, AFileWhereADirectoryBelongsIsDamage) {
  Sound store;
  const std::string current = layout::tag("app", "v1") + "/current";
  store.tree.remove(current);
  store.put(current, "x");
  const Verdict told = verdict_on(store);
  EXPECT_EQ(rules_of(told), (std::set{Rule::unexpected_file, Rule::tag_dangling}));
  const auto finding = std::ranges::find(told.findings, Rule::unexpected_file, &Finding::rule);
  EXPECT_EQ(finding->severity, Severity::error);
  EXPECT_EQ(finding->path, current);
  EXPECT_EQ(finding->advice, kMoveOut);
  EXPECT_FALSE(is_incomplete(told));
}

TEST(Audit, AFileInTheWayOfPushesIsToldOnceAndBreaksNoTag) {
  for (const std::string& path :
       {layout::repository("app") + "/_uploads", layout::tag("app", "v1") + "/index",
        layout::tag("app", "v1") + "/index/sha256"}) {
    Sound store;
    if (store.tree.storage()->stat(path)) store.tree.remove(path);
    store.put(path, "x");
    const Verdict told = verdict_on(store);
    ASSERT_EQ(told.findings.size(), 1u) << path;
    EXPECT_EQ(told.findings[0].rule, Rule::unexpected_file);
    EXPECT_EQ(told.findings[0].severity, Severity::error);
    EXPECT_EQ(told.findings[0].path, path);
    EXPECT_TRUE(told.findings[0].used_by.empty()) << path;
  }
}

TEST(Audit, AFileInThePlaceOfRepositoriesIsDamage) {
  Sound store;
  store.tree.remove(std::string(layout::kRepositories));
  store.put(std::string(layout::kRepositories), "x");
  const Verdict told = verdict_on(store);
  ASSERT_EQ(rules_of(told), std::set{Rule::unexpected_file});
  EXPECT_EQ(told.findings[0].severity, Severity::error);
  EXPECT_TRUE(told.unreferenced.empty());
}

TEST(Audit, WhatRegistriesBeforeVersionTwoOneLinkedIsAWarning) {
  Sound store;
  store.put("repositories/app/_layers/tarsum/v1/sha256/" + store.layer.hex() + "/link",
            store.layer.text());
  const Verdict told = verdict_on(store);
  ASSERT_EQ(rules_of(told), std::set{Rule::link_invalid});
  EXPECT_EQ(told.findings[0].severity, Severity::warning);
}

// One that no tag needs is only promised.
TEST(Audit, ADanglingLayerLinkIsAnErrorWhereATagNeedsTheLayer) {
  Sound store;
  store.tree.remove(layout::blob(store.layer));
  store.registry.link_layer("app", digest_of("gone"));
  using Told = std::pair<Severity, std::string_view>;
  std::map<Digest, Told> found;
  for (const Finding& finding : audited(store)) {
    if (finding.rule == Rule::layer_link_dangling)
      found.emplace(*finding.digest, Told{finding.severity, finding.advice});
  }
  EXPECT_EQ(
      found,
      (std::map<Digest, Told>{
          {store.layer, {Severity::error, info_of(Rule::blob_missing).advice}},
          {digest_of("gone"), {Severity::warning, info_of(Rule::layer_link_dangling).advice}}}));
}

// As after a run that was killed: the links are back, the bytes are not.
TEST(Audit, AManifestWhoseBytesAreOnlyInQuarantineIsMissing) {
  Sound store;
  store.registry.quarantine(RegistryBuilder::data(store.image), kNow - kDay);
  const Verdict verdict = verdict_on(store);
  EXPECT_EQ(rules_of(verdict), (std::set{Rule::blob_missing, Rule::quarantined}));
  EXPECT_EQ(verdict.harm.tags, 1u);
  EXPECT_EQ(verdict.findings[0].digest, store.image);
  EXPECT_NE(verdict.findings[0].advice.find("--heal"), std::string_view::npos);
}

TEST(Audit, SoIsAPlatformWithOrWithoutItsLink) {
  for (const bool has_link : {true, false}) {
    Sound store;
    const Digest child = store.registry.image("app", {"precious"}, "", {}, "another platform");
    store.registry.index("app", {store.image, child}, "many");
    store.registry.quarantine(RegistryBuilder::data(child), kNow - kDay);
    if (!has_link) store.registry.quarantine(RegistryBuilder::revision("app", child), kNow - kDay);
    const Verdict verdict = verdict_on(store);
    EXPECT_EQ(verdict.harm.tags, 1u);
    std::set<Rule> told;
    for (const Finding& finding : verdict.findings) {
      if (finding.severity == Severity::info) continue;
      told.insert(finding.rule);
      EXPECT_NE(finding.advice.find("--heal"), std::string_view::npos);
      EXPECT_EQ(finding.used_by.size(), 1u);
    }
    EXPECT_TRUE(told.contains(Rule::index_child_missing));
    EXPECT_EQ(told.contains(Rule::blob_missing), has_link);
  }
}

TEST(Audit, AStoreWithoutItsBlobsIsAHalf) {
  Sound store;
  store.tree.remove("blobs");
  const Verdict verdict = verdict_on(store);
  const auto rules = rules_of(verdict);
  EXPECT_TRUE(rules.contains(Rule::half_store));
  EXPECT_TRUE(rules.contains(Rule::manifest_missing));
  EXPECT_EQ(verdict.harm.tags, 1u);  // damaged, and not dead
}

// An index names it too, which was perhaps pushed without it; the tag was not.
TEST(Audit, ATagOfItsOwnMakesAPlatformOneThatWasPushed) {
  Sound store;
  const Digest child = store.registry.image("elsewhere", {"precious"}, "", {}, "a platform");
  store.registry.index("app", {store.image, child}, "many");
  for (const char* tag : {"a", "z"}) {
    store.registry.tag("app", tag, child);
    store.tree.remove(layout::tag("app", tag) + "/index");
  }
  const Verdict verdict = verdict_on(store);
  EXPECT_TRUE(rules_of(verdict).contains(Rule::tag_dangling));
  EXPECT_EQ(verdict.harm.tags, 2u);
}

// A layer pushed by its sha512 is stored by its sha256: the link leads there.
TEST(Audit, AnAliasIsTheBlobItLeadsTo) {
  Sound store;
  const std::string bytes = "by sha512";
  const Digest name = digest_of(bytes, Algorithm::sha512);
  store.registry.link_layer("app", name, store.registry.layer("app", bytes));
  const Digest config = store.registry.layer("app", "{}");
  store.registry.manifest("app", RegistryBuilder::image_json(config, 2, {{name, bytes.size()}}),
                          "alias");
  EXPECT_EQ(rules_of(audited(store)), std::set<Rule>{});
  store.tree.bytes(RegistryBuilder::data(digest_of(bytes))) += '!';
  const auto findings = audited(store);
  ASSERT_EQ(rules_of(findings), std::set{Rule::blob_size_mismatch});
  EXPECT_EQ(findings[0].digest, name);
  EXPECT_EQ(findings[0].path, RegistryBuilder::data(digest_of(bytes)));
  store.tree.bytes(RegistryBuilder::data(digest_of(bytes))) = "by sha256";
  store.audit = Audit();
  const Verdict read = verdict_on(store);
  ASSERT_EQ(rules_of(read), std::set{Rule::blob_digest_mismatch});
  ASSERT_EQ(read.findings[0].used_by.size(), 1u);
  EXPECT_EQ(read.findings[0].used_by[0].tags, SharedList<std::string>{"alias"});
  EXPECT_EQ(read.harm.tags, 1u);
}

// The blob behind it is sound, and of the same size. Only who asks by the other name is hit.
TEST(Audit, AnAliasThatLeadsToAnotherBlob) {
  Sound store;
  const Digest name = digest_of("by sha512", Algorithm::sha512);
  const Digest other = store.registry.layer("app", "by sha256");
  store.registry.link_layer("app", name, other);
  const Digest config = store.registry.layer("app", "{}");
  store.registry.manifest("app", RegistryBuilder::image_json(config, 2, {{name, 9}}), "alias");
  store.registry.manifest("app", RegistryBuilder::image_json(config, 2, {{other, 9}}), "other");
  EXPECT_EQ(rules_of(verdict_on(store)), std::set<Rule>{});
  store.audit = Audit();
  const Verdict told = verdict_on(store);
  ASSERT_EQ(rules_of(told), std::set{Rule::link_name_mismatch});
  ASSERT_EQ(told.findings.size(), 1u);
  const Finding& finding = told.findings[0];
  EXPECT_EQ(finding.digest, name);
  EXPECT_EQ(finding.path, layout::layer_link("app", name));
  EXPECT_EQ(finding.expected, report::Argument(name.text()));
  EXPECT_EQ(finding.found, report::Argument(digest_of("by sha256", Algorithm::sha512).text()));
  EXPECT_EQ(finding.advice, kMoveOut);
  ASSERT_EQ(finding.used_by.size(), 1u);
  EXPECT_EQ(finding.used_by[0].tags, SharedList<std::string>{"alias"});
}

// The registry answers 500 for the other name as soon as the layer was deleted by its own.
TEST(Audit, AnAliasNeedsTheLinkOfItsBlob) {
  Sound store;
  const Digest name = digest_of("by sha512", Algorithm::sha512),
               blob = store.registry.layer("app", "by sha512"),
               config = store.registry.layer("app", "{}");
  store.registry.link_layer("app", name, blob);
  store.registry.manifest("app", RegistryBuilder::image_json(config, 2, {{name, 9}}), "alias");
  EXPECT_EQ(rules_of(verdict_on(store)), std::set<Rule>{});
  store.tree.remove(RegistryBuilder::layer_link("app", blob));
  const Verdict told = verdict_on(store);
  ASSERT_EQ(rules_of(told), std::set{Rule::layer_link_absent});
  EXPECT_EQ(told.findings[0].severity, Severity::error);
  EXPECT_EQ(told.findings[0].path, RegistryBuilder::layer_link("app", blob));
  EXPECT_EQ(told.harm.tags, 1u);
}

// Another repository may link the right blob by that name.
TEST(Audit, AnAliasIsJudgedInItsRepository) {
  Sound store;
  store.audit = Audit();
  const Digest name = digest_of("by sha512", Algorithm::sha512);
  store.registry.link_layer("app", name, store.registry.layer("app", "by sha256"));
  store.registry.link_layer("other", name, store.registry.layer("other", "by sha512"));
  for (const char* repository : {"app", "other"})
    store.registry.manifest(
        repository,
        RegistryBuilder::image_json(store.registry.layer(repository, "{}"), 2, {{name, 9}}), "v");
  const Verdict told = verdict_on(store);
  ASSERT_EQ(told.findings.size(), 1u);
  EXPECT_EQ(told.findings[0].repository, "app");
  EXPECT_EQ(told.harm.tags, 1u);
}

// Nothing is wrong with the blob whose link leads elsewhere.
TEST(Audit, ALinkToAnotherBlobIsNoDamageOfEither) {
  Sound store;
  store.audit = Audit();
  store.registry.image("other", {"precious"}, "v1");
  store.tree.bytes(RegistryBuilder::layer_link("other", store.layer)) =
      store.registry.blob("another").text();
  const Verdict told = verdict_on(store);
  const std::set<Rule> expected = {Rule::link_name_mismatch};
  EXPECT_EQ(rules_of(told), expected);
  EXPECT_EQ(told.harm.tags, 1u);
}

// A build's attestation is no platform.
TEST(Audit, AnIndexOfWhichOnlyTheAttestationIsLeft) {
  Sound store;
  const Digest amd = store.registry.image("app", {"for amd"}),
               made = store.registry.image("app", {"how it was made"});
  const auto entry = [](const Digest& digest, const std::string& platform) {
    return "{\"digest\":\"" + digest.text() + R"(","platform":{"os":")" + platform +
           R"(","architecture":")" + platform + "\"}}";
  };
  store.registry.manifest("app",
                          R"({"schemaVersion":2,"manifests":[)" + entry(amd, "linux") + ',' +
                              entry(made, "unknown") + "]}",
                          "many");
  EXPECT_EQ(rules_of(verdict_on(store)), std::set<Rule>{});
  store.tree.remove(RegistryBuilder::revision("app", amd));
  const Verdict told = verdict_on(store);
  ASSERT_EQ(rules_of(told), std::set{Rule::index_child_unlinked});
  EXPECT_EQ(told.findings[0].severity, Severity::error);
}

// An index may name what is no manifest (OCI image specification, image-index.md).
TEST(Audit, AChildOfAForeignMediaTypeIsNotAskedToBeAManifest) {
  Sound store;
  const std::string bytes = R"({"bomFormat":"CycloneDX"})";
  const Digest bom = store.registry.layer("app", bytes);
  store.registry.manifest(
      "app",
      R"({"schemaVersion":2,"manifests":[)" +
          RegistryBuilder::descriptor("application/vnd.cyclonedx+json", bom, bytes.size()) + "]}",
      "bom");
  EXPECT_EQ(rules_of(verdict_on(store)), std::set{Rule::media_type_unknown});  // a note
}

// Below it there is no manifest: the tag is lost.
TEST(Audit, AFileWhereABlobsDirectoryBelongs) {
  Sound store;
  const std::string directory(layout::parent_of(RegistryBuilder::data(store.image)));
  store.tree.remove(directory);
  store.put(directory, "x");
  const Verdict told = verdict_on(store);
  EXPECT_TRUE(rules_of(told).contains(Rule::manifest_missing));
  EXPECT_EQ(std::ranges::count(told.findings, Rule::unexpected_file, &Finding::rule), 1);
  EXPECT_EQ(told.harm.tags, 1u);
}

TEST(Audit, APlatformOfAnotherSizeThanItsIndexSays) {
  Sound store;
  store.registry.manifest("app",
                          R"({"schemaVersion":2,"manifests":[)" +
                              RegistryBuilder::descriptor(
                                  "application/vnd.oci.image.manifest.v1+json", store.image, 7) +
                              "]}",
                          "many");
  const Verdict told = verdict_on(store);
  ASSERT_EQ(rules_of(told), std::set{Rule::blob_size_mismatch});
  EXPECT_EQ(told.findings[0].digest, store.image);
  ASSERT_EQ(told.findings[0].used_by.size(), 1u);
  EXPECT_EQ(told.findings[0].used_by[0].tags, SharedList<std::string>{"many"});
  EXPECT_EQ(told.harm.tags, 1u);  // the image's own tag can be pulled
}

// A copy that cannot be what the manifest asks for heals nothing.
TEST(Audit, OnlyACopyOfTheRightSizeIsGivenBack) {
  for (const bool is_cut : {false, true}) {
    Sound store;
    if (is_cut) store.tree.bytes(RegistryBuilder::data(store.layer)).pop_back();
    store.registry.quarantine(RegistryBuilder::data(store.layer), kNow - kDay);
    const auto findings = audited(store);
    const auto missing = std::ranges::find(findings, Rule::blob_missing, &Finding::rule);
    ASSERT_NE(missing, findings.end());
    EXPECT_EQ(missing->advice == kHeal, !is_cut);
  }
}

}  // namespace
}  // namespace regctl::audit
