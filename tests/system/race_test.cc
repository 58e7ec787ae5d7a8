// Pushers against the collector, on one registry, for a while (P9). Judged from the client's side:
// what was answered 201 must be pullable after the last run and a --heal. The same harness with a
// collector that unlinks at once must lose images, or it proves nothing.
//
// REGCTL_TEST_ROUNDS multiplies the time, REGCTL_TEST_SEED repeats the choices (not what the
// scheduler makes of them).
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <iostream>
#include <mutex>
#include <nlohmann/json.hpp>
#include <random>
#include <set>
#include <thread>

#include "registry/hasher.h"
#include "tests/support/pusher.h"
#include "tests/support/registry_builder.h"

namespace regctl {
namespace {

using namespace test;
using std::chrono::milliseconds;
using std::chrono::seconds;
using SteadyClock = std::chrono::steady_clock;
namespace fs = std::filesystem;

std::uint32_t seed() {
  static const std::uint32_t kSeed = [] {
    const char* fixed = std::getenv("REGCTL_TEST_SEED");
    return fixed ? static_cast<std::uint32_t>(std::strtoul(fixed, nullptr, 10))
                 : std::random_device()();
  }();
  return kSeed;
}

milliseconds lasting(milliseconds usual) {
  const char* rounds = std::getenv("REGCTL_TEST_ROUNDS");
  return usual * (rounds ? std::max(1, std::atoi(rounds)) : 1);
}

// What a repository has been told and has confirmed.
struct Ledger {
  struct Accepted {
    LocalImage image;
    std::set<Digest> children;
  };
  std::mutex mutex;  // held while the registry is told, so that the order here is the order there
  std::map<Digest, Accepted> manifests;
  std::map<std::string, std::optional<Digest>>
      tags;  // empty: no answer came, it may point to either
};

struct Counts {
  std::atomic<int> accepted{0}, refused{0}, given_up{0}, mounted{0}, deleted{0}, unanswered{0},
      indexes{0}, again{0};
  std::atomic<std::int64_t> longest_put_ms{0};
};

class Race {
 public:
  static constexpr int kPushers = 4, kLayers = 12, kTries = 12;

  // With `only_tagged`, what no tag leads to may go.
  Race(const fs::path& root, const Orders& orders, bool only_tagged = false)
      : root_(root), orders_(orders), only_tagged_(only_tagged) {
    restart();
  }

  // Everybody pushes for so long, while collect(round) is called over and over.
  void run(milliseconds time, const std::function<void(int)>& collect) {
    const auto end = SteadyClock::now() + time;
    std::vector<std::jthread> pushers;
    for (int i = 0; i < kPushers; ++i)
      pushers.emplace_back([this, i] { push_until_over(seed() + static_cast<std::uint32_t>(i)); });
    for (int round = 0; SteadyClock::now() < end; ++round) {
      begun_ = round + 1;
      collect(round);
      ended_ = round + 1;
    }
    over_ = true;
  }

  void restart() {
    registry_.reset();
    registry_.emplace(root_, orders_);
    restarted_at_ = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
    port_ = registry_->port();
  }
  std::string restarted_at() const { return std::to_string(restarted_at_); }

  // What was accepted and cannot be pulled, in the end from a registry that remembers nothing.
  std::vector<std::string> broken() {
    orders_ = {};
    restart();
    Client client(port_);
    std::vector<std::string> broken = broken_;
    for (auto& [repository, ledger] : repositories_) {
      const auto check = [&, &repository = repository](const std::string& reference) {
        ++checked;
        if (const auto missing = client.lacks(repository, reference); !missing.empty())
          broken.push_back(repository + " " + reference + " lacks " + missing);
      };
      for (const auto& [tag, digest] : ledger.tags) {
        if (digest) check(tag);
        if (digest) check(digest->text());
      }
      if (only_tagged_) continue;
      for (const auto& [digest, accepted] : ledger.manifests) check(digest.text());
    }
    return broken;
  }

  Counts counts;
  int checked = 0;

