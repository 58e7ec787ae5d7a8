#include "gc/doubting/doubts.h"

#include <algorithm>

namespace regctl::gc::second {
namespace {

// Who names an id, by the id.
std::multimap<Id, Id> names_turned_round(const Reading& reading) {
  std::multimap<Id, Id> named_by;
  for (const auto& [id, paper] : reading.papers) {
    for (const Id mentioned : paper.mentions) named_by.emplace(mentioned, id);
  }
  for (const auto& [name, target] : reading.aliases) named_by.emplace(target, name);
  return named_by;
}

// Damaged papers and all papers that reach one, each with a damaged one.
std::map<Id, Id> doubtful_papers(const Reading& reading, const std::set<Id>& given_up) {
  std::map<Id, Id> doubtful;
  std::vector<Id> open;
  for (const auto& [id, paper] : reading.papers) {
    if (!paper.damaged || given_up.contains(id)) continue;
    doubtful.emplace(id, id);
    open.push_back(id);
  }
  if (open.empty()) return doubtful;
  const std::multimap<Id, Id> named_by = names_turned_round(reading);
  while (!open.empty()) {
    const Id id = open.back();
    open.pop_back();
    const auto [first, last] = named_by.equal_range(id);
    for (auto by = first; by != last; ++by) {
      if (doubtful.emplace(by->second, doubtful.at(id)).second) open.push_back(by->second);
    }
  }
  return doubtful;
}

std::vector<Id> all_links(const CarefulStorage& storage, Names& names, const std::string& name,
                          const Repository& repository) {
  std::vector<Id> ids;
  // What these hold instead, aliases tell.
  for (const Digest& digest : layers_of(storage, name)) ids.push_back(names[digest]);
  for (const Revision& revision : repository.revisions)
    ids.insert(ids.end(), {revision.name, revision.target});
  for (const Tag& tag : repository.tags) {
    if (tag.target) ids.push_back(*tag.target);
    for (const auto& [id, time] : tag.history) ids.push_back(id);
  }
  return ids;
}

}  // namespace

std::set<Id> given_up(const Reading& reading, const Circumstances& circumstances) {
  const Policy& policy = circumstances.policy;
  std::set<Id> ids;
  if (!policy.prune_broken_manifests) return ids;
  for (const auto& [id, paper] : reading.papers) {
    if (paper.missing && paper.damaged) ids.insert(id);  // a link that is in place calls it one
  }
  for (const auto& [name, repository] : reading.repositories) {
    for (const Revision& revision : repository.revisions) {
      const bool wrong = revision.state != Link::State::absent && revision.target != revision.name;
      if (!wrong && !is_young(revision.latest, policy.keep_younger_than, circumstances.now))
        continue;
      ids.erase(revision.name);
      ids.erase(revision.target);
    }
  }
  for (const RootDigest& root : policy.roots) {
    if (const auto id = reading.names.find(root.digest)) ids.erase(*id);
  }
  return ids;
}

Doubts doubts_about(const CarefulStorage& storage, Reading& reading,
                    const Circumstances& circumstances) {
  Doubts doubts;
  const auto doubtful = doubtful_papers(reading, given_up(reading, circumstances));
  for (const auto& [name, repository] : reading.repositories) {
    if (doubtful.empty() && !repository.damage) continue;
    std::vector<Id> linked = all_links(storage, reading.names, name, repository);
    const auto wrong =
        std::find_if(linked.begin(), linked.end(), [&](Id id) { return doubtful.contains(id); });
    if (!repository.damage && wrong == linked.end()) continue;
    Cause why{.ground = Ground::in_doubt, .repository = name};
    if (repository.damage)
      why.place = *repository.damage;
    else
      why.digest = reading.names[doubtful.at(*wrong)];
    linked.insert(linked.end(), repository.hints.begin(), repository.hints.end());
    doubts.emplace(name, DoubtfulRepository{std::move(why), std::move(linked)});
  }
  return doubts;
}

}  // namespace regctl::gc::second
