// Whether the remaining time that progress promises comes true, by a clock that only reading moves.
#include "registry/progress.h"

#include <gtest/gtest.h>

#include <random>

#include "registry/hasher.h"
#include "registry/verify.h"
#include "tests/support/registry_builder.h"
#include "tests/support/troubled_storage.h"

namespace regctl {
namespace {

using namespace test;

TEST(Progress, CountsBytesAndFilesWhereThereAreBytes) {
  EXPECT_EQ(share_of({.units = 1}, {.units = 4}), 0.25);
  EXPECT_EQ(share_of({.units = 5}, {.units = 4}), 1);  // some came since
  EXPECT_EQ(share_of({.units = 1, .bytes = 10}, {.units = 2, .bytes = 20}), 0.5);
  const Work mixed{.units = 100'001, .bytes = 1'000'000'000};
  EXPECT_LT(share_of({.units = 1, .bytes = 999'900'000}, mixed), 0.2);
  EXPECT_GT(share_of({.units = 1, .bytes = 999'900'000}, mixed), 0.1);
}

struct Moment {
  double seconds;
  Work done;
};

class Recorder final : public Progress {
 public:
  explicit Recorder(const double& clock) : clock_(clock) {}
  void phase(std::string_view, Work all, std::string_view) override { total = all; }
  void advance(Work more) override {
    done_.units += more.units;
    done_.bytes += more.bytes;
    moments.push_back({clock_, done_});
  }

  Work total;
  std::vector<Moment> moments;

 private:
  const double& clock_;
  Work done_;
};

// How wrong the worst of its promises was, from a tenth of the time on until a twentieth is left: 2
// is twice, or half.
double worst(const Recorder& recorder, double seconds) {
  double worst = 1;
  for (const Moment& moment : recorder.moments) {
    if (moment.seconds < seconds / 10 || moment.seconds > 0.95 * seconds) continue;
    const double share = share_of(moment.done, recorder.total);
    const double promised = moment.seconds * (1 - share) / share, came = seconds - moment.seconds;
    worst = std::max({worst, promised / came, came / promised});
  }
  return worst;
}

// Layers of all sizes, each with something small beside it: the largest come first.
TEST(Progress, PromisesNoMoreThanTwiceTheTimeNorLessThanHalf) {
  const auto seed = std::random_device()();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  std::lognormal_distribution<double> sizes(std::log(500'000), 2);
  RegistryBuilder registry;
  std::vector<Suspect> suspects;
  std::map<std::string, std::size_t> left;
  for (int i = 0; i < 100; ++i) {
    const auto size = static_cast<std::size_t>(std::min(sizes(random), 2e7));
    for (const std::size_t bytes : {size, std::size_t{500}}) {
      const Digest digest = registry.blob(std::to_string(i) + std::string(bytes, 'x'));
      const std::string data = RegistryBuilder::data(digest);
      left.emplace(data, registry.tree.bytes(data).size());
      suspects.push_back({digest, Suspect::Seen{left.at(data), registry.time()}});
    }
  }
  std::ranges::sort(suspects, std::ranges::greater{},
                    [](const Suspect& one) { return one.seen->bytes; });
  constexpr double kPerByte = 1e-9;
  for (const double to_open : {20e-6, 60e-6, 120e-6}) {
    double clock = 0;
    auto unread = left;
    const TroubledStorage storage(registry.tree.storage(),
                                  Hooks{.honesty =
                                            [&](Verb verb, const std::string&) {
                                              if (verb == Verb::open) clock += to_open;
                                              return Answer::truth;
                                            },
                                        .reading =
                                            [&](const std::string& key, std::size_t limit) {
                                              std::size_t& rest = unread.at(key);
                                              const std::size_t bytes = std::min(rest, limit);
                                              rest -= bytes;
                                              clock += kPerByte * static_cast<double>(bytes);
                                            }});
    Recorder recorder(clock);
    Pace pace(0, Pace::Clock::time_point::max());
    const Workers workers(1);
    std::size_t sound = 0;
    verify(
        suspects, {}, Order::from_both_ends, storage, {workers, pace, recorder},
        [&](const Suspect&, const Verified& one) { sound += one.soundness == Soundness::sound; });
    EXPECT_EQ(sound, suspects.size());
    EXPECT_LT(worst(recorder, clock), 2) << to_open;
  }
}

}  // namespace
}  // namespace regctl
