#include "gc/deciding/plan.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <unordered_map>

#include "cli/text.h"
#include "registry/closure.h"
#include "registry/layout.h"

namespace regctl::gc {
namespace {

constexpr Duration kShortHold = std::chrono::hours(1);
constexpr Duration kTagsLookDead = std::chrono::hours(7 * 24);

// The newest link to a digest, and where.
struct NewestLink {
  Time modified{};
  const Repository* repository = nullptr;
};

// Of the digests in `wanted`, over layer, revision and tag links of all repositories.
std::unordered_map<DigestId, NewestLink> newest_links(const Inventory& inventory,
                                                      const std::vector<bool>& wanted) {
  std::unordered_map<DigestId, NewestLink> newest;
  for (const Repository& repository : inventory.repositories) {
    const auto note = [&](DigestId id, Time modified) {
      if (!wanted[index_of(id)]) return;
      NewestLink& link = newest[id];
      if (!link.repository || modified > link.modified) link = {modified, &repository};
    };
    for (const auto* links : {&repository.layers, &repository.revisions}) {
      for (const Link& link : *links) {
        note(link.name, link.modified);
        note(link.target, link.modified);
      }
    }
    for (const Tag& tag : repository.tags) {
      if (tag.target) note(*tag.target, tag.modified);
      for (const auto& [digest, time] : tag.history) note(digest, time);
    }
  }
  return newest;
}

using Copies = std::vector<const Quarantined*>;

Waiting waiting_of(const Copies& copies, const Margins& margins, const GateEvidence& gate,
                   Time now) {
  Waiting waiting;
  std::optional<Time> shut_out;  // the newest copy that the gate keeps: what frees it frees all
  for (const Quarantined* copy : copies) {
    if (copy->kind == Quarantined::Kind::blob) waiting.amount += copy->bytes;
    const Time until = copy->taken + margins.hold;
    waiting.until = waiting.until ? std::min(*waiting.until, until) : until;
    waiting.oldest = waiting.oldest ? std::min(*waiting.oldest, copy->taken) : copy->taken;
    if (!is_open(gate, copy->taken))
      shut_out = std::max(shut_out.value_or(copy->taken), copy->taken);
  }
  if (copies.empty()) shut_out = now;
  if (shut_out) waiting.what_would_free_it = what_would_free_it(gate, *shut_out);
  waiting.gate_open = waiting.what_would_free_it.empty();
  return waiting;
}

class Planner {
 public:
  Planner(const Inventory& inventory, const Mark& mark, const Root& root, const Margins& margins,
          const GateEvidence& gate, Time now)
      : inventory_(inventory),
        mark_(mark),
        root_(root),
        margins_(margins),
        gate_(gate),
        now_(now),
        sizes_(known_sizes(inventory)),
        has_copy_(inventory.digests.size()),
        untagged_(inventory) {
    for (const Quarantined& copy : inventory.quarantined) {
      if (copy.kind == Quarantined::Kind::blob) has_copy_[index_of(copy.digest)] = true;
    }
  }

  Plan run() && {
    plan_manifests();
    plan_blobs();
    plan_empty_repositories();
    plan_layer_links();
    plan_uploads();
    plan_quarantine();
    warn();
    block();
    return std::move(plan_);
  }

 private:
  bool young(Time time) const { return is_young(time, margins_.keep_younger_than, now_); }
  const Digest& digest(DigestId id) const { return inventory_.digests[id]; }

