#include "gc/doubting/reading.h"

#include <algorithm>
#include <thread>

#include "gc/doubting/mentions.h"
#include "registry/hasher.h"

namespace regctl::gc::second {
namespace {

using layout::join;
using State = Link::State;

constexpr std::size_t kShortestDigest = std::string_view("sha256:").size() + 64;
// A link that is short and older than this is not being written.
constexpr Duration kWriting = std::chrono::minutes(1);

bool is_algorithm(std::string_view name) { return algorithm_named(name).has_value(); }

bool is_hex(std::string_view name) {
  return std::any_of(kAlgorithms.begin(), kAlgorithms.end(), [&](Algorithm algorithm) {
    return Digest::from_hex(algorithm, name).has_value();
  });
}

void sort_unique(std::vector<Id>& ids) {
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
}

// Everything below repositories/: links, tags, and digests where they do not belong.
class RepositoryReader {
 public:
  RepositoryReader(const CarefulStorage& storage, const Question& question)
      : storage_(storage), question_(question), settle_(question.settle) {}

  Reading run() && {
    storage_.plain().list("");  // throws where a link that is followed leads elsewhere by now
    if (!storage_.plain().list(layout::kRepositories))
      throw StorageError(Trouble::vanished, std::string(layout::kRepositories));
    std::vector<std::string> open{std::string(layout::kRepositories)};
    while (!open.empty()) {
      const std::string here = std::move(open.back());
      open.pop_back();
      read_directory(here, open);
    }
    for (const std::string& link : links_) follow(link);
    for (auto& [name, repository] : reading_.repositories) find_names(repository, name);
    return std::move(reading_);
  }

 private:
  Names& names() { return reading_.names; }

  // -- repositories

  // The parts of the repository in `here`, if there is one. What may hold others goes to `open`.
  void read_directory(const std::string& here, std::vector<std::string>& open) {
    const auto is_ours = [](std::string_view name) {
      return name == layout::kLayers || name == layout::kManifests;
    };
    if (here != layout::kRepositories) read_.insert(here);
    const auto found = storage_.directories_and_links(here, is_ours);
    for (const std::string& name : found.links) links_.push_back(join(here, name));
    for (const std::string& name : found.directories) {
      if (!name.starts_with('_')) {
        open.push_back(join(here, name));
        continue;
      }
      if (here == layout::kRepositories)
        throw StorageError(Trouble::unknown_directory, join(here, name));
      const std::string repository = here.substr(layout::kRepositories.size() + 1);
      read_part(reading_.repositories[repository], here, name);
    }
  }

  // A link is harmless if what it leads to has been read by its own name.
  void follow(const std::string& link) {
    const auto target = storage_.plain().leads_to(link);
    if (!target || !read_.contains(*target)) throw StorageError(Trouble::symlink, link);
    leads_.emplace_back(link, *target);
  }

  void find_names(Repository& repository, const std::string& own) {
    std::vector<std::string> keys{join(layout::kRepositories, own)};
    std::set<std::string> seen{keys.front()};
    for (std::size_t i = 0; i < keys.size() && keys.size() <= kMostNames + 1; ++i) {
      for (const auto& [link, target] : leads_) {
        const bool leads_here = keys[i] == target || keys[i].starts_with(target + '/');
        const std::string other = leads_here ? link + keys[i].substr(target.size()) : "";
        if (leads_here && seen.insert(other).second) keys.push_back(other);
      }
    }
    repository.has_more_names = keys.size() > kMostNames + 1;
    for (const std::string& key : keys)
      repository.other_names.insert(key.substr(layout::kRepositories.size() + 1));
  }

  void read_part(Repository& repository, const std::string& here, const std::string& name) {
    const std::string key = join(here, name);
    if (name == layout::kManifests)
      read_manifests(repository, key);
    else if (name == layout::kLayers)
      each_link(repository, key,
                [&](const Digest& digest, const Link& link, const std::string& path) {
                  note_layer(repository, digest, link, path);
                });
    else if (name != layout::kUploads)
      throw StorageError(Trouble::unknown_directory, key);
  }

