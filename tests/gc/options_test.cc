// What the options of regctl-gc mean: each changes what it should, and bad values are refused with
// the way to write good ones.
#include "gc/options.h"

#include <gmock/gmock.h>

#include <fstream>

#include "registry/hasher.h"
#include "tests/support/printing.h"
#include "tests/support/temporary_directory.h"

namespace regctl::gc {
namespace {

using namespace test;
using std::chrono::hours;
using std::chrono::minutes;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Settings settings(const std::vector<std::string>& arguments) {
  return understand(parse_options(program(), arguments, {}));
}
Wishes wishes(const std::vector<std::string>& arguments) {
  return settings(arguments).undertaking.wishes;
}

// What `arguments` are refused with; "" where they are not.
std::string refusal(const std::vector<std::string>& arguments) {
  try {
    settings(arguments);
    return "";
  } catch (const cli::UsageError& error) {
    return error.what() + std::string(error.hint().empty() ? "" : ": ") + error.hint();
  }
}

TEST(OptionsOfGc, NothingSaidIsTheGentlestRun) {
  const Settings all = settings({});
  const Wishes& wishes = all.undertaking.wishes;
  EXPECT_FALSE(all.dry_run);
  EXPECT_EQ(wishes.mode, Mode::online);
  EXPECT_FALSE(wishes.policy.delete_untagged);
  EXPECT_EQ(wishes.policy.keep_younger_than, hours(24));
  EXPECT_EQ(wishes.policy.arrival, Arrival::birth);
  EXPECT_THAT(wishes.policy.protect, IsEmpty());
  EXPECT_THAT(wishes.policy.roots, IsEmpty());
  EXPECT_EQ(wishes.margins.hold, kUsualHold);
  EXPECT_EQ(wishes.margins.max_delete.unit, MaxDelete::Unit::percent);
  EXPECT_EQ(wishes.margins.max_delete.value, 50u);
  EXPECT_EQ(wishes.margins.on_damage, OnDamage::pin);
  EXPECT_EQ(wishes.margins.max_damage, 5u);
  EXPECT_TRUE(wishes.margins.prune_layer_links);
  EXPECT_FALSE(all.is_cache);
  EXPECT_EQ(wishes.policy.cache_unused, std::nullopt);
  EXPECT_FALSE(wishes.policy.prune_dead_tags);
  EXPECT_FALSE(wishes.policy.prune_broken_manifests);
  EXPECT_FALSE(wishes.policy.prune_orphaned_referrers);
  EXPECT_FALSE(wishes.margins.prune_empty_repositories);
  EXPECT_EQ(wishes.margins.purge_uploads, std::nullopt);
  EXPECT_EQ(wishes.margins.uploads_idle, std::nullopt);
  EXPECT_FALSE(wishes.caches.none);
  EXPECT_EQ(wishes.caches.restarted_at, std::nullopt);
  EXPECT_EQ(wishes.only_run, "");
  EXPECT_EQ(all.undertaking.mismatched, Mismatched::keep);
  EXPECT_EQ(all.undertaking.bytes_per_second, 0u);
  EXPECT_EQ(all.undertaking.deadline, std::nullopt);
  EXPECT_EQ(all.lists, Lists::none);
  EXPECT_EQ(all.metrics_file, "");
}

TEST(OptionsOfGc, ModesExcludeEachOther) {
  EXPECT_EQ(wishes({"--offline"}).mode, Mode::offline);
  EXPECT_EQ(wishes({"--heal"}).mode, Mode::heal);
  EXPECT_EQ(wishes({"--restore"}).mode, Mode::restore);
  EXPECT_EQ(wishes({"--offline=false"}).mode, Mode::online);
  EXPECT_EQ(refusal({"--heal", "--offline"}), "--offline and --heal exclude each other");
  EXPECT_EQ(refusal({"--restore", "--heal"}), "--heal and --restore exclude each other");
}

TEST(OptionsOfGc, OfflineHoldsNothingAndAsksForIdleUploads) {
  const Margins offline = wishes({"--offline", "--hold", "9h"}).margins;
  EXPECT_EQ(offline.hold, Duration(0));
  EXPECT_EQ(offline.uploads_idle, minutes(10));
  EXPECT_EQ(wishes({"--offline", "--uploads-idle", "0s"}).margins.uploads_idle, Duration(0));
  EXPECT_EQ(wishes({"--uploads-idle", "1h"}).margins.uploads_idle, std::nullopt);
  EXPECT_EQ(wishes({"--hold", "9h"}).margins.hold, hours(9));
}

TEST(OptionsOfGc, WhatComesLatelyIsYoungUnlessTimesAreTrusted) {
  const auto arrival = [](const std::vector<std::string>& arguments) {
    return wishes(arguments).policy.arrival;
  };
  EXPECT_EQ(arrival({"-m"}), Arrival::birth);
  EXPECT_EQ(arrival({"--offline"}), Arrival::birth_or_change);
  EXPECT_EQ(arrival({"--hold", "0s"}), Arrival::birth_or_change);
  EXPECT_EQ(arrival({"--offline", "--trust-times"}), Arrival::ignored);
}

TEST(OptionsOfGc, ARunIsNamedOnlyToBeRestored) {
  EXPECT_EQ(wishes({"--restore", "--run", "abc"}).only_run, "abc");
  EXPECT_EQ(refusal({"--run", "abc"}), "--run needs --restore");
}

struct Limit {
  const char* text;
  MaxDelete::Unit unit;
  std::uint64_t value;
};

TEST(OptionsOfGc, MaxDeleteIsANumberAShareOrASize) {
  using enum MaxDelete::Unit;
  for (const Limit& limit :
       {Limit{"0", blobs, 0}, Limit{"1000", blobs, 1000}, Limit{"0%", percent, 0},
        Limit{"100%", percent, 100}, Limit{"5GB", bytes, 5'000'000'000},
        Limit{"20GiB", bytes, 20ull << 30}, Limit{"1B", bytes, 1}}) {
    const MaxDelete found = wishes({"--max-delete", limit.text}).margins.max_delete;
    EXPECT_EQ(found.unit, limit.unit) << limit.text;
    EXPECT_EQ(found.value, limit.value) << limit.text;
  }
  for (const char* text :
       {"%", "101%", "-1", "5.5%", "5%%", "5 %", "5GiB%", "all", "99999999999999999999", "1e3"})
    EXPECT_THAT(refusal({std::string("--max-delete=") + text}),
                HasSubstr("--max-delete " + std::string(text) + ": not a number of blobs"))
        << text;
}

TEST(OptionsOfGc, MaxDamageIsAShare) {
  for (const auto& [text, value] : {std::pair("0%", 0u), {"5%", 5u}, {"100%", 100u}})
    EXPECT_EQ(wishes({"--max-damage", text}).margins.max_damage, value) << text;
  for (const char* text : {"5", "%", "101%", "-1%", "5.5%", "5%%", "5 %", "5MB", "all"})
    EXPECT_EQ(refusal({std::string("--max-damage=") + text}),
              "--max-damage " + std::string(text) + ": not a percentage: write 5%");
}

TEST(OptionsOfGc, OnlySomeDoubtsAreInsistedOn) {
  EXPECT_THAT(wishes({}).margins.insist, IsEmpty());
  EXPECT_THAT(
      wishes({"--insist", "registry-in-doubt", "--insist", "tags-look-dead"}).margins.insist,
      testing::UnorderedElementsAre(Insisted::registry_in_doubt, Insisted::tags_look_dead));
  for (const char* code : {"takes-everything", "blobs-missing", "database-in-use", "all", ""})
    EXPECT_THAT(refusal({"--insist", code}), HasSubstr("not one of manifests-elsewhere")) << code;
}

TEST(OptionsOfGc, ARestartIsATimeThatHasBeen) {
  const Time noon = time_from_seconds(1'780'315'200).value();  // 2026-06-01T12:00:00Z
  for (const char* text : {"2026-06-01T12:00:00Z", "2026-06-01T14:00:00+02:00", "1780315200"})
    EXPECT_EQ(wishes({"--registry-restarted-at", text}).caches.restarted_at, noon) << text;
  for (const char* text :
       {"yesterday", "2026-06-01", "-1", "12:00", "1780315200s", "99999999999999"})
    EXPECT_THAT(refusal({"--registry-restarted-at", text}), HasSubstr("not a time")) << text;
  EXPECT_THAT(refusal({"--registry-restarted-at", format_rfc3339(now() + hours(1))}),
              HasSubstr("is in the future"));
}

TEST(OptionsOfGc, AListThatCannotBeReadIsNotAnEmptyList) {
  const TemporaryDirectory directory;
  const std::string one = directory.path() / "one", two = directory.path() / "two";
  std::ofstream(one) << digest_of("one").text() << '\n';
  std::ofstream(two) << "app@" << digest_of("two").text() << '\n';
  EXPECT_THAT(
      wishes({"--roots", one, "--roots", two}).policy.roots,
      ElementsAre(RootDigest{std::nullopt, digest_of("one")}, RootDigest{"app", digest_of("two")}));
  for (const std::string& file : {directory.path().string(), one + ".absent"}) {
    const std::string why = refusal({"--roots", one, "--roots", file});
    EXPECT_THAT(why, HasSubstr(file));
    EXPECT_THAT(why, HasSubstr("a list that cannot be read is not an empty list"));
  }
}

TEST(OptionsOfGc, ARateIsASizeAndNotNothing) {
  EXPECT_EQ(settings({"--limit-rate", "64MiB"}).undertaking.bytes_per_second, 64ull << 20);
  for (const char* text : {"0", "0B", "fast", "-5MB"})
    EXPECT_THAT(refusal({std::string("--limit-rate=") + text}), HasSubstr("write 50MB or 64MiB"))
        << text;
}

TEST(OptionsOfGc, ChoicesNameTheirWords) {
  EXPECT_EQ(refusal({"--on-damage", "ignore"}), "--on-damage ignore: not one of pin, refuse");
  EXPECT_EQ(refusal({"--registry-cache", "redis"}),
            "--registry-cache redis: not one of auto, none");
  EXPECT_EQ(refusal({"--prune-layer-links", "maybe"}),
            "--prune-layer-links maybe: not one of no, yes");
  EXPECT_EQ(refusal({"--list", "tags"}),
            "--list tags: not one of all, blobs, links, manifests, none");
}

// Each option of what to collect and of safety, given so that it changes what a report says is in
// effect. One that is missing here, or that does nothing, fails.
TEST(OptionsOfGc, EachShowsInTheReport) {
  const TemporaryDirectory directory;
  const std::string list = directory.path() / "list";
  std::ofstream(list) << digest_of("one").text() << '\n';
  const std::map<std::string, std::vector<std::string>> given = {
      {"delete-untagged", {"-m"}},
      {"keep-younger-than", {"--keep-younger-than", "2d"}},
      {"trust-times", {"--trust-times"}},
      {"protect", {"--protect", "library/*"}},
      {"roots", {"--roots", list}},
      {"purge-uploads", {"--purge-uploads", "1w"}},
      {"prune-dead-tags", {"--prune-dead-tags"}},
      {"prune-broken-manifests", {"--prune-broken-manifests"}},
      {"prune-orphaned-referrers", {"--prune-orphaned-referrers"}},
      {"cache-unused", {"--cache-unused", "30d"}},
      {"pull-through-cache", {"--pull-through-cache"}},
      {"prune-empty-repositories", {"--prune-empty-repositories"}},
      {"prune-layer-links", {"--prune-layer-links", "no"}},
      {"uploads-idle", {"--offline", "--uploads-idle", "1h"}},
      {"run", {"--restore", "--run", "abc"}},
      {"hold", {"--hold", "1h"}},
      {"registry-cache", {"--registry-cache", "none"}},
      {"registry-restarted-at", {"--registry-restarted-at", "2026-06-01T12:00:00Z"}},
      {"max-delete", {"--max-delete", "3"}},
      {"on-damage", {"--on-damage", "refuse"}},
      {"max-damage", {"--max-damage", "20%"}},
      {"insist", {"--insist", "tags-look-dead"}},
      {"follow", {"--follow", "docker/registry/v2/blobs"}},
      {"remove-mismatched", {"--remove-mismatched"}},
      {"deadline", {"--deadline", "2h"}},
      {"limit-rate", {"--limit-rate", "1MB"}}};
  const std::set<std::string> modes = {"dry-run", "offline", "heal", "restore"};
  const auto in_effect = [](const std::vector<std::string>& arguments) {
    const auto options = parse_options(program(), arguments, {});
    const OptionValues values = options_in_effect(understand(options), options);
    return std::map<std::string, OptionValue>(values.begin(), values.end());
  };
  for (std::size_t group = 0; group < 2; ++group) {
    for (const cli::OptionSpec& spec : program().groups[group].options) {
      if (modes.contains(spec.name)) continue;
      ASSERT_TRUE(given.contains(spec.name)) << spec.name;
      const auto& arguments = given.at(spec.name);
      std::string key = spec.name;
      std::replace(key.begin(), key.end(), '-', '_');
      // Durations and sizes are told with their unit.
      const auto value_in = [&](const std::map<std::string, OptionValue>& values) {
        const auto found = values.lower_bound(key);
        return found != values.end() && found->first.starts_with(key) ? std::optional(found->second)
                                                                      : std::nullopt;
      };
      EXPECT_TRUE(value_in(in_effect(arguments)).has_value()) << spec.name;
      EXPECT_NE(value_in(in_effect(arguments)), value_in(in_effect({}))) << spec.name;
    }
  }
}

TEST(OptionsOfGc, TheEnvironmentCountsWhereNothingElseSpeaks) {
  const auto with = [](const std::vector<std::string>& arguments) {
    return understand(parse_options(program(), arguments, {"REGCTL_GC_HOLD=3h"}))
        .undertaking.wishes.margins.hold;
  };
  EXPECT_EQ(with({}), hours(3));
  EXPECT_EQ(with({"--hold", "4h"}), hours(4));
}

}  // namespace
}  // namespace regctl::gc
