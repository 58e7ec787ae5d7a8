#include "gc/collect.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <set>
#include <thread>

#include "gc/deciding/make_plan.h"
#include "gc/deciding/tag_proof.h"
#include "gc/deciding/tolerances.h"
#include "gc/disputes.h"
#include "registry/layout.h"

namespace regctl::gc {
namespace {

using report::Code;
using report::Message;
using Clock = Pace::Clock;

constexpr int kLooksThatDisagree = 8;  // many pushers can make a dispute last for a few, by chance

bool knows_enough(const Plan& plan) {
  return std::all_of(plan.blockers.begin(), plan.blockers.end(), report::is_brake);
}

Message unreadable(const StorageError& error) {
  return {.code = Code::unread_part, .path = error.key(), .arguments = {report::reason_of(error)}};
}

Plan give_all_back(const std::vector<Copy>& copies) {
  Plan plan;
  for (const Copy& copy : copies) plan.restore.push_back({copy, Why::returned});
  return plan;
}

// Whether anything was taken or purged.
bool has_removed(const SweepReport& total) {
  return total.quarantined.count + total.tags + total.manifests + total.layer_links +
             total.purged.count + total.still_named + total.links_purged + total.uploads +
             total.leftovers + total.empty_repositories >
         0;
}

// What was to be purged and is still there stays, and links to it do.
Plan without_purge(Plan plan) {
  plan.purge.clear();
  return without_links_to_what_stays(std::move(plan));
}

// Whether the same blobs go, hashed or not.
bool take_the_same(const Plan& a, const Plan& b) {
  return std::ranges::equal(a.blobs, b.blobs, {}, &BlobRemoval::digest, &BlobRemoval::digest);
}

// As reports call it.
const char* name_of(Stage stage) {
  switch (stage) {
    case Stage::give_back:
      return "give back";
    case Stage::purge:
      return "purge";
    case Stage::take:
      break;
  }
  return "take";
}

class Collector {
 public:
  Collector(const Undertaking& undertaking, const StoreFacts& facts, const LockedStore& store,
            const std::stop_token& stop, Progress& progress)
      : undertaking_(undertaking),
        wishes_(undertaking.wishes),
        looking_(undertaking.looking),
        facts_(facts),
        store_(store),
        stop_(stop),
        workers_(undertaking.jobs, stop),
        patient_(undertaking.jobs),
        pace_(undertaking.bytes_per_second, Pace::end_after(undertaking.deadline)),
        progress_(progress) {
    looking_.sizes = Sizes::seen;
  }

  Collected run() && {
    std::optional<Looked> found;
    try {
      found = look(workers_);
      looking_.explains = false;  // the report is of this look
      swept_.plan = found->plan;
      note_quarantine(*found);
      give_back(*found);
      const bool takes = wishes_.mode == Mode::online || wishes_.mode == Mode::offline;
      if (takes && found->plan.blockers.empty()) collect(*found);
      take_sign_away();
    } catch (const Interrupted&) {
      swept_.total.stopped = true;
    }
    if (found && !take_the_same(found->plan, swept_.plan))
      found->usage = usage_of(*found, swept_.plan);
    swept_.waiting.amount =
        swept_.quarantined_now;  // the plan's word for it ends where it could not be carried out
    return {std::move(found), std::move(swept_)};
  }

 private:
  Looked look(const Workers& workers, ThisRun this_run = {}) {
    looking_.now = now();
    looking_.this_run = std::move(this_run);
    return gc::look(store_.storage, facts_, wishes_, looking_, workers, progress_);
  }

  // Nothing goes any more. What went before did: then the run is incomplete.
  void refuse(const std::vector<Message>& reasons) {
    auto& to = has_removed(swept_.total) ? swept_.problems : swept_.plan.blockers;
    to.insert(to.end(), reasons.begin(), reasons.end());
  }

  static Needs needs_of(const Inventory& inventory) {
    return [&](const std::vector<Digest>& named) { return needed_by(inventory, named); };
  }

  SweepReport sweep_stage(const Plan& plan, Stage stage, const Workers& workers,
                          const Needs& needs = {}) {
    progress_.stage(name_of(stage));
    SweepReport report =
        sweep(plan, {stage, undertaking_.run, needs}, store_, {workers, pace_, progress_});
    swept_.total += report;
    if (copies_) {
      *copies_ += report.taken.size();
      *copies_ -=
          report.restored.count + report.links_restored + report.purged.count + report.links_purged;
    }
    Amount& there = swept_.quarantined_now;
    there.count += report.quarantined.count - report.restored.count - report.purged.count;
    there.bytes +=
        report.quarantined.bytes - report.restored.bytes - report.purged.bytes - report.still_named;
    return report;
  }

  bool was_stopped() {
    swept_.total.stopped |= stop_.stop_requested();
    return swept_.total.stopped;
  }

  // The time is up, or was too short for something that was to be read.
  bool is_short_of_time() {
    if (!pace_.time_is_up() && !swept_.verification.left) return false;
    if (!said_late_) swept_.problems.push_back({.code = Code::deadline});
    said_late_ = true;
    return true;
  }

