// The answers to an operator's questions, as values.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <set>

#include "audit/catalog.h"
#include "audit/explain.h"
#include "audit/graph.h"
#include "audit/reconcile.h"
#include "audit/sight.h"
#include "audit/space.h"
#include "cli/failure.h"
#include "registry/hasher.h"
#include "tests/support/looking.h"
#include "tests/support/random_store.h"

namespace regctl::audit {
namespace {

using namespace test;
using report::Count;
using report::Size;
using testing::ElementsAre;

struct Asked {
  std::unique_ptr<Storage> storage;
  Sight sight;
  Workers workers{1};
};

Asked asked(const RegistryBuilder& registry, Blobs blobs = Blobs::all) {
  Asked one;
  one.storage = registry.tree.storage();
  NullProgress progress;
  one.sight = look(*one.storage, blobs, one.workers, progress, kNow);
  return one;
}

// The rows of a table as JSON would name them, empty cells left out.
using Row = std::map<std::string, Cell>;
std::vector<Row> rows_of(const Answer& answer, const std::string& key) {
  std::vector<Row> rows;
  for (const AnswerTable& table : answer) {
    if (table.key != key) continue;
    for (const auto& cells : table.rows) {
      Row& row = rows.emplace_back();
      for (std::size_t i = 0; i < cells.size(); ++i) {
        if (!std::holds_alternative<std::monostate>(cells[i]))
          row.emplace(table.columns[i].key, cells[i]);
      }
    }
  }
  return rows;
}

std::uint64_t bytes(const Row& row, const std::string& key) {
  return std::get<Size>(row.at(key)).bytes;
}
std::string text(const Row& row, const std::string& key) {
  return row.contains(key) ? std::get<std::string>(row.at(key)) : "";
}

class Questions : public testing::Test {
 protected:
  std::vector<Row> why(const std::string& name, const std::string& table = "chains") const {
    return rows_of(audit::why(asked(registry).sight, name, ""), table);
  }
  Row about(const std::string& name) const { return why(name, "about").at(0); }