  void plan_blobs() {
    std::vector<bool> unreached(inventory_.digests.size());
    for (const Blob& blob : inventory_.blobs)
      unreached[index_of(blob.digest)] = !mark_.live(blob.digest);
    const auto links = newest_links(inventory_, unreached);

    // What is young keeps what it refers to: it may be the first part of something being pushed.
    Closure closure(inventory_);
    for (const Blob& blob : inventory_.blobs) {
      if (!unreached[index_of(blob.digest)] || !blob.visited || !blob.present) continue;
      const auto link = links.find(blob.digest);
      const bool linked_lately = link != links.end() && young(link->second.modified);
      if (linked_lately || young(blob.modified) || young(blob.directory_modified))
        closure.from(blob.digest, [](DigestId) {});
    }

    for (const Blob& blob : inventory_.blobs) {
      const Why why = mark_.digests[index_of(blob.digest)];
      const std::uint64_t bytes = sizes_[index_of(blob.digest)].value_or(0);
      if (why == Why::pinned) plan_.kept_pinned += bytes;
      if (why == Why::young || why == Why::beginning) plan_.kept_young += bytes;
      if (why == Why::is_protected) plan_.kept_protected += bytes;
      if (why != Why::nothing || !blob.visited || !blob.present) continue;
      if (closure.reached(blob.digest)) {
        plan_.kept_young += blob.bytes;
        continue;
      }
      const auto link = links.find(blob.digest);
      plan_.blobs.push_back(
          {.digest = digest(blob.digest),
           .bytes = blob.bytes,
           .disk_bytes = blob.disk_bytes,
           .written_at = blob.modified,
           .reason = untagged_.reached(blob.digest) ? Reason::untagged : Reason::unreferenced,
           .last_repository = link == links.end() ? "" : link->second.repository->name});
    }
    std::sort(plan_.blobs.begin(), plan_.blobs.end(),
              [](const BlobRemoval& a, const BlobRemoval& b) {
                return a.bytes != b.bytes ? a.bytes > b.bytes : a.digest < b.digest;
              });
  }

  void plan_manifests() {
    for (std::size_t i = 0; i < inventory_.repositories.size(); ++i) {
      const Repository& repository = inventory_.repositories[i];
      std::map<DigestId, std::vector<std::string>> former_tags;
      for (const Tag& tag : repository.tags) {
        for (const auto& [digest, time] : tag.history) {
          auto& tags = former_tags[digest];
          if (tags.empty() || tags.back() != tag.name) tags.push_back(tag.name);
        }
      }
      for (std::size_t k = 0; k < repository.revisions.size(); ++k) {
        const Link& revision = repository.revisions[k];
        const Why why = mark_.repositories[i].revisions[k];
        if (why == Why::outside_tags) ++plan_.kept_outside_tags;
        if (why != Why::nothing || revision.state != LinkState::present) continue;
        untagged_.from(revision.name, [](DigestId) {});
        plan_.manifests.push_back({repository.name,
                                   digest(revision.name),
                                   Reason::untagged,
                                   std::move(former_tags[revision.name]),
                                   {revision.modified, revision.inode}});
      }
    }
  }

  // Neither bytes nor a copy of them: no directory below blobs/, or one that was looked into and
  // found empty.
  bool is_gone(DigestId id) const {
    const Blob* blob = inventory_.blob(id);
    return !blob || (blob->visited && !blob->present && !has_copy_[index_of(id)]);
  }

  void plan_layer_links() {
    for (std::size_t i = 0; i < inventory_.repositories.size(); ++i) {
      const Repository& repository = inventory_.repositories[i];
      const bool whole = goes(plan_, repository.name);
      for (const Link& link : repository.layers) {
        if (link.state != LinkState::present) continue;
        if (whole ||
            (margins_.prune_layer_links && !mark_.repositories[i].pinned && leads_nowhere(link)))
          plan_.layer_links.push_back(
              {repository.name, digest(link.name), {link.modified, link.inode}});
      }
    }
  }

  // Neither it nor what it names is there, needed, or young.
  bool leads_nowhere(const Link& link) const {
    return !young(link.modified) && !mark_.live(link.name) && !mark_.live(link.target) &&
           is_gone(link.name) && is_gone(link.target);
  }