  // What a mark reached is needed, even where another part of the storage could not be read.
  void give_back(const Looked& found) {
    if (facts_.owned_by_database || found.plan.restore.empty()) return;
    note_restored(found.plan);
    sweep_stage(found.plan, Stage::give_back, workers_);
  }

  // Of several looks each copy once.
  void note_restored(const Plan& plan) {
    if (given_back_.empty()) swept_.plan.restore.clear();
    for (const Restoration& one : plan.restore) {
      if (given_back_.insert(one.copy).second) swept_.plan.restore.push_back(one);
    }
  }

  void collect(const Looked& first) {
    if (was_stopped() || is_short_of_time()) return;
    if (purges_anything(first.plan)) {
      const auto plan = undisputed(first.plan, purged_by);
      if (!plan) return;
      swept_.plan.purge = plan->purge;
      swept_.plan.uploads = plan->uploads;
      swept_.plan.leftovers = plan->leftovers;
      swept_.plan.empty_repositories = plan->empty_repositories;
      purge(*plan, first);
    }
    if (was_stopped() || is_short_of_time()) return;
    if (!takes_anything(first.plan)) return;
    hash(first.plan);
    if (was_stopped() || (is_short_of_time() && swept_.verification.sound.empty())) return;

    // Hashing may have taken hours.
    Looked again = look(workers_);
    swept_.plan.warnings = again.plan.warnings;
    give_back(again);
    if (!again.plan.blockers.empty()) return refuse(again.plan.blockers);
    const auto verified = [&](const Plan& of) {
      return only_verified(of, swept_.verification, undertaking_.mismatched);
    };
    const Time since = looking_.now - kClocksDiffer;
    const ThisRun this_run = this_run_of(undertaking_.run, again.inventory, since);
    auto plan = undisputed(verified(without_purge(std::move(again.plan))),
                           [&](const Plan& of) { return taken_by(verified(of)); });
    if (!plan) return;
    swept_.plan.tags = std::move(plan->tags);
    swept_.plan.manifests = std::move(plan->manifests);
    swept_.plan.layer_links = std::move(plan->layer_links);
    swept_.plan.blobs = std::move(plan->blobs);
    const std::vector<Copy> taken =
        sweep_stage(swept_.plan, Stage::take, workers_, needs_of(again.inventory)).taken;
    if (!taken.empty())
      look_a_second_time(plan->empty_repositories, again.inventory, this_run, taken);
  }

  void purge(const Plan& plan, const Looked& found) {
    const SweepReport report = sweep_stage(plan, Stage::purge, workers_, needs_of(found.inventory));
    const bool all = report.purged.count + report.links_purged == found.plan.purge.size();
    if (all) swept_.waiting = found.plan.waiting;
  }

  void hash(const Plan& plan) {
    const unsigned cores = std::max(1u, std::thread::hardware_concurrency());
    const Workers hashing(workers_.count() == 1 ? 1 : cores, stop_);
    progress_.stage("verify");
    swept_.verification = verify_blobs(plan, store_.storage, {hashing, pace_, progress_});
    swept_.kept_mismatched.emplace();
    if (undertaking_.mismatched == Mismatched::keep) {
      for (const auto& [digest, identity] : swept_.verification.mismatched)
        *swept_.kept_mismatched += identity.bytes;
    }
  }

  // After renames: what is needed now goes back, whatever asks this run to stop. `emptied`: the
  // repositories in which nothing is left then.
  void look_a_second_time(const std::vector<std::string>& emptied, const Inventory& before,
                          const ThisRun& this_run, const std::vector<Copy>& taken) {
    const Looked second = look(patient_, this_run);
    const Proof proof = broken_tags(before, second.inventory);
    if (!knows_enough(second.plan)) {
      std::copy_if(second.plan.blockers.begin(), second.plan.blockers.end(),
                   std::back_inserter(swept_.problems), std::not_fn(report::is_brake));
      return put_back(taken, {Code::cannot_vouch, {}});
    }
    note_quarantine(second);
    note_restored(second.plan);
    const SweepReport given = sweep_stage(second.plan, Stage::give_back, patient_);
    if (const auto lost = still_broken(proof, second.plan)) return put_back(taken, *lost);
    if (!given.failures.empty()) return;  // what is needed stays in quarantine, and is read there
    swept_.tags_proved = proof.tags;
    swept_.looked_again = true;
    if (wishes_.mode == Mode::offline && !swept_.total.stopped && !stop_.stop_requested())
      purge_at_once(emptied, second, taken);
  }

  // Tags that lost something which the plan does not give back.
  static std::optional<report::Part> still_broken(const Proof& proof, const Plan& plan) {
    for (const BrokenTag& tag : proof.broken) {
      const auto gives_it = [&](const Restoration& one) {
        const bool there =
            tag.kind == Quarantined::Kind::blob || one.copy.repository == tag.repository;
        return one.copy.kind == tag.kind && one.copy.digest == tag.missing && there;
      };
      if (std::none_of(plan.restore.begin(), plan.restore.end(), gives_it))
        return report::Part{Code::tag_has_lost, {tag.repository, tag.tag, tag.missing.text()}};
    }
    return std::nullopt;
  }

