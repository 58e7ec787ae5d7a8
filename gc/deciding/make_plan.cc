#include "gc/deciding/make_plan.h"

#include <algorithm>
#include <map>

#include "gc/deciding/refusals.h"
#include "gc/deciding/waiting.h"
#include "gc/deciding/warnings.h"
#include "registry/closure.h"
#include "registry/layout.h"
#include "registry/marking/ages.h"
#include "registry/marking/unreached.h"
#include "registry/remains.h"

namespace regctl::gc {
namespace {

using report::Code;

class Planner {
 public:
  explicit Planner(const Judged& judged)
      : judged_(judged),
        inventory_(judged.inventory),
        mark_(judged.mark),
        margins_(judged.margins),
        copies_(inventory_.digests.size()),
        purged_(inventory_.digests.size()),
        taken_(inventory_.digests.size()),
        untagged_(inventory_),
        orphaned_(inventory_) {
    for (const Quarantined& copy : inventory_.quarantined) {
      if (copy.kind == Quarantined::Kind::blob) ++copies_[index_of(copy.digest)];
    }
  }

  Plan run() && {
    plan_tags();
    plan_manifests();
    plan_blobs();
    plan_empty_repositories();
    plan_uploads();
    plan_quarantine();
    plan_quarantined_tags();
    plan_layer_links();
    return std::move(plan_);
  }

 private:
  bool young(Time time) const {
    return is_young(time, judged_.policy.keep_younger_than, judged_.now);
  }
  Digest digest(DigestId id) const { return inventory_.digests[id]; }

  void plan_blobs() {
    for (const DigestId id : inventory_.blob_directories)
      note_kept(mark_.digests[index_of(id)], judged_.sizes[index_of(id)].value_or(0));
    std::vector<Unreached> unreached =
        unreached_blobs(inventory_, mark_, judged_.policy, judged_.now);
    std::sort(unreached.begin(), unreached.end(), [](const Unreached& a, const Unreached& b) {
      return a.blob->bytes != b.blob->bytes ? a.blob->bytes > b.blob->bytes
                                            : a.blob->digest < b.blob->digest;
    });
    plan_.blobs.reserve(unreached.size());
    for (const Unreached& one : unreached) {
      const Blob& blob = *one.blob;
      if (one.kept != Why::nothing) {
        note_kept(one.kept, blob.bytes);
        continue;
      }
      taken_[index_of(blob.digest)] = true;
      plan_.blobs.push_back({.digest = digest(blob.digest),
                             .bytes = blob.bytes,
                             .disk_bytes = blob.disk_bytes,
                             .written_at = blob.modified,
                             .reason = reason_of(blob.digest),
                             .last_repository = one.linked_last ? one.linked_last->name : ""});
    }
  }

  void note_kept(Why why, std::uint64_t bytes) {
    if (why == Why::pinned) plan_.kept_pinned += bytes;
    if (why == Why::young || why == Why::beginning) plan_.kept_young += bytes;
    if (why == Why::is_protected) plan_.kept_protected += bytes;
    if (why == Why::arrived) plan_.kept_arrived += bytes;
  }

  void plan_tags() {
    for (std::size_t i = 0; i < inventory_.repositories.size(); ++i) {
      const Repository& repository = inventory_.repositories[i];
      for (std::size_t k = 0; k < repository.tags.size(); ++k) {
        if (mark_.repositories[i].spent[k])
          plan_.tags.push_back(removal_of(repository, repository.tags[k]));
      }
    }
  }

  Reason reason_of(const Repository& repository, const Tag& tag) const {
    const Policy& policy = judged_.policy;
    if (policy.prune_dead_tags && is_dead(inventory_, repository, tag)) return Reason::dead;
    const bool may_be_orphan = policy.prune_orphaned_referrers && subject_named_by(tag.name);
    return may_be_orphan ? Reason::orphaned : Reason::unused;
  }

  TagRemoval removal_of(const Repository& repository, const Tag& tag) const {
    TagRemoval removal{
        .repository = repository.name, .tag = tag.name, .reason = reason_of(repository, tag)};
    if (tag.state == LinkState::present) removal.link = {tag.modified, tag.inode};
    if (tag.target) {
      removal.target = digest(*tag.target);
      removal.names.push_back(digest(*tag.target));
    }
    for (const TagEntry& entry : tag.history) removal.names.push_back(digest(entry.digest));
    return removal;
  }

