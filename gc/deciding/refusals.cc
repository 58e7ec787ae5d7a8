#include "gc/deciding/refusals.h"

#include <algorithm>
#include <iterator>

#include "gc/deciding/half_store.h"
#include "gc/deciding/warnings.h"
#include "registry/halves.h"
#include "registry/layout.h"

namespace regctl::gc {
namespace {

using report::Code;
using report::Message;

using Messages = std::vector<Message>;

constexpr Duration kTagsLookDead = std::chrono::hours(7 * 24);

Code code_of(Trouble trouble) {
  switch (class_of(trouble)) {
    case TroubleClass::unread:
      break;
    case TroubleClass::symlink:
      return trouble == Trouble::symlink ? Code::symlink_in_tree : Code::behind_symlink;
    case TroubleClass::not_a_directory:
      return Code::not_a_directory;
    case TroubleClass::unknown_directory:
      return Code::unknown_directory;
    case TroubleClass::unstable:
      return Code::unstable_directory;
  }
  return Code::unread_part;
}

Message refusal_of(const Obstacle& obstacle, const StoreFacts& store) {
  if (const LinkBelow* link = store.link(obstacle.path); link && !link->is_followed())
    return {.code = Code::link_not_followed,
            .path = obstacle.path,
            .arguments = {report::reason_of(link->following)}};
  return {.code = code_of(obstacle.trouble),
          .path = obstacle.path,
          .arguments = {report::reason_of(obstacle.trouble, obstacle.error),
                        store.shown_prefix + obstacle.path}};
}

void refuse_obstacles(const Judged& judged, Messages& refusals) {
  Messages own;
  for (const Obstacle& obstacle : judged.inventory.obstacles)
    own.push_back(refusal_of(obstacle, judged.store));
  std::stable_sort(own.begin(), own.end(), [](const Message& a, const Message& b) {
    return report::info_of(a.code).id < report::info_of(b.code).id;
  });
  std::move(own.begin(), own.end(), std::back_inserter(refusals));
}

void refuse_media(const Medium& medium, Messages& refusals) {
  if (const std::string name = medium.object_store(); !name.empty())
    refusals.push_back({.code = Code::object_store, .arguments = {name}});
  if (medium.renames == Renames::copy) refusals.push_back({.code = Code::renames_copy});
  if (medium.renames == Renames::fail)
    refusals.push_back(
        {.code = Code::renames_fail, .arguments = {report::SystemReason{medium.rename_error}}});
  for (const MountBelow& mount : medium.mounts) {
    if (mount.hides_part)
      refusals.push_back(
          {.code = Code::empty_mount, .path = mount.point, .arguments = {mount.point}});
  }
}

void refuse_stores_of_others(const StoreFacts& store, Messages& refusals) {
  if (store.owned_by_database) refusals.push_back({.code = Code::database_in_use});
  refuse_media(store.medium, refusals);
}

// An upload that is being written to says that the registry is neither stopped nor read-only.
void refuse_uploads(const Judged& judged, Messages& refusals) {
  if (!judged.margins.uploads_idle || read_only_process_found(judged.gate.found)) return;
  for (const Repository& repository : judged.inventory.repositories) {
    for (const Upload& upload : repository.uploads) {
      if (!upload.can_go_on || !is_young(upload.newest, *judged.margins.uploads_idle, judged.now))
        continue;
      refusals.push_back({.code = Code::upload_in_progress,
                          .path = layout::upload(repository.name, upload.uuid),
                          .arguments = {repository.name}});
    }
  }
}

void refuse_registries(const Judged& judged, Messages& refusals) {
  const GateEvidence& gate = judged.gate;
  for (const RegistryProcess& process : gate.found.processes) {
    const auto pid = static_cast<std::uint64_t>(process.pid);
    if (!process.sees_another.empty())
      refusals.push_back({.code = Code::registry_sees_another,
                          .path = process.sees_another,
                          .arguments = {pid, process.configuration}});
    if (process.collecting && process.certain)
      refusals.push_back(
          {.code = Code::upstream_collector, .arguments = {pid, process.configuration}});
    if (!gate.offline || process.collecting || is_read_only(process)) continue;
    if (!process.certain) {
      if (!judged.margins.insist.contains(Insisted::registry_in_doubt))
        refusals.push_back({.code = Code::registry_may_serve,
                            .arguments = {pid, process.configuration, part_of(process.doubt)}});
      continue;
    }
    if (process.proxy) {
      refusals.push_back({.code = Code::cache_serving, .arguments = {pid, process.configuration}});
      continue;
    }
    const report::Part why =
        process.doubt ? part_of(process.doubt) : report::Part{Code::not_read_only, {}};
    refusals.push_back(
        {.code = Code::registry_serving, .arguments = {pid, process.configuration, why}});
  }
}

// Repositories that link layers and have not one revision, nor a trace of a deleted one: OpenShift
// 3 kept its manifests in etcd. There signatures/ was all that stood below a revision.
void refuse_manifests_elsewhere(const Judged& judged, Messages& refusals) {
  constexpr std::uint64_t kSome = 3, kShare = 4;  // of all repositories every fourth
  if (judged.margins.insist.contains(Insisted::manifests_elsewhere)) return;
  const auto& repositories = judged.inventory.repositories;
  const auto only_signed = [](const Link& revision) { return revision.only_signatures; };
  const auto count = static_cast<std::uint64_t>(
      std::count_if(repositories.begin(), repositories.end(), [&](const Repository& one) {
        return !(one.layers.empty() && one.named_layers.empty()) &&
               std::all_of(one.revisions.begin(), one.revisions.end(), only_signed);
      }));
  if (count >= kSome && count * kShare >= repositories.size())
    refusals.push_back({.code = Code::manifests_elsewhere,
                        .arguments = {report::Count{count}, report::Count{repositories.size()}}});
}

// Times of the newest tag, and of the newest revision that no index names as a child.
struct NewestTimes {
  std::optional<Time> tagged, pushed;
  bool any_revision = false;
};

// Tags that go are none.
NewestTimes newest_times(const Judged& judged) {
  const Inventory& inventory = judged.inventory;
  NewestTimes newest;
  const auto note = [](std::optional<Time>& time, Time other) {
    time = std::max(time.value_or(other), other);
  };
  const std::vector<bool> child = children_of_indexes(inventory);
  for (std::size_t i = 0; i < inventory.repositories.size(); ++i) {
    const Repository& repository = inventory.repositories[i];
    for (std::size_t k = 0; k < repository.tags.size(); ++k) {
      const Tag& tag = repository.tags[k];
      const bool counts = tag.state == LinkState::present && tag.modified <= judged.now;
      if (counts && !judged.mark.repositories[i].spent[k]) note(newest.tagged, tag.modified);
    }
    for (const Link& link : repository.revisions) {
      if (link.state != LinkState::present) continue;
      newest.any_revision = true;
      if (!child[index_of(link.name)]) note(newest.pushed, link.modified);
    }
  }
  return newest;
}

// Where tags do not tell what is in use.
void refuse_untagged(const Judged& judged, Messages& refusals) {
  if (judged.store.pull_through_cache) refusals.push_back({.code = Code::pull_through_cache});
  const NewestTimes newest = newest_times(judged);
  if (newest.any_revision && !newest.tagged) refusals.push_back({.code = Code::no_tags});
  if (newest.tagged && newest.pushed && *newest.pushed - *newest.tagged > kTagsLookDead &&
      !judged.margins.insist.contains(Insisted::tags_look_dead))
    refusals.push_back({.code = Code::tags_look_dead});
}

// What a plan takes, and of how much.
struct Share {
  std::uint64_t blobs = 0, bytes = 0, manifests = 0;
  std::uint64_t of_blobs = 0, of_bytes = 0, of_manifests = 0;
};

Share share_of(const Plan& plan, const Judged& judged) {
  Share share{.blobs = plan.blobs.size(), .manifests = plan.manifests.size()};
  for (const BlobRemoval& blob : plan.blobs) share.bytes += blob.bytes;
  for (const DigestId id : judged.inventory.blob_directories) {
    if (!judged.inventory.has_bytes(id)) continue;
    ++share.of_blobs;
    share.of_bytes += judged.sizes[index_of(id)].value_or(0);
  }
  for (const Repository& repository : judged.inventory.repositories)
    share.of_manifests += repository.count_manifests();
  return share;
}

// Whether too much would go; the message gives the exact value that would pass.
void brake(const Judged& judged, const Plan& plan, Messages& refusals) {
  if (plan.blobs.empty() && plan.manifests.empty()) return;
  const Share share = share_of(plan, judged);
  if (share.blobs == share.of_blobs && has_references(judged.inventory) && share.of_blobs > 0) {
    refusals.push_back({.code = Code::takes_everything});
    return;
  }
  const MaxDelete& limit = judged.margins.max_delete;
  const auto over = [&](Code code, std::uint64_t value) {
    if (value > limit.value) refusals.push_back({.code = code, .arguments = {value, limit.value}});
  };
  switch (limit.unit) {
    case MaxDelete::Unit::blobs:
      return over(Code::max_delete_blobs, share.blobs);
    case MaxDelete::Unit::bytes:
      return over(Code::max_delete_bytes, share.bytes);
    case MaxDelete::Unit::percent:
      break;
  }
  const std::uint64_t bytes = percent_up(share.bytes, share.of_bytes),
                      manifests = percent_up(share.manifests, share.of_manifests);
  if (bytes >= manifests) return over(Code::max_delete_share_of_bytes, bytes);
  over(Code::max_delete_share_of_manifests, manifests);
}

}  // namespace

std::vector<Message> refusals_of(const Judged& judged, const Plan& plan) {
  Messages refusals;
  if (judged.margins.on_damage == OnDamage::refuse) refusals = damages_in(judged, OnDamage::refuse);
  refuse_obstacles(judged, refusals);
  refuse_stores_of_others(judged.store, refusals);
  refuse_half_stores(judged, refusals);
  refuse_uploads(judged, refusals);
  refuse_registries(judged, refusals);
  refuse_manifests_elsewhere(judged, refusals);
  if (judged.policy.delete_untagged) refuse_untagged(judged, refusals);
  if (judged.policy.cache_unused && !judged.store.pull_through_cache)
    refusals.push_back({.code = Code::no_cache});
  brake(judged, plan, refusals);
  return refusals;
}

}  // namespace regctl::gc