  void read_manifests(Repository& repository, const std::string& key) {
    const auto is_ours = [](std::string_view name) {
      return name == layout::kRevisions || name == layout::kTags;
    };
    for (const std::string& name : storage_.directories(key, is_ours)) {
      const std::string below = join(key, name);
      const auto quarantine = layout::parse_tag_quarantine(name);
      if (name == layout::kTags) {
        repository.has_tags = true;
        repository.tags = tags_in(repository, below);
      } else if (quarantine) {
        for (Tag& tag : tags_in(repository, below))
          repository.tag_copies.push_back({std::move(tag), *quarantine});
      } else if (name.starts_with('_')) {
        throw StorageError(Trouble::unknown_directory, below);
      } else if (name != layout::kRevisions) {
        take_hints(repository, below);
      } else {
        each_link(repository, below,
                  [&](const Digest& digest, const Link& link, const std::string& path) {
                    note_revision(repository, digest, link, path);
                  });
      }
    }
    // What points to no manifest here may be a mistake, and what is meant a manifest before.
    for (Tag& tag : repository.tags) {
      if (tag.target && tag.history.empty() && !repository.revision(*tag.target))
        read_history(repository, tag, join(join(key, layout::kTags), tag.name));
    }
  }

  // `key` holds <algorithm>/<hex>/link.
  template <class Note>
  void each_link(Repository& repository, const std::string& key, Note note) {
    for (const std::string& name : storage_.directories(key, is_algorithm)) {
      const std::string below = join(key, name);
      if (!is_algorithm(name)) {
        take_hints(repository, below);
        continue;
      }
      const auto view = storage_.plain().below(below);
      for (const std::string& hex : storage_.directories(below, is_hex)) {
        const auto digest = Digest::from_hex(*algorithm_named(name), hex);
        if (!digest)
          take_misnamed(repository, below, *algorithm_named(name), hex);
        else if (const auto link = settled_link(*view, below, hex))
          note(*digest, *link, join(below, hex));
      }
    }
  }

  // Old registries truncate a link and then write it.
  std::optional<Link> settled_link(const Storage& view, const std::string& prefix,
                                   const std::string& name) {
    constexpr std::chrono::milliseconds kMoment{50};
    for (;;) {
      auto link = storage_.link(view, prefix, name);
      const bool is_short =
          link && link->state == State::in_place && link->bytes.size() < kShortestDigest;
      if (!is_short || settle_ <= settle_.zero() || link->modified < question_.now - kWriting)
        return link;
      std::this_thread::sleep_for(kMoment);
      settle_ -= kMoment;
    }
  }

  static void take_damage(Repository& repository, const std::string& path) {
    if (!repository.damage) repository.damage = path;
  }

  // Whether a link is there and says nothing. That is damage then, and every digest in it a hint.
  bool take_if_garbled(Repository& repository, const Link& link, const std::string& path) {
    if (link.state == State::absent || link.holds) return false;
    take_damage(repository, path);
    take_hints_within(repository, link.bytes);
    return true;
  }

  void watch(const Digest& digest, Time modified) {
    if (!question_.watched.contains(digest)) return;
    Time& last = reading_.last_linked.try_emplace(digest, modified).first->second;
    last = std::max(last, modified);
  }

  // Of millions of links hardly any is young or an alias; only these are worth a number.
  void note_layer(Repository& repository, const Digest& digest, const Link& link,
                  const std::string& path) {
    const Digest target = link.holds.value_or(digest);
    const bool is_wrong = take_if_garbled(repository, link, path) ||
                          (target != digest && target.algorithm() == digest.algorithm());
    if (is_wrong) take_damage(repository, path);
    if (target != digest) reading_.aliases.emplace(names()[digest], names()[target]);
    if (question_.is_young(link.latest))
      repository.lately.insert({names()[digest], names()[target]});
    if (link.state != State::in_place || is_wrong) return;
    watch(digest, link.modified);
    watch(target, link.modified);
  }

  void note_revision(Repository& repository, const Digest& digest, const Link& link,
                     const std::string& path) {
    const Digest target = link.holds.value_or(digest);
    const bool is_wrong = take_if_garbled(repository, link, path) || target != digest;
    if (is_wrong) take_damage(repository, path);
    repository.places.emplace(names()[digest], repository.revisions.size());
    repository.revisions.push_back(
        {names()[digest], names()[target], link.state, link.modified, link.latest, link.copy});
    if (link.state == State::in_place && !is_wrong) watch(digest, link.modified);
  }

