// Benchmark of the audit, with figures of the same run to compare with.
//
//   bench_audit DIRECTORY ROUNDS COLD-ROUNDS [STORE]
//
// Hashing a store of few large blobs and one of many small ones beside sha256sum and openssl on the
// same files; and, on STORE, what reads no layers beside a dry run.
#include "registry/hasher.h"
#include "tests/bench/measure.h"
#include "tests/support/registry_builder.h"

namespace {

using namespace regctl;
using namespace regctl::bench;
namespace fs = std::filesystem;

void fill(const fs::path& root, int blobs, std::size_t bytes) {
  const fs::path v2 = root / "docker/registry/v2";
  test::RegistryBuilder registry;
  registry.image("app", {"a layer"}, "v1");
  fs::create_directories(v2);
  registry.tree.write_to(v2);
  for (int i = 0; i < blobs; ++i) {
    std::string content(bytes, static_cast<char>(i));
    content.replace(0, 8, fmt::format("{:08}", i));
    put(v2 / test::RegistryBuilder::data(digest_of(content)), content);
  }
  sync();
}

void hash(const fs::path& root, const std::string& on, int rounds, int cold_rounds) {
  const auto every = [&](const std::string& command) -> std::vector<std::string> {
    return {"sh", "-c",
            "find " + (root / "docker").string() + " -name data -print0 | xargs -0 " + command};
  };
  race(on,
       {{"audit", {program("regctl-audit"), "--progress", "never", root}},
        {"sha256sum", every("-n 64 -P 2 sha256sum")},
        {"openssl", every("-n 64 -P $(nproc) openssl dgst -sha256")}},
       rounds, cold_rounds);
}

std::string some_blob(const fs::path& store) {
  for (const auto& entry : fs::recursive_directory_iterator(store / "docker/registry/v2/blobs")) {
    if (entry.path().filename() == "data") return entry.path().parent_path().filename();
  }
  return "";
}

void ask(const fs::path& store, int rounds) {
  race("questions",
       {{"dry run", {program("regctl-gc"), "--dry-run", "-q", store}},
        {"--usage", {program("regctl-audit"), "--usage", "-q", store}},
        {"--images", {program("regctl-audit"), "--images", "-q", store}},
        {"--why", {program("regctl-audit"), "--why", some_blob(store), "-q", store}}},
       rounds, 0);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  const fs::path root = fs::path(argv[1]) / "registry";
  const int rounds = std::stoi(argv[2]), cold_rounds = std::stoi(argv[3]);
  for (const auto& [on, blobs, bytes] :
       {std::tuple("24 blobs of 64 MiB", 24, std::size_t{64} << 20),
        std::tuple("60,000 blobs of 8 KiB", 60'000, std::size_t{8} << 10)}) {
    fs::remove_all(root);
    fill(root, blobs, bytes);
    hash(root, on, rounds, cold_rounds);
    fs::remove_all(root);
  }
  if (argc > 4) ask(argv[4], rounds);
}