  // All that may go by now (what this run took, and links that an earlier one took ahead of their
  // blobs), and the repositories that this has emptied: about those the second opinion was asked
  // before.
  void purge_at_once(const std::vector<std::string>& emptied, const Looked& second,
                     const std::vector<Copy>& taken) {
    Plan due;
    due.empty_repositories = emptied;
    due.purge = second.plan.purge;
    Doomed doomed = purged_by(due);
    doomed.empty_repositories.clear();
    auto objections = ask(doomed);
    if (!objections) return;  // it stays in quarantine
    if (!objections->empty()) {
      put_back(taken, {Code::computations_differ, {}});
      throw Disagreement(std::move(*objections));
    }
    note_emptied(due);
    purge(due, second);
  }

  void note_emptied(const Plan& plan) {
    auto& all = swept_.plan.empty_repositories;
    all.insert(all.end(), plan.empty_repositories.begin(), plan.empty_repositories.end());
    sort_unique(all);
  }

  void put_back(const std::vector<Copy>& taken, const report::Part& why) {
    const SweepReport report = sweep_stage(give_all_back(taken), Stage::give_back, patient_);
    const bool all = report.restored.count + report.links_restored + report.skipped == taken.size();
    swept_.problems.push_back(
        {.code = all ? Code::put_back : Code::not_put_back, .arguments = {why, undertaking_.run}});
  }

  // Empty: it could not read what it needs, and nothing may go.
  std::optional<std::vector<Objection>> ask(const Doomed& doomed) {
    if (doomed.empty()) return std::vector<Objection>();
    progress_.stage("second opinion");
    progress_.phase("second opinion", {}, "");
    try {
      return second_opinion(
          store_.storage, doomed,
          {.policy = wishes_.policy, .now = looking_.now, .run = undertaking_.run}, stop_);
    } catch (const StorageError& error) {
      refuse({unreadable(error)});
      return std::nullopt;
    }
  }

  // What of `plan` the second opinion lets go; empty: nothing. An objection may be to what was
  // pushed since the look: it is a disagreement only if later looks would let the same go, and are
  // objected to for it as well.
  template <class DoomedBy>
  std::optional<Plan> undisputed(Plan plan, DoomedBy doomed_by) {
    auto objections = ask(doomed_by(plan));
    if (!objections) return std::nullopt;
    if (objections->empty()) return plan;
    Targets disputed = targets_of(*objections), stay = disputed;
    Plan later;
    for (int looks = 1; !disputed.empty(); ++looks) {
      if (looks == kLooksThatDisagree) throw Disagreement(std::move(*objections));
      later = look(workers_).plan;
      if (!later.blockers.empty()) {
        refuse(later.blockers);
        return std::nullopt;
      }
      objections = ask(doomed_by(later));
      if (!objections) return std::nullopt;
      stay.merge(targets_of(*objections));
      std::erase_if(*objections,
                    [&](const Objection& one) { return !disputed.contains(one.what); });
      disputed = targets_of(*objections);
    }
    return without(in_both(std::move(plan), later), stay);
  }

  // As a complete look finds it; what the stages do after that is counted.
  void note_quarantine(const Looked& findings) {
    swept_.waiting = findings.plan.waiting_unpurged;
    swept_.quarantined_now = {};
    const Inventory& found = findings.inventory;
    copies_.reset();
    if (found.obstacles.empty()) copies_ = found.quarantined.size() + found.quarantined_tags.size();
    for (const Quarantined& copy : found.quarantined) {
      if (copy.kind == Quarantined::Kind::blob) swept_.quarantined_now += copy.bytes;
    }
  }

  // Once nothing is in quarantine. Where that fails it stands for nothing, and the next run's goes.
  void take_sign_away() {
    if (copies_ != 0) return;
    try {
      if (store_.storage.stat(layout::kQuarantineSign))
        store_.writer.remove_directory(layout::kQuarantineSign);
    } catch (const Error&) {
    }
  }

  const Undertaking& undertaking_;
  const Wishes& wishes_;
  Looking looking_;
  const StoreFacts& facts_;
  const LockedStore& store_;
  const std::stop_token stop_;
  const Workers workers_, patient_;  // these stop when asked to, those do not
  Pace pace_;
  Progress& progress_;
  bool said_late_ = false;
  std::set<Copy> given_back_;
  std::optional<std::uint64_t> copies_;  // in quarantine; empty: not all was seen
  Swept swept_;
};

}  // namespace

Disagreement::Disagreement(std::vector<Objection> objections)
    : Error("two computations of what is needed disagree"), objections_(std::move(objections)) {}

Collected collect(const Undertaking& undertaking, const StoreFacts& facts, const LockedStore& store,
                  const std::stop_token& stop, Progress& progress) {
  return Collector(undertaking, facts, store, stop, progress).run();
}

}  // namespace regctl::gc
