#include "gc/look.h"

#include <algorithm>
#include <functional>
#include <set>

#include "gc/deciding/make_plan.h"
#include "gc/deciding/restoration.h"
#include "registry/marking/price.h"
#include "registry/marking/unreached.h"
#include "registry/remains.h"
#include "registry/scan.h"
#include "registry/scheduler_state.h"

namespace regctl::gc {
namespace {

std::vector<DigestId> all_revisions(const Inventory& inventory) {
  std::vector<DigestId> all;
  for (const Repository& repository : inventory.repositories) {
    for (const Link& link : repository.revisions) all.push_back(link.name);
  }
  return all;
}

bool anything_in_quarantine(const Inventory& inventory) {
  const auto was_read_there = [](const Document& document) { return document.from_quarantine; };
  return !inventory.quarantined.empty() || !inventory.quarantined_tags.empty() ||
         std::any_of(inventory.documents.begin(), inventory.documents.end(), was_read_there);
}

// Pushers write what they like into descriptors: together the blobs of a store cannot be larger
// than its disk.
bool claims_are_absurd(const Inventory& inventory, const std::vector<KnownSize>& sizes,
                       const StoreFacts& store) {
  if (store.medium.size_bytes == 0) return false;
  std::uint64_t left = store.medium.size_bytes;
  for (const DigestId id : inventory.blob_directories) {
    const std::uint64_t size = sizes[index_of(id)].value_or(0);
    if (size > left) return true;
    left -= size;
  }
  return false;
}

class Look {
 public:
  Look(const Storage& storage, const StoreFacts& store, const Wishes& wishes,
       const Looking& looking, const Workers& workers, Progress& progress)
      : storage_(storage),
        store_(store),
        wishes_(wishes),
        looking_(looking),
        workers_(workers),
        progress_(progress),
        options_{.settle = looking.settle, .arrival = wishes.policy.arrival} {
    for (const RootDigest& one : wishes.policy.roots) options_.also_open.push_back(one.digest);
    if (wishes.policy.takes_manifests() || wishes.policy.takes_tags())
      options_.detail = Detail::everything;
    if (looks_at_all())
      options_.copies = Copies::of_all_links;
    else
      options_.depth = Depth::what_matters;
  }

  Looked run() && {
    scan_and_mark_until_settled();
    progress_.stage("plan");
    plan();
    if (looking_.explains) explain();
    return std::move(findings_);
  }

 private:
  // What is to be given back, and what a registry has left behind, stands beside blobs and links
  // that nobody else need look at.
  bool looks_at_all() const {
    return looking_.sizes == Sizes::seen || wishes_.mode == Mode::heal ||
           wishes_.mode == Mode::restore || wishes_.margins.purge_uploads;
  }

  // Until both have seen all they need of each other: what is in doubt needs tag histories, and
  // what is in quarantine needs every blob directory looked into.
  void scan_and_mark_until_settled() {
    scan_and_mark();
    if (options_.detail != Detail::everything && needs_histories()) {
      options_.detail = Detail::everything;
      options_.settle = {};  // what has not settled by now does not
      scan_and_mark();
    }
    survey_what_matters();
    const bool has_copies = anything_in_quarantine(inventory());
    if (has_copies && inventory().depth != Depth::everything) {  // the sign of it is missing
      look_deeper();
      survey_what_matters();
    }
    findings_.sizes = known_sizes(inventory());
    if (!looks_at_all() && !has_copies && !claims_are_absurd(inventory(), findings_.sizes, store_))
      return;
    survey(inventory().blob_directories);
    mark();
    findings_.sizes = known_sizes(inventory());
  }

  // Those that are garbage or keep something from being it: of what the mark does not reach, and of
  // repositories that may go. It needs none of them itself.
  bool read_layer_links_that_matter() {
    const auto may_go = [&](const Repository& repository) {
      return wishes_.margins.prune_empty_repositories && repository.is_empty();
    };
    const auto matters = [&](std::size_t repository, DigestId name) {
      return !findings_.mark.live(name) || may_go(inventory().repositories[repository]);
    };
    return read_layer_links(storage_, findings_.inventory, matters, workers_, progress_);
  }

  void look_deeper() {
    options_.depth = Depth::everything;
    scan_and_mark();
  }

  void survey_what_matters() {
    progress_.stage("survey");
    if (inventory().depth != Depth::everything && !read_layer_links_that_matter()) {
      look_deeper();
      progress_.stage("survey");
    }
    survey(what_to_survey(inventory(), findings_.mark));
  }

  void scan_and_mark() {
    progress_.stage("scan");
    findings_.inventory = {};  // an earlier one: two would need twice the memory
    findings_.inventory = scan(storage_, options_, workers_, progress_);
    if (wishes_.policy.takes_manifests()) {
      progress_.stage("survey");
      survey(all_revisions(inventory()));
    }
    progress_.stage("mark");
    mark();
  }

