// Benchmark of slow storage: a dry run where every operation takes a while, as on a network or on a
// cold disk. What is asked: operations x latency / jobs, and no more than a quarter above it.
//
//   bench_slow MILLISECONDS
#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "tests/bench/synthetic_storage.h"
#include "tests/support/looking.h"

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

void measure(const char* name, std::unique_ptr<Storage> inner, Clock::duration delay) {
  std::atomic<std::uint64_t> operations = 0;
  const DelayingStorage storage(std::move(inner), delay, operations);
  for (const unsigned jobs : {16u, 64u}) {
    operations = 0;
    test::Look look;
    look.jobs = jobs;
    const auto begin = Clock::now();
    look.at(storage);
    const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    const double least =
        std::chrono::duration<double>(delay).count() * static_cast<double>(operations) / jobs;
    fmt::print(
        R"({{"on":"{}","jobs":{},"milliseconds":{},"operations":{},"seconds":{:.2f},"least_seconds":{:.2f}}})"
        "\n",
        name, jobs, std::chrono::duration_cast<std::chrono::milliseconds>(delay).count(),
        operations.load(), seconds, least);
    std::fflush(stdout);
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
  const Clock::duration delay = std::chrono::milliseconds(std::stoi(argv[1]));
  measure("300 repositories of 10 tags", synthetic({.repositories = 300, .tags = 10}), delay);
  measure("one repository of 3,000 tags", synthetic({.repositories = 1, .tags = 3000}), delay);
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
  measure("one shard of 3,000 garbage blobs", shard.tree.storage(), delay);
  measure("one repository of 3,000 uploads", uploads.tree.storage(), delay);
}
