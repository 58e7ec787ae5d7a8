// P14: names and numbers of strangers are inert in every output, and cannot steer a decision.
#include <gmock/gmock.h>

#include "cli/text.h"
#include "gc/report.h"
#include "tests/support/scene.h"

namespace regctl::gc {
namespace {

using namespace test;

const std::string kHostile[] = {
    "esc\x1b]0;owned\x07\x1b[2J", "bad\xff\xfe", "new\nline",   "carriage\rreturn",
    "c1\xc2\x9b\x33\x31m",        "<script>",    "quote\"'`$(", std::string(255, 'n')};

std::string innocent(std::size_t i) { return "name" + std::to_string(i); }

// Everything that puts a name into a message, a list or a table.
RegistryBuilder innocent_store() {
  RegistryBuilder registry;
  for (std::size_t i = 0; i < std::size(kHostile); ++i) {
    const std::string name = innocent(i);
    const Digest image = registry.image(name, {"layer of " + name}, name);
    registry.image(name, {"untagged in " + name});
    registry.layer(name, "loose in " + name);
    registry.link_layer(name, digest_of("gone from " + name));
    registry.tree.file(layout::repository(name) + "/stray" + name, "", registry.time());
    registry.tree.file(layout::repository(name) + "/_uploads/" + name + "/startedat",
                       format_rfc3339(kNow - 30 * kDay), kNow - 30 * kDay);
    registry.tag("broken", name, image);
    registry.tree.bytes(layout::tag_current_link("broken", name)).clear();
    registry.image("lost/" + name, {"of a lost tag"}, name);
    registry.tree.remove(layout::tag_current_link("lost/" + name, name));
    registry.layer("empty/" + name, "orphan");
  }
  return registry;
}

// A scan takes no such name for one of a registry's; reports do not rely on that.
void make_hostile(std::string& text) {
  for (std::size_t i = 0; i < std::size(kHostile); ++i) {
    for (std::size_t at; (at = text.find(innocent(i))) != std::string::npos;)
      text.replace(at, innocent(i).size(), kHostile[i]);
  }
}

void make_hostile(Plan& plan) {
  for (auto& one : plan.manifests) {
    make_hostile(one.repository);
    for (std::string& tag : one.former_tags) make_hostile(tag);
  }
  for (auto& one : plan.blobs) make_hostile(one.last_repository);
  for (auto& one : plan.layer_links) make_hostile(one.repository);
  for (auto& one : plan.uploads) {
    make_hostile(one.repository);
    make_hostile(one.uuid);
  }
  for (std::string& name : plan.empty_repositories) make_hostile(name);
  for (auto* messages : {&plan.warnings, &plan.blockers}) {
    for (report::Message& message : *messages) {
      make_hostile(message.path);
      make_hostile(message.repository);
      for (report::Argument& argument : message.arguments) {
        if (auto* name = std::get_if<std::string>(&argument)) make_hostile(*name);
      }
    }
  }
}

Report report_on(const RegistryBuilder& registry, bool refused) {
  Look look = Look().delete_untagged();
  look.wishes.margins.purge_uploads = 7 * kDay;
  look.wishes.margins.prune_empty_repositories = true;
  look.wishes.policy.protect = {"no\x1b[31m*"};
  look.wishes.margins.insist = {Insisted::manifests_elsewhere};
  if (refused) look.wishes.margins.on_damage = OnDamage::refuse;
  Report report;
  report.run.started_at = report.run.finished_at = kNow;
  report.run.dry_run = true;
  report.run.outcome = refused ? Outcome::refused : Outcome::warnings;
  report.store = look.store;
  report.findings = look.at(registry);
  make_hostile(report.findings->plan);
  for (Repository& repository : report.findings->inventory.repositories)
    make_hostile(repository.name);
  report.warnings = report.findings->plan.warnings;
  return report;
}

// The first byte that is not inert, with what stands around it; empty: all are.
std::string first_active_byte(const std::string& text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool control =
        (byte < 0x20 && byte != '\n' && byte != '\t') || byte == 0x7f ||
        (byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0);
    if (control) return testing::PrintToString(text.substr(i > 40 ? i - 40 : 0, 80));
  }
  return {};
}

class P14Output : public testing::TestWithParam<bool> {
 protected:
  P14Output() : report(report_on(innocent_store(), GetParam())) {}
  Report report;
};

TEST_P(P14Output, TheStoryReachesEveryList) {
  const Plan& plan = report.findings->plan;
  EXPECT_FALSE(plan.blobs.empty());
  EXPECT_FALSE(plan.manifests.empty());
  EXPECT_FALSE(plan.layer_links.empty());
  EXPECT_FALSE(plan.uploads.empty());
  EXPECT_FALSE(plan.empty_repositories.empty());
  EXPECT_FALSE(plan.warnings.empty());
  EXPECT_EQ(plan.blockers.empty(), !GetParam());
}

TEST_P(P14Output, TextIsInert) {
  for (const bool plain : {false, true}) {
    const std::string text =
        report_text(report, {.plain = plain, .top = 0, .charset = cli::Charset::utf8}, Lists::all);
    EXPECT_EQ(first_active_byte(text), "");
    EXPECT_TRUE(cli::is_valid_utf8(text));
    EXPECT_EQ(text.find("new\nline"), std::string::npos);
  }
}

TEST_P(P14Output, JsonIsInert) {
  std::string json;
  report_json(report)([&](std::string_view some) { json += some; });
  EXPECT_EQ(first_active_byte(json), "");
  EXPECT_TRUE(cli::is_valid_utf8(json));
  EXPECT_NE(json.find("path_base64"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Outcomes, P14Output, testing::Values(false, true),
                         [](const auto& one) { return one.param ? "Refused" : "Planned"; });

// A pusher writes into descriptors what he likes; more than the disk holds is not believed.
TEST(P14Sizes, ClaimedSizesDoNotReleaseTheBrake) {
  for (const char* size : {"18446744073709551615", "9223372036854775808", "1000000000000"}) {
    RegistryBuilder registry;
    registry.image("app", {"kept"}, "v1");
    for (const char* liar : {"one", "two"}) {
      const Digest layer = registry.layer("app", liar);
      registry.manifest(
          "app", R"({"layers":[{"digest":")" + layer.text() + R"(","size":)" + size + "}]}", liar);
    }
    registry.layer("app", std::string(100'000, 'x'));
    Look look;
    look.store.medium.size_bytes = 100'000'000'000;
    look.wishes.margins.max_delete = MaxDelete{};
    EXPECT_EQ(codes(look.at(registry).plan.blockers), Codes{"max-delete"}) << size;
  }
}

}  // namespace
}  // namespace regctl::gc
