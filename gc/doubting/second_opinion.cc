#include "gc/doubting/second_opinion.h"

#include <algorithm>
#include <map>
#include <set>

#include "gc/doubting/reading.h"

namespace regctl::gc {
namespace {

using namespace second;
using layout::join;
using State = Link::State;

constexpr Duration kClockSlack = std::chrono::seconds(1);
constexpr Duration kOutsideTags = std::chrono::hours(1);

// A repository of which not everything can be understood, and what that is. All it links stays.
struct DoubtfulRepository {
  std::optional<Cause> why;
  std::vector<Id> linked;
};
using Doubts = std::map<std::string, DoubtfulRepository>;

// Damaged papers and all papers that reach one, each with a damaged one.
std::map<Id, Id> doubtful_papers(const Reading& reading) {
  std::map<Id, Id> doubtful;
  std::vector<Id> open;
  for (const auto& [id, paper] : reading.papers) {
    if (!paper.damaged) continue;
    doubtful.emplace(id, id);
    open.push_back(id);
  }
  if (open.empty()) return doubtful;
  std::multimap<Id, Id> named_by;
  for (const auto& [id, paper] : reading.papers) {
    for (const Id mentioned : paper.mentions) named_by.emplace(mentioned, id);
  }
  for (const auto& [name, target] : reading.aliases) named_by.emplace(target, name);
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

std::vector<Id> all_links(const CarefulStorage& storage, Reading& reading,
                          const std::string& name) {
  std::vector<Id> ids =
      layers_of(storage, reading.names, name);  // what these hold instead, aliases tell
  for (const Revision& revision : reading.repositories.at(name).revisions)
    ids.insert(ids.end(), {revision.name, revision.target});
  for (const Tag& tag : reading.repositories.at(name).tags) {
    if (tag.target) ids.push_back(*tag.target);
    for (const auto& [id, time] : tag.history) ids.push_back(id);
  }
  return ids;
}

Doubts doubts_about(const CarefulStorage& storage, Reading& reading) {
  Doubts doubts;
  const auto doubtful = doubtful_papers(reading);
  for (const auto& [name, repository] : reading.repositories) {
    if (doubtful.empty() && !repository.damage) continue;
    DoubtfulRepository doubt{.linked = all_links(storage, reading, name)};
    if (repository.damage)
      doubt.why = {.ground = Ground::in_doubt, .repository = name, .place = *repository.damage};
    for (const Id id : doubt.linked) {
      const auto at = doubtful.find(id);
      if (at == doubtful.end() || doubt.why) continue;
      doubt.why = {
          .ground = Ground::in_doubt, .repository = name, .digest = reading.names[at->second]};
    }
    if (!doubt.why) continue;
    doubt.linked.insert(doubt.linked.end(), repository.hints.begin(), repository.hints.end());
    doubts.emplace(name, std::move(doubt));
  }
  return doubts;
}

class Judge {
 public:
  Judge(const CarefulStorage& storage, Reading& reading, const Doubts& doubts, const Doomed& doomed,
        const Circumstances& circumstances)
      : storage_(storage),
        reading_(reading),
        doubts_(doubts),
        doomed_(doomed),
        circumstances_(circumstances),
        policy_(circumstances.policy) {
    for (const Doomed::Link& link : doomed.in_place.revisions)
      taken_[link.repository].insert(id(link.digest));
    for (const Doomed::Link& link : doomed.in_quarantine.revisions)
      purged_[link.repository].insert(id(link.digest));
    for (const Doomed::Objects* objects : {&doomed.in_place, &doomed.in_quarantine}) {
      for (const Digest& digest : objects->blobs) id(digest);
      for (const Doomed::Link& link : objects->layers) id(link.digest);
    }
    for (const RootDigest& root : policy_.roots) {
      const bool here = root.repository && reading.repositories.contains(*root.repository);
      listed_[here ? *root.repository : ""].insert(id(root.digest));
    }
  }

  std::vector<Objection> run() && {
    note_ages();
    here_.resize(reading_.names.size());
    needed_.resize(reading_.names.size());
    begun_.resize(reading_.names.size());
    recent_.resize(reading_.names.size());
    for (const auto& [repository, ids] : listed_) {
      for (const Id id : ids) spread(id, {.ground = Ground::listed});
    }
    for (const auto& [name, repository] : reading_.repositories) keep(name, repository);
    spread_what_is_young();
    object_to_blobs();
    object_to_copies();
    object_to_layers();
    object_to_repositories();
    return std::move(objections_);
  }

 private:
  using Label = std::uint32_t;  // 1 + index into labels_; 0: none
  using ByRepository = std::map<std::string, std::set<Id>>;

  Id id(const Digest& digest) { return reading_.names[digest]; }
  bool young(Time time) const {
    return is_young(time, policy_.keep_younger_than, circumstances_.now);
  }
  void object(const Target& what, Cause why) { objections_.push_back({what, std::move(why)}); }
  void object(const Target& what, Ground why) { object(what, Cause{.ground = why}); }

  void note_ages() {
    for (const auto& [name, repository] : reading_.repositories) {
      lately_.insert(repository.lately.begin(), repository.lately.end());
      for (const Revision& revision : repository.revisions) {
        if (young(revision.modified)) lately_.insert({revision.name, revision.target});
      }
      for (const Tag& tag : repository.tags) {
        const auto tagged = lately_tagged(tag);
        lately_.insert(tagged.begin(), tagged.end());
        if (tag.target && tag.modified <= circumstances_.now)
          newest_tag_ = std::max(newest_tag_, tag.modified);
      }
    }
  }

  std::set<Id> lately_tagged(const Tag& tag) const {
    std::set<Id> ids;
    if (tag.target && young(tag.modified)) ids.insert(*tag.target);
    for (const auto& [id, time] : tag.history) {
      if (young(time)) ids.insert(id);
    }
    return ids;
  }

  // -- reaching

  // Everything that `from` names, at any depth, is needed; within this round it is here.
  void spread(Id from, Cause why) {
    if (is_here(from)) return;
    labels_.push_back(std::move(why));
    reach(from);
    while (!open_.empty()) {
      const Id id = open_.back();
      open_.pop_back();
      if (const auto paper = reading_.papers.find(id); paper != reading_.papers.end()) {
        for (const Id mentioned : paper->second.mentions) reach(mentioned);
      }
      const auto [first, last] = reading_.aliases.equal_range(id);
      for (auto alias = first; alias != last; ++alias) reach(alias->second);
    }
  }

  void reach(Id id) {
    if (is_here(id)) return;
    const auto label = static_cast<Label>(labels_.size());
    here_[id] = label;
    if (whole_ && !(*whole_)[id]) (*whole_)[id] = label;
    open_.push_back(id);
    order_.push_back(id);
  }

  void new_round() {
    round_begins_ = static_cast<Label>(labels_.size());
    order_.clear();
  }
  bool is_here(Id id) const { return here_[id] > round_begins_; }

  // The revisions that this repository keeps, and what they need.
  void keep(const std::string& name, const Repository& repository) {
    std::set<Id> own;
    std::multimap<Id, Id> referrers;
    for (const Revision& revision : repository.revisions) {
      if (revision.state == State::absent && !young(revision.modified)) continue;
      own.insert(revision.name);
      const auto paper = reading_.papers.find(revision.name);
      if (paper == reading_.papers.end()) continue;
      for (const Id subject : paper->second.subjects) referrers.emplace(subject, revision.name);
    }
    const std::vector<Id> former = once_tagged(repository, own);
    new_round();
    for (const Id id : former) spread(id, {.ground = Ground::dangling_tag, .repository = name});
    for (const Tag& tag : repository.tags) {
      if (tag.target) spread(*tag.target, {Ground::tag, name, tag.name, {}, {}});
      if (tag.target) continue;
      for (const auto& [id, time] : tag.history)
        spread(id, {Ground::unreadable_tag, name, tag.name, {}, {}});
    }
    const std::set<Id> lately = lately_in(repository);
    for (const Revision& revision : repository.revisions) {
      const auto why = why_kept(name, repository, revision, lately);
      if (why) spread(revision.name, *why);
    }
    std::size_t followed = 0;
    const auto keep_referrers = [&] {
      for (; followed < order_.size(); ++followed) {  // grows meanwhile
        const auto [first, last] = referrers.equal_range(order_[followed]);
        for (auto referrer = first; referrer != last; ++referrer)
          spread(referrer->second, {.ground = Ground::referrer, .repository = name});
      }
    };
    keep_referrers();
    whole_ = &begun_;
    for (const Revision& revision : repository.revisions) {
      if (revision.state == State::absent && young(revision.modified))
        spread(revision.name, {.ground = Ground::begun, .repository = name});
    }
    keep_referrers();
    whole_ = &needed_;
    object_to_revisions(name, repository);
    if (const auto doubt = doubts_.find(name); doubt != doubts_.end()) {
      for (const Id id : doubt->second.linked) spread(id, in_doubt(name));
    }
  }

  // A target that is no manifest here may be a mistake: the manifests here that the tag reached
  // before may be meant.
  std::vector<Id> once_tagged(const Repository& repository, const std::set<Id>& own) {
    new_round();
    whole_ = nullptr;
    for (const Tag& tag : repository.tags) {
      if (!tag.target || own.contains(*tag.target)) continue;
      for (const auto& [id, time] : tag.history) spread(id, {.ground = Ground::dangling_tag});
    }
    whole_ = &needed_;
    std::erase_if(order_, [&](Id id) { return !own.contains(id); });
    return order_;
  }

  std::set<Id> lately_in(const Repository& repository) const {
    std::set<Id> ids = repository.lately;
    for (const Tag& tag : repository.tags) ids.merge(lately_tagged(tag));
    return ids;
  }

  // Why a revision stays by itself, whatever else does; empty: it does not.
  std::optional<Cause> why_kept(const std::string& name, const Repository& repository,
                                const Revision& revision, const std::set<Id>& lately) const {
    const auto because = [&](Ground ground) { return Cause{.ground = ground, .repository = name}; };
    const bool in_place = revision.state == State::in_place;
    if (doubts_.contains(name)) return in_doubt(name);
    if (is_listed(name, revision.name)) return because(Ground::listed);
    if (revision.state == State::absent) return std::nullopt;
    if (is_protected(name)) return because(Ground::is_protected);
    if (revision.state == State::quarantined && came_back(*revision.copy, revision.modified))
      return because(Ground::written_again);
    if (!in_place) return std::nullopt;
    if (!has(taken_, name, revision.name)) return because(Ground::revision_link);
    if (!policy_.delete_untagged) return because(Ground::untagged_stay);
    if (!knows_its_tags(repository)) return because(Ground::tags_unknown);
    if (young(revision.modified) || lately.contains(revision.name) || is_young_blob(revision.name))
      return because(Ground::young);
    if (is_outside_tags(revision)) return because(Ground::newer_than_tags);
    return std::nullopt;
  }

  static bool has(const ByRepository& sets, const std::string& name, Id id) {
    const auto set = sets.find(name);
    return set != sets.end() && set->second.contains(id);
  }
  bool is_listed(const std::string& name, Id id) const {
    return has(listed_, "", id) || has(listed_, name, id);
  }

  Cause in_doubt(const std::string& name) const { return *doubts_.at(name).why; }

  bool is_protected(const std::string& name) const {
    return std::any_of(policy_.protect.begin(), policy_.protect.end(),
                       [&](const std::string& glob) { return matches_glob(glob, name); });
  }

  static bool knows_its_tags(const Repository& repository) {
    return repository.has_tags &&
           std::all_of(repository.tags.begin(), repository.tags.end(),
                       [](const Tag& tag) { return tag.target.has_value(); });
  }

  bool is_outside_tags(const Revision& revision) const {
    const auto paper = reading_.papers.find(revision.name);
    const bool refers = paper != reading_.papers.end() && !paper->second.subjects.empty();
    return !refers && !reading_.children.contains(revision.name) &&
           revision.modified > newest_tag_ + kOutsideTags;
  }

  // Written into after it had been taken; the clock of a file system may lag.
  bool came_back(const layout::QuarantineName& copy, Time written) const {
    return copy.run != circumstances_.run && written >= copy.taken - kClockSlack;
  }

  // By its bytes and their directory.
  bool is_young_blob(Id id) const {
    const std::string directory = layout::blob(reading_.names[id]);
    const auto data = storage_.plain().stat(join(directory, layout::kData));
    if (const auto paper = reading_.papers.find(id); paper != reading_.papers.end() && !data)
      return young(paper->second.modified);
    if (!data) return false;
    const auto around = storage_.plain().stat(directory);
    return young(data->modified) || (around && young(around->modified));
  }

  // It may be the first part of something that is being pushed.
  void spread_what_is_young() {
    new_round();
    whole_ = &recent_;
    for (const auto& [id, paper] : reading_.papers) {
      if (needed_[id] || !paper.in_place) continue;
      if (lately_.contains(id) || is_young_blob(id))
        spread(id, {.ground = Ground::young_namer, .digest = reading_.names[id]});
    }
  }

  // -- objecting

  // Why something needs what may be in quarantine; empty: nothing does. What a push that has begun
  // finds missing it uploads.
  std::optional<Cause> need_of(const Digest& digest) { return label(needed_, digest); }

  // Why something needs, or is about to rely on, what is in its place.
  std::optional<Cause> use_of(const Digest& digest) {
    const auto need = need_of(digest);
    return need ? need : label(begun_, digest);
  }

  std::optional<Cause> label(const std::vector<Label>& by_id, const Digest& digest) {
    const Id at = id(digest);
    return at < by_id.size() && by_id[at] ? std::optional(labels_[by_id[at] - 1]) : std::nullopt;
  }

  // To doomed revisions of the repository of this round. A copy beside a new link is one too many.
  void object_to_revisions(const std::string& name, const Repository& repository) {
    std::set<Id> in_place;
    for (const Revision& revision : repository.revisions) {
      if (revision.state == State::in_place) in_place.insert(revision.name);
    }
    const auto object_to = [&](const ByRepository& doomed, bool in_quarantine) {
      const auto own = doomed.find(name);
      if (own == doomed.end()) return;
      for (const Id id : own->second) {
        if (in_place.contains(id) == in_quarantine || !is_here(id)) continue;
        object({Target::Kind::revision, in_quarantine, name, reading_.names[id]},
               labels_[here_[id] - 1]);
      }
    };
    object_to(taken_, false);
    object_to(purged_, true);
  }

  void object_to_blobs() {
    for (const Digest& digest : doomed_.in_place.blobs) {
      const Id blob = id(digest);
      const Target what{.kind = Target::Kind::blob, .digest = digest};
      storage_.pause();
      if (const auto need = use_of(digest))
        object(what, *need);
      else if (lately_.contains(blob))
        object(what, Ground::young_link);
      else if (is_young_blob(blob))
        object(what, Ground::young);
      else if (recent_[blob])
        object(what, labels_[recent_[blob] - 1]);
    }
  }

  // A copy beside new data is one too many.
  void object_to_copies() {
    for (const Digest& digest : doomed_.in_quarantine.blobs) {
      const Target what{.kind = Target::Kind::blob, .in_quarantine = true, .digest = digest};
      storage_.pause();
      if (storage_.plain().stat(join(layout::blob(digest), layout::kData))) continue;
      const auto linked = reading_.last_linked.find(digest);
      const auto copies = storage_.copies_of_data(digest);
      const auto wanted_back = [&](const std::string& copy) {
        return linked != reading_.last_linked.end() &&
               came_back(*layout::parse_quarantine_name(copy), linked->second);
      };
      if (const auto need = need_of(digest))
        object(what, *need);
      else if (std::any_of(copies.begin(), copies.end(), wanted_back))
        object(what, Ground::link_since);
    }
  }

  std::optional<Link> layer_link(const Doomed::Link& link) const {
    const std::string key = layout::layer_link(link.repository, link.digest);
    return storage_.link(key.substr(0, key.rfind('/')));
  }

  bool has_bytes(const Digest& digest) const {
    return storage_.plain().stat(join(layout::blob(digest), layout::kData)) ||
           !storage_.copies_of_data(digest).empty();
  }

  void object_to_layers() {
    for (const Doomed::Link& one : doomed_.in_place.layers) {
      const Target what{Target::Kind::layer_link, false, one.repository, one.digest};
      const auto link = layer_link(one);
      if (!link || link->state != State::in_place) continue;
      const Digest target = link->holds.value_or(one.digest);
      if (doubts_.contains(one.repository))
        object(what, in_doubt(one.repository));
      else if (young(link->modified))
        object(what, Ground::young);
      else if (const auto need = use_of(one.digest))
        object(what, *need);
      else if (const auto also = use_of(target))
        object(what, *also);
      else if (has_bytes(one.digest) || has_bytes(target))
        object(what, Ground::bytes_there);
    }
    for (const Doomed::Link& one : doomed_.in_quarantine.layers) {
      const auto need = need_of(one.digest);
      const auto link = need ? layer_link(one) : std::nullopt;
      if (link && link->state == State::quarantined)
        object({Target::Kind::layer_link, true, one.repository, one.digest}, *need);
    }
  }

  void object_to_repositories() {
    for (const std::string& name : doomed_.empty_repositories) {
      const auto at = reading_.repositories.find(name);
      if (at == reading_.repositories.end()) continue;
      const Repository& repository = at->second;
      const Target what{.kind = Target::Kind::repository, .repository = name};
      const auto counts = [&](const Revision& revision) {
        return revision.state != State::absent || young(revision.modified);
      };
      if (doubts_.contains(name))
        object(what, in_doubt(name));
      else if (!repository.tags.empty())
        object(what, Ground::has_tags);
      else if (std::any_of(repository.revisions.begin(), repository.revisions.end(), counts))
        object(what, Ground::has_manifests);
      else if (!repository.lately.empty())
        object(what, Ground::holds_young_link);
      else if (has_needed_alias(name))
        object(what, Ground::needed_alias);
      else
        object_to_directories_of(what);
    }
  }

  bool has_needed_alias(const std::string& name) {
    for (const Id id : layers_of(storage_, reading_.names, name)) {
      const Digest digest = reading_.names[id];
      const auto link = layer_link({name, digest});
      if (link && link->holds && *link->holds != digest && (use_of(digest) || use_of(*link->holds)))
        return true;
    }
    return false;
  }

  // To those of uploads, and to young ones of any other kind.
  void object_to_directories_of(const Target& what) {
    const std::string& name = what.repository;
    const auto is_part = [](std::string_view part) {
      return part == layout::kLayers || part == layout::kManifests;
    };
    std::vector<std::string> keys{layout::repository(name)};
    for (const std::string& part : storage_.directories(keys[0], is_part)) {
      if (!part.starts_with('_')) continue;
      const std::string key = join(layout::repository(name), part);
      const auto below = storage_.directories(key);
      if (part == layout::kUploads && !below.empty()) return object(what, Ground::has_uploads);
      keys.push_back(key);
      for (const std::string& one : below) keys.push_back(join(key, one));
    }
    for (const std::string& key : keys) {
      const auto stat = storage_.plain().stat(key);
      if (stat && young(stat->modified)) return object(what, Ground::young_directory);
    }
  }

  const CarefulStorage& storage_;
  Reading& reading_;
  const Doubts& doubts_;
  const Doomed& doomed_;
  const Circumstances& circumstances_;
  const Policy& policy_;
  ByRepository taken_, purged_;  // doomed revisions; the links of the former are regarded as gone
  ByRepository listed_;          // --roots; "": in every repository
  std::set<Id> lately_;          // named by a young link of any kind
  Time newest_tag_{};
  // By Id, the label under which it was reached: in this round if greater than round_begins_; at
  // all; only by a push that may have begun; and only from something young.
  std::vector<Label> here_, needed_, begun_, recent_;
  std::vector<Cause> labels_;
  Label round_begins_ = 0;
  std::vector<Label>* whole_ = &needed_;  // which of the latter is being found; null: none
  std::vector<Id> open_, order_;
  std::vector<Objection> objections_;
};

}  // namespace

std::vector<Objection> second_opinion(const Storage& storage, const Doomed& doomed,
                                      const Circumstances& circumstances, std::stop_token stop) {
  if (doomed.empty()) return {};
  const CarefulStorage careful(storage, std::move(stop));
  const Policy& policy = circumstances.policy;
  Question question{.now = circumstances.now, .settle = circumstances.settle};
  question.is_young = [&](Time time) {
    return is_young(time, policy.keep_younger_than, circumstances.now);
  };
  question.watched = {doomed.in_quarantine.blobs.begin(), doomed.in_quarantine.blobs.end()};
  for (const RootDigest& root : policy.roots) question.roots.push_back(root.digest);
  if (policy.delete_untagged) question.histories = Histories::all;

  Reading reading = read_store(careful, question);
  Doubts doubts = doubts_about(careful, reading);
  if (!doubts.empty() && question.histories == Histories::where_needed) {
    // Where anything is in doubt, what tags ever pointed to may be all that is known of it.
    question.histories = Histories::all;
    reading = read_store(careful, question);
    doubts = doubts_about(careful, reading);
  }
  return Judge(careful, reading, doubts, doomed, circumstances).run();
}

}  // namespace regctl::gc
