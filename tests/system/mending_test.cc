// What the audit advises is done, word by word, beside a real registry: afterwards the same audit
// is clean. (What it advises to run is tried in advice_test.cc.)
#include <gmock/gmock.h>

#include <fstream>
#include <functional>

#include "audit/finding.h"
#include "registry/hasher.h"
#include "tests/support/store_on_disk.h"

namespace regctl {
namespace {

using namespace test;
using json = nlohmann::json;
namespace fs = std::filesystem;

class Mending : public StoreOnDisk {
 public:
  Mending() {
    image = registry.image("app", {"layer"}, "v1", {}, R"({"os":"linux","architecture":"amd64"})");
    child = registry.image("app", {"layer", "for arm"}, "", {},
                           R"({"os":"linux","architecture":"arm64"})");
    index = registry.index("app", {image, child}, "many");
    write();
    server.emplace(root.path(), kInmemory);
    list = read_all(file(RegistryBuilder::data(index)));
    copy("docker", "app:v1", "dir", saved("v1"));
    copy("docker", "app@" + child.text(), "dir", saved("child"));
  }

  fs::path file(const std::string& key) const { return v2() / key; }
  fs::path volume() const { return work.path() / "volume"; }
  void put(const std::string& key) {
    registry.tree.file(key, "x", kNow - kDay);
    write();
  }
  void overwrite(const std::string& key, const std::string& bytes) const {
    std::ofstream(file(key), std::ios::binary) << bytes;
  }
  void break_layer(const std::function<void(std::string&)>& change) const {
    const std::string data = RegistryBuilder::data(digest_of("layer"));
    std::string bytes = read_all(file(data));
    change(bytes);
    overwrite(data, bytes);
  }

  std::vector<json> findings() const {
    const Ran ran = run({regctl_audit(), "--json", root.path()});
    std::vector<json> bad;
    const json report = report_of(ran);
    for (const json& finding : report.at("findings")) {
      if (finding.at("severity") != "info") bad.push_back(finding);
    }
    EXPECT_EQ(ran.status == 0, bad.empty());
    return bad;
  }

  // What is to be done, in the words of the advice, in their order.
  void follow(const json& finding) {
    const std::string advice = finding.at("advice");
    const auto says = [&](const char* words) { return advice.find(words) != advice.npos; };
    const fs::path path = root.path() / finding.value("path", "");
    if (says("move the file aside") || says("move it out of the tree"))
      fs::rename(path, work.path() / ("aside" + std::to_string(++aside)));
    if (says("restart the registry")) {
      server.reset();
      server.emplace(root.path(), kInmemory);
    }
    const bool is_of_tag = path.string().find("/tags/") != std::string::npos;
    if (says("write the digest of its place into it") && !is_of_tag)
      std::ofstream(path) << finding.at("digest").get<std::string>();
    if (says("delete the manifest")) {
      Http http(server->port());
      const json& users = finding.at("used_by");
      const std::string digest = users.empty() ? finding.at("digest") : users[0].at("manifest");
      EXPECT_EQ(http.request("DELETE", "/v2/app/manifests/" + digest).status, 202);
    }
    if (says("--heal")) {
      EXPECT_LE(run({regctl_gc(), "--heal", root.path()}).status, 1);
    }
    if (says("build the image anew")) {
      registry = {};
      registry.image("app", {"anew"}, "v1");
      const TemporaryDirectory other;
      fs::create_directories(other.path() / "docker/registry/v2");
      registry.tree.write_to(other.path() / "docker/registry/v2");
      const DockerRegistry builder(other.path());
      EXPECT_EQ(run({"skopeo", "--insecure-policy", "copy", "-q", "--src-tls-verify=false",
                     "--dest-tls-verify=false", "docker://" + builder.address() + "/app:v1",
                     "docker://" + server->address() + "/app:v1"})
                    .status,
                0);
    }
    if (says("mount the volume that belongs there")) fs::rename(volume(), path);
    const bool of_tags_only = says("where it is a tag's");
    const bool all = says("push the image again") ||
                     (says("push the tag again") && (is_of_tag || !of_tags_only));
    if (all || says("push that platform"))
      copy("dir", saved("child"), "docker", "app@" + child.text());
    if (all) {
      copy("dir", saved("v1"), "docker", "app:v1");
      Http http(server->port());
      EXPECT_EQ(http.request("PUT", "/v2/app/manifests/many", list, kOciIndex).status, 201);
    }
  }

