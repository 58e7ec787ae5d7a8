#include "gc/doubting/tags.h"

#include <algorithm>

namespace regctl::gc::second {
namespace {

using State = Link::State;

const Repository& repository_of(const Facts& facts, const std::string& name) {
  return facts.reading.repositories.at(name);
}

const Revision* revision_of(const Facts& facts, const std::string& name, Id id) {
  const auto& revisions = repository_of(facts, name).revisions;
  const auto at = std::find_if(revisions.begin(), revisions.end(),
                               [&](const Revision& one) { return one.name == id; });
  return at == revisions.end() ? nullptr : &*at;
}

bool has_bytes(const Facts& facts, Id id) {
  const Paper* paper = facts.reading.paper(id);
  return !paper || !paper->missing;
}

// A revision through which a registry finds the manifest, or is about to.
bool serves(const Facts& facts, const Revision& revision) {
  if (revision.state == State::absent) return is_young(facts, revision.latest);
  return has_bytes(facts, revision.name);
}

bool is_listed(const Facts& facts, const std::string& name, Id id) {
  for (const std::string& where : {std::string(), name}) {
    const auto listed = facts.listed.find(where);
    if (listed != facts.listed.end() && listed->second.contains(id)) return true;
  }
  return false;
}

bool is_young_tag(const Facts& facts, const Tag& tag) {
  return is_young(facts, tag.latest) ||
         std::any_of(tag.history.begin(), tag.history.end(),
                     [&](const auto& entry) { return is_young(facts, entry.second); });
}

Cause because(Ground ground, const std::string& name, const Tag& tag) {
  return {.ground = ground, .repository = name, .tag = tag.name};
}

std::optional<Cause> why_in_use(const Facts& facts, const std::string& name, const Tag& tag) {
  if (!tag.target) return std::nullopt;
  if (is_listed(facts, name, *tag.target)) return because(Ground::listed, name, tag);
  const Revision* revision = revision_of(facts, name, *tag.target);
  if (revision && serves(facts, *revision)) return because(Ground::in_use, name, tag);
  return std::nullopt;
}

// It points to nothing now, or to something that neither this repository nor it has had: then what
// is meant may be what it pointed to before.
bool has_lost_something(const Facts& facts, const std::string& name, const Tag& tag) {
  if (!tag.target) return !tag.history.empty();
  if (revision_of(facts, name, *tag.target)) return false;
  const bool knows_it = std::any_of(tag.history.begin(), tag.history.end(),
                                    [&](const auto& entry) { return entry.first == *tag.target; });
  return !knows_it || has_bytes(facts, *tag.target);
}

}  // namespace

std::optional<Cause> why_tag_stays(const Facts& facts, const std::string& name, const Tag& tag) {
  if (const auto doubt = facts.doubts.find(name); doubt != facts.doubts.end())
    return doubt->second.why;
  if (is_young_tag(facts, tag)) return because(Ground::young, name, tag);
  if (!facts.circumstances.policy.prune_dead_tags) return because(Ground::tags_stay, name, tag);
  if (const auto use = why_in_use(facts, name, tag)) return use;
  return has_lost_something(facts, name, tag) ? std::optional(because(Ground::in_use, name, tag))
                                              : std::nullopt;
}

std::optional<Cause> why_tag_comes_back(const Facts& facts, const std::string& name,
                                        const TagCopy& copy) {
  const auto& tags = repository_of(facts, name).tags;
  const auto has_its_name = [&](const Tag& tag) { return tag.name == copy.tag.name; };
  if (std::any_of(tags.begin(), tags.end(), has_its_name)) return std::nullopt;
  if (came_back(facts, {"", copy.quarantine.taken, copy.quarantine.run}, copy.tag.modified))
    return because(Ground::written_again, name, copy.tag);
  if (const auto doubt = facts.doubts.find(name); doubt != facts.doubts.end())
    return doubt->second.why;
  return why_in_use(facts, name, copy.tag);
}

bool is_let_go(const Facts& facts, const std::string& name, const Tag& tag) {
  const auto& doomed = facts.doomed.in_place.tags;
  const Doomed::Tag which{name, tag.name};
  return std::find(doomed.begin(), doomed.end(), which) != doomed.end() &&
         !why_tag_stays(facts, name, tag);
}

}  // namespace regctl::gc::second