  RegistryBuilder registry;
};

using Why = Questions;

TEST_F(Why, EveryWayFromATagTheShortestFirst) {
  const Digest image = registry.image("app", {"layer"}, "v1"),
               index = registry.index("app", {image}, "many"), layer = digest_of("layer");
  const auto ways = why(layer.text());
  std::vector<std::pair<std::string, std::vector<Digest>>> tags;
  for (const Row& row : ways) {
    if (row.contains("tag"))
      tags.emplace_back(text(row, "tag"), std::get<std::vector<Digest>>(row.at("via")));
  }
  EXPECT_THAT(tags, ElementsAre(std::pair("v1", std::vector{image}),
                                std::pair("many", std::vector{index, image})));
  EXPECT_EQ(text(about(layer.text()), "next_run"), "keeps it");
  EXPECT_EQ(text(about(layer.text()), "kind"), "layer");
  EXPECT_EQ(text(about("app:many"), "kind"), "index");
  EXPECT_EQ(std::get<Digest>(about("app@" + image.text()).at("digest")), image);
}

// Each index of a layer names both of the layer below: there are 2^16 ways, and 32 names.
TEST_F(Why, NestedIndexesAreNotFollowedOnEveryWay) {
  std::vector<Digest> below = {registry.image("app", {"layer"})};
  std::vector<Digest> all = below;
  for (int depth = 0; depth < 16; ++depth) {
    std::vector<Digest> above;
    for (const char* which : {"a", "b"}) {
      std::string json = RegistryBuilder::index_json(below);
      json.insert(1, R"("annotations":{"which":")" + std::string(which) + R"("},)");
      above.push_back(registry.manifest("app", json, which + std::to_string(depth)));
    }
    below = above;
  }
  const auto ways = why(digest_of("layer").text());
  EXPECT_LT(ways.size(), 20'000u);
  EXPECT_GT(std::get<Count>(about(digest_of("layer").text()).at("other_ways")).count, 0u);
  std::set<std::string> tags;
  for (const Row& row : ways) tags.insert(text(row, "tag"));
  tags.erase("");
  EXPECT_EQ(tags.size(), 32u);
}

// Each way is one step longer than the one before.
TEST_F(Why, OfLongWaysOnlyTheShortestAreTold) {
  constexpr std::uint64_t kDeep = 1000;
  Digest last = registry.image("app", {"layer"});
  for (std::uint64_t i = 0; i < kDeep; ++i)
    last = registry.index("app", {last}, "v" + std::to_string(i));
  const auto ways = why(digest_of("layer").text());
  std::size_t steps = 0;
  for (const Row& row : ways) {
    if (row.contains("tag")) steps += std::get<std::vector<Digest>>(row.at("via")).size();
  }
  EXPECT_LE(steps, 250'000u);
  EXPECT_GT(steps, 200'000u);
  const auto others = std::get<Count>(about(digest_of("layer").text()).at("other_ways")).count;
  EXPECT_EQ(others, kDeep - ways.size());
}

// It is asked of this repository, and others may have it.
TEST_F(Why, ADigestThatTheRepositoryLacks) {
  const Digest image = registry.image("app", {"layer"}, "v1");
  registry.image("other", {"another"}, "v1");
  EXPECT_THROW(why("other@" + image.text()), cli::UsageError);
  EXPECT_THROW(why("other@" + digest_of("layer").text()), cli::UsageError);
  EXPECT_EQ(std::get<Digest>(about("app@" + digest_of("layer").text()).at("digest")),
            digest_of("layer"));
}

TEST_F(Why, AShortDigestWhereItIsTheOnlyOne) {
  const Digest image = registry.image("app", {"layer"}, "v1");
  EXPECT_EQ(std::get<Digest>(about(image.hex().substr(0, 12)).at("digest")), image);
  EXPECT_EQ(std::get<Digest>(about(image.text().substr(0, 20)).at("digest")), image);
  const Digest a = registry.blob_at(*Digest::parse("sha256:abcd" + std::string(60, '0')), "a"),
               b = registry.blob_at(*Digest::parse("sha256:abcd" + std::string(60, '1')), "b");
  for (const char* bad :
       {"abcd", "sha256:abcd", "0123", "app:v2", "none:v1", "none@abcd", "abc", ""})
    EXPECT_THROW(why(bad), cli::UsageError) << bad;
  EXPECT_EQ(std::get<Digest>(about(b.text()).at("digest")), b);
  EXPECT_EQ(std::get<Digest>(about(a.hex().substr(0, 5)).at("digest")), a);
}

TEST_F(Why, NothingAndSinceWhen) {
  const Digest image = registry.image("app", {"layer"});
  const std::string link = RegistryBuilder::revision("app", image);
  registry.tree.remove(link);
  registry.tree.directory(std::string(layout::parent_of(link)), kNow - 3 * kDay);
  EXPECT_TRUE(why(digest_of("layer").text()).empty());
  const Row row = about(digest_of("layer").text());
  EXPECT_EQ(text(row, "kept_as"), "not kept");
  EXPECT_EQ(std::get<Time>(row.at("unlinked_since")), kNow - 3 * kDay);
  EXPECT_EQ(text(row, "next_run"), "quarantines it");
  EXPECT_FALSE(row.contains("when"));
}

TEST_F(Why, WhatIsTooYoungGoesLater) {
  const Digest young = registry.ago(kHour).blob("young");
  const Row row = about(young.text());
  EXPECT_EQ(text(row, "next_run"), "quarantines it when it is old enough");
  EXPECT_EQ(std::get<Time>(row.at("when")), kNow - kHour + 24 * kHour);
}

TEST_F(Why, WhatIsInQuarantine) {
  const Digest gone = registry.blob("gone");
  registry.image("app", {"wanted"}, "v1");
  registry.quarantine(RegistryBuilder::data(gone), kTaken);
  registry.quarantine(RegistryBuilder::data(digest_of("wanted")), kTaken);
  EXPECT_EQ(text(about(gone.text()), "next_run"), "purges it");
  EXPECT_FALSE(about(gone.text()).contains("when"));
  EXPECT_EQ(bytes(about(gone.text()), "bytes"), 4u);
  EXPECT_EQ(text(about(digest_of("wanted").text()), "next_run"), "gives it back");
}

TEST_F(Why, WhatIsHeldGoesLater) {
  const Digest gone = registry.blob("gone");
  registry.quarantine(RegistryBuilder::data(gone), kNow - kHour);
  EXPECT_EQ(text(about(gone.text()), "next_run"), "purges it");
  EXPECT_EQ(std::get<Time>(about(gone.text()).at("when")), kNow - kHour + kUsualHold);
}

// A link by its sha512 leads to a layer.
TEST_F(Why, AnotherNameIsTheBlobBehindIt) {
  const Digest name = digest_of("layer", Algorithm::sha512), layer = registry.layer("app", "layer"),
               config = registry.layer("app", "{}");
  registry.link_layer("app", name, layer);
  const Digest image =
      registry.manifest("app", RegistryBuilder::image_json(config, 2, {{name, 5}}), "v1");
  EXPECT_EQ(std::get<Digest>(about(name.text()).at("digest")), layer);
  EXPECT_EQ(bytes(about(name.text()), "bytes"), 5u);
  const auto ways = why(name.text());
  ASSERT_EQ(ways.size(), 1u);
  EXPECT_EQ(std::get<std::vector<Digest>>(ways[0].at("via")), (std::vector{image, name}));
}

TEST_F(Why, ARepositoryInDoubtAndForWhichFile) {
  const Digest image = registry.image("app", {"layer"}, "v1"),
               loose = registry.layer("app", "loose");
  const std::string link = RegistryBuilder::revision("app", image);
  registry.tree.bytes(link) = digest_of("another").text();
  const auto ways = why(loose.text());
  ASSERT_EQ(ways.size(), 1u);
  EXPECT_EQ(text(ways[0], "repository"), "app");
  EXPECT_EQ(text(ways[0], "kept_as"), "in doubt");
  EXPECT_EQ(text(ways[0], "path"), link);
}

TEST_F(Why, ARepositoryInDoubtThatOnceHadATagOnIt) {
  const Digest was = registry.blob("was");
  registry.tag("app", "v1", was);
  const Digest image = registry.image("app", {"layer"}, "v1");
  registry.tree.bytes(RegistryBuilder::revision("app", image)) = digest_of("another").text();
  const auto ways = why(was.text());
  ASSERT_EQ(ways.size(), 1u);
  EXPECT_EQ(text(ways[0], "kept_as"), "in doubt");
}

TEST_F(Why, ARepositoryInDoubtBesideATag) {
  const Digest image = registry.image("app", {"layer"}, "v1"),
               other = registry.image("doubted", {"other"}, "v1");
  for (const Digest& named : {digest_of("layer"), image})
    registry.link_layer("doubted", named, named);
  registry.tree.bytes(RegistryBuilder::data(other)) += ' ';
  const auto ways = why(digest_of("layer").text());
  ASSERT_EQ(ways.size(), 2u);
  EXPECT_EQ(text(ways[0], "repository"), "doubted");
  EXPECT_EQ(text(ways[0], "kept_as"), "in doubt");
  EXPECT_EQ(text(ways[1], "repository"), "app");
  EXPECT_EQ(text(ways[1], "tag"), "v1");
  const auto of_image = why(image.text());
  ASSERT_EQ(of_image.size(), 2u);
  EXPECT_EQ(text(of_image[0], "tag"), "v1");
  EXPECT_EQ(text(of_image[1], "kept_as"), "in doubt");
}

TEST_F(Why, ARepositoryInDoubtForAManifest) {
  const Digest image = registry.image("app", {"layer"}, "v1"),
               loose = registry.layer("app", "loose");
  registry.tree.bytes(RegistryBuilder::data(image)) += ' ';
  const auto ways = why(loose.text());
  ASSERT_EQ(ways.size(), 1u);
  EXPECT_EQ(text(ways[0], "path"), RegistryBuilder::data(image));
}

TEST_F(Why, ADigestInUpperCaseAndATagThatLooksLikeOne) {
  const Digest image = registry.image("app", {"layer"}, "v1");
  std::string upper = image.text();
  std::ranges::transform(upper, upper.begin(), [](unsigned char c) { return std::toupper(c); });
  EXPECT_EQ(std::get<Digest>(about(upper).at("digest")), image);
  EXPECT_EQ(std::get<Digest>(about("app@" + upper.substr(0, 20)).at("digest")), image);
  const std::string tag = image.hex().substr(0, 6);
  const Digest other = registry.image("sha256", {"other"}, tag);
  EXPECT_EQ(std::get<Digest>(about("sha256:" + tag).at("digest")), other);
  EXPECT_EQ(std::get<Digest>(about(tag).at("digest")), image);
}

using UsageAnswer = Questions;

TEST_F(UsageAnswer, TheSameLayerOfAnotherCompression) {
  const auto image = [&](const std::string& layer, const std::string& tag) {
    const std::string config = R"({"os":"linux","rootfs":{"type":"layers","diff_ids":[")" +
                               digest_of("unpacked").text() + R"("]},"tag":")" + tag + R"("})";
    registry.image("app", {layer}, tag, {}, config);
  };
  image("packed well", "v1");
  image("packed badly, and so larger", "v2");
  const Asked one = asked(registry);
  const auto rows = rows_of(usage_of(one.sight, *one.storage, one.workers), "duplicates");
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(std::get<Digest>(rows[0].at("diff_id")), digest_of("unpacked"));
  EXPECT_EQ(std::get<Count>(rows[0].at("copies")).count, 2u);
  EXPECT_EQ(bytes(rows[0], "costs_bytes"), std::string("packed well").size());
}

