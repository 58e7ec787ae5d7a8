#include "registry/marking/mark.h"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "registry/closure.h"
#include "registry/layout.h"
#include "registry/marking/ages.h"
#include "registry/marking/listed.h"
#include "registry/marking/spent_tags.h"

namespace regctl {
namespace {

constexpr Duration kOutsideTags = std::chrono::hours(1);

// By DigestId: damaged documents and every document that reaches one; but for what is given up.
std::vector<bool> reaches_damage(const Inventory& inventory, const Closure& closure,
                                 const std::vector<bool>& given_up) {
  std::vector<bool> doubtful(inventory.digests.size());
  std::vector<DigestId> open;
  const auto add = [&](DigestId id) {
    if (doubtful[index_of(id)]) return;
    doubtful[index_of(id)] = true;
    open.push_back(id);
  };
  for (const Document& document : inventory.documents) {
    const bool damaged = document.state == Document::State::damaged;
    if (damaged && !given_up[index_of(document.digest)]) add(document.digest);
  }
  if (open.empty()) return doubtful;
  std::multimap<DigestId, DigestId> referrers_of;
  for (const Document& document : inventory.documents) {
    for (const Reference& reference : document.references)
      referrers_of.emplace(reference.to, document.digest);
  }
  for (const auto& [name, target] : closure.aliases()) referrers_of.emplace(target, name);
  while (!open.empty()) {
    const DigestId id = open.back();
    open.pop_back();
    const auto [first, last] = referrers_of.equal_range(id);
    for (auto referrer = first; referrer != last; ++referrer) add(referrer->second);
  }
  return doubtful;
}

bool links_any(const Repository& repository, const std::vector<bool>& digests) {
  const auto is_one = [&](DigestId id) { return digests[index_of(id)]; };
  const auto links_one = [&](const Link& link) { return is_one(link.name) || is_one(link.target); };
  const auto points_to_one = [&](const Tag& tag) {
    return (tag.target && is_one(*tag.target)) ||
           std::any_of(tag.history.begin(), tag.history.end(),
                       [&](const TagEntry& entry) { return is_one(entry.digest); });
  };
  return std::any_of(repository.revisions.begin(), repository.revisions.end(), links_one) ||
         std::any_of(repository.layers.begin(), repository.layers.end(), links_one) ||
         std::any_of(repository.named_layers.begin(), repository.named_layers.end(), is_one) ||
         std::any_of(repository.tags.begin(), repository.tags.end(), points_to_one);
}

class Marker {
 public:
  Marker(const Inventory& inventory, const Policy& policy, Time now, const ThisRun& this_run)
      : inventory_(inventory),
        policy_(policy),
        now_(now),
        this_run_(this_run),
        closure_(inventory),
        listed_(inventory, policy),
        tags_(inventory, policy, now, this_run, listed_) {
    mark_.digests.resize(inventory.digests.size());
    mark_.given_up.resize(inventory.digests.size());
    mark_.repositories.resize(inventory.repositories.size());
    mark_.quarantined_tags.resize(inventory.quarantined_tags.size());
  }

  Mark run() && {
    find_facts();
    give_up();
    pin();
    judge_tags();
    for (std::size_t i = 0; i < inventory_.repositories.size(); ++i) keep_revisions(i);
    for (std::size_t i = 0; i < inventory_.repositories.size(); ++i) root_repository(i);
    root_listed();
    for (DigestId id : returned_) root(id, Why::returned);
    spread();
    note_idle_protect();
    return std::move(mark_);
  }

 private:
  bool young(Time time) const { return is_young(time, policy_.keep_younger_than, now_); }

  // What is missing is given up only where every link to it is old and sound.
  void give_up() {
    if (!policy_.prune_broken_manifests) return;
    for (const Document& document : inventory_.documents)
      mark_.given_up[index_of(document.digest)] = document.is_missing();
    for (const Repository& repository : inventory_.repositories) {
      for (const Link& revision : repository.revisions) {
        if (revision.state != LinkState::damaged && !young(newest_time(revision))) continue;
        for (const DigestId id : {revision.name, revision.target})
          mark_.given_up[index_of(id)] = false;
      }
    }
    for (const DigestId id : listed_.all()) mark_.given_up[index_of(id)] = false;
  }

  void pin() {
    const auto doubtful = reaches_damage(inventory_, closure_, mark_.given_up);
    for (std::size_t i = 0; i < inventory_.repositories.size(); ++i) {
      const Repository& repository = inventory_.repositories[i];
      mark_.repositories[i].pinned = !repository.damage.empty() || links_any(repository, doubtful);
    }
  }

