// What a scan makes of one thing that it reads: links, tags, manifests, quarantined copies,
// uploads, strays.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "registry/hasher.h"
#include "tests/support/scanning.h"

namespace regctl {
namespace {

using namespace test;
using testing::ElementsAre;
using testing::IsEmpty;

const Document& document(const Inventory& inventory, const Digest& digest) {
  const auto id = inventory.digests.find(digest);
  const Document* found = id ? inventory.document(*id) : nullptr;
  if (!found) throw std::out_of_range("not opened: " + digest.text());
  return *found;
}

bool was_opened(const Inventory& inventory, const Digest& digest) {
  const auto id = inventory.digests.find(digest);
  return id && inventory.document(*id);
}

std::vector<Digest> hinted(const Inventory& inventory, const std::string& name) {
  std::vector<Digest> digests;
  for (const DigestId id : repository(inventory, name).hinted)
    digests.push_back(inventory.digests[id]);
  return digests;
}

TEST(ScanLinks, ABadLinkIsDamageAndItsDigestsAreHints) {
  const Digest other = digest_of("other");
  std::string upper = other.text();
  for (char& c : upper) c = c >= 'a' && c <= 'f' && &c > &upper[6] ? static_cast<char>(c - 32) : c;
  struct Case {
    std::string bytes;
    const char* rule;
    std::vector<Digest> hints;
  };
  for (const auto& [bytes, rule, hints] :
       {Case{"", "link-empty", {}},
        {"sha256:abc", "link-invalid", {}},
        {other.text() + '\n', "link-invalid", {other}},
        {' ' + other.text(), "link-invalid", {other}},
        {"\xEF\xBB\xBF" + other.text(), "link-invalid", {other}},
        {upper, "link-invalid", {other}},
        {other.text() + std::string(5000, ' '), "link-invalid", {other}},
        {std::string(5000, ' ') + other.text(), "link-invalid", {}},
        {other.text(), "link-name-mismatch", {}}}) {
    RegistryBuilder registry;
    const Digest image = registry.manifest("app", "{}");
    const std::string link = RegistryBuilder::revision("app", image);
    registry.tree.bytes(link) = bytes;
    const Inventory inventory = scanned(registry);
    EXPECT_THAT(damage(inventory), testing::Contains(std::pair(rule, link))) << bytes;
    EXPECT_EQ(hinted(inventory, "app"), hints) << bytes;
    EXPECT_THAT(inventory.obstacles, IsEmpty());
    const Link& revision = repository(inventory, "app").revisions.at(0);
    EXPECT_EQ(revision.state, LinkState::damaged);
    EXPECT_EQ(inventory.digests[revision.name], image);
    EXPECT_TRUE(was_opened(inventory, image));  // the name of the place is a root all the same
  }
}

TEST(ScanLinks, ALinkThatIsADirectoryIsDamage) {
  RegistryBuilder registry;
  const std::string link = RegistryBuilder::revision("app", registry.manifest("app", "{}"));
  registry.tree.remove(link);
  registry.tree.directory(link, kNow);
  EXPECT_THAT(damage(scanned(registry)), ElementsAre(std::pair("link-invalid", link)));
}

TEST(ScanLinks, AnAliasIsNoDamage) {
  RegistryBuilder registry;
  const Digest stored = registry.layer("app", "x"), name = digest_of("x", Algorithm::sha512);
  registry.link_layer("app", name, stored);
  const Inventory inventory = scanned(registry);
  EXPECT_THAT(damage(inventory), IsEmpty());
  const auto& layers = repository(inventory, "app").layers;
  EXPECT_TRUE(std::any_of(layers.begin(), layers.end(), [&](const Link& link) {
    return inventory.digests[link.name] == name && inventory.digests[link.target] == stored;
  }));
}

TEST(ScanLinks, AMissingLinkIsPending) {
  RegistryBuilder registry;
  const Digest image = registry.manifest("app", "{}");
  const std::string link = RegistryBuilder::revision("app", image);
  registry.tree.remove(link);
  registry.tree.touch(link.substr(0, link.rfind('/')), kNow - kHour);
  const Inventory inventory = scanned(registry);
  EXPECT_EQ(repository(inventory, "app").revisions.at(0).state, LinkState::pending);
  EXPECT_EQ(repository(inventory, "app").revisions.at(0).modified, kNow - kHour);
  EXPECT_THAT(damage(inventory), IsEmpty());
  EXPECT_TRUE(was_opened(inventory, image));
}

TEST(ScanLinks, AQuarantinedOneSaysSo) {
  RegistryBuilder registry;
  const Digest image = registry.manifest("app", "{}");
  registry.quarantine(RegistryBuilder::revision("app", image), kNow - kDay, "run");
  const Inventory inventory = scanned(registry);
  EXPECT_EQ(repository(inventory, "app").revisions.at(0).state, LinkState::quarantined);
  ASSERT_EQ(inventory.quarantined.size(), 1u);
  EXPECT_EQ(inventory.quarantined[0].kind, Quarantined::Kind::revision_link);
  EXPECT_EQ(inventory.quarantined[0].taken, kNow - kDay);
  EXPECT_EQ(inventory.quarantined[0].run, "run");
  EXPECT_TRUE(was_opened(inventory, image));
}

TEST(ScanLinks, DirectoriesOfNoKnownDigestAreDamageWithHints) {
  RegistryBuilder registry;
  const Digest one = digest_of("one"), two = digest_of("two");
  const std::string revisions = "repositories/app/_manifests/revisions";
  registry.tree.file(revisions + "/md5/abc/link", one.text(), kNow);
  std::string upper = two.hex();
  for (char& c : upper) c = c >= 'a' ? static_cast<char>(c - 32) : c;
  registry.tree.directory(revisions + "/sha256/" + upper, kNow);
  const Inventory inventory = scanned(registry);
  EXPECT_THAT(damage(inventory),
              ElementsAre(std::pair("link-invalid", revisions + "/md5"),
                          std::pair("link-invalid", revisions + "/sha256/" + upper)));
  EXPECT_THAT(hinted(inventory, "app"), testing::UnorderedElementsAre(one, two));
}

TEST(ScanTags, AnUnreadableOneHasItsHistory) {
  RegistryBuilder registry;
  const Digest first = registry.manifest("app", R"({"n":1})", "v1"),
               second = registry.manifest("app", R"({"n":2})", "v1");
  const auto storage = registry.tree.storage();
  EXPECT_THAT(repository(scanned(*storage), "app").tags.at(0).history, IsEmpty());
  EXPECT_EQ(repository(scanned(*storage, 1, Detail::everything), "app").tags.at(0).history.size(),
            2u);
  const std::string current = layout::tag_current_link("app", "v1");
  for (const bool empty : {true, false}) {
    if (empty)
      registry.tree.bytes(current).clear();
    else
      registry.tree.remove(current.substr(0, current.rfind('/')));
    const Inventory inventory = scanned(registry);
    const Tag& tag = repository(inventory, "app").tags.at(0);
    EXPECT_EQ(tag.state, empty ? LinkState::damaged : LinkState::pending);
    EXPECT_FALSE(tag.target);
    std::set<Digest> history;
    for (const TagEntry& entry : tag.history) history.insert(inventory.digests[entry.digest]);
    EXPECT_EQ(history, (std::set<Digest>{first, second}));
  }
}

TEST(ScanManifests, WhatIsWrongWithOneIsDamage) {
  const std::string json = RegistryBuilder::index_json({digest_of("child")});
  for (const auto& [what, rule] : {std::pair("missing", "manifest-missing"),
                                   {"changed", "manifest-digest-mismatch"},
                                   {"cut", "manifest-digest-mismatch"},
                                   {"a directory", "manifest-unparsable"}}) {
    RegistryBuilder registry;
    const Digest image = registry.manifest("app", json, "v1");
    const std::string data = RegistryBuilder::data(image);
    if (what == std::string("changed"))
      registry.tree.bytes(data) += ' ';
    else if (what == std::string("cut"))
      registry.tree.bytes(data).pop_back();
    else
      registry.tree.remove(data);
    if (what == std::string("a directory")) registry.tree.directory(data, kNow);
    const Inventory inventory = scanned(registry);
    EXPECT_THAT(damage(inventory), ElementsAre(std::pair(rule, data))) << what;
    EXPECT_EQ(document(inventory, image).state, Document::State::damaged);
    // Of what can be read every digest counts, and might be a manifest.
    const bool readable = rule == std::string("manifest-digest-mismatch");
    EXPECT_EQ(document(inventory, image).references.size(), readable ? 1u : 0u) << what;
    EXPECT_EQ(was_opened(inventory, digest_of("child")), readable) << what;
  }
}

TEST(ScanManifests, SoundBytesThatAreNoJsonAreDamageOnlyWhereCalledAManifest) {
  RegistryBuilder registry;
  const std::string text = "no json " + digest_of("named").text();
  const Digest revision = registry.manifest("app", text),
               child = registry.layer("app", "a layer, listed by an index");
  registry.index("app", {child});
  const Inventory inventory = scanned(registry);
  EXPECT_THAT(damage(inventory),
              ElementsAre(std::pair("manifest-unparsable", RegistryBuilder::data(revision))));
  EXPECT_EQ(document(inventory, revision).references.size(), 1u);
  EXPECT_EQ(document(inventory, child).state, Document::State::leaf);
}

TEST(ScanManifests, OddButSoundOnesAreNoDamage) {
  RegistryBuilder registry;
  const Digest layer = registry.layer("app", "x");
  std::string deep;
  for (int i = 0; i < 9000; ++i) deep += '[';
  for (const std::string& json :
       {R"({"LAYERS":[{"digest":")" + layer.text() + "\"}]}",
        R"({"x":)" + deep + '"' + layer.text() + '"' + std::string(9000, ']') + '}',
        "{\"x\":\"\xFF\",\"y\":\"" + layer.text() + "\"}",
        R"({"x":1e999,"y":")" + layer.text() + "\"}",
        R"({"layers":[],"layers":[{"digest":")" + layer.text() + "\"}]}"}) {
    const Digest manifest = registry.manifest("app", json);
    const Inventory inventory = scanned(registry);
    EXPECT_EQ(document(inventory, manifest).state, Document::State::sound);
    EXPECT_EQ(document(inventory, manifest).references.size(), 1u);
    EXPECT_THAT(damage(inventory), IsEmpty());
  }
}

