// A walk keeps all its jobs busy in every phase, inside one repository or shard as well: on slow
// storage nothing else makes it fast.
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>

#include "tests/support/scanning.h"
#include "tests/support/troubled_storage.h"

namespace regctl {
namespace {

using namespace test;

constexpr int kJobs = 8, kThings = 64;

// Nobody leaves before so many are inside at once as there are jobs.
class Crowd {
 public:
  void enter() {
    std::unique_lock lock(mutex_);
    is_full_ |= ++inside_ == kJobs;
    changed_.notify_all();
    const bool came =
        changed_.wait_for(lock, std::chrono::seconds(20), [&] { return is_full_ || given_up_; });
    given_up_ |= !came;
    --inside_;
  }
  bool was_full() const { return is_full_; }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int inside_ = 0;
  bool is_full_ = false, given_up_ = false;
};

struct Phase {
  const char* name;
  Verb verb;
  const char *begin, *end;  // of the keys that are asked for
};

void PrintTo(const Phase& phase, std::ostream* out) { *out << phase.name; }

class Jobs : public testing::TestWithParam<Phase> {};

TEST_P(Jobs, AreAllBusy) {
#ifdef REGCTL_PLAIN_THREADS
  GTEST_SKIP() << "plain threads run a loop inside a loop one by one";
#endif
  RegistryBuilder registry;
  for (int i = 0; i < kThings; ++i) {
    const std::string number = std::to_string(i);
    registry.image("app", {"layer " + number}, "v" + number);
    registry.image("team" + number, {"layer"}, "v1");
    std::array<std::uint8_t, 32> hash{0xab};
    hash[1] = static_cast<std::uint8_t>(i);
    registry.blob_at(Digest(Algorithm::sha256, hash), "garbage");
    registry.tree.file(layout::upload("app", number) + "/data", "some", registry.time());
  }
  Crowd crowd;
  const Phase& phase = GetParam();
  const TroubledStorage storage(registry.tree.storage(), [&](Verb verb, const std::string& key) {
    if (verb == phase.verb && key.starts_with(phase.begin) && key.ends_with(phase.end))
      crowd.enter();
    return Answer::truth;
  });
  surveyed(storage, scanned(storage, kJobs, Detail::everything), kJobs);
  EXPECT_TRUE(crowd.was_full());
}

INSTANTIATE_TEST_SUITE_P(
    Phases, Jobs,
    testing::Values(
        Phase{"Repositories", Verb::list, "repositories/team", ""},
        Phase{"LayerLinks", Verb::read, "repositories/app/_layers", "/link"},
        Phase{"Revisions", Verb::read, "repositories/app/_manifests/revisions", "/link"},
        Phase{"Tags", Verb::read, "repositories/app/_manifests/tags", "/current/link"},
        Phase{"Histories", Verb::list, "repositories/app/_manifests/tags", "/index/sha256"},
        Phase{"Uploads", Verb::list, "repositories/app/_uploads/", ""},
        Phase{"Shards", Verb::list, "blobs/sha256/", ""},
        Phase{"Manifests", Verb::read, "blobs/sha256/", "/data"},
        Phase{"BlobsOfAShard", Verb::list, "blobs/sha256/ab/", ""}),
    [](const auto& one) { return one.param.name; });

}  // namespace
}  // namespace regctl