  void judge_tags() {
    for (std::size_t i = 0; i < inventory_.repositories.size(); ++i) {
      const Repository& repository = inventory_.repositories[i];
      RepositoryMark& mark = mark_.repositories[i];
      for (const Tag& tag : repository.tags)
        mark.spent.push_back(!mark.pinned && tags_.is_spent(repository, tag));
    }
    for (std::size_t i = 0; i < inventory_.quarantined_tags.size(); ++i) {
      const QuarantinedTag& copy = inventory_.quarantined_tags[i];
      mark_.quarantined_tags[i] = tags_.why_back(copy, mark_.repositories[copy.repository]);
    }
  }

  // What rules about single repositories need to know of the whole store.
  void find_facts() {
    find_returned();
    child_ = children_of_indexes(inventory_);
    for (const Repository& repository : inventory_.repositories) {
      for (const Tag& tag : repository.tags) {
        if (tag.state == LinkState::present && tag.modified <= now_)
          newest_tag_ = std::max(newest_tag_, tag.modified);
      }
    }
    for (const RootDigest& root : policy_.roots) {
      const auto id = inventory_.digests.find(root.digest);
      if (!id || !is_in_store(*id)) ++mark_.roots_not_in_store;
    }
    mark_.roots_of_unknown_repositories = listed_.of_unknown_repositories();
  }

  // A link written at or after the time of quarantine, or too late for the mark that led to it,
  // says that somebody wanted the object back.
  void find_returned() {
    std::multimap<DigestId, const Quarantined*> copies;
    for (const Quarantined& copy : inventory_.quarantined) {
      if (copy.kind != Quarantined::Kind::layer_link) copies.emplace(copy.digest, &copy);
    }
    if (copies.empty()) return;
    const auto asks = [&](DigestId id, const auto& link) {
      return link.state == LinkState::present && copies.contains(id);
    };
    const auto consider = [&](DigestId id, const SeenLink& link) {
      const auto [first, last] = copies.equal_range(id);
      if (std::any_of(first, last, [&](const auto& copy) { return asks_for(*copy.second, link); }))
        returned_.insert(id);
    };
    for (const Repository& repository : inventory_.repositories) {
      for (const Link& link : repository.layers) {
        for (const DigestId id : {link.name, link.target}) {
          if (asks(id, link))
            consider(id, {layout::layer_link(repository.name, inventory_.digests[link.name]),
                          link.modified, link.inode});
        }
      }
      for (const Link& link : repository.revisions) {
        if (asks(link.name, link))
          consider(link.name,
                   {layout::revision_link(repository.name, inventory_.digests[link.name]),
                    link.modified, link.inode});
      }
      for (const Tag& tag : repository.tags) {
        if (tag.target && asks(*tag.target, tag))
          consider(*tag.target,
                   {layout::tag_current_link(repository.name, tag.name), tag.modified, tag.inode});
      }
    }
    // Old registries write links in place: into the very file that was renamed away.
    for (const auto& [id, copy] : copies) {
      if (copy->kind != Quarantined::Kind::revision_link) continue;
      const std::string key = layout::revision_link(inventory_.repositories[copy->repository].name,
                                                    inventory_.digests[id]);
      if (asks_for(*copy, {key, copy->modified, copy->inode})) returned_.insert(id);
    }
  }

  bool asks_for(const Quarantined& copy, const SeenLink& link) const {
    return was_written_since(copy.run, copy.taken, link, this_run_);
  }

  // Bytes, a link to bytes that are missing, or another name of either.
  bool is_in_store(DigestId id) const {
    const Document* document = inventory_.document(id);
    return inventory_.has_directory(id) ||
           (document && document->state != Document::State::absent) ||
           !aliases_named(id, closure_.aliases()).empty();
  }

  // The newest times by which a revision of this repository may count as young; `other` are those
  // of links elsewhere in the repository that name it.
  Ages ages_of(const Link& revision, Ages other) const {
    other.note(revision);
    if (const Document* document = inventory_.document(revision.name)) other.note(*document);
    if (const Blob* blob = inventory_.blob(revision.name)) {
      other.note(*blob);
      other.modified = std::max(other.modified, blob->directory_modified);
    }
    return other;
  }

  // By revision, the newest times of the repository's other links that name it.
  static std::vector<Ages> ages_of_other_links(const Repository& repository) {
    std::vector<Ages> ages(repository.revisions.size());
    each_named(repository, [&](DigestId id, const auto& link) {
      const Link* revision = link_named(repository.revisions, id);
      if (revision)
        ages[static_cast<std::size_t>(revision - repository.revisions.data())].note(link);
    });
    return ages;
  }