// The next run keeps it, though nothing needs it.
TEST_F(UsageAnswer, WhatWasDeletedAnHourAgoIsNotInUse) {
  const Digest image = registry.image("app", {"layer"});
  const std::string link = RegistryBuilder::revision("app", image);
  registry.tree.remove(link);
  registry.tree.directory(std::string(layout::parent_of(link)), kNow - kHour);
  const Asked one = asked(registry);
  const Answer answer = usage_of(one.sight, *one.storage, one.workers);
  const auto rows = rows_of(answer, "totals");
  EXPECT_EQ(text(rows.at(0), "state"), "in use");
  EXPECT_EQ(bytes(rows.at(0), "bytes"), 0u);
  EXPECT_EQ(text(rows.at(2), "state"), "too young to tell");
  EXPECT_GT(bytes(rows.at(2), "bytes"), 0u);
  EXPECT_EQ(bytes(rows_of(answer, "repositories").at(0), "fair_share_bytes"), 0u);
}

RC_GTEST_PROP(UsageLaws, FairSharesAddUpAndPricesAreTheCollectors, (std::uint32_t seed)) {
  const RandomStore store = random_store(seed);
  const Asked one = asked(store.registry);
  const Answer answer = usage_of(one.sight, *one.storage, one.workers);
  std::map<std::string, std::uint64_t> totals;
  for (const Row& row : rows_of(answer, "totals")) totals[text(row, "state")] = bytes(row, "bytes");
  for (const char* table : {"repositories", "tags"}) {
    std::uint64_t sum = 0;
    for (const Row& row : rows_of(answer, table)) sum += bytes(row, "fair_share_bytes");
    RC_ASSERT(sum == totals["in use"]);
  }
  RC_ASSERT(totals["in use"] + totals["garbage"] + totals["too young to tell"] == totals["all"]);
  const Asked quick = asked(store.registry, Blobs::where_needed);
  for (const Row& row : rows_of(usage_of(quick.sight, *quick.storage, quick.workers), "totals"))
    RC_ASSERT(bytes(row, "bytes") == totals[text(row, "state")]);
  std::uint64_t garbage = 0;
  Look look;
  look.looking.explains = true;
  const gc::Looked looked = look.at(store.registry);
  for (const auto& blob : looked.plan.blobs) garbage += blob.bytes;
  RC_ASSERT(totals["garbage"] == garbage);
  for (const Row& row : rows_of(answer, "options")) {
    if (text(row, "option") == "--delete-untagged")
      RC_ASSERT(bytes(row, "bytes") == looked.untagged.bytes);
  }
}

