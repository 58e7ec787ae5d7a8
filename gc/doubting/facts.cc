#include "gc/doubting/facts.h"

#include <algorithm>

namespace regctl::gc::second {
namespace {

using layout::join;

constexpr Duration kClockSlack = std::chrono::seconds(1);

// Without those that nothing in the store names.
IdsByRepository ids_of(const Names& names, const std::vector<Doomed::Link>& links) {
  IdsByRepository ids;
  for (const Doomed::Link& link : links) {
    if (const auto id = names.find(link.digest)) ids[link.repository].insert(*id);
  }
  return ids;
}

void note_ages(const Repository& repository, Facts& facts) {
  facts.lately.insert(repository.lately.begin(), repository.lately.end());
  for (const Revision& revision : repository.revisions) {
    if (revision.state != Link::State::absent) facts.linked.insert(revision.name);
    if (is_young(facts, revision.latest)) facts.lately.insert({revision.name, revision.target});
  }
  for (const Tag& tag : repository.tags) {
    facts.lately.merge(lately_tagged(facts, tag));
    if (tag.target && tag.modified <= facts.circumstances.now)
      facts.newest_tag = std::max(facts.newest_tag, tag.modified);
  }
}

// By all their names, the repositories under their own.
std::map<std::string, std::string> own_names(const Reading& reading) {
  std::map<std::string, std::string> own;
  for (const auto& [name, repository] : reading.repositories) {
    own.emplace(name, name);
    for (const std::string& other : repository.other_names) own.emplace(other, name);
  }
  return own;
}

}  // namespace

Facts make_facts(const CarefulStorage& storage, const Reading& reading, const Doubts& doubts,
                 const Doomed& doomed, const Circumstances& circumstances) {
  Facts facts{.storage = storage,
              .reading = reading,
              .doubts = doubts,
              .doomed = doomed,
              .circumstances = circumstances};
  facts.given_up = given_up(reading, circumstances);
  facts.taken = ids_of(reading.names, doomed.in_place.revisions);
  facts.purged = ids_of(reading.names, doomed.in_quarantine.revisions);
  facts.taken_tags = {doomed.in_place.tags.begin(), doomed.in_place.tags.end()};
  facts.purged_tags = {doomed.in_quarantine.tags.begin(), doomed.in_quarantine.tags.end()};
  const auto own = own_names(reading);
  for (const RootDigest& root : circumstances.policy.roots) {
    const auto here = root.repository ? own.find(*root.repository) : own.end();
    facts.listed[here != own.end() ? here->second : ""].insert(*reading.names.find(root.digest));
  }
  for (const auto& [name, repository] : reading.repositories) note_ages(repository, facts);
  return facts;
}

bool is_young(const Facts& facts, Time time) {
  return regctl::is_young(time, facts.circumstances.policy.keep_younger_than,
                          facts.circumstances.now);
}

bool is_listed(const Facts& facts, const std::string& repository, Id id) {
  return has(facts.listed, "", id) || has(facts.listed, repository, id);
}

bool is_protected(const Facts& facts, const std::string& repository) {
  const Policy& policy = facts.circumstances.policy;
  const Repository& read = facts.reading.repositories.at(repository);
  if (read.has_more_names && !policy.protect.empty()) return true;
  const auto& others = read.other_names;
  return regctl::is_protected(policy, repository) ||
         std::any_of(others.begin(), others.end(),
                     [&](const std::string& name) { return regctl::is_protected(policy, name); });
}

bool is_awaited(const Facts& facts, const Revision& revision) {
  return revision.state == Link::State::absent && is_young(facts, revision.latest);
}

bool is_unused_since(const Facts& facts, Time time) {
  const auto& limit = facts.circumstances.policy.cache_unused;
  return limit && !regctl::is_young(time, *limit, facts.circumstances.now);
}

std::set<Id> lately_tagged(const Facts& facts, const Tag& tag) {
  std::set<Id> ids;
  if (tag.target && is_young(facts, tag.latest)) ids.insert(*tag.target);
  for (const auto& [id, time] : tag.history) {
    if (is_young(facts, time)) ids.insert(id);
  }
  return ids;
}

bool is_young_blob(const Facts& facts, const Digest& digest) {
  const std::string directory = layout::blob(digest);
  const auto around = facts.storage.plain().stat(directory);
  if (around && is_young(facts, facts.storage.latest(*around))) return true;
  if (const auto data = facts.storage.plain().stat(join(directory, layout::kData)))
    return is_young(facts, facts.storage.latest(*data));
  const auto id = facts.reading.names.find(digest);
  const Paper* paper = id ? facts.reading.paper(*id) : nullptr;
  return paper && is_young(facts, paper->latest);
}

bool came_back(const Facts& facts, const layout::QuarantineName& copy, Time written) {
  return copy.run != facts.circumstances.run && written >= copy.taken - kClockSlack;
}

}  // namespace regctl::gc::second