 private:
  std::string layer(unsigned number) const {
    std::mt19937 random(number);
    std::string bytes = "layer " + std::to_string(number) + ' ';
    for (std::size_t size = 500 + random() % 6000; bytes.size() < size;)
      bytes += static_cast<char>(random());
    return bytes;
  }

  void push_until_over(std::uint32_t own_seed) {
    std::mt19937 random(own_seed);
    Client client(port_);
    while (!over_) {
      const std::string repository = kRepositories[random() % std::size(kRepositories)];
      Ledger& ledger = repositories_.at(repository);
      const std::size_t alive = [&] {
        const std::lock_guard lock(ledger.mutex);
        return ledger.manifests.size();
      }();
      if (random() % 10 < (alive > 4 ? 6 : alive > 1 ? 3 : 0))
        delete_one(client, repository, random);
      else if (alive > 1 && random() % 6 == 0)
        push_index(client, repository, random);
      else
        push_image(client, repository, random);
    }
    counts.mounted += client.mounted();
  }

  void push_image(Client& client, const std::string& repository, std::mt19937& random) {
    std::vector<std::string> layers;
    std::string config = R"({"os":"linux","variant":)" + std::to_string(random() % 2);
    for (unsigned i = 1 + random() % 2; i > 0; --i) {
      const unsigned number = random() % kLayers;
      layers.push_back(layer(number));
      config += ",\"l" + std::to_string(i) + "\":" + std::to_string(number);
    }
    const LocalImage image = local_image(layers, config + '}');
    const std::string tag = "t" + std::to_string(random() % 4);
    const std::string from = random() % 3 ? "" : kRepositories[random() % std::size(kRepositories)];
    for (int attempt = 0; attempt < kTries; ++attempt) {
      if (client.push_blobs(repository, image, from) && put(client, repository, tag, {image, {}}))
        return;
      pause_after(client, attempt);
    }
    ++counts.given_up;
  }

  // Over two images that were accepted; should one be gone by now, the registry says no and that is
  // that.
  void push_index(Client& client, const std::string& repository, std::mt19937& random) {
    Ledger& ledger = repositories_.at(repository);
    std::vector<LocalImage> children;
    {
      const std::lock_guard lock(ledger.mutex);
      for (const auto& [digest, accepted] : ledger.manifests) {
        if (accepted.children.empty() && children.size() < 2) children.push_back(accepted.image);
      }
    }
    if (children.empty()) return;
    std::set<Digest> digests;
    for (const LocalImage& child : children) digests.insert(child.digest);
    const LocalImage index = local_index(children);
    const std::string tag = "i" + std::to_string(random() % 2);
    for (int attempt = 0; attempt < kTries; ++attempt) {
      bool all = true;
      for (const LocalImage& child : children)  // by digest, as buildx does
        all = all && client.push_blobs(repository, child) &&
              put(client, repository, child.digest.text(), {child, {}});
      if (all && put(client, repository, tag, {index, digests})) {
        ++counts.indexes;
        return;
      }
      pause_after(client, attempt);
    }
    ++counts.given_up;
  }

  // A registry that is being restarted has refused nothing.
  static void pause_after(Client& client, int& attempt) {
    if (client.was_cut_off()) --attempt;
    std::this_thread::sleep_for(milliseconds(5));
  }

  bool put(Client& client, const std::string& repository, const std::string& reference,
           Ledger::Accepted manifest) {
    Ledger& ledger = repositories_.at(repository);
    const std::lock_guard lock(ledger.mutex);
    const bool by_tag = !reference.starts_with("sha256:");
    const auto begin = SteadyClock::now();
    const Reply answer = client.put_manifest(repository, reference, manifest.image);
    const auto took = std::chrono::duration_cast<milliseconds>(SteadyClock::now() - begin).count();
    for (auto longest = counts.longest_put_ms.load();
         took > longest && !counts.longest_put_ms.compare_exchange_weak(longest, took);) {
    }
    if (answer.status == 0) {
      ++counts.unanswered;
      if (by_tag) ledger.tags[reference].reset();
      return false;
    }
    if (answer.status != 201) {
      ++counts.refused;
      return false;
    }
    ++counts.accepted;
    counts.again += ledger.manifests.contains(manifest.image.digest);
    if (by_tag) ledger.tags[reference] = manifest.image.digest;
    ledger.manifests.insert_or_assign(manifest.image.digest, std::move(manifest));
    return true;
  }

