// A told registry on a disk of this host, and what the programs say about it.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "tests/support/program.h"
#include "tests/support/registry_builder.h"

namespace regctl::test {

inline constexpr const char* kDryRun[] = {"--dry-run", "--json",       "--keep-younger-than",
                                          "0s",        "--max-delete", "100%"};

// What a program has printed; no object where that is no report.
inline nlohmann::json report_of(const Ran& ran) {
  return nlohmann::json::parse(ran.out, nullptr, false);
}

// What a dry run answers, without what differs between two runs or two file systems.
inline std::string judgement(const Ran& ran) {
  auto report = report_of(ran);
  if (!report.is_object() || !report.contains("plan"))
    return "no report (" + std::to_string(ran.status) + "): " + ran.err;
  std::string text = "exit " + std::to_string(ran.status);
  for (const char* part : {"plan", "repositories", "blockers", "warnings"}) {
    auto value = report.at(part);
    if (value.is_object())
      for (auto& blob : value.at("blobs")) blob.erase("disk_bytes");
    text += ' ' + value.dump();
  }
  return text;
}

inline std::set<Digest> planned(const Ran& ran) {
  std::set<Digest> digests;
  const auto report = report_of(ran);
  if (!report.is_object()) return digests;
  for (const auto& blob : report.at("plan").at("blobs"))
    digests.insert(*Digest::parse(blob.at("digest").get<std::string>()));
  return digests;
}

// The ids of its "blockers", "warnings", "errors" or "advice". Tests of a decision look at these,
// never at the sentences beside them.
inline std::set<std::string> codes_of(const Ran& ran, const char* part) {
  std::set<std::string> found;
  const auto report = report_of(ran);
  if (!report.is_object()) return found;
  for (const auto& message : report.at(part)) found.insert(message.at("code").get<std::string>());
  return found;
}

class StoreOnDisk : public testing::Test {
 protected:
  std::filesystem::path v2() const { return root.path() / "docker/registry/v2"; }
  void write() {
    std::filesystem::create_directories(v2());
    registry.tree.write_to(v2());
  }

  static std::vector<std::string> dry_run_of(const std::filesystem::path& root,
                                             std::vector<std::string> options = {}) {
    options.insert(options.begin(), std::begin(kDryRun), std::end(kDryRun));
    options.insert(options.begin(), regctl_gc());
    options.push_back(root);
    return options;
  }
  static std::vector<std::string> audit_of(const std::filesystem::path& root) {
    return {regctl_audit(), "--quick", "--json", root};
  }
  Ran dry_run(std::vector<std::string> options = {}) const {
    return run(dry_run_of(root.path(), std::move(options)));
  }

  // Runs `program` (for whom the store is at `at()`) in a mount namespace of its own, which takes
  // every mount and loop device with it when the program ends, however it ends. `prepare` is shell:
  // it mounts something at $at and may `copy` the store there; $work is a directory for images.
  // Empty: the kernel refuses; say so with skip_reason.
  std::optional<Ran> mounted(const std::string& prepare, const std::vector<std::string>& program) {
    const std::string script =
        "work=$1 store=$2 at=$1/at; shift 2; trap 'exit 77' EXIT; set -eu; export "
        "PATH=\"$PATH:/usr/sbin:/sbin\"\n"
        "copy() { cp -a \"$store/.\" \"$at\"; }\n"
        "{ mkdir -p \"$at\"\n" +
        prepare + "\n} >&2\ntrap - EXIT; exec \"$@\"";
    std::vector<std::string> argv = {"unshare", "--mount", "--propagation", "private",  "sh", "-c",
                                     script,    "sh",      work.path(),     root.path()};
    argv.insert(argv.end(), program.begin(), program.end());
    Ran ran = run(argv);
    if (ran.status != 77 && !ran.err.starts_with("unshare: ")) return ran;
    skip_reason = "this host does not let us mount that: " + ran.err;
    return std::nullopt;
  }
  std::filesystem::path at() const { return work.path() / "at"; }

  RegistryBuilder registry;
  TemporaryDirectory root, work;
  std::string skip_reason;
};

// Two repositories, one with an index, and a blob that nothing refers to; told, not yet written.
class SmallStore : public StoreOnDisk {
 protected:
  SmallStore() {
    const Digest amd = registry.image("team/app", {"amd64", "shared"}),
                 arm = registry.image("team/app", {"arm64", "shared"});
    registry.index("team/app", {amd, arm}, "latest");
  }

  Digest image = registry.image("other", {"fine", "shared"}, "v1"),
         garbage = registry.layer("team/app", "garbage");
};

}  // namespace regctl::test