  void plan_manifests() {
    for (std::size_t i = 0; i < inventory_.repositories.size(); ++i) {
      const Repository& repository = inventory_.repositories[i];
      std::map<DigestId, std::vector<std::string>> former_tags;
      for (const Tag& tag : repository.tags) {
        for (const TagEntry& entry : tag.history) {
          auto& tags = former_tags[entry.digest];
          if (tags.empty() || tags.back() != tag.name) tags.push_back(tag.name);
        }
      }
      for (std::size_t k = 0; k < repository.revisions.size(); ++k) {
        const Link& revision = repository.revisions[k];
        const Why why = mark_.repositories[i].revisions[k];
        if (why == Why::outside_tags) ++plan_.kept_outside_tags;
        if (why != Why::nothing || revision.state != LinkState::present) continue;
        const Reason reason = reason_of(i, k);
        (reason == Reason::orphaned ? orphaned_ : untagged_).from(revision.name, [](DigestId) {});
        plan_.manifests.push_back({repository.name,
                                   digest(revision.name),
                                   reason,
                                   std::move(former_tags[revision.name]),
                                   {revision.modified, revision.inode}});
      }
    }
  }

  // Why a revision goes.
  Reason reason_of(std::size_t repository, std::size_t revision) const {
    const DigestId id = inventory_.repositories[repository].revisions[revision].name;
    if (mark_.given_up[index_of(id)]) return Reason::broken;
    const std::vector<bool>& orphans = mark_.repositories[repository].orphans;
    if (!orphans.empty() && orphans[revision]) return Reason::orphaned;
    return judged_.policy.delete_untagged ? Reason::untagged : Reason::unused;
  }

  // Why an unreferenced blob does.
  Reason reason_of(DigestId blob) const {
    if (untagged_.reached(blob))
      return judged_.policy.cache_unused ? Reason::unused : Reason::untagged;
    return orphaned_.reached(blob) ? Reason::orphaned : Reason::unreferenced;
  }

  // Of all that stands below blobs/ for a digest.
  enum class Rest { nothing, copies_that_go, bytes_that_go, stays };
  Rest rest_of(DigestId id) const {
    const Blob* blob = inventory_.blob(id);
    if (!blob) return inventory_.has_directory(id) ? Rest::stays : Rest::nothing;
    const std::size_t copies = copies_[index_of(id)];
    if (blob->present)
      return taken_[index_of(id)] && copies == 0 ? Rest::bytes_that_go : Rest::stays;
    if (copies == 0) return Rest::nothing;
    return purged_[index_of(id)] == copies ? Rest::copies_that_go : Rest::stays;
  }

  void plan_layer_links() {
    std::size_t most = 0;
    for (const Repository& repository : inventory_.repositories)
      most += static_cast<std::size_t>(
          std::count_if(repository.layers.begin(), repository.layers.end(),
                        [&](const Link& link) { return !mark_.live(link.name); }));
    plan_.layer_links.reserve(most);
    for (std::size_t i = 0; i < inventory_.repositories.size(); ++i) {
      const Repository& repository = inventory_.repositories[i];
      const bool whole = goes(plan_, repository.name);
      for (const Link& link : repository.layers) {
        if (link.state != LinkState::present) continue;
        LayerLinkRemoval removal{repository.name, digest(link.name), {link.modified, link.inode}};
        if (whole)
          removal.reason = LinkReason::repository_goes;
        else if (!margins_.prune_layer_links || mark_.repositories[i].pinned || is_used(link) ||
                 !leads_nowhere(link, removal))
          continue;
        plan_.layer_links.push_back(std::move(removal));
      }
    }
  }

  bool is_used(const Link& link) const {
    return young(newest_time(link)) || mark_.live(link.name) || mark_.live(link.target);
  }

  // Nothing of what the link names is there when it goes; `removal` is told why. What two names
  // say is taken together only if at most one of them has anything left.
  bool leads_nowhere(const Link& link, LayerLinkRemoval& removal) const {
    for (const DigestId id : {link.name, link.target}) {
      const Rest rest = rest_of(id);
      if (rest == Rest::nothing || removal.blob == digest(id)) continue;
      if (rest == Rest::stays || removal.blob) return false;
      removal.reason =
          rest == Rest::bytes_that_go ? LinkReason::blob_is_taken : LinkReason::blob_is_purged;
      removal.blob = digest(id);
    }
    return true;
  }

  void plan_uploads() {
    if (!margins_.purge_uploads) return;
    for (const Repository& repository : inventory_.repositories) {
      for (const Upload& upload : repository.uploads) {
        if (is_young(upload.last_touched(), *margins_.purge_uploads, judged_.now)) continue;
        plan_.uploads.push_back(
            {repository.name, upload.uuid, upload.started, upload.newest, upload.bytes});
      }
    }
    for (const Stray& stray : inventory_.strays) {
      if (stray.kind == Stray::Kind::temporary &&
          !is_young(stray.modified, *margins_.purge_uploads, judged_.now))
        plan_.leftovers.push_back({stray.path, stray.modified});
    }
  }