  // -- tags

  std::vector<Tag> tags_in(Repository& repository, const std::string& key) {
    std::vector<Tag> tags;
    const auto view = storage_.plain().below(key);
    for (const std::string& name : storage_.directories(key)) {
      const std::string path = join(key, name);
      const auto current = settled_link(*view, key, name + "/current");
      if (!current && storage_.is_gone(path)) continue;
      Tag tag{.name = name};
      if (current) {
        tag.modified = current->modified;
        tag.latest = current->latest;
      } else if (const auto stat = storage_.plain().stat(path)) {
        tag.modified = stat->modified;
        tag.latest = storage_.latest(*stat);
      }
      if (current && current->state == State::in_place) {
        take_if_garbled(repository, *current, path);
        if (current->holds) tag.target = names()[*current->holds];
        if (current->holds) watch(*current->holds, tag.modified);
      }
      if (!tag.target || question_.histories == Histories::all) read_history(repository, tag, path);
      tags.push_back(std::move(tag));
    }
    return tags;
  }

  void read_history(Repository& repository, Tag& tag, const std::string& path) {
    for (const Entry& entry : storage_.entries(path)) {
      if (entry.name != "index") continue;
      const std::string index = join(path, entry.name);
      for (const std::string& algorithm : storage_.directories(index, is_algorithm)) {
        const std::string below = join(index, algorithm);
        if (is_algorithm(algorithm))
          read_history_of(repository, tag, below, *algorithm_named(algorithm));
        else if (!tag.target)
          take_hints(repository, below);
      }
    }
  }

  void read_history_of(Repository& repository, Tag& tag, const std::string& key,
                       Algorithm algorithm) {
    for (const std::string& hex : storage_.directories(key, is_hex)) {
      const auto digest = Digest::from_hex(algorithm, hex);
      if (!digest && !tag.target) take_misnamed(repository, key, algorithm, hex);
      const auto link = digest ? storage_.link(join(key, hex)) : std::nullopt;
      if (!link) continue;
      tag.history.emplace_back(names()[*digest], link->latest);
      // Where the tag's own link says nothing, all that its history says may matter.
      if (tag.target) continue;
      if (link->holds) {
        tag.history.emplace_back(names()[*link->holds], link->latest);
      } else {
        take_hints_within(repository, link->bytes);
      }
    }
  }

  // -- places of no meaning

  void take_misnamed(Repository& repository, const std::string& key, Algorithm algorithm,
                     const std::string& name) {
    if (const auto meant = Digest::from_hex(algorithm, name, HexCase::either))
      repository.hints.push_back(names()[*meant]);
    take_hints(repository, join(key, name));
  }

  void take_hints(Repository& repository, const std::string& key) {
    take_damage(repository, key);
    std::vector<std::string> open{key};
    while (!open.empty()) {
      const std::string here = std::move(open.back());
      open.pop_back();
      for (const std::string& name : storage_.directories(here)) open.push_back(join(here, name));
      for (const Entry& entry : storage_.entries(here)) {
        if (entry.kind != EntryKind::file) continue;
        const auto content = storage_.read(join(here, entry.name), layout::kLongestLink);
        if (content) take_hints_within(repository, content->bytes);
      }
    }
  }

  void take_hints_within(Repository& repository, std::string_view bytes) {
    for (const Digest& hint : digests_within(bytes)) repository.hints.push_back(names()[hint]);
  }

  const CarefulStorage& storage_;
  const Question& question_;
  std::chrono::milliseconds settle_;  // what is left of it
  std::set<std::string> read_;        // directories in which repositories may be
  std::vector<std::string> links_;    // symbolic ones beside these
  std::vector<std::pair<std::string, std::string>> leads_;  // each link, and what it leads to
  Reading reading_;
};

// Every blob that what has been read so far says may be a manifest, and what these name in turn.
class PaperReader {
 public:
  PaperReader(const CarefulStorage& storage, Reading& reading)
      : storage_(storage), reading_(reading) {}