  // Nothing can be pulled through it: an old directory without a link is what deleting a manifest
  // leaves, and what is given up has no bytes. In quarantine that is so whoever asked for it.
  bool leads_nowhere(const RepositoryMark& mark, const Link& revision) const {
    if (revision.state == LinkState::pending) return !young(newest_time(revision));
    if (mark.pinned) return false;
    const Document* document = inventory_.document(revision.name);
    const bool absent = document && document->state == Document::State::absent;
    return mark_.given_up[index_of(revision.name)] ||
           (revision.state == LinkState::quarantined && absent &&
            !returned_.contains(revision.name));
  }

  // Why the revision at `place` is kept by itself, whatever else is kept.
  Why reason_of(const Repository& repository, const RepositoryMark& mark, std::size_t place,
                const Ages& other_links) const {
    const Why why = reason_without_pin(repository, mark, place, other_links);
    return why == Why::nothing && mark.pinned ? Why::pinned : why;
  }

  Why reason_without_pin(const Repository& repository, const RepositoryMark& mark,
                         std::size_t place, const Ages& other_links) const {
    const Link& revision = repository.revisions[place];
    if (listed_.contains(repository, revision.name)) return Why::listed;
    const bool in_quarantine = revision.state == LinkState::quarantined;
    if (is_protected(policy_, repository)) return Why::is_protected;
    if (in_quarantine && returned_.contains(revision.name)) return Why::returned;
    if (leads_nowhere(mark, revision)) return Why::nothing;
    if (revision.state == LinkState::pending) return Why::beginning;
    if (in_quarantine) return Why::nothing;
    const bool asked_for =
        (!mark.orphans.empty() && mark.orphans[place]) || tags_.is_unused(revision.modified);
    if (!asked_for && !policy_.delete_untagged) return Why::revision;
    if (!asked_for && mark.tags_unknown) return Why::tags_unknown;
    const Ages ages = ages_of(revision, other_links);
    if (young(ages.modified)) return Why::young;
    const Document* document = inventory_.document(revision.name);
    const bool refers = asked_for || (document && !document->subjects.empty());
    if (!child_[index_of(revision.name)] && !refers &&
        revision.modified > newest_tag_ + kOutsideTags)
      return Why::outside_tags;
    return young(ages.arrived) ? Why::arrived : Why::nothing;
  }

  // The kept set of one repository: the smallest that holds what reason_of() and the tags name,
  // closed under references and referrers.
  void keep_revisions(std::size_t place) {
    const Repository& repository = inventory_.repositories[place];
    RepositoryMark& mark = mark_.repositories[place];
    mark.revisions.assign(repository.revisions.size(), Why::nothing);
    mark.tags_unknown = repository.count_manifests() > 0 && !repository.has_tags;
    if (policy_.prune_orphaned_referrers) mark.orphans = tags_.orphans_of(place, mark.spent);

    std::unordered_map<DigestId, std::size_t> index;
    std::multimap<DigestId, DigestId> referrers;  // subject -> revision of this repository
    for (std::size_t i = 0; i < repository.revisions.size(); ++i) {
      const DigestId id = repository.revisions[i].name;
      if (leads_nowhere(mark, repository.revisions[i])) continue;
      index.emplace(id, i);
      if (const Document* document = inventory_.document(id)) {
        for (DigestId subject : document->subjects) referrers.emplace(subject, id);
      }
    }

    closure_.restart();
    std::vector<DigestId> waiting;  // referrers of what was reached
    const auto keep = [&](DigestId id, Why why) {
      if (const auto own = index.find(id);
          own != index.end() && mark.revisions[own->second] == Why::nothing)
        mark.revisions[own->second] = why;
      closure_.from(id, [&](DigestId reached) {
        if (const auto own = index.find(reached);
            own != index.end() && mark.revisions[own->second] == Why::nothing)
          mark.revisions[own->second] = Why::reference;
        const auto [first, last] = referrers.equal_range(reached);
        for (auto referrer = first; referrer != last; ++referrer)
          waiting.push_back(referrer->second);
      });
    };
    for (const QuarantinedTag* copy : tags_back_in(place)) {
      if (copy->tag.target) keep(*copy->tag.target, Why::tagged);
    }
    for (std::size_t i = 0; i < repository.tags.size(); ++i) {
      const Tag& tag = repository.tags[i];
      if (mark.spent[i]) continue;
      if (tag.target) keep(*tag.target, Why::tagged);
      // A target that is no manifest here may be a flipped bit; what the tag pointed to before may
      // be meant.
      if (tag.state == LinkState::present && index.contains(*tag.target)) continue;
      for (const TagEntry& entry : tag.history) keep(entry.digest, Why::tagged);
    }
    const auto other_links = ages_of_other_links(repository);
    for (std::size_t i = 0; i < repository.revisions.size(); ++i) {
      const Link& revision = repository.revisions[i];
      const Why why = reason_of(repository, mark, i, other_links[i]);
      if (why == Why::nothing) continue;
      keep(revision.name, why);
      keep(revision.target, why);
    }
    while (!waiting.empty()) {
      const DigestId referrer = waiting.back();
      waiting.pop_back();
      keep(referrer, Why::referrer);
    }
  }