  // A copy: they may be the inventory's own.
  void survey(std::vector<DigestId> digests) {
    findings_.inventory =
        regctl::survey(storage_, std::move(findings_.inventory), digests, workers_, progress_);
  }

  void mark() {
    findings_.mark =
        regctl::mark(findings_.inventory, wishes_.policy, looking_.now, looking_.this_run);
  }

  // What is in doubt is kept with its tags' histories; those of a manifest that is purged go with
  // it; and they tell a dead tag from a damaged one.
  bool needs_histories() const {
    if (any_tag(may_be_dead)) return true;
    const auto is_pinned = [](const RepositoryMark& repository) { return repository.pinned; };
    const auto is_manifest = [](const Quarantined& copy) {
      return copy.kind == Quarantined::Kind::revision_link;
    };
    const auto& repositories = findings_.mark.repositories;
    const auto& copies = inventory().quarantined;
    return std::any_of(repositories.begin(), repositories.end(), is_pinned) ||
           std::any_of(copies.begin(), copies.end(), is_manifest);
  }

  void plan() {
    const GateEvidence gate{
        .found = looking_.registries ? looking_.registries() : ProcessEvidence(),
        .claims = wishes_.caches,
        .offline = wishes_.mode == Mode::offline};
    for (const RegistryProcess& process : gate.found.processes)
      store_.pull_through_cache |= process.certain && process.proxy;
    const Judged judged{.inventory = findings_.inventory,
                        .mark = findings_.mark,
                        .sizes = findings_.sizes,
                        .store = store_,
                        .policy = wishes_.policy,
                        .margins = wishes_.margins,
                        .gate = gate,
                        .now = looking_.now};
    findings_.plan = plan(judged);
  }

  Plan plan(const Judged& judged) const {
    switch (wishes_.mode) {
      case Mode::restore:
        return plan_restoration(judged, wishes_.only_run);
      case Mode::heal:
        return only_give_back(make_plan(judged));
      case Mode::online:
      case Mode::offline:
        break;
    }
    return make_plan(judged);
  }

  // Neither of them needs another.
  void explain() {
    const std::function<void()> parts[] = {
        [&] { findings_.usage = usage_of(findings_, findings_.plan); },
        [&] {
          findings_.untagged = wishes_.policy.delete_untagged ? untagged_taken()
                                                              : price_of(&Policy::delete_untagged);
        },
        [&] {
          if (any_tag(is_dead)) findings_.dead = price_of(&Policy::prune_dead_tags);
        },
        [&] {
          const auto& documents = inventory().documents;
          if (std::any_of(documents.begin(), documents.end(), std::mem_fn(&Document::is_missing)))
            findings_.broken = price_of(&Policy::prune_broken_manifests);
        },
        [&] {
          if (any_orphan()) findings_.orphaned = price_of(&Policy::prune_orphaned_referrers);
        }};
    workers_.for_each_index(std::size(parts), [&](std::size_t i) { parts[i](); });
    advise();
  }

  bool any_orphan() const {
    const Orphans orphans(inventory());
    const auto has_one = [&](const Repository& repository) {
      const auto is_one = [&](const Tag& tag) { return orphans.is_orphan(repository, tag); };
      const std::vector<bool> revisions = orphans.revisions(repository, {});
      return std::any_of(repository.tags.begin(), repository.tags.end(), is_one) ||
             std::find(revisions.begin(), revisions.end(), true) != revisions.end();
    };
    return std::any_of(inventory().repositories.begin(), inventory().repositories.end(), has_one);
  }

  using Judge = bool (&)(const Inventory&, const Repository&, const Tag&);
  bool any_tag(Judge judge) const {
    const auto has_one = [&](const Repository& repository) {
      const auto is_one = [&](const Tag& tag) { return judge(inventory(), repository, tag); };
      return std::any_of(repository.tags.begin(), repository.tags.end(), is_one);
    };
    return std::any_of(inventory().repositories.begin(), inventory().repositories.end(), has_one);
  }

  Amount untagged_taken() const {
    Amount taken;
    for (const ManifestRemoval& manifest : findings_.plan.manifests)
      taken.count += manifest.reason == Reason::untagged;
    for (const BlobRemoval& blob : findings_.plan.blobs) {
      if (blob.reason == Reason::untagged) taken.bytes += blob.bytes;
    }
    return taken;
  }

  // What more goes with the option than without it, the others being as they are. Where it is not
  // in effect this is judged without asking the disk for more ages: an estimate.
  Amount price_of(bool Policy::*option) const {
    Policy policy = wishes_.policy;
    policy.*option = !(policy.*option);
    const Mark other = regctl::mark(inventory(), policy, looking_.now, looking_.this_run);
    const Mark& with = policy.*option ? other : findings_.mark;
    const Mark& without = policy.*option ? findings_.mark : other;
    const Price price = regctl::price_of(inventory(), findings_.sizes, without, with);
    return {.count = price.count, .bytes = price.bytes};
  }

