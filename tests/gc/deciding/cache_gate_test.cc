// The cache gate (contract 3.3) row by row, and what make_plan() makes of it: purge, wait, warn,
// refuse.
#include "gc/deciding/cache_gate.h"

#include <gmock/gmock.h>

#include "report/wording.h"
#include "tests/support/scene.h"

namespace regctl::gc {
namespace {

using namespace test;
using testing::HasSubstr;

const Time kBefore = kTaken - kDay, kAfter = kTaken + kDay;

RegistryProcess serving(Cache cache, Time started = kBefore) {
  return {.pid = 7,
          .started = started,
          .certain = true,
          .configuration = "/etc/registry.yml",
          .cache = cache};
}
RegistryProcess with(RegistryProcess process, const std::function<void(RegistryProcess&)>& change) {
  change(process);
  return process;
}
RegistryProcess in_doubt(RegistryProcess process) {
  process.doubt = {Doubt::Why::configuration_changed};
  return process;
}
RegistryProcess uncertain(RegistryProcess process) {
  process.certain = false;
  return in_doubt(process);
}

GateEvidence found(std::vector<RegistryProcess> processes) {
  return {.found = {.processes = std::move(processes),
                    .blindness = {Blindness::Why::none},
                    .local = true}};
}
GateEvidence restarted_at(Time time, GateEvidence evidence) {
  evidence.claims.restarted_at = time;
  return evidence;
}
GateEvidence no_cache(GateEvidence evidence) {
  evidence.claims.none = true;
  return evidence;
}
GateEvidence offline(GateEvidence evidence) {
  evidence.offline = true;
  return evidence;
}

std::string what_would_free_it(const GateEvidence& evidence, Time taken) {
  const auto part = part_of(ask_gate(evidence, taken));
  return part ? text_of(*part, cli::Charset::utf8) : "";
}

struct Row {
  const char* name;
  GateEvidence evidence;
  Shut shut;
  std::string code = {};  // of the contradiction
};

void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

class Gate : public testing::TestWithParam<Row> {};

TEST_P(Gate, IsOpen) {
  const Row& row = GetParam();
  const GateAnswer answer = ask_gate(row.evidence, kTaken);
  EXPECT_EQ(answer.shut, row.shut) << what_would_free_it(row.evidence, kTaken);
  EXPECT_EQ(answer.is_open(), row.shut == Shut::no);
  const std::string contradiction = contradicts_no_cache(row.evidence) ? "registry-has-cache"
                                    : contradicts_restart(row.evidence, kTaken)
                                        ? "registry-not-restarted"
                                        : "";
  EXPECT_EQ(contradiction, row.code);
}

GateEvidence incomplete(GateEvidence evidence) {
  evidence.found.blindness = {Blindness::Why::process_unread, 3, EACCES};
  return evidence;
}
GateEvidence remote(GateEvidence evidence) {
  evidence.found.local = false;
  return evidence;
}
const auto with_redis = [](RegistryProcess& process) { process.redis = true; };
const auto as_collector = [](RegistryProcess& process) { process.collecting = true; };

INSTANTIATE_TEST_SUITE_P(
    Contract33, Gate,
    testing::Values(
        // Nothing said.
        Row{"NothingFound", found({}), Shut::none_found},
        Row{"NoCache", found({serving(Cache::none)}), Shut::no},
        Row{"InmemoryBefore", found({serving(Cache::inmemory)}), Shut::by_memory},
        Row{"InmemoryAtOnce", found({serving(Cache::inmemory, kTaken + 5 * kSecond - Duration(1))}),
            Shut::by_memory},
        Row{"InmemoryFiveSecondsLater", found({serving(Cache::inmemory, kTaken + 5 * kSecond)}),
            Shut::no},
        Row{"EveryOneCounts", found({serving(Cache::none), serving(Cache::inmemory)}),
            Shut::by_memory},
        Row{"TwoThatForgot", found({serving(Cache::none), serving(Cache::inmemory, kAfter)}),
            Shut::no},
        Row{"Redis", found({serving(Cache::redis, kAfter)}), Shut::by_redis},
        Row{"RedisConfigured", found({with(serving(Cache::none, kAfter), with_redis)}),
            Shut::by_redis},
        Row{"UnknownCache", found({serving(Cache::unknown, kAfter)}), Shut::by_unknown_cache},
        Row{"Doubt", found({in_doubt(serving(Cache::none, kAfter))}), Shut::by_doubt},
        Row{"DoubtBesideCertainty",
            found({serving(Cache::none), uncertain(serving(Cache::none, kAfter))}), Shut::by_doubt},
        Row{"Incomplete", incomplete(found({serving(Cache::none)})), Shut::not_all_seen},
        Row{"Remote", remote(found({serving(Cache::none)})), Shut::not_local},
        Row{"OnlyACollector", found({with(serving(Cache::none), as_collector)}), Shut::none_found},
        // Restarted.
        Row{"RestartSaid", restarted_at(kTaken + 5 * kSecond, found({})), Shut::no},
        Row{"RestartTooEarly", restarted_at(kTaken + 5 * kSecond - Duration(1), found({})),
            Shut::none_found},
        Row{"RestartTooEarlyButFound", restarted_at(kBefore, found({serving(Cache::none)})),
            Shut::no},
        Row{"RestartSaidOfRedis", restarted_at(kAfter, found({serving(Cache::redis)})), Shut::no},
        Row{"RestartSaidOfWhatIsNotSeen", restarted_at(kAfter, incomplete(remote(found({})))),
            Shut::no},
        Row{"RestartSeen", restarted_at(kAfter, found({serving(Cache::inmemory, kAfter)})),
            Shut::no},
        Row{"RestartDenied", restarted_at(kAfter, found({serving(Cache::inmemory)})),
            Shut::against_restart, "registry-not-restarted"},
        Row{"RestartDeniedByDoubt", restarted_at(kAfter, found({in_doubt(serving(Cache::none))})),
            Shut::against_restart, "registry-not-restarted"},
        Row{"RestartDeniedByUnknown", restarted_at(kAfter, found({serving(Cache::unknown)})),
            Shut::against_restart, "registry-not-restarted"},
        Row{"RestartOfAnother", restarted_at(kAfter, found({uncertain(serving(Cache::inmemory))})),
            Shut::no},
        // No cache.
        Row{"NoCacheSaid", no_cache(found({})), Shut::no},
        Row{"NoCacheSaidOfWhatIsNotSeen", no_cache(incomplete(remote(found({})))), Shut::no},
        Row{"NoCacheDeniedByInmemory", no_cache(found({serving(Cache::inmemory, kAfter)})),
            Shut::against_no_cache, "registry-has-cache"},
        Row{"NoCacheDeniedByRedis", no_cache(found({serving(Cache::redis)})),
            Shut::against_no_cache, "registry-has-cache"},
        Row{"NoCacheDeniedByRedisAddress",
            no_cache(found({with(serving(Cache::none), with_redis)})), Shut::against_no_cache,
            "registry-has-cache"},
        Row{"NoCacheDeniedByUnknown", no_cache(found({serving(Cache::unknown)})),
            Shut::against_no_cache, "registry-has-cache"},
        Row{"NoCacheOfOneUnread", no_cache(found({in_doubt(serving(Cache::unknown))})), Shut::no},
        Row{"NoCacheDeniedButRestarted",
            restarted_at(kAfter, no_cache(found({serving(Cache::inmemory, kAfter)}))), Shut::no,
            "registry-has-cache"},
        // Offline.
        Row{"Offline", offline(found({})), Shut::no},
        Row{"OfflineNotLocal", offline(incomplete(remote(found({})))), Shut::no},
        Row{"OfflineInmemory", offline(found({serving(Cache::inmemory)})), Shut::no},
        Row{"OfflineRedis", offline(found({serving(Cache::redis, kAfter)})), Shut::by_redis},
        Row{"OfflineRedisAddress", offline(found({with(serving(Cache::none), with_redis)})),
            Shut::by_redis},
        Row{"OfflineRedisFlushed", restarted_at(kAfter, offline(found({serving(Cache::redis)}))),
            Shut::no},
        Row{"OfflineRedisFlushedTooEarly",
            restarted_at(kTaken, offline(found({serving(Cache::redis)}))), Shut::by_redis},
        Row{"OfflineRedisWhateverIsSaid", no_cache(offline(found({serving(Cache::redis)}))),
            Shut::by_redis, "registry-has-cache"}),
    name_of_case);

TEST(WhatWouldFreeIt, NamesTheProcessAndTheOption) {
  const std::string inmemory = what_would_free_it(found({serving(Cache::inmemory)}), kTaken);
  EXPECT_THAT(inmemory, HasSubstr("pid 7, /etc/registry.yml"));
  EXPECT_THAT(inmemory, HasSubstr("restart it"));
  EXPECT_THAT(what_would_free_it(found({serving(Cache::redis)}), kTaken),
              HasSubstr("--registry-restarted-at TIME"));
  EXPECT_THAT(what_would_free_it(found({}), kTaken), HasSubstr("--registry-cache none"));
  EXPECT_THAT(what_would_free_it(incomplete(found({})), kTaken),
              HasSubstr("process 3: Permission denied"));
  EXPECT_THAT(what_would_free_it(found({in_doubt(serving(Cache::none))}), kTaken),
              HasSubstr("was changed after it started"));
}

TEST(WhatWouldFreeIt, P14IsInert) {
  const auto hostile = [](RegistryProcess& process) {
    process.configuration = "\x1b[2J\n.yml";
    process.doubt = {Doubt::Why::configuration_unclear, 0, {Unclear::Why::key_twice, "\x07"}};
  };
  for (const auto& evidence : {found({with(in_doubt(serving(Cache::none)), hostile)}),
                               offline(found({with(serving(Cache::redis), hostile)})),
                               no_cache(found({with(serving(Cache::redis), hostile)}))}) {
    const std::string text = what_would_free_it(evidence, kTaken);
    EXPECT_EQ(std::count_if(text.begin(), text.end(), [](char c) { return c < ' '; }), 0) << text;
    EXPECT_NE(text, "");
  }
}

class GatedPlan : public testing::Test {
 protected:
  Plan plan(const GateEvidence& gate) {
    look.looking.registries = [&] { return gate.found; };
    look.wishes.caches = gate.claims;
    look.wishes.mode = gate.offline ? Mode::offline : Mode::online;
    return look.at(scene.registry).plan;
  }
  void take(const Digest& digest, Time taken) {
    scene.registry.quarantine(RegistryBuilder::data(digest), taken);
  }
  Scene scene;
  Look look;
};

TEST_F(GatedPlan, EachCopyHasItsOwnGate) {
  take(scene.loose, kNow - 9 * kDay);
  take(scene.elsewhere, kNow - 3 * kDay);
  const Plan restarted_between = plan(found({serving(Cache::inmemory, kNow - 5 * kDay)}));
  ASSERT_EQ(restarted_between.purge.size(), 1u);
  EXPECT_EQ(restarted_between.purge[0].copy.digest, scene.loose);
  EXPECT_EQ(restarted_between.waiting.amount.count, 1u);
  EXPECT_EQ(restarted_between.waiting.gate.shut, Shut::by_memory);
}

TEST_F(GatedPlan, WhatIsOnlyHeldFindsItOpen) {
  take(scene.loose, kNow - kHour);
  const Waiting waiting = plan(found({serving(Cache::none)})).waiting;
  EXPECT_EQ(waiting.amount.count, 1u);
  EXPECT_TRUE(waiting.gate.is_open());
}

TEST_F(GatedPlan, WhereNothingWaitsItSpeaksOfWhatIsTakenNow) {
  EXPECT_FALSE(plan(found({serving(Cache::inmemory)})).waiting.gate.is_open());
  EXPECT_TRUE(plan(found({serving(Cache::none)})).waiting.gate.is_open());
}

TEST_F(GatedPlan, WarnsOfWhatIsNotSo) {
  EXPECT_EQ(codes(plan(no_cache(found({serving(Cache::inmemory)}))).warnings),
            Codes{"registry-has-cache"});
  const auto denied =
      restarted_at(kNow - kHour, found({serving(Cache::inmemory, kNow - 9 * kDay)}));
  EXPECT_EQ(codes(plan(denied).warnings), Codes{});  // nothing is in quarantine
  take(scene.loose, kNow - 2 * kDay);
  take(scene.elsewhere, kNow - 2 * kDay);
  EXPECT_EQ(plan(denied).warnings.size(), 1u);
  EXPECT_EQ(codes(plan(denied).warnings), Codes{"registry-not-restarted"});
}

TEST_F(GatedPlan, OfflineRefusesBesideAServer) {
  const auto read_only = [](RegistryProcess& process) { process.read_only = true; };
  const auto proxy = [](RegistryProcess& process) { process.read_only = process.proxy = true; };
  const auto refusals = [&](RegistryProcess process) {
    return codes(plan(offline(found({std::move(process)}))).blockers);
  };
  EXPECT_EQ(refusals(serving(Cache::none)), Codes{"registry-serving"});
  EXPECT_EQ(refusals(with(serving(Cache::none), read_only)), Codes{});
  EXPECT_EQ(refusals(with(serving(Cache::none), proxy)), Codes{"registry-serving"});
  EXPECT_EQ(refusals(in_doubt(with(serving(Cache::none), read_only))), Codes{"registry-serving"});
  EXPECT_EQ(refusals(uncertain(serving(Cache::none))), Codes{"registry-in-doubt"});
  EXPECT_EQ(refusals(uncertain(with(serving(Cache::none), read_only))), Codes{"registry-in-doubt"});
  const Plan refused = plan(offline(found({serving(Cache::none)})));
  EXPECT_EQ(refused.blockers.at(0).arguments.at(0), report::Argument(std::uint64_t{7}));
  EXPECT_EQ(codes(plan(found({serving(Cache::none)})).blockers), Codes{});
}

TEST_F(GatedPlan, ADoubtIsLetPassIfInsistedOn) {
  look.wishes.margins.insist = {Insisted::registry_in_doubt};
  EXPECT_EQ(codes(plan(offline(found({uncertain(serving(Cache::none))}))).blockers), Codes{});
  EXPECT_EQ(codes(plan(offline(found({serving(Cache::none)}))).blockers), Codes{"registry-serving"})
      << "that one is in no doubt";
}

TEST_F(GatedPlan, OfflineWarnsWhereNotEveryProcessIsSeen) {
  GateEvidence blind = found({});
  blind.found.blindness = {Blindness::Why::other_namespace};
  EXPECT_EQ(codes(plan(offline(blind)).warnings), Codes{"processes-unseen"});
  EXPECT_EQ(codes(plan(blind).warnings), Codes{});
}

TEST_F(GatedPlan, TheOtherCollectorRefusesInEveryMode) {
  const auto collector = with(serving(Cache::none), as_collector);
  EXPECT_EQ(codes(plan(found({collector})).blockers), Codes{"upstream-collector"});
  EXPECT_EQ(codes(plan(offline(found({collector}))).blockers), Codes{"upstream-collector"});
  EXPECT_EQ(codes(plan(found({uncertain(collector)})).blockers), Codes{});
}

TEST(ReadOnlyProcessFound, OnlyWhereItIsBelieved) {
  const auto read_only =
      with(serving(Cache::none), [](RegistryProcess& process) { process.read_only = true; });
  const auto any = [](RegistryProcess process) {
    return read_only_process_found({.processes = {std::move(process)}});
  };
  EXPECT_TRUE(any(read_only));
  EXPECT_FALSE(any(serving(Cache::none)));
  EXPECT_FALSE(any(in_doubt(read_only)));
  EXPECT_FALSE(any(uncertain(read_only)));
  EXPECT_FALSE(any(with(read_only, [](RegistryProcess& process) { process.proxy = true; })));
  EXPECT_FALSE(any(with(read_only, as_collector)));
  EXPECT_FALSE(read_only_process_found({}));
}

}  // namespace
}  // namespace regctl::gc