TEST(ScanManifests, ChildrenAreOpenedWhereverTheyAre) {
  RegistryBuilder registry;
  const Digest plain =
      registry.blob(RegistryBuilder::index_json({digest_of("nowhere")}));  // no revision link
  const Digest index = registry.index("app", {plain}, "v1");
  const Inventory inventory = scanned(registry);
  EXPECT_EQ(document(inventory, plain).kind, ManifestKind::index);
  EXPECT_EQ(document(inventory, digest_of("nowhere")).state, Document::State::absent);
  EXPECT_EQ(document(inventory, index).state, Document::State::sound);
  EXPECT_THAT(damage(inventory), IsEmpty());  // a sparse index is none
}

TEST(ScanManifests, AQuarantinedCopyIsReadInPlace) {
  RegistryBuilder registry;
  const std::string json = RegistryBuilder::index_json({digest_of("child")});
  const Digest index = registry.manifest("app", json, "v1");
  registry.quarantine(RegistryBuilder::data(index), kNow - kDay, "good");
  registry.tree.file(RegistryBuilder::data(index), "wrong bytes", kNow);
  registry.quarantine(RegistryBuilder::data(index), kNow - 2 * kDay, "bad");
  const Inventory inventory = scanned(registry);
  EXPECT_TRUE(document(inventory, index).from_quarantine);
  EXPECT_EQ(document(inventory, index).state, Document::State::sound);
  EXPECT_TRUE(was_opened(inventory, digest_of("child")));
  EXPECT_THAT(damage(inventory), IsEmpty());
}