  // No child of an index that is to stay: that would be the client's own doing.
  void delete_one(Client& client, const std::string& repository, std::mt19937& random) {
    Ledger& ledger = repositories_.at(repository);
    const std::lock_guard lock(ledger.mutex);
    std::vector<Digest> victims;
    for (const auto& [digest, accepted] : ledger.manifests) {
      const auto holds_it = [&, &digest = digest](const auto& other) {
        return other.second.children.contains(digest);
      };
      if (std::none_of(ledger.manifests.begin(), ledger.manifests.end(), holds_it))
        victims.push_back(digest);
    }
    if (victims.empty()) return;
    const Digest victim = victims[random() % victims.size()];
    const auto is_victim = [&](const auto& tag) { return tag.second == victim; };
    const bool stays =
        !only_tagged_ || std::any_of(ledger.tags.begin(), ledger.tags.end(), is_victim);
    if (stays && !is_back(client, repository, victim)) return;
    const Reply answer =
        client.request("DELETE", "/v2/" + repository + "/manifests/" + victim.text());
    counts.unanswered += answer.status == 0;
    counts.deleted += answer.status == 202;
    ledger.manifests.erase(victim);
    std::erase_if(ledger.tags, is_victim);
  }

  // What was accepted can be pulled, at the latest once a run has ended that began afterwards.
  // False: it cannot.
  bool is_back(Client& client, const std::string& repository, const Digest& digest) {
    const int enough = begun_ + 1;
    std::string missing;
    becomes_true(
        [&] {
          const bool last = ended_ >= enough || over_;
          missing = client.lacks(repository, digest.text());
          return missing.empty() || (last && !client.was_cut_off());
        },
        seconds(300));
    if (missing.empty() || ended_ >= enough) {
      const std::lock_guard lock(mutex_);
      ++checked;
      if (!missing.empty())
        broken_.push_back(repository + " " + digest.text() + " lacked " + missing +
                          " although a run had ended since");
    }
    return missing.empty();
  }

  static constexpr const char* kRepositories[] = {"team/app", "team/base", "other"};
  const fs::path root_;
  Orders orders_;
  const bool only_tagged_;
  std::atomic<int> begun_{0}, ended_{0};  // runs
  std::atomic<bool> over_{false};
  std::mutex mutex_;
  std::vector<std::string> broken_;
  std::optional<DockerRegistry> registry_;
  std::atomic<int> port_{0};
  std::time_t restarted_at_ = 0;
  std::map<std::string, Ledger> repositories_ = [] {
    std::map<std::string, Ledger> all;
    for (const char* name : kRepositories) all[name];
    return all;
  }();
};

class RaceTest : public testing::Test {
 protected:
  RaceTest() {
    const DockerRegistry registry(root.path());
    const std::atomic<int> port = registry.port();
    Client client(port);
    const LocalImage image = local_image({"always there"}, R"({"os":"linux"})");
    EXPECT_TRUE(client.push_blobs("keeper", image));
    EXPECT_EQ(client.put_manifest("keeper", "v1", image).status, 201);
  }

  nlohmann::json run_collector(std::vector<std::string> options) {
    options.insert(
        options.begin(),
        {regctl_gc(), "--json", "--keep-younger-than", "0s", "--max-delete", "100%", "--max-damage",
         "100%", "--prune-dead-tags", "--prune-broken-manifests", "--prune-orphaned-referrers"});
    options.push_back(root.path());
    const Ran ran = run(options);
    ++statuses[ran.status];
    if (ran.status > 1) complaints += ran.err;
    return nlohmann::json::parse(ran.out, nullptr, false);
  }

