// Benchmark of the sweep, with figures of the same run to compare with.
//
//   bench_sweep DIRECTORY BLOBS ROUNDS
//
// An offline sweep of BLOBS small garbage blobs beside distribution's collector, which verifies
// nothing, each on a store made anew; then the hashing of large garbage blobs beside openssl on the
// same files.
#include <fstream>
#include <nlohmann/json.hpp>

#include "registry/hasher.h"
#include "tests/bench/measure.h"
#include "tests/support/registry_builder.h"

namespace {

using namespace regctl;
using namespace regctl::bench;
namespace fs = std::filesystem;

class Store {
 public:
  explicit Store(const fs::path& directory)
      : root_(directory / "registry"), config_(directory / "config.yml") {
    fs::remove_all(root_);
    const fs::path v2 = root_ / "docker/registry/v2";
    test::RegistryBuilder registry;
    registry.image("app", {"a layer that stays"}, "v1");
    fs::create_directories(v2);
    registry.tree.write_to(v2);
    std::ofstream(config_)
        << "version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: "
        << root_.string() << "}}\n";
  }
  ~Store() { fs::remove_all(root_); }

  // A blob, with or without the link that every push leaves.
  fs::path add(const std::string& bytes, bool link) const {
    const fs::path v2 = root_ / "docker/registry/v2";
    const Digest digest = digest_of(bytes);
    const fs::path path = v2 / test::RegistryBuilder::data(digest);
    put(path, bytes);
    if (link) put(v2 / test::RegistryBuilder::layer_link("app", digest), digest.text());
    return path;
  }
  std::vector<std::string> ours(const fs::path& report) const {
    return {program("regctl-gc"),
            "--offline",
            "--keep-younger-than",
            "0s",
            "--uploads-idle",
            "0s",
            "--max-delete",
            "100%",
            "--report",
            report,
            root_};
  }
  std::vector<std::string> theirs() const {
    return {"docker-registry", "garbage-collect", config_};
  }

 private:
  fs::path root_, config_;
};

void sweep(const fs::path& directory, int blobs, bool links, int rounds) {
  std::vector<Figures> ours, theirs;
  for (int round = 0; round < rounds; ++round) {
    for (const bool us : {true, false}) {
      const Store store(directory);
      for (int i = 0; i < blobs; ++i)
        store.add(fmt::format("garbage {} {}", i, std::string(1000, 'x')), links);
      sync();
      (us ? ours : theirs)
          .push_back(measure(us ? store.ours(directory / "report.json") : store.theirs()));
    }
  }
  const std::string on =
      fmt::format("{} garbage blobs of 1 kB {}", blobs, links ? "with links" : "without links");
  tell(on, "sweep", "warm", ours);
  tell(on, "upstream", "warm", theirs);
}

// The seconds of the phase that hashes, from our own report: the rest of a run reads no layer.
double hashing_seconds(const fs::path& report) {
  std::ifstream in(report);
  const auto json = nlohmann::json::parse(in);
  for (const auto& phase : json["run"]["phases"]) {
    if (phase["name"] == "verify") return phase["seconds"];
  }
  return 0;
}

void hash(const fs::path& directory, int rounds) {
  constexpr int kBlobs = 48;
  constexpr std::size_t kBytes = std::size_t{32} << 20;
  std::vector<Figures> ours, theirs;
  for (int round = 0; round < rounds; ++round) {
    const Store store(directory);
    const fs::path list = directory / "list";
    std::ofstream names(list);
    for (int i = 0; i < kBlobs; ++i) {
      std::string bytes(kBytes, static_cast<char>(i));
      names << store.add(bytes, false).string() << '\n';
    }
    names.close();
    sync();
    theirs.push_back(
        measure({"sh", "-c", "xargs -n 4 -P $(nproc) openssl dgst -sha256 < " + list.string()}));
    Figures& one = ours.emplace_back(measure(store.ours(directory / "report.json")));
    one.wall = hashing_seconds(directory / "report.json");
  }
  const std::string on = fmt::format("{} garbage blobs of 32 MiB", kBlobs);
  tell(on, "hashing of a sweep", "warm", ours);
  tell(on, "openssl", "warm", theirs);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const fs::path directory = argv[1];
  fs::create_directories(directory);
  for (const bool links : {false, true})
    sweep(directory, std::stoi(argv[2]), links, std::stoi(argv[3]));
  hash(directory, std::stoi(argv[3]));
}