  void plan_empty_repositories() {
    if (!margins_.prune_empty_repositories) return;
    for (std::size_t i = 0; i < inventory_.repositories.size(); ++i) {
      const Repository& repository = inventory_.repositories[i];
      const auto recent = [&](const Link& link) { return young(newest_time(link)); };
      if (!holds_nothing(i) || young(repository.directories_modified) ||
          std::any_of(repository.revisions.begin(), repository.revisions.end(), recent) ||
          std::any_of(repository.layers.begin(), repository.layers.end(), recent))
        continue;
      if (const auto stranger = stranger_in(repository))
        plan_.warnings.push_back({.code = Code::empty_repository_kept,
                                  .path = *stranger,
                                  .repository = repository.name,
                                  .arguments = {repository.name}});
      else
        plan_.empty_repositories.push_back(repository.name);
    }
  }

  // What stands in one of the repository's own directories, which can therefore not be removed.
  // Empty: nothing, as far as anybody looked.
  std::optional<std::string> stranger_in(const Repository& repository) const {
    const std::string own = layout::repository(repository.name) + "/_";
    for (const auto kind : {Stray::Kind::unexpected, Stray::Kind::misplaced_blob,
                            Stray::Kind::illegal_name, Stray::Kind::foreign}) {
      const auto at = std::lower_bound(inventory_.strays.begin(), inventory_.strays.end(),
                                       Stray{kind, own, Time::min()});
      if (at != inventory_.strays.end() && at->kind == kind && at->path.starts_with(own))
        return at->path;
    }
    for (const Link& revision : repository.revisions) {
      if (!revision.only_signatures) continue;
      const std::string link = layout::revision_link(repository.name, digest(revision.name));
      return link.substr(0, link.rfind('/')) + "/signatures";
    }
    return std::nullopt;
  }

  // No manifest, tag or upload that anybody could be using, and no other name of a blob that
  // something needs.
  bool holds_nothing(std::size_t place) const {
    const Repository& repository = inventory_.repositories[place];
    const auto is_manifest = [](const Link& link) { return link.state != LinkState::pending; };
    const auto is_needed_alias = [&](const Link& link) {
      return link.name != link.target && (mark_.live(link.name) || mark_.live(link.target));
    };
    return !mark_.repositories[place].pinned && repository.tags.empty() &&
           !has_quarantined_tags(place) && repository.uploads.empty() &&
           std::none_of(repository.revisions.begin(), repository.revisions.end(), is_manifest) &&
           std::none_of(repository.layers.begin(), repository.layers.end(), is_needed_alias);
  }

  bool has_quarantined_tags(std::size_t place) const {
    return std::ranges::binary_search(inventory_.quarantined_tags, place, {},
                                      &QuarantinedTag::repository);
  }

  // Whether a copy goes back, and why; Why::nothing: it stays. A push that has only begun is no
  // reason: what it finds missing it uploads.
  Why why_restore(const Quarantined& copy) const {
    if (copy.duplicate) return Why::nothing;
    if (copy.kind == Quarantined::Kind::layer_link && holds_nothing(copy.repository))
      return Why::nothing;
    if (copy.kind != Quarantined::Kind::revision_link) {
      const Why why = mark_.digests[index_of(copy.digest)];
      return why == Why::beginning ? Why::nothing : why;
    }
    const Repository& repository = inventory_.repositories[copy.repository];
    const Link* revision = link_named(repository.revisions, copy.digest);
    if (!revision) return Why::nothing;
    return mark_.repositories[copy.repository]
        .revisions[static_cast<std::size_t>(revision - repository.revisions.data())];
  }

  // A layer link whose layer stays, or is needed and lost, goes only together with its repository.
  // Copies of blobs come first, so that it is known by now which of them go.
  bool may_go(const Quarantined& copy) const {
    if (copy.kind != Quarantined::Kind::layer_link || copy.duplicate) return true;
    const Rest rest = rest_of(copy.digest);
    const bool leads_nowhere = rest == Rest::nothing || rest == Rest::copies_that_go;
    return (leads_nowhere && !mark_.live(copy.digest)) ||
           goes(plan_, inventory_.repositories[copy.repository].name);
  }

  // The tags of the copy's repository whose history names it, and that do not point to it.
  std::vector<std::string> former_tags(const Quarantined& copy) const {
    std::vector<std::string> names;
    if (copy.kind != Quarantined::Kind::revision_link || copy.duplicate) return names;
    for (const Tag& tag : inventory_.repositories[copy.repository].tags) {
      const auto is_copy = [&](const TagEntry& entry) { return entry.digest == copy.digest; };
      if (tag.target == copy.digest ||
          std::none_of(tag.history.begin(), tag.history.end(), is_copy))
        continue;
      names.push_back(tag.name);
    }
    return names;
  }