using Catalog = Questions;

TEST_F(Catalog, OneRowATagAndOneAPlatform) {
  const Digest arm = registry.image("app", {"base", "for arm"}, "", {},
                                    R"({"os":"linux","architecture":"arm64"})"),
               amd = registry.image("app", {"base", "for amd"}, "", {},
                                    R"({"os":"linux","architecture":"amd64",)"
                                    R"("created":"2026-01-02T03:04:05Z"})");
  registry.index("app", {arm, amd}, "many");
  registry.tag("app", "one", arm);
  const Asked one = asked(registry);
  const auto rows = rows_of(images(one.sight, *one.storage, one.workers, false), "images");
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(text(rows[0], "tag"), "many");
  EXPECT_EQ(text(rows[0], "platform"), "2 platforms");
  EXPECT_EQ(std::get<Time>(rows[0].at("created")), *parse_rfc3339("2026-01-02T03:04:05Z"));
  EXPECT_EQ(text(rows[1], "platform"), "linux/arm64");
  EXPECT_EQ(bytes(rows[1], "unique_bytes"), 0u);  // the index has it too
  EXPECT_GT(bytes(rows[0], "unique_bytes"), 0u);
  const auto each = rows_of(images(one.sight, *one.storage, one.workers, true), "images");
  ASSERT_EQ(each.size(), 4u);
  EXPECT_EQ(text(each[1], "platform"), "linux/arm64");
  EXPECT_EQ(text(each[2], "platform"), "linux/amd64");
}

