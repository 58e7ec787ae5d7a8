#include "gc/doubting/needs.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <string>

#include "gc/doubting/remains.h"

namespace regctl::gc::second {
namespace {

using State = Link::State;

constexpr Duration kOutsideTags = std::chrono::hours(1);

// --- Reaching -----------------------------------------------------------------------------------

// An id that stays by itself, with everything that it names.
struct Root {
  Id id;
  Cause why;
};

struct Reached {
  Id id;
  Label label;
};

// What refers to a subject, by the subject, in one repository.
struct Referrers {
  std::string repository;
  std::multimap<Id, Id> of;
};

// Follows what names what, in rounds. A round reaches an id once, under the root that came first,
// and costs no more than what it reaches.
class Walk {
 public:
  explicit Walk(const Reading& reading) : reading_(reading), labels_(reading.names.size()) {}

  void new_round() {
    before_ = static_cast<Label>(causes_.size());
    order_.clear();
  }

  // Everything that the roots name, at any depth, and that refers to any of it; as far as this
  // round had not reached it, in the order in which it does.
  std::vector<Reached> reach(const std::vector<Root>& roots, const Referrers& referrers = {}) {
    const std::size_t first = order_.size();
    for (const Root& root : roots) spread(root.id, root.why);
    return follow(referrers, first);
  }
  std::vector<Reached> reach(const std::vector<Id>& roots, const Cause& why,
                             const Referrers& referrers = {}) {
    const std::size_t first = order_.size();
    for (const Id id : roots) spread(id, why);
    return follow(referrers, first);
  }

  // Why this round reached it. Null: it did not. Valid until the next change.
  const Cause* why(Id id) const { return is_here(id) ? &causes_[labels_[id] - 1] : nullptr; }
  // Of all rounds.
  std::vector<Cause> causes() && { return std::move(causes_); }

 private:
  // Labels grow: one of an earlier round is not greater than `before_`.
  bool is_here(Id id) const { return labels_[id] > before_; }

  std::vector<Reached> follow(const Referrers& referrers, std::size_t first) {
    const Cause why{.ground = Ground::referrer, .repository = referrers.repository};
    for (std::size_t i = first; i < order_.size(); ++i) {  // grows meanwhile
      const auto [begin, end] = referrers.of.equal_range(order_[i].id);
      for (auto at = begin; at != end; ++at) spread(at->second, why);
    }
    return {order_.begin() + static_cast<std::ptrdiff_t>(first), order_.end()};
  }

  void spread(Id from, const Cause& why) {
    if (is_here(from)) return;
    causes_.push_back(why);
    enter(from);
    while (!open_.empty()) {
      const Id id = open_.back();
      open_.pop_back();
      if (const Paper* paper = reading_.paper(id)) {
        for (const Id mentioned : paper->mentions) enter(mentioned);
      }
      const auto [first, last] = reading_.aliases.equal_range(id);
      for (auto alias = first; alias != last; ++alias) enter(alias->second);
    }
  }

  void enter(Id id) {
    if (is_here(id)) return;
    labels_[id] = static_cast<Label>(causes_.size());
    open_.push_back(id);
    order_.push_back({id, labels_[id]});
  }