  // Copies ascend by kind, digest, repository and time: of several of one object the last goes
  // back.
  bool has_newer_copy(std::vector<Quarantined>::const_iterator copy) const {
    const auto next = std::next(copy);
    return next != inventory_.quarantined.end() && next->kind == copy->kind &&
           next->digest == copy->digest && next->repository == copy->repository;
  }

  // Neither the hold nor the gate stands against a purge of what was taken then.
  bool is_due(Time taken) const {
    return !is_young(taken, margins_.hold, judged_.now) && ask_gate(judged_.gate, taken).is_open();
  }

  void plan_quarantine() {
    Copies waiting, unpurged;
    for (auto at = inventory_.quarantined.begin(); at != inventory_.quarantined.end(); ++at) {
      const Quarantined& copy = *at;
      const Why why = why_restore(copy);
      if (why != Why::nothing && !has_newer_copy(at)) {
        plan_.restore.push_back({copy_of(inventory_, copy), why});
      } else if (why == Why::nothing && is_due(copy.taken) && may_go(copy)) {
        plan_.purge.push_back({.copy = copy_of(inventory_, copy),
                               .bytes = copy.bytes,
                               .disk_bytes = copy.disk_bytes,
                               .duplicate = copy.duplicate,
                               .former_tags = former_tags(copy)});
        if (copy.kind == Quarantined::Kind::blob) ++purged_[index_of(copy.digest)];
        unpurged.push_back(&copy);
      } else {
        waiting.push_back(&copy);
        unpurged.push_back(&copy);
      }
    }
    plan_.waiting = waiting_of(waiting, margins_.hold, judged_.gate, judged_.now);
    plan_.waiting_unpurged = waiting_of(unpurged, margins_.hold, judged_.gate, judged_.now);
  }

  // Copies ascend by repository, name and time: of several of one tag the last that is wanted goes
  // back, and none goes before that.
  void plan_quarantined_tags() {
    const auto& copies = inventory_.quarantined_tags;
    for (std::size_t first = 0, end = 0; first < copies.size(); first = end) {
      std::optional<std::size_t> wanted;
      for (end = first; end < copies.size() && is_same_tag(copies[first], copies[end]); ++end) {
        if (mark_.quarantined_tags[end] != Why::nothing) wanted = end;
      }
      if (wanted)
        plan_.restore.push_back(
            {copy_of(inventory_, copies[*wanted]), mark_.quarantined_tags[*wanted]});
      for (std::size_t i = first; i < end && !wanted; ++i) {
        if (may_go(copies[i]))
          plan_.purge.push_back({.copy = copy_of(inventory_, copies[i]),
                                 .bytes = 0,
                                 .disk_bytes = 0,
                                 .duplicate = false});
      }
    }
  }

  static bool is_same_tag(const QuarantinedTag& a, const QuarantinedTag& b) {
    return a.repository == b.repository && a.tag.name == b.tag.name;
  }

  // What was given its name meanwhile must be a tag for that.
  bool may_go(const QuarantinedTag& copy) const {
    const Repository& repository = inventory_.repositories[copy.repository];
    const Tag* other = tag_named(repository.tags, copy.tag.name);
    return (!other || other->state == LinkState::present) && is_due(copy.taken);
  }

  const Judged& judged_;
  const Inventory& inventory_;
  const Mark& mark_;
  const Margins& margins_;
  // By DigestId: how many copies of the blob are in quarantine; how many of these go.
  std::vector<std::uint32_t> copies_, purged_;
  std::vector<bool> taken_;      // by DigestId: the blob is
  Closure untagged_, orphaned_;  // what the manifests planned so far reach, by their reason
  Plan plan_;
};

}  // namespace

Plan make_plan(const Judged& judged) {
  Plan plan = Planner(judged).run();
  const auto more = warnings_about(judged);
  plan.warnings.insert(plan.warnings.begin(), more.begin(), more.end());
  plan.blockers = refusals_of(judged, plan);
  return plan;
}

std::set<Digest> needed_by(const Inventory& inventory, const std::vector<Digest>& named) {
  std::set<Digest> needed;
  Closure closure(inventory);
  for (const Digest& digest : named) {
    if (const auto id = inventory.digests.find(digest))
      closure.from(*id, [&](DigestId one) { needed.insert(inventory.digests[one]); });
  }
  return needed;
}

}  // namespace regctl::gc