  void plan_uploads() {
    if (!margins_.purge_uploads) return;
    for (const Repository& repository : inventory_.repositories) {
      for (const Upload& upload : repository.uploads) {
        if (!upload.started) continue;  // unknown is young
        if (is_young(std::max(*upload.started, upload.newest), *margins_.purge_uploads, now_))
          continue;
        plan_.uploads.push_back(
            {repository.name, upload.uuid, *upload.started, upload.newest, upload.bytes});
      }
    }
    for (const Stray& stray : inventory_.strays) {
      if (stray.kind == Stray::Kind::temporary &&
          !is_young(stray.modified, *margins_.purge_uploads, now_))
        plan_.leftovers.push_back({stray.path, stray.modified});
    }
  }

  void plan_empty_repositories() {
    if (!margins_.prune_empty_repositories) return;
    for (std::size_t i = 0; i < inventory_.repositories.size(); ++i) {
      const Repository& repository = inventory_.repositories[i];
      const auto recent = [&](const Link& link) { return young(link.modified); };
      if (!holds_nothing(i) || young(repository.directories_modified) ||
          std::any_of(repository.revisions.begin(), repository.revisions.end(), recent) ||
          std::any_of(repository.layers.begin(), repository.layers.end(), recent))
        continue;
      plan_.empty_repositories.push_back(repository.name);
    }
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
           repository.uploads.empty() &&
           std::none_of(repository.revisions.begin(), repository.revisions.end(), is_manifest) &&
           std::none_of(repository.layers.begin(), repository.layers.end(), is_needed_alias);
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

  // A layer link whose layer is there goes only together with its repository.
  bool may_go(const Quarantined& copy) const {
    return copy.kind != Quarantined::Kind::layer_link || copy.duplicate || is_gone(copy.digest) ||
           goes(plan_, inventory_.repositories[copy.repository].name);
  }

  // The tags of the copy's repository whose history names it, and that do not point to it.
  std::vector<std::string> former_tags(const Quarantined& copy) const {
    std::vector<std::string> names;
    if (copy.kind != Quarantined::Kind::revision_link || copy.duplicate) return names;
    for (const Tag& tag : inventory_.repositories[copy.repository].tags) {
      const auto is_copy = [&](const auto& entry) { return entry.first == copy.digest; };
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

  void plan_quarantine() {
    Copies waiting, unpurged;
    for (auto at = inventory_.quarantined.begin(); at != inventory_.quarantined.end(); ++at) {
      const Quarantined& copy = *at;
      const bool blob = copy.kind == Quarantined::Kind::blob;
      const std::string repository = blob ? "" : inventory_.repositories[copy.repository].name;
      const Why why = why_restore(copy);
      const bool held = is_young(copy.taken, margins_.hold, now_);
      if (why != Why::nothing && !has_newer_copy(at)) {
        plan_.restore.push_back(
            {{copy.kind, repository, digest(copy.digest), copy.taken, copy.run}, why});
      } else if (why == Why::nothing && !held && is_open(gate_, copy.taken) && may_go(copy)) {
        plan_.purge.push_back(
            {.copy = {copy.kind, repository, digest(copy.digest), copy.taken, copy.run},
             .bytes = copy.bytes,
             .disk_bytes = copy.disk_bytes,
             .duplicate = copy.duplicate,
             .former_tags = former_tags(copy)});
        unpurged.push_back(&copy);
      } else {
        waiting.push_back(&copy);
        unpurged.push_back(&copy);
      }
    }
    plan_.waiting = waiting_of(waiting, margins_, gate_, now_);
    plan_.waiting_unpurged = waiting_of(unpurged, margins_, gate_, now_);
  }

  void warn(std::string code, std::string message, std::string path = {}, std::string hint = {}) {
    plan_.warnings.push_back({.code = std::move(code),
                              .message = std::move(message),
                              .path = std::move(path),
                              .hint = std::move(hint)});
  }

  void warn() {
    const bool pins = margins_.on_damage == OnDamage::pin;
    auto& damages = pins ? plan_.warnings : plan_.blockers;
    const auto report = [&](const Damage& damage, const std::string& repository) {
      Message message{
          .code = damage.rule,
          .message =
              (damage.rule.starts_with("manifest") ? "a manifest " : "a link ") + damage.found,
          .path = damage.path,
          .repository = repository,
          .hint =
              pins ? "everything its repositories link is kept; regctl-audit shows what is broken"
                   : "repair it, or let --on-damage=pin keep its repositories whole"};
      if (damage.digest) message.digest = digest(*damage.digest);
      damages.push_back(std::move(message));
    };
    for (const Repository& repository : inventory_.repositories) {
      for (const Damage& damage : repository.damage) report(damage, repository.name);
    }
    for (const Document& document : inventory_.documents) {
      for (const Damage& damage : document.damage) report(damage, "");
    }
    for (const Repository& repository : inventory_.repositories) {
      for (const Tag& tag : repository.tags) {
        if (tag.state != LinkState::pending || young(tag.modified)) continue;
        warn("tag-without-link",
             "tag " + cli::printable(tag.name) + " of " + cli::printable(repository.name) +
                 " has no current link; all it ever pointed to is kept",
             layout::tag(repository.name, tag.name), "push or delete the tag");
      }
    }
    for (const Stray& stray : inventory_.strays) {
      switch (stray.kind) {
        case Stray::Kind::temporary:
          break;
        case Stray::Kind::unexpected:
          warn("unexpected-file", "no registry writes this", stray.path);
          break;
        case Stray::Kind::misplaced_blob:
          warn("blob-misplaced", "is not where a registry looks for a blob; left alone",
               stray.path);
          break;
        case Stray::Kind::illegal_name:
          warn("illegal-name", "no registry accepts this name; treated as a repository",
               stray.path);
          break;
      }
    }
    for (const std::string& glob : mark_.idle_protect)
      warn("protect-idle", "--protect " + cli::printable(glob) + " matches no repository", {},
           "check the spelling");
    if (mark_.roots_of_unknown_repositories)
      warn("roots-repository-unknown",
           std::to_string(mark_.roots_of_unknown_repositories) +
               " lines of --roots name repositories that are not in this store; their digests "
               "count in every repository",
           {}, "write the repository as the registry calls it, without the registry's host");
    warn_of_gate();
    if (margins_.delete_untagged) warn_of_tags();
  }

  // What the operator says of registries, and is not so.
  void warn_of_gate() {
    auto contradiction = contradiction_of_no_cache(gate_);
    for (const Quarantined& copy : inventory_.quarantined) {
      if (!contradiction) contradiction = contradiction_of_restart(gate_, copy.taken);
    }
    if (contradiction) warn(contradiction->code, contradiction->message, {}, contradiction->hint);
    if (!gate_.offline && margins_.hold < kShortHold)
      warn("hold-short",
           "a push that takes longer than --hold may rely on what is purged meanwhile", {},
           "an hour is short; the default is 20h");
    for (const RegistryProcess& process : gate_.found.processes) {
      if (process.certain || (!gate_.offline && !process.collecting)) continue;
      warn("registry-in-doubt",
           std::string("a registry is running that may ") +
               (process.collecting ? "collect garbage in" : "serve") + " this storage (pid " +
               std::to_string(process.pid) + ", " + cli::printable(process.configuration) +
               "): " + cli::printable(process.doubt),
           {}, "make sure that it does not, or stop it");
    }
  }

  // What --delete-untagged cannot rely on.
  void warn_of_tags() {
    for (const Repository& repository : inventory_.repositories) {
      for (const Tag& tag : repository.tags) {
        if (!tag.target) continue;
        const Link* revision = link_named(repository.revisions, *tag.target);
        if (revision && revision->state != LinkState::pending) continue;
        warn("tag-dangling",
             "tag " + cli::printable(tag.name) + " of " + cli::printable(repository.name) +
                 " points to no manifest there; all it ever pointed to is kept",
             layout::tag_current_link(repository.name, tag.name), "push or delete the tag");
      }
    }
    for (std::size_t i = 0; i < inventory_.repositories.size(); ++i) {
      if (!mark_.repositories[i].tags_unknown) continue;
      warn("tags-unknown",
           cli::printable(inventory_.repositories[i].name) +
               " has manifests, but its tags are missing or cannot be read; it is left alone",
           layout::repository(inventory_.repositories[i].name));
    }
  }

  void refuse(std::string code, std::string message, std::string hint, std::string path = {}) {
    plan_.blockers.push_back({.code = std::move(code),
                              .message = std::move(message),
                              .path = std::move(path),
                              .hint = std::move(hint)});
  }

  void block() {
    for (const Obstacle& obstacle : inventory_.obstacles) {
      refuse(obstacle.code,
             (obstacle.code == "read-error" ? "part of the storage cannot be read: "
                                            : "part of the storage ") +
                 obstacle.reason,
             obstacle.code == "symlink-in-tree"
                 ? "links are not followed: mount the directory there instead (mount --bind)"
             : obstacle.code == "read-error"
                 ? "run as the user that owns the storage; if that is so, look at the disk"
                 : "what may be hidden there cannot be known; move it out of the tree",
             obstacle.path);
    }
    if (root_.owned_by_database)
      refuse("database-in-use",
             "this storage belongs to a registry that keeps its references in a database (GitLab)",
             "use that registry's own garbage collection; the files do not tell what is in use");
    if (root_.is_fuse())
      refuse("fuse", "the storage is on a FUSE file system, where a rename is a copy and a delete",
             "run where the files really are");
    for (const std::string& mount : root_.empty_mounts)
      refuse("empty-mount", mount + " is a mount point with nothing in it",
             "mount the volume that belongs there", mount);
    block_half_stores();
    if (margins_.uploads_idle && !read_only_process_found(gate_.found)) block_uploads();
    block_registries();
    if (margins_.delete_untagged) block_untagged();
    brake();
  }

  // Deleting through the registry's API leaves the directory of a revision link behind; the link is
  // what counts.
  static bool is_link(const Link& revision) { return revision.state != LinkState::pending; }

  bool has_references() const {
    const auto points_anywhere = [](const Tag& tag) {
      return tag.state != LinkState::pending || !tag.history.empty();
    };
    return std::any_of(
        inventory_.repositories.begin(), inventory_.repositories.end(),
        [&](const Repository& repository) {
          return std::any_of(repository.revisions.begin(), repository.revisions.end(), is_link) ||
                 std::any_of(repository.tags.begin(), repository.tags.end(), points_anywhere);
        });
  }

  void block_half_stores() {
    if (has_references() && inventory_.blobs.empty())
      refuse("blobs-missing", "there are manifests and tags, but no blobs",
             "is the volume with blobs/ mounted?", "blobs");
    if (inventory_.repositories.empty() && !inventory_.blobs.empty())
      refuse("repositories-missing",
             "there are blobs, but no repositories: every blob would look like garbage",
             "is the volume with repositories/ mounted, the backup complete?", "repositories");
  }

  // An upload that is being written to says that the registry is neither stopped nor read-only.
  void block_uploads() {
    for (const Repository& repository : inventory_.repositories) {
      for (const Upload& upload : repository.uploads) {
        if (!is_young(upload.newest, *margins_.uploads_idle, now_)) continue;
        refuse("upload-in-progress",
               "an upload to " + cli::printable(repository.name) +
                   " was written to a moment ago: is the registry really stopped?",
               "stop it, or make it read-only, and wait for --uploads-idle; or leave out --offline",
               layout::join(layout::repository(repository.name),
                            layout::join(layout::kUploads, upload.uuid)));
      }
    }
  }

  void block_registries() {
    for (const RegistryProcess& process : gate_.found.processes) {
      std::string which = "(pid " + std::to_string(process.pid) + ", ";
      which.append(cli::printable(process.configuration)).append(")");
      if (process.collecting && process.certain)
        refuse("upstream-collector",
               "the registry's own garbage-collect is running on this storage " + which,
               "wait for its end; it removes what is in quarantine");
      if (gate_.offline && process.certain && !process.collecting && !is_read_only(process))
        refuse(
            "registry-serving",
            "a registry that serves this storage is running " + which + " and " +
                (process.proxy           ? "is a pull-through cache, which always writes"
                 : process.doubt.empty() ? "is not read-only"
                                         : cli::printable(process.doubt)),
            process.proxy
                ? "stop it, or leave out --offline"
                : "stop it, restart it with storage.maintenance.readonly, or leave out --offline");
    }
  }

  void block_untagged() {
    if (root_.pull_through_cache)
      refuse("pull-through-cache",
             "this is the store of a pull-through cache, which expires its manifests itself",
             "leave out --delete-untagged");
    // Times of the newest tag, and of the newest revision that no index names as a child.
    std::optional<Time> tagged, pushed;
    bool any_revision = false;
    const std::vector<bool> child = children_of_indexes(inventory_);
    for (const Repository& repository : inventory_.repositories) {
      for (const Tag& tag : repository.tags) {
        if (tag.state == LinkState::present && tag.modified <= now_)
          tagged = std::max(tagged.value_or(tag.modified), tag.modified);
      }
      for (const Link& link : repository.revisions) {
        if (link.state != LinkState::present) continue;
        any_revision = true;
        if (!child[index_of(link.name)])
          pushed = std::max(pushed.value_or(link.modified), link.modified);
      }
    }
    if (any_revision && !tagged)
      refuse("no-tags",
             "there are manifests, but not one tag in the whole store: every manifest would look "
             "untagged",
             "Harbor keeps tags in its database; leave out --delete-untagged, or list all its "
             "digests with --roots");
    if (tagged && pushed && *pushed - *tagged > kTagsLookDead)
      refuse("tags-look-dead",
             "the newest tag is more than 7 days older than the newest manifest: does this "
             "registry still write tags?",
             "Harbor 2.15 and later do not. If this one does, push or move any tag to show it");
  }

  // Whether too much would go; the message gives the exact value that would pass.
  void brake() {
    if (plan_.blobs.empty() && plan_.manifests.empty()) return;
    std::uint64_t bytes = 0, total = 0, present = 0;
    for (const BlobRemoval& blob : plan_.blobs) bytes += blob.bytes;
    for (const Blob& blob : inventory_.blobs) {
      if (blob.visited && !blob.present) continue;
      ++present;
      total += sizes_[index_of(blob.digest)].value_or(0);
    }
    if (plan_.blobs.size() == present && has_references() && present > 0) {
      refuse("takes-everything",
             "every blob of the store would go, although there are manifests or tags",
             "look at why nothing is reachable; no option overrides this");
      return;
    }
    const auto percent_up = [](std::uint64_t part, std::uint64_t whole) {
      return whole == 0 ? 0 : (part * 100 + whole - 1) / whole;  // exact up to 184 PB
    };
    const MaxDelete& limit = margins_.max_delete;
    switch (limit.unit) {
      case MaxDelete::Unit::blobs:
        over(plan_.blobs.size(), limit.value, " blobs would go, more than ", "");
        break;
      case MaxDelete::Unit::bytes:
        over(bytes, limit.value, " bytes would go, more than ", "B");
        break;
      case MaxDelete::Unit::percent: {
        std::uint64_t revisions = 0;
        for (const Repository& repository : inventory_.repositories)
          revisions += repository.count_manifests();
        const std::uint64_t of_bytes = percent_up(bytes, total),
                            of_revisions = percent_up(plan_.manifests.size(), revisions);
        over(std::max(of_bytes, of_revisions), limit.value,
             of_bytes >= of_revisions ? "% of all blob bytes would go, more than "
                                      : "% of all manifests would go, more than ",
             "%");
      }
    }
  }

  void over(std::uint64_t value, std::uint64_t limit, const std::string& text,
            const std::string& suffix) {
    if (value <= limit) return;
    refuse("max-delete",
           std::to_string(value) + text + "--max-delete " + std::to_string(limit) + suffix,
           "look at the plan; if it is right:  --max-delete " + std::to_string(value) + suffix);
  }

  const Inventory& inventory_;
  const Mark& mark_;
  const Root& root_;
  const Margins& margins_;
  const GateEvidence& gate_;
  Time now_;
  std::vector<std::optional<std::uint64_t>> sizes_;
  std::vector<bool> has_copy_;  // by DigestId: of the blob, in quarantine
  Closure untagged_;            // what the manifests planned so far reach
  Plan plan_;
};

}  // namespace

Plan make_plan(const Inventory& inventory, const Mark& mark, const Root& root,
               const Margins& margins, const GateEvidence& gate, Time now) {
  return Planner(inventory, mark, root, margins, gate, now).run();
}

bool purges_anything(const Plan& plan) {
  return !plan.purge.empty() || !plan.uploads.empty() || !plan.leftovers.empty() ||
         !plan.empty_repositories.empty();
}

bool goes(const Plan& plan, const std::string& repository) {
  return std::binary_search(plan.empty_repositories.begin(), plan.empty_repositories.end(),
                            repository);
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

Plan only_give_back(Plan plan) {
  std::erase_if(plan.blockers, is_brake);
  return {.restore = std::move(plan.restore),
          .waiting = plan.waiting_unpurged,
          .waiting_unpurged = plan.waiting_unpurged,
          .blockers = std::move(plan.blockers),
          .warnings = std::move(plan.warnings)};
}

Plan plan_restoration(const Inventory& inventory, const std::string& run, const Margins& margins,
                      const GateEvidence& gate, Time now) {
  Plan plan;
  Copies waiting;
  const Quarantined* last =
      nullptr;  // copies of one object follow one another, the newest at the end
  const auto is_same_object = [](const Quarantined& a, const Quarantined& b) {
    return std::tie(a.kind, a.digest, a.repository) == std::tie(b.kind, b.digest, b.repository);
  };
  const auto give_back = [&](const Quarantined& copy) {
    const bool blob = copy.kind == Quarantined::Kind::blob;
    plan.restore.push_back({{copy.kind, blob ? "" : inventory.repositories[copy.repository].name,
                             inventory.digests[copy.digest], copy.taken, copy.run},
                            Why::returned});
  };
  for (const Quarantined& copy : inventory.quarantined) {
    if (copy.duplicate || (!run.empty() && copy.run != run)) {
      waiting.push_back(&copy);
      continue;
    }
    if (last) is_same_object(*last, copy) ? waiting.push_back(last) : give_back(*last);
    last = &copy;
  }
  if (last) give_back(*last);
  plan.waiting_unpurged = waiting_of(waiting, margins, gate, now);
  if (!run.empty() && plan.restore.empty())
    plan.warnings.push_back(
        {.code = "run-unknown",
         .message = "nothing in quarantine was taken by run " + cli::printable(run),
         .hint = "find -name '*.regctl-gc.*' shows the runs"});
  return plan;
}

std::vector<DigestId> what_to_survey(const Inventory& inventory, const Mark& mark) {
  const auto sizes = known_sizes(inventory);
  std::vector<DigestId> digests;
  for (const Blob& blob : inventory.blobs) {
    if (!mark.live(blob.digest) || !sizes[index_of(blob.digest)]) digests.push_back(blob.digest);
  }
  return digests;
}

}  // namespace regctl::gc