TEST(ScanUploads, TellTheirAgeAndSize) {
  RegistryBuilder registry;
  const std::string uploads = "repositories/app/_uploads/";
  registry.tree.file(uploads + "good/startedat", "2026-05-01T00:00:00Z", kNow - 3 * kDay);
  registry.tree.file(uploads + "good/data", "12345", kNow - 2 * kDay);
  registry.tree.file(uploads + "good/hashstates/sha256/5", "state", kNow - kDay);
  registry.tree.file(uploads + "odd/startedat", "yesterday", kNow);
  registry.tree.directory(uploads + "nothing", kNow - 5 * kDay);
  registry.tree.directory(uploads + "good", kNow);  // says only that something was removed from it
  const Inventory inventory = scanned(registry);
  const auto& found = repository(inventory, "app").uploads;
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[0].uuid, "good");
  EXPECT_EQ(found[0].started, parse_rfc3339("2026-05-01T00:00:00Z"));
  EXPECT_EQ(found[0].newest, kNow - kDay);
  EXPECT_EQ(found[0].bytes, 30u);
  EXPECT_EQ(found[1].uuid, "nothing");
  EXPECT_EQ(found[1].started, kNow - 5 * kDay);
  EXPECT_EQ(found[1].newest, Time{});
  EXPECT_FALSE(found[2].started);
}