TEST_F(Catalog, APlatformThatWasDeletedWasPushed) {
  const Digest kept = registry.image("app", {"kept"}), deleted = registry.image("app", {"deleted"});
  registry.index("app", {kept, deleted, digest_of("elsewhere")}, "many");
  registry.tree.remove(std::string(layout::parent_of(RegistryBuilder::revision("app", deleted))));
  const Asked one = asked(registry);
  const auto rows = rows_of(images(one.sight, *one.storage, one.workers, true), "images");
  ASSERT_EQ(rows.size(), 4u);
  EXPECT_EQ(std::get<Digest>(rows[1].at("digest")), kept);
  EXPECT_EQ(std::get<Digest>(rows[2].at("digest")), deleted);
  EXPECT_EQ(text(rows[3], "platform"), "1 never pushed here");
}

TEST_F(Catalog, WhatNoTagReaches) {
  registry.image("app", {"base"}, "v1");
  const Digest former = registry.image("app", {"base", "former"});
  registry.image("app", {"a signature"}, "", digest_of("unknown"));
  const Asked one = asked(registry);
  std::set<Digest> found;
  for (const Row& row : rows_of(untagged(one.sight, *one.storage, one.workers), "untagged")) {
    found.insert(std::get<Digest>(row.at("digest")));
    if (std::get<Digest>(row.at("digest")) != former) continue;
    EXPECT_EQ(std::get<Time>(row.at("pushed")), registry.time());
    EXPECT_GE(bytes(row, "unique_bytes"), 6u);
    EXPECT_GE(bytes(row, "bytes"), bytes(row, "unique_bytes") + 4);
  }
  EXPECT_TRUE(found.contains(former));
  EXPECT_EQ(found.size(), 2u);
}