  // The quarantined tags of the repository that come back.
  std::vector<const QuarantinedTag*> tags_back_in(std::size_t place) const {
    std::vector<const QuarantinedTag*> back;
    for (const QuarantinedTag& copy : tags_.in_quarantine(place)) {
      const auto at = &copy - inventory_.quarantined_tags.data();
      if (mark_.quarantined_tags[static_cast<std::size_t>(at)] != Why::nothing)
        back.push_back(&copy);
    }
    return back;
  }

  void root(DigestId id, Why why) { roots_.emplace_back(why, id); }

  void root_repository(std::size_t place) {
    const Repository& repository = inventory_.repositories[place];
    const RepositoryMark& mark = mark_.repositories[place];
    for (const QuarantinedTag* copy : tags_back_in(place)) {
      if (copy->tag.target) root(*copy->tag.target, Why::tagged);
    }
    for (std::size_t i = 0; i < repository.tags.size(); ++i) {
      const Tag& tag = repository.tags[i];
      if (mark.spent[i]) continue;
      if (tag.target) root(*tag.target, Why::tagged);
      const bool unknown = tag.state != LinkState::present;
      if (!unknown && !mark.pinned) continue;
      for (const TagEntry& entry : tag.history)
        root(entry.digest, unknown ? Why::tagged : Why::pinned);
    }
    for (std::size_t i = 0; i < repository.revisions.size(); ++i) {
      if (mark.revisions[i] == Why::nothing) continue;
      root(repository.revisions[i].name, mark.revisions[i]);
      root(repository.revisions[i].target, mark.revisions[i]);
    }
    if (!mark.pinned) return;
    // Every name stays, even of revisions whose links are gone: deleted, or lost with what is
    // damaged.
    for (const auto* links : {&repository.layers, &repository.revisions}) {
      for (const Link& link : *links) {
        root(link.name, Why::pinned);
        root(link.target, Why::pinned);
      }
    }
    for (const auto* names : {&repository.named_layers, &repository.hinted}) {
      for (DigestId id : *names) root(id, Why::pinned);
    }
  }

  void root_listed() {
    for (DigestId id : listed_.all()) root(id, Why::listed);
  }

  // Good reasons first, so that an indulgence is given as the reason only where there is no other.
  void spread() {
    closure_.restart();
    for (const auto& [why, id] : roots_) {
      if (is_indulgence(why)) continue;
      Why& before = mark_.digests[index_of(id)];
      if (before == Why::nothing) before = why;
    }
    const auto spread_from = [&](DigestId root, Why label) {
      closure_.from(root, [&](DigestId reached) {
        Why& why = mark_.digests[index_of(reached)];
        if (why == Why::nothing) why = label;
      });
    };
    for (const auto& [why, id] : roots_) {
      if (!is_indulgence(why)) spread_from(id, Why::reference);
    }
    for (const Why indulgence : kIndulgences) {
      for (const auto& [why, id] : roots_) {
        if (why == indulgence) spread_from(id, indulgence);
      }
    }
  }

  void note_idle_protect() {
    for (const std::string& glob : policy_.protect) {
      const auto matches = [&](const Repository& repository) {
        return matches_glob(glob, repository);
      };
      if (std::none_of(inventory_.repositories.begin(), inventory_.repositories.end(), matches))
        mark_.idle_protect.push_back(glob);
    }
  }

  const Inventory& inventory_;
  const Policy& policy_;
  Time now_;
  const ThisRun& this_run_;
  Closure closure_;
  const Listed listed_;
  const SpentTags tags_;
  Mark mark_;
  std::vector<bool> child_;  // children_of_indexes()
  Time newest_tag_{};
  std::set<DigestId> returned_;  // from quarantine
  std::vector<std::pair<Why, DigestId>> roots_;
};

}  // namespace

std::vector<bool> children_of_indexes(const Inventory& inventory) {
  std::vector<bool> children(inventory.digests.size());
  for (const Document& document : inventory.documents) {
    for (const Reference& reference : document.references) {
      if (reference.child) children[index_of(reference.to)] = true;
    }
  }
  return children;
}

std::vector<bool> Mark::all_live() const {
  std::vector<bool> live;
  live.reserve(digests.size());
  for (const Why why : digests) live.push_back(why != Why::nothing);
  return live;
}

Mark mark(const Inventory& inventory, const Policy& policy, Time now, const ThisRun& this_run) {
  return Marker(inventory, policy, now, this_run).run();
}

}  // namespace regctl