  const Reading& reading_;
  Labels labels_;  // of the last round that reached it
  std::vector<Cause> causes_;
  Label before_ = 0;  // the last label of earlier rounds
  std::vector<Id> open_;
  std::vector<Reached> order_;  // of this round
};

// What was reached before keeps its label.
void add(Labels& labels, const std::vector<Reached>& reached) {
  for (const auto& [id, label] : reached) {
    if (labels[id] == 0) labels[id] = label;
  }
}

// --- The roots of one repository ----------------------------------------------------------------

// Named by a young layer link or tag of this repository.
std::set<Id> lately_in(const Facts& facts, const Repository& repository) {
  std::set<Id> ids = repository.lately;
  for (const Tag& tag : repository.tags) ids.merge(lately_tagged(facts, tag));
  return ids;
}

// Nothing can be pulled through it, whatever names it. A copy that somebody wrote to or linked
// since it was taken is no such thing.
bool is_hollow(const Facts& facts, const Revision& revision) {
  if (facts.given_up.contains(revision.name)) return true;
  const Paper* paper = facts.reading.paper(revision.name);
  if (revision.state != State::quarantined || !paper || !paper->missing) return false;
  const auto linked = facts.reading.last_linked.find(facts.reading.names[revision.name]);
  const bool is_linked =
      linked != facts.reading.last_linked.end() && came_back(facts, *revision.copy, linked->second);
  return !is_linked && !came_back(facts, *revision.copy, revision.modified);
}

std::set<Id> revisions_of(const Facts& facts, const Repository& repository) {
  std::set<Id> ids;
  for (const Revision& revision : repository.revisions) {
    const bool counts = revision.state != State::absent || is_awaited(facts, revision);
    if (counts && !is_hollow(facts, revision)) ids.insert(revision.name);
  }
  return ids;
}

// Those that are only awaited will upload what they need.
Referrers referrers_among(const Facts& facts, const std::string& name,
                          const Repository& repository) {
  Referrers referrers{.repository = name};
  for (const Revision& revision : repository.revisions) {
    const Paper* paper = facts.reading.paper(revision.name);
    if (!paper || revision.state == State::absent || is_hollow(facts, revision)) continue;
    for (const Id subject : paper->subjects) referrers.of.emplace(subject, revision.name);
  }
  return referrers;
}

// A target that is no manifest here may be a mistake: the manifests here that the tag reached
// before may be meant.
std::vector<Id> once_tagged(const Facts& facts, const std::string& name,
                            const Repository& repository, const std::set<Id>& revisions,
                            Walk& walk) {
  std::vector<Id> former;
  for (const Tag& tag : repository.tags) {
    if (!tag.target || revisions.contains(*tag.target) || is_let_go(facts, name, tag)) continue;
    for (const auto& [id, time] : tag.history) former.push_back(id);
  }
  walk.new_round();
  std::vector<Id> ids;
  for (const auto& [id, label] : walk.reach(former, {.ground = Ground::dangling_tag})) {
    if (revisions.contains(id)) ids.push_back(id);
  }
  return ids;
}

void add_roots_of(const std::string& name, const Tag& tag, std::vector<Root>& roots) {
  if (tag.target) {
    roots.push_back({*tag.target, {Ground::tag, name, tag.name, {}, {}}});
    return;
  }
  for (const auto& [id, time] : tag.history)
    roots.push_back({id, {Ground::unreadable_tag, name, tag.name, {}, {}}});
}

bool is_outside_tags(const Facts& facts, const Revision& revision) {
  const Paper* paper = facts.reading.paper(revision.name);
  const bool refers = paper && !paper->subjects.empty();
  return !refers && !facts.reading.children.contains(revision.name) &&
         revision.modified > facts.newest_tag + kOutsideTags;
}

// Why a revision whose link is to be taken stays by itself all the same. Empty: it does not.
std::optional<Ground> why_not_taken(const Facts& facts, const Repository& repository,
                                    const Revision& revision, const std::set<Id>& lately,
                                    bool is_orphan) {
  const bool asked_for = is_orphan || is_unused_since(facts, revision.modified);
  if (!asked_for && !facts.circumstances.policy.delete_untagged) return Ground::untagged_stay;
  if (!asked_for && !repository.has_tags) return Ground::tags_unknown;
  if (is_young(facts, revision.latest) || lately.contains(revision.name) ||
      is_young_blob(facts, facts.reading.names[revision.name]))
    return Ground::young;
  if (!asked_for && is_outside_tags(facts, revision)) return Ground::newer_than_tags;
  return std::nullopt;
}

// Why a revision of a repository that is not in doubt stays by itself, whatever else does. Empty:
// it does not.
std::optional<Ground> why_kept(const Facts& facts, const std::string& name,
                               const Repository& repository, const Revision& revision,
                               const std::set<Id>& lately, bool is_orphan) {
  if (is_listed(facts, name, revision.name)) return Ground::listed;
  if (revision.state == State::absent || is_hollow(facts, revision)) return std::nullopt;
  if (is_protected(facts, name)) return Ground::is_protected;
  if (revision.state == State::quarantined) {
    const bool is_back = came_back(facts, *revision.copy, revision.modified);
    return is_back ? std::optional(Ground::written_again) : std::nullopt;
  }
  if (!has(facts.taken, name, revision.name)) return Ground::revision_link;
  return why_not_taken(facts, repository, revision, lately, is_orphan);
}

// All that this repository keeps by itself. `former`: what tags that point to nothing may mean.
std::vector<Root> roots_of(const Facts& facts, const std::string& name,
                           const Repository& repository, const std::vector<Id>& former) {
  std::vector<Root> roots;
  roots.reserve(former.size() + repository.revisions.size());
  for (const Id id : former)
    roots.push_back({id, {.ground = Ground::dangling_tag, .repository = name}});
  for (const Tag& tag : repository.tags) {
    if (!is_let_go(facts, name, tag)) add_roots_of(name, tag, roots);
  }
  for (const TagCopy& copy : repository.tag_copies) {
    if (copy.tag.target && why_tag_comes_back(facts, name, copy))
      add_roots_of(name, copy.tag, roots);
  }
  const auto doubt = facts.doubts.find(name);
  const std::set<Id> lately = lately_in(facts, repository), orphans = orphans_of(facts, name);
  for (const Revision& revision : repository.revisions) {
    if (doubt != facts.doubts.end()) {
      roots.push_back({revision.name, doubt->second.why});
    } else if (const auto ground = why_kept(facts, name, repository, revision, lately,
                                            orphans.contains(revision.name))) {
      roots.push_back({revision.name, {.ground = *ground, .repository = name}});
    }
  }
  return roots;
}

// --- Passes -------------------------------------------------------------------------------------

std::vector<Reached> reach_listed(const Facts& facts, Walk& walk) {
  std::vector<Id> roots;
  for (const RootDigest& root : facts.circumstances.policy.roots)
    roots.push_back(*facts.reading.names.find(root.digest));
  walk.new_round();
  return walk.reach(roots, {.ground = Ground::listed});
}

// To doomed revisions that the round of their repository has reached. A copy beside a new link is
// one too many.
std::vector<Objection> object_to_revisions(const Facts& facts, const std::string& name,
                                           const Repository& repository, const Walk& walk) {
  std::set<Id> in_place, hollow;
  const bool in_doubt = facts.doubts.contains(name);
  for (const Revision& revision : repository.revisions) {
    if (revision.state == State::in_place) in_place.insert(revision.name);
    if (!in_doubt && is_hollow(facts, revision)) hollow.insert(revision.name);
  }
  std::vector<Objection> objections;
  const auto object_to = [&](const IdsByRepository& doomed, bool in_quarantine) {
    const auto own = doomed.find(name);
    if (own == doomed.end()) return;
    for (const Id id : own->second) {
      const Cause* why = walk.why(id);
      if (!why || in_place.contains(id) == in_quarantine) continue;
      if (hollow.contains(id)) continue;
      const Target what{Target::Kind::revision, in_quarantine, name, facts.reading.names[id]};
      objections.push_back({what, *why});
    }
  };
  object_to(facts.taken, false);
  object_to(facts.purged, true);
  return objections;
}

// What one repository reaches.
struct Kept {
  std::vector<Reached> needed, begun;
  std::vector<Objection> to_revisions;
};

Kept keep(const Facts& facts, const std::string& name, const Repository& repository, Walk& walk) {
  const std::set<Id> revisions = revisions_of(facts, repository);
  const Referrers referrers = referrers_among(facts, name, repository);
  const std::vector<Root> roots =
      roots_of(facts, name, repository, once_tagged(facts, name, repository, revisions, walk));
  std::vector<Id> awaited;
  for (const Revision& revision : repository.revisions) {
    if (is_awaited(facts, revision)) awaited.push_back(revision.name);
  }
  Kept kept;
  walk.new_round();
  kept.needed = walk.reach(roots, referrers);
  kept.begun = walk.reach(awaited, {.ground = Ground::begun, .repository = name}, referrers);
  kept.to_revisions = object_to_revisions(facts, name, repository, walk);
  // After that: what is merely linked keeps no revision.
  if (const auto doubt = facts.doubts.find(name); doubt != facts.doubts.end()) {
    const auto linked = walk.reach(doubt->second.linked, doubt->second.why);
    kept.needed.insert(kept.needed.end(), linked.begin(), linked.end());
  }
  return kept;
}

// What something young names that nothing needs: it may be the first part of something that is
// being pushed.
std::vector<Reached> reach_recent(const Facts& facts, const Labels& needed, Walk& walk) {
  std::vector<Root> roots;
  for (const auto& [id, paper] : facts.reading.papers) {
    if (needed[id] != 0 || !paper.in_place) continue;
    const Digest& digest = facts.reading.names[id];
    if (facts.lately.contains(id) || is_young_blob(facts, digest))
      roots.push_back({id, {.ground = Ground::young_namer, .digest = digest}});
  }
  walk.new_round();
  return walk.reach(roots);
}

}  // namespace

Needs find_needs(const Facts& facts) {
  const std::size_t ids = facts.reading.names.size();
  Needs needs{.needed = Labels(ids), .begun = Labels(ids), .recent = Labels(ids)};
  Walk walk(facts.reading);
  add(needs.needed, reach_listed(facts, walk));
  for (const auto& [name, repository] : facts.reading.repositories) {
    Kept kept = keep(facts, name, repository, walk);
    add(needs.needed, kept.needed);
    add(needs.begun, kept.begun);
    std::move(kept.to_revisions.begin(), kept.to_revisions.end(),
              std::back_inserter(needs.to_revisions));
  }
  add(needs.recent, reach_recent(facts, needs.needed, walk));
  needs.causes = std::move(walk).causes();
  return needs;
}

}  // namespace regctl::gc::second