TEST_F(Catalog, TheHistoryOfAnImage) {
  registry.image("app", {"base", "code"}, "v1", {},
                 R"({"os":"linux","architecture":"arm64","history":[)"
                 R"({"created_by":"FROM base"},{"created_by":"ENV A=1","empty_layer":true},)"
                 R"({"created_by":"COPY code","created":"2026-01-02T03:04:05Z"}]})");
  registry.image("app", {"base"}, "v2");
  const Asked one = asked(registry);
  const auto steps =
      rows_of(history(one.sight, *one.storage, one.workers, {"app", "v1"}), "history");
  ASSERT_EQ(steps.size(), 3u);  // the topmost first
  EXPECT_EQ(text(steps[0], "created_by"), "COPY code");
  EXPECT_EQ(std::get<Digest>(steps[0].at("layer")), digest_of("code"));
  EXPECT_EQ(std::get<Count>(steps[0].at("other_images")).count, 0u);
  EXPECT_FALSE(steps[1].contains("layer"));
  EXPECT_EQ(std::get<Digest>(steps[2].at("layer")), digest_of("base"));
  EXPECT_EQ(std::get<Count>(steps[2].at("other_images")).count, 1u);
  EXPECT_EQ(text(steps[2], "platform"), "linux/arm64");
  EXPECT_THROW(history(one.sight, *one.storage, one.workers, {"app", "v3"}), cli::UsageError);
}

TEST_F(Catalog, IndexesThatNameIndexes) {
  const Digest image = registry.image("app", {"layer"}, ""),
               inner = registry.index("app", {image}, "inner"),
               outer = registry.index("app", {inner, image}, "outer");
  registry.tag("app", "same", outer);
  const Asked one = asked(registry);
  const auto steps =
      rows_of(history(one.sight, *one.storage, one.workers, {"app", "outer"}), "history");
  ASSERT_EQ(steps.size(), 1u);
  EXPECT_EQ(std::get<Digest>(steps[0].at("layer")), digest_of("layer"));
  // Platforms stand beneath the first tag of an index.
  const auto rows = rows_of(images(one.sight, *one.storage, one.workers, true), "images");
  std::map<std::string, int> of_tags;
  for (const Row& row : rows) ++of_tags[text(row, "tag")];
  EXPECT_EQ(of_tags, (std::map<std::string, int>{{"inner", 2}, {"outer", 3}, {"same", 1}}));
}

// As BuildKit writes it: an index that names layers and a configuration, and no image.
TEST_F(Catalog, ACacheOfABuildIsOneImageOfLayers) {
  const std::string layer = "cached layer", config = "{\"layers\":[]}";
  const auto descriptor = [](const std::string& type, const std::string& bytes) {
    return R"({"mediaType":")" + type + R"(","size":)" + std::to_string(bytes.size()) +
           R"(,"digest":")" + digest_of(bytes).text() + R"("})";
  };
  registry.layer("app", layer);
  registry.layer("app", config);
  registry.manifest(
      "app",
      R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[)" +
          descriptor("application/vnd.oci.image.layer.v1.tar+gzip", layer) + ',' +
          descriptor("application/vnd.buildkit.cacheconfig.v0", config) + "]}",
      "cache");
  const Asked one = asked(registry);
  for (const bool each_platform : {false, true}) {
    const auto rows =
        rows_of(images(one.sight, *one.storage, one.workers, each_platform), "images");
    ASSERT_EQ(rows.size(), 1u);
    EXPECT_GT(bytes(rows[0], "bytes"), layer.size() + config.size());
  }
  const auto steps =
      rows_of(history(one.sight, *one.storage, one.workers, {"app", "cache"}), "history");
  ASSERT_FALSE(steps.empty());
  EXPECT_EQ(std::get<Digest>(steps.back().at("layer")), digest_of(layer));
}

