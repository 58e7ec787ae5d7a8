// Benchmark of the dry run: our program beside distribution's collector and the bare floor, in
// turn, on one store.
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

// Empties the page cache; false where that is not permitted.
bool drop_caches() {
  sync();
  std::ofstream out("/proc/sys/vm/drop_caches");
  out << "3\n";
  out.flush();
  return out.good();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 8) return 2;
  const fs::path root = fs::path(argv[1]) / "registry", config = fs::path(argv[1]) / "config.yml";
  const int rounds = std::stoi(argv[6]), cold_rounds = std::stoi(argv[7]);
  if (!fs::exists(root))
    make_store(root, std::stoi(argv[2]), std::stoi(argv[3]), std::stoi(argv[4]),
               std::stoi(argv[5]));
  std::ofstream(config)
      << "version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: "
      << root.string() << "}}\n";
  const fs::path here = fs::read_symlink("/proc/self/exe").parent_path();

  struct Contender {
    std::string name;
    std::vector<std::string> argv;
    std::vector<Figures> warm, cold;
  };
  const std::string cores = std::to_string(sysconf(_SC_NPROCESSORS_ONLN));
  std::vector<Contender> contenders = {
      {"regctl-gc --dry-run",
       {here / "regctl-gc", "--dry-run", "--keep-younger-than", "0s", root},
       {},
       {}},
      {"docker-registry garbage-collect --dry-run",
       {"docker-registry", "garbage-collect", "--dry-run", config},
       {},
       {}},
      {"bare walk, a thread a core", {here / "bench_floor", root, cores, "all"}, {}, {}},
      {"least walk, a thread a core", {here / "bench_floor", root, cores, "least"}, {}, {}},
  };
  const std::vector<Contender> only_cold = {
      {"regctl-gc --dry-run -j 2",
       {here / "regctl-gc", "--dry-run", "-j", "2", "--keep-younger-than", "0s", root},
       {},
       {}},
      {"bare walk, 16 threads", {here / "bench_floor", root, "16", "all"}, {}, {}},
      {"least walk, 16 threads", {here / "bench_floor", root, "16", "least"}, {}, {}},
  };
  for (const Contender& contender : contenders) measure(contender.argv);  // warms the cache
  for (int round = 0; round < rounds; ++round) {
    for (Contender& contender : contenders) contender.warm.push_back(measure(contender.argv));
  }
  contenders.insert(contenders.end(), only_cold.begin(), only_cold.end());
  const bool can_drop = drop_caches();
  for (int round = 0; can_drop && round < cold_rounds; ++round) {
    for (Contender& contender : contenders) {
      drop_caches();
      contender.cold.push_back(measure(contender.argv));
    }
  }

  const auto wall = [](const Figures& figures) { return figures.wall; };
  const auto cpu = [](const Figures& figures) { return figures.cpu; };
  const auto peak = [](const Figures& figures) {
    return static_cast<double>(figures.peak_kilobytes) / 1024;
  };
  std::printf("%-44s %10s %10s %10s %10s\n", "medians", "warm s", "cpu s", "peak MiB", "cold s");
  for (const Contender& contender : contenders) {
    const bool warm = !contender.warm.empty(), cold = !contender.cold.empty();
    std::printf("%-44s %10.2f %10.2f %10.1f %10.2f\n", contender.name.c_str(),
                warm ? median(contender.warm, wall) : 0, warm ? median(contender.warm, cpu) : 0,
                warm ? median(contender.warm, peak) : 0, cold ? median(contender.cold, wall) : 0);
  }
  const auto &ours = contenders[0].warm, &theirs = contenders[1].warm, &floor = contenders[2].warm,
             &least = contenders[3].warm;
  std::printf(
      "\nupstream / ours      %6.1f times the wall time (10 or more is asked), %.1f times the cpu "
      "time\n",
      median(theirs, wall) / median(ours, wall), median(theirs, cpu) / median(ours, cpu));
  std::printf("upstream / ours      %6.2f times the peak memory (more than 1 is asked)\n",
              median(theirs, peak) / median(ours, peak));
  std::printf("ours / bare walk     %6.2f times the wall time (1.8 or less is asked)\n",
              median(ours, wall) / median(floor, wall));
  std::printf("ours / least walk    %6.2f times the wall time (1.5 or less is asked)\n",
              median(ours, wall) / median(least, wall));
  if (can_drop && cold_rounds > 0) {
    const double cold = median(contenders[0].cold, wall);
    std::printf(
        "cold: upstream / ours %5.1f (6 or more is asked), -j 2 / default %.2f\n"
        "cold: ours / walks on 16 threads: bare %.2f, least %.2f (1.8 or less is asked)\n",
        median(contenders[1].cold, wall) / cold, median(contenders[4].cold, wall) / cold,
        cold / median(contenders[5].cold, wall), cold / median(contenders[6].cold, wall));
  } else {
    std::printf("cold cache: not measured%s\n",
                can_drop ? "" : ", dropping caches is not permitted here");
  }
}