TEST(ScanLeftovers, TellTheirAgeWhereverARegistryWrites) {
  RegistryBuilder registry;
  const Digest image = registry.image("app", {"layer"}, "v1");
  const std::string suffix = ".6ba7b810-9dad-11d1-80b4-00c04fd430c8.tmp";
  const std::vector<std::string> paths = {
      RegistryBuilder::data(image) + suffix, RegistryBuilder::revision("app", image) + suffix,
      layout::tag_current_link("app", "v1") + suffix,
      RegistryBuilder::layer_link("app", digest_of("layer")) + suffix};
  for (const std::string& path : paths) registry.tree.file(path, "half", kNow - 9 * kDay);
  const auto storage = registry.tree.storage();
  NullProgress progress;
  Inventory inventory =
      scan(*storage, {.settle = {}, .copies = Copies::of_all_links}, Workers(1), progress);
  inventory = survey(*storage, inventory, {*inventory.digests.find(image)}, Workers(1), progress);
  std::set<std::string> found;
  for (const Stray& stray : inventory.strays) {
    EXPECT_EQ(stray.kind, Stray::Kind::temporary) << stray.path;
    EXPECT_EQ(stray.modified, kNow - 9 * kDay) << stray.path;
    found.insert(stray.path);
  }
  EXPECT_EQ(found, std::set<std::string>(paths.begin(), paths.end()));
}

TEST(Survey, VisitsWhatItIsAskedFor) {
  RegistryBuilder registry;
  const Digest there = registry.blob("there"), taken = registry.blob("taken"),
               twice = registry.blob("twice"), other = registry.blob("not asked");
  registry.quarantine(RegistryBuilder::data(taken), kNow - kDay);
  registry.quarantine(RegistryBuilder::data(twice), kNow - kDay);
  registry.blob_at(twice, "twice");
  registry.tree.file(layout::blob(there) + "/notes.txt", "", kNow);
  registry.tree.file(layout::blob(there) + "/.DS_Store", "", kNow);
  registry.tree.touch(RegistryBuilder::data(there), kNow - 5 * kDay);
  const auto storage = registry.tree.storage();
  Inventory inventory = scanned(*storage);
  const auto id = [&](const Digest& digest) { return *inventory.digests.find(digest); };
  NullProgress progress;
  const std::vector<DigestId> asked{id(there), id(taken), id(twice), id(there)};
  inventory = survey(*storage, std::move(inventory), asked, Workers(1), progress);
  EXPECT_TRUE(inventory.blob(id(there))->present);
  EXPECT_EQ(inventory.blob(id(there))->bytes, 5u);
  EXPECT_EQ(inventory.blob(id(there))->modified, kNow - 5 * kDay);
  EXPECT_EQ(inventory.blob(id(there))->directory_modified, kNow);
  EXPECT_FALSE(inventory.blob(id(taken))->present);
  EXPECT_FALSE(inventory.blob(id(other)));
  EXPECT_TRUE(inventory.has_directory(id(other)) && inventory.has_bytes(id(other)));
  ASSERT_EQ(inventory.quarantined.size(), 2u);
  for (const Quarantined& copy : inventory.quarantined) {
    EXPECT_EQ(copy.kind, Quarantined::Kind::blob);
    EXPECT_EQ(copy.bytes, 5u);
    EXPECT_EQ(copy.duplicate, copy.digest == id(twice));
  }
  ASSERT_EQ(inventory.strays.size(), 2u);
  EXPECT_EQ(inventory.strays[0].path, layout::blob(there) + "/notes.txt");
  EXPECT_EQ(inventory.strays[1].path, layout::blob(there) + "/.DS_Store");
  EXPECT_EQ(inventory.strays[1].kind, Stray::Kind::foreign);
  const Inventory again = survey(*storage, inventory, {id(there), id(taken)}, Workers(1), progress);
  EXPECT_TRUE(again == inventory);
}

}  // namespace
}  // namespace regctl