TEST(Beliefs, AreReadLineByLine) {
  const Digest a = digest_of("a"), b = digest_of("b");
  EXPECT_EQ(
      parse_beliefs("# a list\n" + a.text() + "\r\nteam/app@" + a.text() + "\n  app:v1\t" +
                        b.text() + " # the last\nimages\tapp\tv2\t" + b.text() +
                        "\tlinux/amd64\nimages\tapp\todd\t-\t-\n",
                    "list"),
      (std::vector<Belief>{{"", "", a}, {"team/app", "", a}, {"app", "v1", b}, {"app", "v2", b}}));
  EXPECT_EQ(
      parse_beliefs("images\tapp\tv1\t" + a.text() + "\t2 platforms\nimages\tapp\tv1\t" + b.text() +
                        "\tlinux/arm64\nimages\tapp\tv1\t-\t1 never pushed here\n" +
                        "images\tapp\tv2\t" + a.text() + '\n',
                    "with platforms"),
      (std::vector<Belief>{{"app", "v1", a}, {"app", "", b}, {"app", "v2", a}}));
  for (const std::string bad : {"app", "app:v1", "app:v1 sha256:0", "@", "sha256:xyz"}) {
    try {
      parse_beliefs(a.text() + '\n' + bad, "list");
      ADD_FAILURE() << bad;
    } catch (const cli::UsageError& error) {
      EXPECT_NE(std::string(error.what()).find("line 2"), std::string::npos) << error.what();
    }
  }
  EXPECT_THROW(parse_beliefs("# nothing\n", "list"), cli::UsageError);
}

using Reconciled = Questions;

TEST_F(Reconciled, WhatIsLackingDiffersAndIsBeyond) {
  const Digest same = registry.image("app", {"same"}, "same"),
               moved = registry.image("app", {"moved"}, "moved"),
               extra = registry.image("app", {"extra"}, "extra"),
               untagged = registry.image("app", {"untagged"}), gone = digest_of("gone");
  const Answer answer = reconcile(
      asked(registry).sight,
      {{"app", "same", same}, {"app", "moved", same}, {"app", "gone", gone}, {"other", "", same}});
  const auto names = [&](const char* table) {
    std::vector<std::string> found;
    for (const Row& row : rows_of(answer, table))
      found.push_back(text(row, "repository") + ':' + text(row, "tag"));
    return found;
  };
  EXPECT_THAT(names("lacks"), ElementsAre("app:gone", "other:"));
  EXPECT_THAT(names("differs"), ElementsAre("app:moved"));
  EXPECT_THAT(names("beyond"), testing::UnorderedElementsAre("app:extra", "app:", "app:"));
  std::uint64_t freed = 0;
  for (const Row& row : rows_of(answer, "beyond")) {
    const Digest& digest = std::get<Digest>(row.at("digest"));
    EXPECT_TRUE(digest == moved || digest == extra || digest == untagged);
    freed += bytes(row, "freed_bytes");
  }
  EXPECT_EQ(bytes(rows_of(answer, "reconciled").at(2), "bytes"), freed);
  EXPECT_GT(freed, std::string("movedextrauntagged").size());
}

TEST_F(Reconciled, AnIndexSpeaksForItsChildren) {
  const Digest child = registry.image("app", {"child"}),
               index = registry.index("app", {child}, "v1");
  const Answer answer = reconcile(asked(registry).sight, {{"", "", index}});
  EXPECT_TRUE(rows_of(answer, "beyond").empty());
  EXPECT_TRUE(rows_of(answer, "lacks").empty());
}

