// Benchmark of slow storage: a dry run where every operation takes a while, as on a network or on a
// cold disk. What is asked: operations x latency / jobs, and no more than a quarter above it. First
// on storages in memory; then the program itself, and a bare walk, on a FUSE mount, which looks at
// names of one directory one after the other.
//
//   bench_slow MILLISECONDS
#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <thread>

#include "tests/bench/measure.h"
#include "tests/bench/synthetic_storage.h"
#include "tests/support/looking.h"
#include "tests/support/mounting.h"
#include "tests/support/registry_builder.h"
#include "tests/support/temporary_directory.h"

namespace {

using namespace regctl;
using namespace regctl::bench;
using Clock = std::chrono::steady_clock;

// `operations` counts what is asked of it and of its views.
class DelayingStorage final : public Storage {
 public:
  DelayingStorage(std::unique_ptr<Storage> inner, Clock::duration delay,
                  std::atomic<std::uint64_t>& operations)
      : inner_(std::move(inner)), delay_(delay), operations_(operations) {}

  std::optional<Listing> list(std::string_view key) const override {
    wait();
    return inner_->list(key);
  }
  std::optional<Stat> stat(std::string_view key) const override {
    wait();
    return inner_->stat(key);
  }
  std::optional<Content> read(std::string_view key, std::size_t limit) const override {
    wait();
    return inner_->read(key, limit);
  }
  std::unique_ptr<Storage> below(std::string_view prefix) const override {
    wait();
    return std::make_unique<DelayingStorage>(inner_->below(prefix), delay_, operations_);
  }

 private:
  void wait() const {
    ++operations_;
    std::this_thread::sleep_for(delay_);
  }

  std::unique_ptr<Storage> inner_;
  Clock::duration delay_;
  std::atomic<std::uint64_t>& operations_;
};

void tell(const std::string& on, unsigned jobs, std::chrono::milliseconds delay,
          std::uint64_t operations, double seconds) {
  const double least =
      std::chrono::duration<double>(delay).count() * static_cast<double>(operations) / jobs;
  fmt::print(
      R"({{"on":"{}","jobs":{},"milliseconds":{},"operations":{},"seconds":{:.2f},"least_seconds":{:.2f}}})"
      "\n",
      on, jobs, delay.count(), operations, seconds, least);
  std::fflush(stdout);
}

void look(const char* name, std::unique_ptr<Storage> inner, std::chrono::milliseconds delay) {
  std::atomic<std::uint64_t> operations = 0;
  const DelayingStorage storage(std::move(inner), delay, operations);
  for (const unsigned jobs : {16u, 64u}) {
    operations = 0;
    test::Look look;
    look.jobs = jobs;
    const auto begin = Clock::now();
    look.at(storage);
    tell(name, jobs, delay, operations,
         std::chrono::duration<double>(Clock::now() - begin).count());
  }
}

// `argv` while what is in `work` is mounted there.
void walk_mount(const std::string& on, const std::filesystem::path& work,
                const std::vector<std::string>& argv, unsigned jobs,
                std::chrono::milliseconds delay) {
  const std::filesystem::path count = work / "operations", mount = work / "mount";
  double seconds = 0;
  {
    const test::Fuse fuse(
        {program("bench_slow_mount"), work / "registry", std::to_string(delay.count()), count, "-f",
         "-o", "max_threads=100,entry_timeout=3600,attr_timeout=3600", mount},
        mount);
    if (!fuse) {
      std::fprintf(stderr, "bench: %s\n", fuse.refusal().c_str());
      return;
    }
    seconds = measure(argv).wall;
  }
  std::uint64_t operations = 0;
  std::ifstream(count) >> operations;
  tell(on, jobs, delay, operations, seconds);
}

void walk_mounts(std::chrono::milliseconds delay) {
  const test::TemporaryDirectory work;
  test::RegistryBuilder registry;
  for (int r = 0; r < 100; ++r) {
    const std::string name = "team/app" + std::to_string(r);
    for (int t = 0; t < 10; ++t)
      registry.image(name, {"layer " + name + std::to_string(t), "base of " + name},
                     "v" + std::to_string(t));
    registry.layer(name, "garbage of " + name);
  }
  const std::filesystem::path v2 = work.path() / "registry/docker/registry/v2";
  std::filesystem::create_directories(v2);
  registry.tree.write_to(v2);
  const std::string mount = work.path() / "mount";
  for (const unsigned jobs : {16u, 64u}) {
    const std::string count = std::to_string(jobs);
    walk_mount("a mount of 1,000 images", work.path(),
               {program("regctl-gc"), "--dry-run", "--keep-younger-than", "0s", "--max-delete",
                "100%", "-j", count, mount},
               jobs, delay);
    walk_mount("the same, a bare walk", work.path(), {program("bench_floor"), mount, count, "all"},
               jobs, delay);
  }
}

std::unique_ptr<Storage> synthetic(const Shape& shape) {
  static std::vector<std::unique_ptr<SyntheticStorage>> all;
  all.push_back(std::make_unique<SyntheticStorage>(shape));
  return all.back()->below("");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const std::chrono::milliseconds delay(std::stoi(argv[1]));
  look("300 repositories of 10 tags", synthetic({.repositories = 300, .tags = 10}), delay);
  look("one repository of 3,000 tags", synthetic({.repositories = 1, .tags = 3000}), delay);
  test::RegistryBuilder shard, uploads;
  for (std::uint32_t i = 0; i < 3000; ++i) {
    std::array<std::uint8_t, 32> hash{0xab};
    for (int k = 0; k < 4; ++k) hash[1 + k] = static_cast<std::uint8_t>(i >> (8 * k));
    shard.blob_at(Digest(Algorithm::sha256, hash), "garbage");
    const std::string upload = layout::upload("app", fmt::format("{:036}", i));
    uploads.tree.file(upload + "/startedat", "2026-01-01T00:00:00Z", uploads.time());
    uploads.tree.file(upload + "/data", "some", uploads.time());
  }
  for (auto* one : {&shard, &uploads}) one->image("app", {"a layer"}, "v1");
  look("one shard of 3,000 garbage blobs", shard.tree.storage(), delay);
  look("one repository of 3,000 uploads", uploads.tree.storage(), delay);
  walk_mounts(delay);
}