  // `--hold 2s`: names carry whole seconds, so that the hold is more than a second.
  void collect(std::vector<std::string> options) {
    options.insert(options.end(), {"--hold", "2s"});
    const auto report = run_collector(std::move(options));
    if (!report.is_object() || !report.contains("swept") || report["swept"].is_null()) return;
    const auto& swept = report["swept"];
    quarantined += swept["quarantined"]["count"].get<int>();
    restored += swept["restored"]["count"].get<int>();
    purged += swept["purged"]["count"].get<int>();
  }

  void unlink_at_once() {
    const auto report = run_collector({"--dry-run"});
    if (!report.is_object() || !report.contains("plan") || !report["blockers"].empty()) return;
    for (const auto& blob : report["plan"]["blobs"]) {
      const Digest digest = *Digest::parse(blob["digest"].get<std::string>());
      purged +=
          unlink((root.path() / "docker/registry/v2" / RegistryBuilder::data(digest)).c_str()) == 0;
    }
  }

  void heal() {
    const Ran ran = run({regctl_gc(), "--heal", "--max-damage", "100%", "--json", root.path()});
    EXPECT_LE(ran.status, 1) << ran.err;
    const auto report = nlohmann::json::parse(ran.out, nullptr, false);
    if (report.is_object() && !report["swept"].is_null())
      healed = report["swept"]["restored"]["count"].get<int>();
  }

  void print(const Race& race, std::size_t broken) {
    const Counts& counts = race.counts;
    std::string runs;
    for (const auto& [status, count] : statuses)
      runs += ' ' + std::to_string(count) + "x exit " + std::to_string(status);
    std::cout << "pushes accepted " << counts.accepted << " (indexes " << counts.indexes
              << ", again " << counts.again << "), mounted " << counts.mounted << ", refused "
              << counts.refused << ", given up " << counts.given_up << ", unanswered "
              << counts.unanswered << ", deleted " << counts.deleted << "; blobs quarantined "
              << quarantined << ", given back " << restored << " + " << healed << ", purged "
              << purged << "; longest PUT " << counts.longest_put_ms << " ms; runs:" << runs
              << "; checked " << race.checked << ", broken " << broken
              << "; REGCTL_TEST_SEED=" << seed() << std::endl
              << complaints;
    for (const auto& [name, value] : {std::pair("accepted", counts.accepted.load()),
                                      {"refused", counts.refused.load()},
                                      {"given_back", restored + healed},
                                      {"broken", static_cast<int>(broken)}})
      RecordProperty(name, value);
  }

  // A sanitizer's collector is slow, and comes to purge little.
#ifdef REGCTL_TEST_SANITIZED
  static constexpr int kMany = 0;
#else
  static constexpr int kMany = 10;
#endif

  void expect_nothing_lost(Race& race) {
    heal();
    const auto broken = race.broken();
    print(race, broken.size());
    EXPECT_EQ(race.counts.given_up, 0) << "refused again and again";
    EXPECT_GT(race.counts.accepted, 20);
    EXPECT_GT(race.counts.indexes, 0);
    EXPECT_GT(race.counts.again, 0);
    if (std::getenv("REGCTL_TEST_ROUNDS")) {  // few in a short race
      EXPECT_GT(race.counts.mounted, 0);
    }
    EXPECT_GT(quarantined, kMany);
    EXPECT_GT(statuses[0] + statuses[1], 3) << complaints;
    for (const auto& [status, count] : statuses) EXPECT_LE(status, 13) << complaints;
    // A PUT longer than the hold was promised nothing, and nobody can tell whether it is that one
    // that broke.
    std::string all;
    for (const std::string& one : broken) all += '\n' + one;
    if (!broken.empty() && race.counts.longest_put_ms > 1000)
      GTEST_SKIP() << "a PUT took longer than the hold, and broken are" << all;
    EXPECT_TRUE(broken.empty()) << all;
  }