  void run(const std::vector<Digest>& roots) && {
    for (const Digest& digest : roots) open(reading_.names[digest]);
    for (const auto& [name, repository] : reading_.repositories) open_papers_of(repository);
    while (!to_open_.empty()) {
      const Id id = to_open_.back();
      to_open_.pop_back();
      reading_.papers.emplace(id, read_paper(id));
    }
  }

 private:
  void open(Id id) {
    if (!opened_.insert(id).second) return;
    to_open_.push_back(id);
    const auto [first, last] = reading_.aliases.equal_range(id);
    for (auto alias = first; alias != last; ++alias) open(alias->second);
  }

  void open_papers_of(const Repository& repository) {
    for (const Revision& revision : repository.revisions) {
      for (const Id id : {revision.name, revision.target}) {
        open(id);
        if (revision.state == State::in_place) called_revision_.insert(id);
        // Of a copy of a link the bytes may have been purged before it.
        if (revision.state == State::quarantined) called_manifest_.insert(id);
      }
    }
    for (const Tag& tag : repository.tags) {
      for (const auto& [id, time] : tag.history) open(id);
      if (!tag.target) continue;
      open(*tag.target);
      called_manifest_.insert(*tag.target);
    }
    for (const TagCopy& copy : repository.tag_copies) {
      if (copy.tag.target) open(*copy.tag.target);
    }
    for (const Id id : repository.hints) open(id);
  }

  Paper read_paper(Id id) {
    const Digest digest = reading_.names[id];
    const auto blob = storage_.blob(digest);
    if (!blob) return {.missing = true, .damaged = called_revision_.contains(id)};
    Paper paper{.in_place = blob->in_place, .latest = storage_.latest(blob->content.stat)};
    const bool is_manifest = called_revision_.contains(id) || called_manifest_.contains(id);
    read_bytes(paper, blob->content, digest, is_manifest);
    sort_unique(paper.mentions);
    sort_unique(paper.subjects);
    return paper;
  }

  void read_bytes(Paper& paper, const Content& content, const Digest& digest, bool is_manifest) {
    if (content.stat.kind != EntryKind::file) {
      paper.damaged = true;
      return;
    }
    if (!content.whole && !is_manifest) return;  // a layer that someone lists
    if (!content.whole || digest_of(content.bytes, digest.algorithm()) != digest) {
      paper.damaged = true;
      for (const Digest& found : digests_within(content.bytes)) mention(paper, {found, true});
      return;
    }
    const Mentions found = mentions_in(content.bytes);
    for (const Mention& one : found.all) mention(paper, one);
    for (const Digest& subject : found.subjects) paper.subjects.push_back(reading_.names[subject]);
    paper.damaged = !found.is_object && is_manifest;
  }

  void mention(Paper& paper, const Mention& one) {
    const Id id = reading_.names[one.digest];
    paper.mentions.push_back(id);
    if (!one.child) return;
    reading_.children.insert(id);
    open(id);
  }

  const CarefulStorage& storage_;
  Reading& reading_;
  std::set<Id> opened_, called_revision_, called_manifest_;
  std::vector<Id> to_open_;
};

}  // namespace

Reading read_store(const CarefulStorage& storage, const Question& question) {
  Reading reading = RepositoryReader(storage, question).run();
  PaperReader(storage, reading).run(question.roots);
  return reading;
}

std::vector<Digest> layers_of(const CarefulStorage& storage, const std::string& repository) {
  std::vector<Digest> digests;
  const std::string top = layout::repository(repository);
  for (const Entry& entry : storage.entries(top)) {
    if (entry.name != layout::kLayers) continue;
    const std::string layers = join(top, layout::kLayers);
    for (const std::string& algorithm : storage.directories(layers, is_algorithm)) {
      if (!is_algorithm(algorithm)) continue;
      for (const std::string& hex : storage.directories(join(layers, algorithm), is_hex)) {
        if (const auto digest = Digest::from_hex(*algorithm_named(algorithm), hex))
          digests.push_back(*digest);
      }
    }
  }
  return digests;
}

}  // namespace regctl::gc::second
