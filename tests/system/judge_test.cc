// The registry as judge of the audit: what the audit calls unpullable cannot be pulled from a real
// one, and everything else can.
#include <gtest/gtest.h>

#include <fstream>
#include <random>

#include "registry/hasher.h"
#include "tests/support/store_on_disk.h"

namespace regctl {
namespace {

using namespace test;
using json = nlohmann::json;
namespace fs = std::filesystem;

using TagsAndPlatforms = std::set<std::pair<std::string, std::string>>;

class Judge : public StoreOnDisk {
 protected:
  // Every tag and platform that a finding says breaks.
  TagsAndPlatforms unpullable() const {
    const Ran ran = run({regctl_audit(), "--json", root.path()});
    const json report = report_of(ran);
    TagsAndPlatforms found;
    if (!report.is_object()) {
      ADD_FAILURE() << ran.err;
      return found;
    }
    for (const json& finding : report.at("findings")) {
      if (finding.at("severity") == "info") continue;
      for (const json& user : finding.at("used_by")) {
        for (const std::string tag : user.at("tags"))
          found.emplace(user.at("repository").get<std::string>() + ':' + tag,
                        user.value("manifest", ""));
      }
    }
    return found;
  }

  static Ran pull(const DockerRegistry& server, const std::string& what, const fs::path& to) {
    return run({"skopeo", "--insecure-policy", "copy", "-q", "--src-tls-verify=false",
                "docker://" + server.address() + '/' + what, "dir:" + to.string()});
  }

  // By its digest, as the client learnt it from the tag or the index: so no client takes what does
  // not hash to it.
  static bool pulls(const DockerRegistry& server, const std::string& repository,
                    const std::string& digest) {
    const TemporaryDirectory to;
    return pull(server, repository + '@' + digest, to.path() / "image").status == 0;
  }
};

// One file of a store, damaged somehow.
void damage(const fs::path& top, std::mt19937& random) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(top)) {
    const bool is_history = entry.path().string().find("/index/") != std::string::npos;
    if (entry.is_regular_file() && !is_history) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  const fs::path file = files[random() % files.size()];
  SCOPED_TRACE(file);
  std::string bytes = read_all(file);
  if (bytes.empty()) return;
  switch (random() % 4) {
    case 0:
      bytes[random() % bytes.size()] ^= 1;
      break;
    case 1:
      bytes.resize(random() % bytes.size());
      break;
    case 2:
      bytes += 'x';
      break;
    default:
      fs::remove(file);
      return;
  }
  std::ofstream(file, std::ios::binary) << bytes;
}

// REGCTL_TEST_ROUNDS makes it longer, REGCTL_TEST_SEED repeats one store.
TEST_F(Judge, WhatTheAuditCallsUnpullableCannotBePulledAndAllElseCan) {
  const char* fixed = std::getenv("REGCTL_TEST_SEED");
  const char* more = std::getenv("REGCTL_TEST_ROUNDS");
  std::random_device entropy;
  int pulled = 0, refused = 0;
  for (int round = 0; round < (fixed ? 1 : more ? std::atoi(more) : 30); ++round) {
    const auto seed =
        fixed ? static_cast<std::uint32_t>(std::strtoul(fixed, nullptr, 10)) : entropy();
    SCOPED_TRACE("REGCTL_TEST_SEED=" + std::to_string(seed));
    std::mt19937 random(seed);
    RegistryBuilder told;
    for (const std::string repository : {"app", "team/web"}) {
      const auto image = [&](const std::string& tag, const std::string& platform) {
        return told.image(repository, {"base", repository + tag}, tag, {},
                          R"({"os":"linux","architecture":")" + platform + R"("})");
      };
      image("v1", "amd64");
      const Digest amd = image("", "amd64"), arm = image("", "arm64");
      told.index(repository, {amd, arm}, "many");
      told.tag(repository, "same", image("v2", "arm64"));
    }
    fs::remove_all(root.path() / "docker");
    fs::create_directories(v2());
    told.tree.write_to(v2());
    for (unsigned i = 1 + random() % 3; i > 0; --i) damage(v2(), random);

    const TagsAndPlatforms broken = unpullable();
    const DockerRegistry server(root.path());
    for (const std::string repository : {"app", "team/web"}) {
      for (const std::string tag : {"v1", "v2", "many", "same"}) {
        const std::string name = repository + ':' + tag;
        const std::string link = read_all(v2() / layout::tag_current_link(repository, tag));
        const auto target = Digest::parse(link);
        // A tag that tells nothing, or a manifest of it.
        const auto is_broken = [&](const std::string& digest) {
          return broken.contains({name, digest}) || broken.contains({name, ""});
        };
        const TemporaryDirectory to;
        if (!target) {
          EXPECT_NE(pull(server, name, to.path() / "image").status, 0) << name;
          EXPECT_TRUE(is_broken("")) << name << " tells nothing";
          ++refused;
          continue;
        }
        std::vector<std::string> manifests = {target->text()};
        const json index =
            json::parse(read_all(v2() / RegistryBuilder::data(*target)), nullptr, false);
        if (index.is_object() && index.contains("manifests") && !is_broken(target->text())) {
          manifests.clear();
          for (const json& child : index.at("manifests")) manifests.push_back(child.at("digest"));
        }
        for (const std::string& manifest : manifests) {
          const bool can = pulls(server, repository, manifest);
          EXPECT_EQ(can, !is_broken(manifest)) << name << ' ' << manifest;
          ++(can ? pulled : refused);
        }
      }
    }
  }
  EXPECT_GT(pulled, 0);
  EXPECT_GT(refused, 0);
}

}  // namespace
}  // namespace regctl