  TemporaryDirectory root;
  std::map<int, int> statuses;
  std::string complaints;
  int quarantined = 0, restored = 0, purged = 0, healed = 0;
};

// Between verification of a manifest and its link: the directories that the link needs are slow to
// come.
Orders slowed(const Orders& orders) {
  Orders slow = orders;
  slow.wrapper = {"strace",
                  "-D",
                  "-f",
                  "-qq",
                  "--seccomp-bpf",
                  "-o",
                  "/dev/null",
                  "-e",
                  "trace=mkdirat",
                  "-e",
                  "inject=mkdirat:delay_enter=20000"};
  return slow;
}

TEST_F(RaceTest, P9WithoutACache) {
  Race race(root.path(), {});
  race.run(lasting(seconds(12)), [&](int) { collect({"--registry-cache", "none"}); });
  expect_nothing_lost(race);
  EXPECT_GT(purged, kMany);
}

TEST_F(RaceTest, P9WithoutACacheAndWithDeleteUntagged) {
  Race race(root.path(), {}, true);
  race.run(lasting(seconds(12)), [&](int) { collect({"-m", "--registry-cache", "none"}); });
  expect_nothing_lost(race);
  EXPECT_GT(purged, kMany);
}

TEST_F(RaceTest, P9WithoutACacheBesideASlowRegistry) {
  Race race(root.path(), slowed({}), true);
  race.run(lasting(seconds(12)), [&](int) { collect({"-m", "--registry-cache", "none"}); });
  expect_nothing_lost(race);
}

// A purge needs a registry that was restarted 5 seconds after the quarantine.
TEST_F(RaceTest, P9WithACacheInMemoryAndRestarts) {
  Race race(root.path(), kInmemory);
  auto next = SteadyClock::now() + seconds(7);
  race.run(lasting(seconds(14)), [&](int) {
    if (SteadyClock::now() > next) {
      race.restart();
      next += seconds(8);
    }
    collect({"--registry-restarted-at", race.restarted_at()});
  });
  expect_nothing_lost(race);
  EXPECT_GT(purged, 0) << "nothing was purged: nothing was tested";
}

// What it reports must be there: nothing is damaged in this race but what a run has quarantined and
// the next one gives back.
TEST_F(RaceTest, AnAuditBesideItReportsNoDamageThatIsNone) {
  Race race(root.path(), {});
  int audits = 0;
  std::map<std::string, int> wrong;
  std::atomic<bool> over = false;
  std::jthread auditor([&] {
    for (; !over; ++audits) {
      const Ran ran = run({regctl_audit(), "--json", root.path()});
      const auto report = nlohmann::json::parse(ran.out, nullptr, false);
      if (!report.is_object() || report["findings"].is_null()) {
        ++wrong["no report: " + ran.err];
        continue;
      }
      for (const auto& finding : report["findings"]) {
        const std::string advice = finding["advice"];
        if (finding["severity"] == "error" && advice.find("--heal") == advice.npos)
          ++wrong[finding.dump()];
      }
    }
  });
  race.run(lasting(seconds(8)), [&](int) { collect({"--registry-cache", "none"}); });
  over = true;
  auditor.join();
  EXPECT_GT(audits, 3);
  EXPECT_GT(race.counts.accepted, 20);
  for (const auto& [finding, count] : wrong) ADD_FAILURE() << count << " times " << finding;
  heal();
  EXPECT_NE(run({regctl_audit(), "-q", root.path()}).status, 12);
}

// Rounds until something is lost, which a sound harness must see soon.
TEST_F(RaceTest, ControlACollectorThatUnlinksAtOnceLosesImages) {
  for (const bool cache : {true, false}) {
    std::size_t lost = 0;
    int rounds = 0;
    for (const auto begin = SteadyClock::now(); !lost && SteadyClock::now() - begin < seconds(30);
         ++rounds) {
      Race race(root.path(), slowed(cache ? kInmemory : Orders{}));
      race.run(milliseconds(1500), [&](int) { unlink_at_once(); });
      heal();
      lost = race.broken().size();
      print(race, lost);
    }
    EXPECT_GT(lost, 0u) << (cache ? "with" : "without")
                        << " a cache nothing was lost: the races of this harness are none";
  }
}

}  // namespace
}  // namespace regctl
