#include "registry/marking/spent_tags.h"

#include <algorithm>

#include "registry/layout.h"
#include "registry/marking/ages.h"

namespace regctl {
namespace {

constexpr Duration kLongestPush = std::chrono::hours(1);  // however short the age limit

}  // namespace

bool SpentTags::is_young(Time time) const {
  return regctl::is_young(time, policy_.keep_younger_than, now_);
}

bool SpentTags::is_old(const Tag& tag) const {
  return !is_young(newest_time(tag)) &&
         std::none_of(tag.history.begin(), tag.history.end(),
                      [&](const TagEntry& entry) { return is_young(newest_time(entry)); });
}

// Something is being pushed where an old directory would say that it was deleted.
bool SpentTags::is_beginning(const Repository& repository, DigestId id) const {
  const Link* revision = link_named(repository.revisions, id);
  return revision && revision->state == LinkState::pending && is_young(newest_time(*revision));
}

bool SpentTags::is_spent(const Repository& repository, const Tag& tag) const {
  if (!policy_.takes_tags()) return false;
  if (tag.target &&
      (listed_.contains(repository, *tag.target) || is_beginning(repository, *tag.target)))
    return false;
  if (!is_old(tag)) return false;
  // A push makes the directories of a tag before its links, and fails where they vanish.
  if (tag.state == LinkState::pending && regctl::is_young(newest_time(tag), kLongestPush, now_))
    return false;
  if (is_unused(repository, tag)) return true;
  return (policy_.prune_dead_tags && is_dead(inventory_, repository, tag)) ||
         (policy_.prune_orphaned_referrers && is_old_orphan(repository, tag));
}

bool SpentTags::is_unused(Time time) const {
  return policy_.cache_unused && !regctl::is_young(time, *policy_.cache_unused, now_);
}

// A cache writes the tag's link whenever it is requested, and the revision's when the manifest is
// fetched (distribution's proxy/proxytagservice.go, proxymanifeststore.go).
bool SpentTags::is_unused(const Repository& repository, const Tag& tag) const {
  const Link* revision = tag.target ? link_named(repository.revisions, *tag.target) : nullptr;
  return is_unused(tag.modified) && (!revision || is_unused(revision->modified)) &&
         !asks_for_a_copy(repository, tag);
}

// It was requested after what it points to had been taken: that comes back, and not without it.
bool SpentTags::asks_for_a_copy(const Repository& repository, const Tag& tag) const {
  if (!tag.target) return false;
  const SeenLink link{layout::tag_current_link(repository.name, tag.name), tag.modified, tag.inode};
  const auto place = static_cast<std::size_t>(&repository - inventory_.repositories.data());
  return std::any_of(
      inventory_.quarantined.begin(), inventory_.quarantined.end(), [&](const Quarantined& copy) {
        const bool mine =
            copy.kind == Quarantined::Kind::blob ||
            (copy.kind == Quarantined::Kind::revision_link && copy.repository == place);
        return mine && copy.digest == *tag.target &&
               was_written_since(copy.run, copy.taken, link, this_run_);
      });
}

// Neither the image nor what the tag points to is being pushed.
bool SpentTags::is_old_orphan(const Repository& repository, const Tag& tag) const {
  if (!tag.target || is_protected(policy_, repository) || !orphans_.is_orphan(repository, tag))
    return false;
  const auto subject = inventory_.digests.find(*subject_named_by(tag.name));
  const Link* revision = link_named(repository.revisions, *tag.target);
  return !(subject && is_beginning(repository, *subject)) &&
         !(revision && is_young(newest_time(*revision)));
}

Why SpentTags::why_back(const QuarantinedTag& copy, const RepositoryMark& mark) const {
  const Repository& repository = inventory_.repositories[copy.repository];
  const Tag& tag = copy.tag;
  if (tag_named(repository.tags, tag.name)) return Why::nothing;
  const std::string key = layout::tag_current_link(repository.name, tag.name);
  // Where there is no link, our own purge may have been the last to write here.
  if (tag.state != LinkState::pending &&
      was_written_since(copy.run, copy.taken, {key, tag.modified, tag.inode}, this_run_))
    return Why::returned;
  if (mark.pinned) return Why::pinned;
  if (!tag.target) return Why::nothing;
  if (listed_.contains(repository, *tag.target)) return Why::listed;
  return is_alive(repository, tag) || is_beginning(repository, *tag.target) ? Why::returned
                                                                            : Why::nothing;
}

// Its manifest is linked again; a signature's went with it, and waits for the image.
bool SpentTags::is_alive(const Repository& repository, const Tag& tag) const {
  const Link* revision = link_named(repository.revisions, *tag.target);
  const bool may_wait = subject_named_by(tag.name) && !policy_.cache_unused;
  return revision && (is_there(*revision) || may_wait) && !is_dead(inventory_, repository, tag) &&
         !orphans_.is_orphan(repository, tag);
}

std::vector<bool> SpentTags::orphans_of(std::size_t place, const std::vector<bool>& spent) const {
  const Repository& repository = inventory_.repositories[place];
  std::vector<DigestId> held;
  for (std::size_t i = 0; i < repository.tags.size(); ++i) {
    if (spent[i] && is_old_orphan(repository, repository.tags[i]))
      held.push_back(*repository.tags[i].target);
  }
  for (const QuarantinedTag& copy : in_quarantine(place)) {
    if (copy.tag.target && orphans_.is_orphan(repository, copy.tag))
      held.push_back(*copy.tag.target);
  }
  std::vector<bool> orphans = orphans_.revisions(repository, held);
  for (std::size_t i = 0; i < orphans.size(); ++i)
    orphans[i] = orphans[i] && !waits_for_its_subject(repository, repository.revisions[i]);
  return orphans;
}

bool SpentTags::waits_for_its_subject(const Repository& repository, const Link& revision) const {
  const Document* document = inventory_.document(revision.name);
  return document && std::any_of(document->subjects.begin(), document->subjects.end(),
                                 [&](DigestId id) { return is_beginning(repository, id); });
}

std::span<const QuarantinedTag> SpentTags::in_quarantine(std::size_t place) const {
  const auto& all = inventory_.quarantined_tags;
  const auto is_before = [&](const QuarantinedTag& copy) { return copy.repository < place; };
  const auto is_not_after = [&](const QuarantinedTag& copy) { return copy.repository <= place; };
  // Not std::ranges::equal_range: clang 14 knows no subrange.
  return {std::partition_point(all.begin(), all.end(), is_before),
          std::partition_point(all.begin(), all.end(), is_not_after)};
}

}  // namespace regctl
