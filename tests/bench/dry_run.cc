// Benchmark of the dry run, and of an audit that reads no layers: beside distribution's collector
// and the bare floor, in turn, on one store.
//
//   bench_dry_run DIRECTORY REPOSITORIES TAGS LAYERS OWN ROUNDS COLD-ROUNDS
//
// The store is made below DIRECTORY if it is not there yet: every tag an image of LAYERS layers,
// OWN of them its own, the rest shared by its repository; one image in ten has been deleted, so
// that there is garbage.
#include <fstream>

#include "registry/hasher.h"
#include "tests/bench/measure.h"
#include "tests/support/registry_builder.h"

namespace {

using namespace regctl;
using namespace regctl::bench;
namespace fs = std::filesystem;

void make_store(const fs::path& root, int repositories, int tags, int layers, int own) {
  const fs::path v2 = root / "docker/registry/v2";
  const auto blob = [&](const std::string& bytes) {
    const Digest digest = digest_of(bytes);
    const fs::path data = v2 / test::RegistryBuilder::data(digest);
    if (!fs::exists(data)) put(data, bytes);
    return digest;
  };
  for (int r = 0; r < repositories; ++r) {
    const std::string name = "team" + std::to_string(r % 20) + "/app" + std::to_string(r);
    const auto layer = [&](const std::string& bytes) {
      const Digest digest = blob(bytes);
      put(v2 / layout::layer_link(name, digest), digest.text());
      return digest;
    };
    for (int t = 0; t < tags; ++t) {
      std::vector<std::pair<Digest, std::uint64_t>> descriptors;
      for (int l = 0; l < layers; ++l) {
        const std::string bytes = "layer " + std::to_string(r) +
                                  (l < own ? " of " + std::to_string(t) : "") + " no " +
                                  std::to_string(l);
        descriptors.emplace_back(layer(bytes), bytes.size());
      }
      const std::string config =
          R"({"os":"linux","architecture":"amd64","n":")" + name + std::to_string(t) + "\"}";
      const Digest image =
          blob(test::RegistryBuilder::image_json(layer(config), config.size(), descriptors));
      if (t % 10 == 9) {
        fs::create_directories((v2 / layout::revision_link(name, image)).parent_path());
        continue;
      }
      put(v2 / layout::revision_link(name, image), image.text());
      const std::string tag = "v" + std::to_string(t);
      put(v2 / layout::tag(name, tag) / "index" / layout::digest_path(image) / "link",
          image.text());
      put(v2 / layout::tag_current_link(name, tag), image.text());
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 8) return 2;
  const fs::path root = fs::path(argv[1]) / "registry", config = fs::path(argv[1]) / "config.yml";
  const int repositories = std::stoi(argv[2]), tags = std::stoi(argv[3]),
            layers = std::stoi(argv[4]), own = std::stoi(argv[5]);
  if (!fs::exists(root)) make_store(root, repositories, tags, layers, own);
  std::ofstream(config)
      << "version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: "
      << root.string() << "}}\n";
  const auto ours = [&](std::vector<std::string> options) {
    options.insert(options.begin(), {program("regctl-gc"), "--dry-run", "--keep-younger-than", "0s",
                                     "--max-delete", "100%"});
    options.push_back(root);
    return options;
  };
  const auto walk = [&](const char* threads, const char* kind) -> std::vector<std::string> {
    return {program("bench_floor"), root, threads, kind};
  };
  const std::string cores = std::to_string(sysconf(_SC_NPROCESSORS_ONLN));
  race(fmt::format("{} x {} images of {} layers, {} their own", repositories, tags, layers, own),
       {{"dry run", ours({})},
        {"dry run -m", ours({"-m"})},
        {"dry run --json", ours({"--json"})},
        {"audit --quick", {program("regctl-audit"), "--quick", root}},
        {"upstream", {"docker-registry", "garbage-collect", "--dry-run", config}},
        {"bare walk", walk(cores.c_str(), "all")},
        {"least walk", walk(cores.c_str(), "least")},
        {"dry run -j 2", ours({"-j", "2"}), true},
        {"bare walk, 16 threads", walk("16", "all"), true},
        {"least walk, 16 threads", walk("16", "least"), true}},
       std::stoi(argv[6]), std::stoi(argv[7]));
}