  // Manifests of repositories without tags, and the bytes that only those keep alive.
  Amount left_alone() const {
    Amount left;
    for (std::size_t i = 0; i < inventory().repositories.size(); ++i) {
      if (findings_.mark.repositories[i].tags_unknown)
        left.count += inventory().repositories[i].count_manifests();
    }
    for (const DigestId id : inventory().blob_directories) {
      if (findings_.mark.digests[index_of(id)] == Why::tags_unknown)
        left.bytes += findings_.sizes[index_of(id)].value_or(0);
    }
    return left;
  }

  // Manifests of a cache that its scheduler does not know, and all bytes of which that is so.
  Amount never_expiring() const {
    const std::set<Digest> expire = scheduled_to_expire(store_);
    const auto stays = [&](DigestId id) { return !expire.contains(inventory().digests[id]); };
    Amount forever;
    for (const Repository& repository : inventory().repositories) {
      for (const Link& revision : repository.revisions)
        forever.count += revision.state == LinkState::present && stays(revision.name);
    }
    for (const DigestId id : inventory().blob_directories) {
      if (findings_.mark.live(id) && stays(id))
        forever.bytes += findings_.sizes[index_of(id)].value_or(0);
    }
    return forever;
  }

  std::uint64_t bytes_alive() const {
    std::uint64_t bytes = 0;
    for (const DigestId id : inventory().blob_directories) {
      if (findings_.mark.live(id)) bytes += findings_.sizes[index_of(id)].value_or(0);
    }
    return bytes;
  }

  void advise() {
    const auto advise = [&](report::Code code, std::uint64_t count, std::uint64_t bytes) {
      if (count) findings_.advice.push_back({code, count, bytes});
    };
    const auto& repositories = inventory().repositories;
    const bool any_tag = std::any_of(repositories.begin(), repositories.end(),
                                     [](const Repository& one) { return !one.tags.empty(); });
    // An option that would leave nothing alive is refused in the end.
    const std::uint64_t alive = bytes_alive();
    Amount everything;
    const auto offer = [&](report::Code code, const Amount& price) {
      if (price.bytes > 0 && price.bytes == alive)
        everything = price;
      else
        advise(code, price.count, price.bytes);
    };
    if (!wishes_.policy.delete_untagged && any_tag && !store_.pull_through_cache)
      offer(report::Code::untagged_manifests, findings_.untagged);
    if (!wishes_.policy.prune_dead_tags) offer(report::Code::dead_tags, findings_.dead);
    if (!wishes_.policy.prune_broken_manifests)
      offer(report::Code::broken_manifests, findings_.broken);
    if (!wishes_.policy.prune_orphaned_referrers)
      offer(report::Code::orphaned_referrers, findings_.orphaned);
    advise(report::Code::empties_store, everything.count, everything.bytes);
    Amount stale;
    for (const Repository& repository : repositories) {
      for (const Upload& upload : repository.uploads) {
        if (upload.is_stale(looking_.now)) stale += upload.bytes;
      }
    }
    if (!wishes_.margins.purge_uploads)
      advise(report::Code::stale_uploads, stale.count, stale.bytes);
    const Amount &young = findings_.plan.kept_young, &arrived = findings_.plan.kept_arrived;
    if (wishes_.policy.keep_younger_than > Duration(0))
      advise(report::Code::young_blobs, young.count, young.bytes);
    if (wishes_.policy.delete_untagged) {
      const Amount left = left_alone();
      advise(report::Code::pulled_by_digest, left.count, left.bytes);
    }
    if (store_.pull_through_cache && !wishes_.policy.cache_unused) {
      const Amount forever = never_expiring();
      advise(report::Code::never_expires, forever.count, forever.bytes);
    }
    const auto is_foreign = [](const Stray& stray) { return stray.kind == Stray::Kind::foreign; };
    advise(report::Code::foreign_names,
           static_cast<std::uint64_t>(
               std::count_if(inventory().strays.begin(), inventory().strays.end(), is_foreign)),
           0);
    advise(report::Code::aliases, inventory().aliases.size(), 0);
    advise(report::Code::arrived_blobs, arrived.count, arrived.bytes);
  }

  const Inventory& inventory() const { return findings_.inventory; }

  const Storage& storage_;
  StoreFacts store_;  // what the registries that serve it tell included
  const Wishes& wishes_;
  const Looking& looking_;
  const Workers& workers_;
  Progress& progress_;
  ScanOptions options_;
  Looked findings_;
};

}  // namespace

UsageReport usage_of(const Looked& looked, const Plan& plan) {
  const DigestSet& names = looked.inventory.digests;
  std::vector<bool> garbage(names.size());
  for (const BlobRemoval& blob : plan.blobs) {
    if (const auto id = names.find(blob.digest)) garbage[index_of(*id)] = true;
  }
  return usage(looked.inventory, looked.sizes, looked.mark.all_live(), garbage);
}

Looked look(const Storage& storage, const StoreFacts& store, const Wishes& wishes,
            const Looking& looking, const Workers& workers, Progress& progress) {
  return Look(storage, store, wishes, looking, workers, progress).run();
}

}  // namespace regctl::gc
