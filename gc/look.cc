#include "gc/look.h"

#include <algorithm>
#include <chrono>
#include <tuple>

#include "gc/deciding/restoration.h"
#include "gc/serving/registry_processes.h"
#include "registry/scan.h"

namespace regctl::gc {
namespace {

constexpr Duration kStaleUpload = std::chrono::hours(168);

std::vector<DigestId> all_revisions(const Inventory& inventory) {
  std::vector<DigestId> all;
  for (const Repository& repository : inventory.repositories) {
    for (const Link& link : repository.revisions) all.push_back(link.name);
  }
  return all;
}

// Measures the phases of a run, each from the end of the one before.
class Stopwatch {
 public:
  explicit Stopwatch(std::vector<Phase>& phases) : phases_(phases) {}
  void phase_ends(const std::string& name) {
    const auto end = std::chrono::steady_clock::now();
    phases_.push_back(
        {name, std::chrono::duration<double>(end - std::exchange(begin_, end)).count()});
  }

 private:
  std::vector<Phase>& phases_;
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

bool anything_in_quarantine(const Inventory& inventory) {
  const auto was_read_there = [](const Document& document) { return document.from_quarantine; };
  return !inventory.quarantined.empty() ||
         std::any_of(inventory.documents.begin(), inventory.documents.end(), was_read_there);
}

// Pushers write what they like into descriptors: together the blobs of a store cannot be larger
// than its disk.
bool claims_are_absurd(const Inventory& inventory, const StoreFacts& store) {
  if (store.medium.size_bytes == 0) return false;
  std::uint64_t left = store.medium.size_bytes;
  const auto sizes = known_sizes(inventory);
  for (const Blob& blob : inventory.blobs) {
    const std::uint64_t size = sizes[index_of(blob.digest)].value_or(0);
    if (size > left) return true;
    left -= size;
  }
  return false;
}

// What is to be given back stands beside blobs that nobody else need look at.
bool looks_at_all(const Request& request) {
  return request.sizes == Sizes::seen || request.mode == Mode::heal ||
         request.mode == Mode::restore;
}

// Scan and mark until both have seen all they need of each other: what is in doubt needs tag
// histories, and what is in quarantine needs every blob directory looked into.
std::pair<Inventory, Mark> scan_and_mark_until_settled(const Storage& storage,
                                                       const StoreFacts& store,
                                                       const Request& request, Time now,
                                                       const Workers& workers, Progress& progress,
                                                       Stopwatch& watch) {
  ScanOptions options{.settle = request.settle};
  for (const RootDigest& one : request.policy.roots) options.also_open.push_back(one.digest);
  if (request.policy.delete_untagged) options.detail = Detail::everything;
  if (looks_at_all(request) || request.margins.purge_uploads) options.copies = Copies::of_all_links;
  const auto scan_and_mark = [&] {
    Inventory inventory = scan(storage, options, workers, progress);
    watch.phase_ends("scan");
    if (request.policy.delete_untagged) {
      const auto revisions = all_revisions(inventory);
      inventory = survey(storage, std::move(inventory), revisions, workers, progress);
      watch.phase_ends("survey");
    }
    Mark marked = mark(inventory, request.policy, now);
    watch.phase_ends("mark");
    return std::pair(std::move(inventory), std::move(marked));
  };
  auto [inventory, marked] = scan_and_mark();
  // What is in doubt is kept with its tags' histories; those of a manifest that is purged go with
  // it.
  const auto is_pinned = [](const RepositoryMark& repository) { return repository.pinned; };
  const auto is_manifest = [](const Quarantined& copy) {
    return copy.kind == Quarantined::Kind::revision_link;
  };
  if (options.detail != Detail::everything &&
      (std::any_of(marked.repositories.begin(), marked.repositories.end(), is_pinned) ||
       std::any_of(inventory.quarantined.begin(), inventory.quarantined.end(), is_manifest))) {
    options.detail = Detail::everything;
    options.settle = {};  // what has not settled by now does not
    std::tie(inventory, marked) = scan_and_mark();
  }
  const auto unknown = what_to_survey(inventory, marked);
  inventory = survey(storage, std::move(inventory), unknown, workers, progress);
  if (looks_at_all(request) || anything_in_quarantine(inventory) ||
      claims_are_absurd(inventory, store)) {
    const auto all = all_blobs(inventory);
    inventory = survey(storage, std::move(inventory), all, workers, progress);
    marked = mark(inventory, request.policy, now);
  }
  watch.phase_ends("survey");
  return {std::move(inventory), std::move(marked)};
}

// What --delete-untagged takes, or would take: judged without asking the disk for more ages, so an
// estimate where it is off.
void price_untagged(Findings& findings, const Request& request, Time now) {
  if (request.policy.delete_untagged) {
    findings.untagged_manifests = findings.plan.manifests.size();
    for (const BlobRemoval& blob : findings.plan.blobs) {
      if (blob.reason == Reason::untagged) findings.untagged_bytes += blob.bytes;
    }
    return;
  }
  Policy policy = request.policy;
  policy.delete_untagged = true;
  const Mark without = mark(findings.inventory, policy, now);
  for (std::size_t i = 0; i < without.repositories.size(); ++i) {
    for (std::size_t k = 0; k < without.repositories[i].revisions.size(); ++k) {
      const bool present =
          findings.inventory.repositories[i].revisions[k].state == LinkState::present;
      findings.untagged_manifests +=
          present && without.repositories[i].revisions[k] == Why::nothing;
    }
  }
  for (const Blob& blob : findings.inventory.blobs) {
    if (findings.mark.live(blob.digest) && !without.live(blob.digest))
      findings.untagged_bytes += findings.sizes[index_of(blob.digest)].value_or(0);
  }
}

void advise(Findings& findings, const StoreFacts& store, const Request& request, Time now) {
  const auto& repositories = findings.inventory.repositories;
  const bool any_tag = std::any_of(repositories.begin(), repositories.end(),
                                   [](const Repository& one) { return !one.tags.empty(); });
  if (!request.policy.delete_untagged && findings.untagged_manifests && any_tag &&
      !store.pull_through_cache)
    findings.advice.push_back(
        {report::Code::untagged_manifests, findings.untagged_manifests, findings.untagged_bytes});
  Amount stale;
  for (const Repository& repository : repositories) {
    for (const Upload& upload : repository.uploads) {
      const auto touched = upload.last_touched();
      if (touched && !is_young(*touched, kStaleUpload, now)) stale += upload.bytes;
    }
  }
  if (!request.margins.purge_uploads && stale.count)
    findings.advice.push_back({report::Code::stale_uploads, stale.count, stale.bytes});
  if (findings.plan.kept_young.count && request.policy.keep_younger_than > Duration(0))
    findings.advice.push_back({report::Code::young_blobs, findings.plan.kept_young.count,
                               findings.plan.kept_young.bytes});
}

Plan plan_for(const Findings& findings, const StoreFacts& store, const Request& request, Time now) {
  GateEvidence gate = request.gate;
  if (!request.processes.empty()) gate.found = find_registries(request.processes, store);
  Plan plan = make_plan(findings.inventory, findings.mark, store, request.margins, gate, now);
  if (request.mode == Mode::restore) {
    Plan restoration =
        plan_restoration(findings.inventory, request.only_run, request.margins, gate, now);
    plan.restore = std::move(restoration.restore);
    plan.waiting_unpurged = std::move(restoration.waiting_unpurged);
    plan.warnings.insert(plan.warnings.end(), restoration.warnings.begin(),
                         restoration.warnings.end());
  }
  return request.mode == Mode::heal || request.mode == Mode::restore
             ? only_give_back(std::move(plan))
             : plan;
}

void explain(Findings& findings, const StoreFacts& store, const Request& request, Time now) {
  const std::size_t digests = findings.inventory.digests.size();
  std::vector<bool> live(digests), garbage(digests);
  for (std::size_t i = 0; i < digests; ++i) live[i] = findings.mark.digests[i] != Why::nothing;
  for (const BlobRemoval& blob : findings.plan.blobs)
    garbage[index_of(*findings.inventory.digests.find(blob.digest))] = true;
  findings.usage = usage(findings.inventory, findings.sizes, live, garbage);
  price_untagged(findings, request, now);
  advise(findings, store, request, now);
}

}  // namespace

Findings look(const Storage& storage, const StoreFacts& store, const Request& request, Time now,
              const Workers& workers, Progress& progress, std::vector<Phase>& phases) {
  Stopwatch watch(phases);
  Findings findings;
  std::tie(findings.inventory, findings.mark) =
      scan_and_mark_until_settled(storage, store, request, now, workers, progress, watch);
  findings.plan = plan_for(findings, store, request, now);
  findings.sizes = known_sizes(findings.inventory);
  if (request.explains) explain(findings, store, request, now);
  watch.phase_ends("plan");
  return findings;
}

}  // namespace regctl::gc
