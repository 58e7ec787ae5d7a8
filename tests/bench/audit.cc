// Benchmark of the audit, with figures of the same run to compare with.
//
//   bench_audit DIRECTORY ROUNDS [STORE]
//
// Hashing a store of few large blobs and one of many small ones, warm and with dropped caches,
// beside sha256sum and openssl on the same files; and, on STORE, what reads no layers beside a dry
// run.
#include <fmt/format.h>

#include <fstream>

#include "registry/hasher.h"
#include "tests/bench/measure.h"
#include "tests/support/registry_builder.h"

namespace {

using namespace regctl;
using namespace regctl::bench;
namespace fs = std::filesystem;

double wall(const Figures& figures) { return figures.wall; }

std::string program(const char* name) {
  return fs::read_symlink("/proc/self/exe").parent_path() / name;
}

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

// False: nobody may drop the caches here.
bool drop_caches() {
  sync();
  std::ofstream out("/proc/sys/vm/drop_caches");
  out << '3' << std::flush;
  return static_cast<bool>(out);
}

void hash(const fs::path& root, const char* what, bool cold, int rounds) {
  const auto every = [&](const std::string& command) -> std::vector<std::string> {
    return {"sh", "-c",
            "find " + (root / "docker").string() + " -name data -print0 | xargs -0 " + command};
  };
  const std::vector<std::vector<std::string>> programs = {
      {program("regctl-audit"), "--progress", "never", root},
      every("-n 64 -P 2 sha256sum"),
      every("-n 64 -P \"$(nproc)\" openssl dgst -sha256")};
  std::vector<std::vector<Figures>> figures(programs.size());
  for (int round = 0; round <= rounds; ++round) {
    for (std::size_t i = 0; i < programs.size(); ++i) {
      if (cold && !drop_caches()) return;
      const Figures one = measure(programs[i]);
      if (round > 0 || cold) figures[i].push_back(one);  // the first warms the cache
    }
  }
  const double us = median(figures[0], wall);
  fmt::print(
      "{:24} {:5} audit {:6.2f} s; sha256sum / audit {:.2f}; openssl / audit {:.2f}; {:.0f} MiB\n",
      what, cold ? "cold" : "warm", us, median(figures[1], wall) / us,
      median(figures[2], wall) / us, median(figures[0], [](const Figures& one) {
        return static_cast<double>(one.peak_kilobytes) / 1024;
      }));
}

std::string some_blob(const fs::path& store) {
  for (const auto& entry : fs::recursive_directory_iterator(store / "docker/registry/v2/blobs")) {
    if (entry.path().filename() == "data") return entry.path().parent_path().filename();
  }
  return "";
}

void without_layers(const fs::path& store, int rounds) {
  const std::vector<std::pair<const char*, std::vector<std::string>>> programs = {
      {"dry run", {program("regctl-gc"), "--dry-run", "-q", store}},
      {"--quick", {program("regctl-audit"), "--quick", "-q", store}},
      {"--usage", {program("regctl-audit"), "--usage", "-q", store}},
      {"--images", {program("regctl-audit"), "--images", "-q", store}},
      {"--why", {program("regctl-audit"), "--why", some_blob(store), "-q", store}}};
  std::vector<std::vector<Figures>> figures(programs.size());
  for (int round = 0; round <= rounds; ++round) {
    for (std::size_t i = 0; i < programs.size(); ++i) {
      const Figures one = measure(programs[i].second);
      if (round > 0) figures[i].push_back(one);
    }
  }
  const double base = median(figures[0], wall);
  for (std::size_t i = 0; i < programs.size(); ++i)
    fmt::print("{:10} {:6.2f} s, {:.2f} of the dry run; {:.0f} MiB\n", programs[i].first,
               median(figures[i], wall), median(figures[i], wall) / base,
               median(figures[i], [](const Figures& one) {
                 return static_cast<double>(one.peak_kilobytes) / 1024;
               }));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const fs::path directory = argv[1];
  const int rounds = std::stoi(argv[2]);
  fmt::print("\nhashing everything, medians of {} (asked: 1.0 of sha256sum, 0.95 of openssl)\n",
             rounds);
  for (const auto& [what, blobs, bytes] :
       {std::tuple("24 blobs of 64 MiB", 24, std::size_t{64} << 20),
        std::tuple("60,000 blobs of 8 KiB", 60'000, std::size_t{8} << 10)}) {
    const fs::path root = directory / "registry";
    fs::remove_all(root);
    fill(root, blobs, bytes);
    for (const bool cold : {false, true}) hash(root, what, cold, rounds);
    fs::remove_all(root);
  }
  if (argc > 3) without_layers(argv[3], rounds);
}