  using StoreOnDisk::registry, StoreOnDisk::write;
  Digest image, child, index;

 private:
  std::string saved(const std::string& name) const { return work.path() / name; }
  void copy(const std::string& from, const std::string& what, const std::string& to,
            const std::string& where) const {
    std::vector<std::string> argv = {"skopeo",
                                     "--insecure-policy",
                                     "copy",
                                     "-q",
                                     "--preserve-digests",
                                     "--src-tls-verify=false",
                                     "--dest-tls-verify=false"};
    const auto place = [&](const std::string& kind, const std::string& name) {
      return kind == "dir" ? "dir:" + name : "docker://" + server->address() + '/' + name;
    };
    argv.insert(argv.end(), {place(from, what), place(to, where)});
    const Ran ran = run(argv);
    EXPECT_EQ(ran.status, 0) << ran.err;
  }

  std::optional<DockerRegistry> server;
  std::string list;  // the index
  int aside = 0;
};

using Damage = std::function<void(Mending&)>;

const std::map<std::pair<audit::Rule, std::string>, Damage>& damages() {
  using enum audit::Rule;
  static const std::string kLayer = RegistryBuilder::layer_link("app", digest_of("layer"));
  static const std::map<std::pair<audit::Rule, std::string>, Damage> kDamages = {
      {{blob_digest_mismatch, ""},
       [](Mending& store) { store.break_layer([](std::string& bytes) { bytes[0] ^= 1; }); }},
      {{blob_digest_mismatch, "short"},
       [](Mending& store) { store.break_layer([](std::string& bytes) { bytes.pop_back(); }); }},
      {{blob_missing, ""},
       [](Mending& store) { fs::remove_all(store.file(layout::blob(digest_of("layer")))); }},
      {{manifest_missing, ""},
       [](Mending& store) { fs::remove(store.file(RegistryBuilder::data(store.image))); }},
      {{manifest_digest_mismatch, ""},
       [](Mending& store) { store.overwrite(RegistryBuilder::data(store.image), "{}"); }},
      {{manifest_unparsable, ""},
       [](Mending& store) {
         store.registry.manifest("app", "[]", "broken");
         store.write();
       }},
      {{manifest_oversized, ""},
       [](Mending& store) {
         store.registry.manifest(
             "app",
             RegistryBuilder::image_json(store.registry.layer("app", "{}"), 2, {}) +
                 std::string(kLargestServedManifest, ' '),
             "v1");
         store.write();
       }},
      {{blob_size_mismatch, ""},
       [](Mending& store) {
         const Digest config = store.registry.layer("app", R"({"os":"linux"})");
         store.registry.manifest(
             "app", RegistryBuilder::image_json(config, 14, {{digest_of("layer"), 6}}), "v1");
         store.write();
       }},
      {{tag_dangling, ""},
       [](Mending& store) {
         fs::remove_all(store.file(RegistryBuilder::revision("app", store.image)).parent_path());
       }},
      {{tag_dangling, "no link"},
       [](Mending& store) { fs::remove_all(store.file(layout::tag("app", "v1")) / "current"); }},
      {{tag_dead, ""},
       [](Mending& store) {
         fs::remove(store.file(RegistryBuilder::revision("app", store.image)));
       }},
      {{tag_dead, "no bytes"},
       [](Mending& store) {
         fs::remove(store.file(RegistryBuilder::revision("app", store.image)));
         fs::remove_all(store.file(layout::blob(store.image)));
       }},
      {{link_invalid, "layer"}, [](Mending& store) { store.overwrite(kLayer, "no digest"); }},
      {{link_invalid, "revision"},
       [](Mending& store) {
         store.overwrite(RegistryBuilder::revision("app", store.image), "no digest");
       }},
      {{link_invalid, "tag"},
       [](Mending& store) { store.overwrite(layout::tag_current_link("app", "v1"), "no digest"); }},
      {{link_invalid, "place"},
       [](Mending& store) { store.put("repositories/app/_layers/sha256/zz/link"); }},
      {{link_invalid, "directory"},
       [](Mending& store) {
         fs::remove(store.file(kLayer));
         fs::create_directory(store.file(kLayer));
       }},
      {{half_store, ""},
       [](Mending& store) { fs::rename(store.file(std::string(layout::kBlobs)), store.volume()); }},
      {{link_name_mismatch, "layer"},
       [](Mending& store) { store.overwrite(kLayer, digest_of("another").text()); }},
      {{link_name_mismatch, "revision"},
       [](Mending& store) {
         store.overwrite(RegistryBuilder::revision("app", store.image), store.child.text());
       }},
      {{link_empty, "layer"}, [](Mending& store) { store.overwrite(kLayer, ""); }},
      {{link_empty, "revision"},
       [](Mending& store) { store.overwrite(RegistryBuilder::revision("app", store.image), ""); }},
      {{link_empty, "tag"},
       [](Mending& store) { store.overwrite(layout::tag_current_link("app", "v1"), ""); }},
      {{layer_link_absent, ""},
       [](Mending& store) { fs::remove_all(store.file(kLayer).parent_path()); }},
      {{index_child_missing, ""},
       [](Mending& store) {
         fs::remove_all(store.file(layout::blob(store.child)));
         fs::remove(store.file(RegistryBuilder::revision("app", store.child)));
       }},
      {{index_child_unlinked, ""},
       [](Mending& store) {
         fs::remove(store.file(RegistryBuilder::revision("app", store.child)));
       }},
      {{unexpected_file, "for a directory"},
       [](Mending& store) {
         const std::string current = layout::tag("app", "v1") + "/current";
         fs::remove_all(store.file(current));
         std::ofstream(store.file(current)) << "x";
       }},
      {{unexpected_file, "for uploads"},
       [](Mending& store) {
         const std::string uploads = layout::repository("app") + "/_uploads";
         fs::remove_all(store.file(uploads));
         std::ofstream(store.file(uploads)) << "x";
       }},
      {{blob_misplaced, ""}, [](Mending& store) { store.put("blobs/sha256/xx/data"); }},
      {{unexpected_file, ""}, [](Mending& store) { store.put("repositories/app/notes"); }},
  };
  return kDamages;
}

class AdviceMends : public Mending,
                    public testing::WithParamInterface<std::pair<audit::Rule, std::string>> {
 public:
  static std::vector<std::pair<audit::Rule, std::string>> cases() {
    std::vector<std::pair<audit::Rule, std::string>> all;
    for (const auto& [name, damage] : damages()) all.push_back(name);
    return all;
  }
};

TEST_P(AdviceMends, WhatItIsGivenFor) {
  ASSERT_THAT(findings(), testing::IsEmpty());
  damages().at(GetParam())(*this);
  const std::vector<json> found = findings();
  std::set<std::string> rules;
  for (const json& finding : found) rules.insert(finding.at("rule"));
  const std::string id(audit::info_of(GetParam().first).id);
  EXPECT_TRUE(rules.contains(id)) << testing::PrintToString(rules);
  for (const json& finding : found) {
    if (finding.at("rule") == id) follow(finding);
  }
  EXPECT_THAT(findings(), testing::IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Rules, AdviceMends, testing::ValuesIn(AdviceMends::cases()),
                         [](const auto& one) {
                           std::string name(audit::info_of(one.param.first).id);
                           if (!one.param.second.empty()) name += '_' + one.param.second;
                           std::replace_if(
                               name.begin(), name.end(),
                               [](char c) { return c == '-' || c == ' '; }, '_');
                           return name;
                         });

// Every rule of which somebody should do something has a case here, or in advice_test.cc.
TEST(Mends, EveryAdvice) {
  using enum audit::Rule;
  std::set<audit::Rule> told = {read_error};  // no disk can be mended here
  for (const auto& [name, damage] : damages()) told.insert(name.first);
  for (const audit::RuleInfo& info : audit::rules()) {
    const auto runs = [&](const char* what) { return info.advice.find(what) != info.advice.npos; };
    const bool is_a_command = runs("regctl-gc") || runs("chown") || runs("--follow");
    if (info.severity != audit::Severity::info && !is_a_command) {
      EXPECT_TRUE(told.contains(info.rule)) << info.id;
    }
  }
}

}  // namespace
}  // namespace regctl
