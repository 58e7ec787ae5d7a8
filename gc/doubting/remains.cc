#include "gc/doubting/remains.h"

#include <algorithm>

namespace regctl::gc::second {
namespace {

using State = Link::State;

const Repository& repository_of(const Facts& facts, const std::string& name) {
  return facts.reading.repositories.at(name);
}

const Revision* revision_of(const Facts& facts, const std::string& name, Id id) {
  return repository_of(facts, name).revision(id);
}
// Null also where the tag points to nothing.
const Revision* revision_of(const Facts& facts, const std::string& name, const Tag& tag) {
  return tag.target ? revision_of(facts, name, *tag.target) : nullptr;
}

bool has_bytes(const Facts& facts, Id id) {
  const Paper* paper = facts.reading.paper(id);
  return !paper || !paper->missing;
}

// A revision through which a registry finds the manifest, or is about to.
bool serves(const Facts& facts, const Revision& revision) {
  if (revision.state == State::absent) return is_awaited(facts, revision);
  return has_bytes(facts, revision.name);
}

bool is_listed(const Facts& facts, const std::string& name, const Tag& tag) {
  return tag.target && is_listed(facts, name, *tag.target);
}

// A push makes the directories of a tag before its links.
bool may_be_getting_its_link(const Facts& facts, const Tag& tag) {
  constexpr Duration kWhile = std::chrono::hours(1);
  return !tag.target && regctl::is_young(tag.latest, kWhile, facts.circumstances.now);
}

bool is_young_tag(const Facts& facts, const Tag& tag) {
  return may_be_getting_its_link(facts, tag) || is_young(facts, tag.latest) ||
         std::any_of(tag.history.begin(), tag.history.end(),
                     [&](const auto& entry) { return is_young(facts, entry.second); });
}

Cause because(Ground ground, const std::string& name, const Tag& tag) {
  return {.ground = ground, .repository = name, .tag = tag.name};
}

// Signs and the like are pushed after what they refer to: what is not there, and is not just being
// pushed, has gone. In this repository, where that shows; else in all.
bool has_gone(const Facts& facts, const std::string& name, Id image) {
  if (const Revision* revision = revision_of(facts, name, image))
    return revision->state == State::absent && !is_awaited(facts, *revision);
  return !facts.linked.contains(image);
}

// By sha256-HEX, or sha256-HEX and a dot and more.
std::optional<Digest> image_in_name(const Tag& tag) {
  const std::size_t dot = std::min(tag.name.find('.'), tag.name.size());
  std::string digest = tag.name.substr(0, dot);
  if (digest.size() <= 6 || digest.compare(0, 7, "sha256-") != 0) return std::nullopt;
  digest[6] = ':';
  return Digest::parse(digest);
}

bool refers_to_what_has_gone(const Facts& facts, const std::string& name, const Tag& tag) {
  const auto image = image_in_name(tag);
  if (!image) return false;
  const auto id = facts.reading.names.find(*image);
  return !id || has_gone(facts, name, *id);
}

bool is_orphan(const Facts& facts, const std::string& name, const Tag& tag) {
  if (!tag.target || is_protected(facts, name) || !refers_to_what_has_gone(facts, name, tag))
    return false;
  const Revision* revision = revision_of(facts, name, tag);
  return !revision || !is_young(facts, revision->latest);
}

bool can_be_pulled(const Facts& facts, const std::string& name, const Tag& tag) {
  const Revision* revision = revision_of(facts, name, tag);
  return revision && serves(facts, *revision);
}

// It points to nothing now, or to something that neither this repository nor it has had: then what
// is meant may be what it pointed to before.
bool has_lost_something(const Facts& facts, const std::string& name, const Tag& tag) {
  if (!tag.target) return !tag.history.empty();
  if (revision_of(facts, name, tag)) return false;
  const bool knows_it = std::any_of(tag.history.begin(), tag.history.end(),
                                    [&](const auto& entry) { return entry.first == *tag.target; });
  return !knows_it || has_bytes(facts, *tag.target);
}

// What it points to was taken before it was written.
bool asks_for_a_copy(const Facts& facts, const std::string& name, const Tag& tag) {
  if (!tag.target) return false;
  const Revision* revision = revision_of(facts, name, tag);
  if (revision && revision->copy && came_back(facts, *revision->copy, tag.modified)) return true;
  const auto copies = facts.storage.copies_of_data(facts.reading.names[*tag.target]);
  return std::any_of(copies.begin(), copies.end(), [&](const std::string& copy) {
    return came_back(facts, *layout::parse_quarantine_name(copy), tag.modified);
  });
}

// In a pull-through cache: neither requested nor fetched for as long as the policy says.
bool is_unused(const Facts& facts, const std::string& name, const Tag& tag) {
  const Revision* revision = revision_of(facts, name, tag);
  return is_unused_since(facts, tag.modified) &&
         (!revision ||
          (!is_awaited(facts, *revision) && is_unused_since(facts, revision->modified))) &&
         !asks_for_a_copy(facts, name, tag);
}

bool is_in_place(const Facts& facts, const std::string& name, const Tag& tag) {
  const Revision* revision = revision_of(facts, name, tag);
  return revision && revision->state != State::quarantined;
}

// What a signature's tag points to went with it.
bool may_wait(const Facts& facts, const Tag& tag) {
  return !facts.circumstances.policy.cache_unused && image_in_name(tag).has_value();
}

}  // namespace

std::optional<Cause> why_tag_stays(const Facts& facts, const std::string& name, const Tag& tag) {
  if (const auto doubt = facts.doubts.find(name); doubt != facts.doubts.end())
    return doubt->second.why;
  if (is_young_tag(facts, tag)) return because(Ground::young, name, tag);
  if (is_listed(facts, name, tag)) return because(Ground::listed, name, tag);
  const Policy& policy = facts.circumstances.policy;
  if (is_unused(facts, name, tag)) return std::nullopt;
  if (!policy.takes_tags()) return because(Ground::tags_stay, name, tag);
  const bool is_dead = !can_be_pulled(facts, name, tag) && !has_lost_something(facts, name, tag);
  if (policy.prune_dead_tags && is_dead) return std::nullopt;
  if (policy.prune_orphaned_referrers && is_orphan(facts, name, tag)) return std::nullopt;
  return because(Ground::in_use, name, tag);
}

std::optional<Cause> why_tag_comes_back(const Facts& facts, const std::string& name,
                                        const TagCopy& copy) {
  const auto& tags = repository_of(facts, name).tags;
  const auto has_its_name = [&](const Tag& tag) { return tag.name == copy.tag.name; };
  if (std::any_of(tags.begin(), tags.end(), has_its_name)) return std::nullopt;
  if (copy.tag.target &&
      came_back(facts, {"", copy.quarantine.taken, copy.quarantine.run}, copy.tag.modified))
    return because(Ground::written_again, name, copy.tag);
  if (const auto doubt = facts.doubts.find(name); doubt != facts.doubts.end())
    return doubt->second.why;
  if (is_listed(facts, name, copy.tag)) return because(Ground::listed, name, copy.tag);
  const bool is_alive = can_be_pulled(facts, name, copy.tag) &&
                        !refers_to_what_has_gone(facts, name, copy.tag) &&
                        (is_in_place(facts, name, copy.tag) || may_wait(facts, copy.tag));
  return is_alive ? std::optional(because(Ground::in_use, name, copy.tag)) : std::nullopt;
}

std::set<Id> orphans_of(const Facts& facts, const std::string& name) {
  std::set<Id> orphans;
  if (!facts.circumstances.policy.prune_orphaned_referrers) return orphans;
  const Repository& repository = repository_of(facts, name);
  for (const Tag& tag : repository.tags) {
    if (is_let_go(facts, name, tag) && is_orphan(facts, name, tag)) orphans.insert(*tag.target);
  }
  for (const TagCopy& copy : repository.tag_copies) {
    if (copy.tag.target && refers_to_what_has_gone(facts, name, copy.tag))
      orphans.insert(*copy.tag.target);
  }
  const auto refers_to_none = [&](Id id) {
    const Paper* paper = facts.reading.paper(id);
    const auto is_none = [&](Id subject) {
      return orphans.contains(subject) || has_gone(facts, name, subject);
    };
    return paper && !paper->subjects.empty() &&
           std::all_of(paper->subjects.begin(), paper->subjects.end(), is_none);
  };
  for (std::size_t before = orphans.size() + 1; before != orphans.size();) {
    before = orphans.size();
    for (const Revision& revision : repository.revisions) {
      if (refers_to_none(revision.name)) orphans.insert(revision.name);
    }
  }
  return orphans;
}

bool is_let_go(const Facts& facts, const std::string& name, const Tag& tag) {
  return facts.taken_tags.contains({name, tag.name}) && !why_tag_stays(facts, name, tag);
}

}  // namespace regctl::gc::second