// What is believed of one repository says nothing of another.
TEST_F(Reconciled, EachRepositoryForItself) {
  const Digest child = registry.image("app", {"child"}),
               index = registry.index("app", {child}, "v1");
  EXPECT_EQ(registry.image("other", {"child"}), child);
  registry.link_revision("other", index);
  const auto beyond = [&](const std::vector<Belief>& beliefs) {
    std::multiset<std::string> found;
    for (const Row& row : rows_of(reconcile(asked(registry).sight, beliefs), "beyond")) {
      found.insert(text(row, "repository") + '@' + std::get<Digest>(row.at("digest")).text());
      EXPECT_EQ(bytes(row, "freed_bytes"), 0u);
    }
    return found;
  };
  using Found = std::multiset<std::string>;
  const std::string of_child = "other@" + child.text(), of_index = "other@" + index.text();
  EXPECT_EQ(beyond({{"app", "v1", index}}), Found{of_index});
  EXPECT_EQ(beyond({{"app", "v1", index}, {"other", "", child}}), Found{of_index});
  EXPECT_EQ(beyond({{"app", "v1", index}, {"other", "", index}}), Found{});
  EXPECT_EQ(beyond({{"", "", index}}), Found{});
}

using Graph = Questions;

TEST_F(Graph, ImagesAndTheLayersThatTheyShare) {
  registry.image("app", {"shared", "own"}, "v1");
  registry.image("app", {"shared", "another"}, "v2");
  const std::string graph = graph_of(asked(registry).sight);
  const std::string shared = digest_of("shared").hex().substr(0, 12);
  EXPECT_THAT(graph, testing::HasSubstr(shared));
  EXPECT_THAT(graph, testing::Not(testing::HasSubstr(digest_of("own").hex().substr(0, 12))));
  EXPECT_EQ(std::count(graph.begin(), graph.end(), '>'), 2);
  EXPECT_THAT(graph, testing::HasSubstr("legend"));
}

TEST_F(Graph, OfManyNamesOnlySomeAreDrawn) {
  const Digest image = registry.image("app", {"layer"}, "v0");
  for (std::size_t i = 1; i < kMostNamesDrawn + 5; ++i)
    registry.tag("app", "v" + std::to_string(i), image);
  const std::string graph = graph_of(asked(registry).sight);
  EXPECT_THAT(graph, testing::HasSubstr("and 5 more"));
  EXPECT_THAT(graph, testing::Not(testing::HasSubstr("app:v9\n"
                                                     "app")));
}

TEST_F(Graph, OfMoreThanCanBeReadOnlyRepositoriesAreDrawn) {
  for (std::size_t i = 0; i <= kMostRepositoriesDrawn + 5; ++i)
    registry.image("app" + std::to_string(i), {"shared", std::to_string(i)}, "v1");
  const std::string graph = graph_of(asked(registry).sight);
  std::size_t repositories = 0;
  for (auto at = graph.find("shape=box"); at != graph.npos; at = graph.find("shape=box", at + 1))
    ++repositories;
  EXPECT_EQ(repositories, kMostRepositoriesDrawn);
  EXPECT_EQ(static_cast<std::size_t>(std::count(graph.begin(), graph.end(), '>')), kMostPairsDrawn);
  EXPECT_THAT(graph, testing::HasSubstr("6 smaller repositories"));
}

TEST(TagName, TheRepositoryMayHaveAPort) {
  const auto name = parse_tag_name("localhost:5000/app:v1");
  ASSERT_TRUE(name);
  EXPECT_EQ(name->repository, "localhost:5000/app");
  EXPECT_EQ(name->tag, "v1");
  for (const char* bad : {"app", "app:", ":v1", "localhost:5000/app", "app@sha256:0"})
    EXPECT_FALSE(parse_tag_name(bad)) << bad;
}

}  // namespace
}  // namespace regctl::audit
