#include "registry/scan_repository.h"

#include <unordered_set>

namespace regctl {
namespace {

using layout::join;

// A link file as it was found; the caller knows what its place means.
struct FoundLink {
  LinkState state;
  std::optional<Digest> target;
  Stat stat;                   // of the link, of its last copy, or of the directory
  DamageKind damage{};         // of a damaged one
  std::uint64_t bytes = 0;     // of a damaged one
  bool cut_short = false;      // of a damaged one: may still be being written
  std::vector<Digest> hinted;  // digests in a damaged one's bytes
  std::vector<std::pair<layout::QuarantineName, Stat>> copies;
  std::vector<std::string> leftovers;  // names of temporary files beside it
  bool only_signatures = false;        // Link::only_signatures
  bool in_place = true;  // else it was read from the last of the copies, if there are any
};

FoundLink damaged(FoundLink link, DamageKind kind) {
  link.state = LinkState::damaged;
  link.damage = kind;
  return link;
}

FoundLink understand(const Content& content) {
  FoundLink link{.state = LinkState::present, .stat = content.stat};
  if (content.stat.kind != EntryKind::file) return damaged(link, DamageKind::link_not_a_file);
  link.cut_short = content.bytes.size() < std::string_view("sha256:").size() + 64;
  if (content.bytes.empty()) return damaged(link, DamageKind::link_empty);
  link.target = Digest::parse(content.bytes);
  if (link.target && content.whole) return link;
  each_digest_in_text(content.bytes, [&](const Digest& digest) { link.hinted.push_back(digest); });
  link.bytes = content.bytes.size();
  return damaged(link, content.whole ? DamageKind::link_without_digest : DamageKind::link_too_long);
}

class RepositoryScan {
 public:
  RepositoryScan(const Storage& storage, const FoundRepository& found, std::uint32_t place,
                 const ScanOptions& options, const Workers& workers, ScanNotes& notes)
      : storage_(storage),
        found_(found),
        place_(place),
        options_(options),
        workers_(workers),
        notes_(notes),
        top_(layout::repository(found.name)) {
    out_.name = found.name;
    out_.directories_modified = found.modified;
  }

  ScannedRepository run() && {
    for (const Entry& entry : found_.entries) {
      const bool ours = entry.name == layout::kLayers || entry.name == layout::kManifests ||
                        entry.name == layout::kUploads;
      if (!notes_.is_directory(entry, top_, ours)) continue;
      const std::string key = join(top_, entry.name);
      // What cannot be read of one hides nothing of the others.
      notes_.guarded([&] {
        if (entry.name == layout::kLayers)
          scan_links(key, out_.layers, Quarantined::Kind::layer_link);
        else if (entry.name == layout::kManifests)
          scan_manifests(key);
        else if (entry.name == layout::kUploads)
          scan_uploads(key);
        else
          notes_.obstacle(Trouble::unknown_directory, key);
      });
    }
    read_layers_that_are_revisions();
    return {std::move(out_), std::move(quarantined_tags_), unsettled_};
  }

 private:
  // What is in `key`, which was listed in its parent; empty if it is provably gone.
  std::optional<Listing> listing(const std::string& key) {
    const auto slash = key.rfind('/');
    auto found = notes_.insist(storage_, key.substr(0, slash), key.substr(slash + 1),
                               [&] { return storage_.list(key); });
    const std::lock_guard lock(mutex_);
    if (found)
      out_.directories_modified = std::max(out_.directories_modified, found->stat.modified);
    return found;
  }

  std::vector<Entry> entries(const std::string& key) {
    auto found = listing(key);
    return found ? std::move(found->entries) : std::vector<Entry>();
  }

  void note(Damage damage) {
    const std::lock_guard lock(mutex_);
    out_.damage.push_back(std::move(damage));
  }

  void hint(const Digest& digest) {
    const DigestId id = notes_.id(digest);
    const std::lock_guard lock(mutex_);
    out_.hinted.push_back(id);
  }

  // path() is asked for only where there is damage.
  template <class PathOf>
  void note_damage(const FoundLink& link, PathOf path, std::optional<DigestId> digest) {
    if (link.state != LinkState::damaged) return;
    for (const Digest& found : link.hinted) hint(found);
    note({.kind = link.damage, .path = path(), .digest = digest, .bytes = link.bytes});
    const std::lock_guard lock(mutex_);
    unsettled_ |= link.cut_short;
  }

  void note_leftovers(const FoundLink& link, const std::string& directory) {
    for (const std::string& name : link.leftovers)
      notes_.stray(Stray::Kind::temporary, join(directory, name));
  }

  // `view`/`directory`/link, with its copies in quarantine: where it is absent, or where `copies`
  // asks for them. Empty: the directory is gone, or changing under our hands.
  static std::optional<FoundLink> read_link(const Storage& view, const std::string& directory,
                                            Copies copies) {
    const auto content = view.read(join(directory, layout::kLink), layout::kLongestLink);
    if (content && copies == Copies::of_absent_links) return understand(*content);
    auto listing = view.list(directory);
    if (!listing) return std::nullopt;
    std::sort(listing->entries.begin(),
              listing->entries.end());  // of several copies the last one taken counts
    FoundLink link{.state = LinkState::pending, .stat = listing->stat, .in_place = false};
    std::vector<std::string> leftovers;
    for (const Entry& entry : listing->entries) {
      if (entry.name == layout::kLink && !content) return std::nullopt;
      link.only_signatures |= entry.name == "signatures";
      if (entry.kind == EntryKind::file && layout::is_temporary(entry.name))
        leftovers.push_back(entry.name);
      auto name = layout::parse_quarantine_name(entry.name);
      if (!name || name->original != layout::kLink || entry.kind != EntryKind::file) continue;
      const auto copy = view.read(join(directory, entry.name), layout::kLongestLink);
      if (!copy) return std::nullopt;
      FoundLink understood = understand(*copy);
      understood.in_place = false;
      understood.copies = std::move(link.copies);
      understood.copies.emplace_back(std::move(*name), copy->stat);
      if (understood.state == LinkState::present) understood.state = LinkState::quarantined;
      link = std::move(understood);
    }
    if (content) {
      FoundLink original = understand(*content);
      original.copies = std::move(link.copies);
      link = std::move(original);
    }
    link.leftovers = std::move(leftovers);
    return link;
  }

  // `key` holds <algorithm>/<hex>/link: _layers, or _manifests/revisions.
  void scan_links(const std::string& key, std::vector<Link>& links, Quarantined::Kind kind) {
    for (const Entry& entry : entries(key)) {
      const auto algorithm = algorithm_named(entry.name);
      if (!notes_.is_directory(entry, key, algorithm.has_value())) continue;
      notes_.guarded([&] {
        if (algorithm)
          scan_links_of(key, *algorithm, links, kind);
        else
          scan_unknown(join(key, entry.name));
      });
    }
  }

  void scan_links_of(const std::string& parent, Algorithm algorithm, std::vector<Link>& links,
                     Quarantined::Kind kind) {
    const std::string key = join(parent, name_of(algorithm));
    const bool only_named = options_.depth == Depth::what_matters &&
                            kind == Quarantined::Kind::layer_link && algorithm == Algorithm::sha256;
    std::vector<std::pair<Digest, std::string>> names;
    ScanNotes::Ids named(notes_, out_.named_layers);
    for (Entry& entry : entries(key)) {
      const auto digest = Digest::from_hex(algorithm, entry.name);
      if (!notes_.is_directory(entry, key, digest.has_value())) continue;
      if (digest && only_named) {
        named.add(*digest);
      } else if (digest) {
        names.emplace_back(*digest, std::move(entry.name));
      } else {
        scan_misnamed(key, entry.name, algorithm);
      }
    }
    read_links(key, names, links, kind);
  }

  // As scan_links_of(); `names` are those of directories in `key`.
  void read_links(const std::string& key, const std::vector<std::pair<Digest, std::string>>& names,
                  std::vector<Link>& links, Quarantined::Kind kind) {
    if (names.empty()) return;
    const auto view = storage_.below(key);
    std::vector<std::optional<Link>> found(names.size());
    workers_.for_each_index(names.size(), [&](std::size_t i) {
      const std::string& name =
          names[i].second;  // no structured binding: clang 14 cannot capture one
      notes_.guarded([&] {
        const auto link = notes_.insist(storage_, key, name,
                                        [&] { return read_link(*view, name, options_.copies); });
        if (link) found[i] = judge(names[i].first, *link, join(key, name), kind);
      });
    });
    links.reserve(links.size() + found.size());
    for (const auto& link : found) {
      if (link) links.push_back(*link);
    }
  }

  // Their times tell the age of the revision. Of hardly any repository there is one.
  void read_layers_that_are_revisions() {
    if (out_.named_layers.empty()) return;
    std::unordered_set<DigestId> revisions;
    for (const Link& link : out_.revisions) revisions.insert(link.name);
    std::vector<std::pair<Digest, std::string>> names;
    std::erase_if(out_.named_layers, [&](DigestId id) {
      if (!revisions.contains(id)) return false;
      const Digest digest = notes_.digests[id];
      names.emplace_back(digest, digest.hex());
      return true;
    });
    const std::string key = join(top_, join(layout::kLayers, name_of(Algorithm::sha256)));
    notes_.guarded([&] { read_links(key, names, out_.layers, Quarantined::Kind::layer_link); });
  }

  Link judge(const Digest& name, const FoundLink& found, const std::string& directory,
             Quarantined::Kind kind) {
    const DigestId id = notes_.id(name);
    const auto path = [&] { return join(directory, layout::kLink); };
    Link link = notes_.link(id, found.state, found.stat);
    link.only_signatures = found.state == LinkState::pending && found.only_signatures;
    notes_.owned(found.stat, path);
    note_damage(found, path, id);
    note_leftovers(found, directory);
    for (const auto& [copy, stat] : found.copies) {
      notes_.in_quarantine({.kind = kind,
                            .digest = id,
                            .repository = place_,
                            .taken = copy.taken,
                            .run = copy.run,
                            .bytes = stat.bytes,
                            .disk_bytes = stat.disk_bytes,
                            .modified = stat.modified,
                            .inode = stat.inode,
                            .duplicate = found.in_place});
    }
    if (!found.target || *found.target == name) return link;
    link.target = notes_.id(*found.target);
    // A sha512 or sha384 upload is stored as sha256, behind a link under the name it came by.
    const bool alias =
        kind == Quarantined::Kind::layer_link && found.target->algorithm() != name.algorithm();
    if (!alias && link.state != LinkState::damaged) {
      link.state = LinkState::damaged;
      note({.kind = DamageKind::link_to_another,
            .path = path(),
            .digest = id,
            .names = link.target});
    }
    return link;
  }

  // A directory whose name is no digest where one belongs.
  void scan_misnamed(const std::string& key, const std::string& name, Algorithm algorithm) {
    if (const auto meant = Digest::from_hex(algorithm, name, HexCase::either)) hint(*meant);
    scan_unknown(join(key, name));
  }

  // A directory of no known meaning where links are kept: every digest in a link below it may
  // matter.
  void scan_unknown(const std::string& key) {
    note({.kind = DamageKind::place_without_digest, .path = key});
    std::vector<std::string> open{key};
    while (!open.empty()) {
      const std::string here = std::move(open.back());
      open.pop_back();
      for (const Entry& entry : entries(here)) {
        const std::string path = join(here, entry.name);
        if (entry.kind != EntryKind::file) {
          if (notes_.is_directory(entry, here)) open.push_back(path);
          continue;
        }
        const auto content = notes_.insist(
            storage_, here, entry.name, [&] { return storage_.read(path, layout::kLongestLink); });
        if (content)
          each_digest_in_text(content->bytes, [&](const Digest& digest) { hint(digest); });
      }
    }
  }

  void scan_manifests(const std::string& key) {
    for (const Entry& entry : entries(key)) {
      const bool revisions = entry.name == layout::kRevisions, tags = entry.name == layout::kTags;
      if (!notes_.is_directory(entry, key, revisions || tags)) continue;
      const std::string below = join(key, entry.name);
      notes_.guarded([&] {
        if (revisions)
          scan_links(below, out_.revisions, Quarantined::Kind::revision_link);
        else if (tags)
          scan_tags(below);
        else if (const auto quarantine = layout::parse_tag_quarantine(entry.name))
          scan_quarantined_tags(below, *quarantine);
        else if (entry.name.starts_with('_'))
          notes_.obstacle(Trouble::unknown_directory, below);
        else
          scan_unknown(below);
      });
    }
  }

  // Of hardly any repository more than a few.
  void scan_quarantined_tags(const std::string& key, const layout::TagQuarantine& quarantine) {
    const auto view = storage_.below(key);
    for (const Entry& entry : entries(key)) {
      if (!notes_.is_directory(entry, key)) continue;
      auto tag = notes_.insist(storage_, key, entry.name,
                               [&] { return scan_tag(*view, key, entry.name); });
      if (tag)
        quarantined_tags_.push_back({place_, std::move(*tag), quarantine.taken, quarantine.run});
    }
  }

  void scan_tags(const std::string& key) {
    auto tags = listing(key);
    if (!tags) return;
    out_.has_tags = true;
    std::vector<std::string> names;
    for (Entry& entry : tags->entries) {
      if (notes_.is_directory(entry, key)) names.push_back(std::move(entry.name));
    }
    const auto view = storage_.below(key);
    std::vector<std::optional<Tag>> found(names.size());
    workers_.for_each_index(names.size(), [&](std::size_t i) {
      notes_.guarded([&] {
        found[i] =
            notes_.insist(storage_, key, names[i], [&] { return scan_tag(*view, key, names[i]); });
      });
    });
    out_.tags.reserve(found.size());
    for (auto& tag : found) {
      if (tag) out_.tags.push_back(std::move(*tag));
    }
  }

  // As read_link(); also empty where something else than a directory stands there.
  std::optional<FoundLink> read_if_directory(const Storage& view, const std::string& directory) {
    try {
      return read_link(view, directory, options_.copies);
    } catch (const StorageError& error) {
      if (class_of(error.trouble()) != TroubleClass::not_a_directory) throw;
      return std::nullopt;
    }
  }

  // Empty: the tag's directory is gone, or changing under our hands.
  std::optional<Tag> scan_tag(const Storage& view, const std::string& key,
                              const std::string& name) {
    auto current = read_if_directory(view, join(name, "current"));
    if (!current) {  // "current" itself is missing, or no directory, or the whole tag
      const auto listing = view.list(name);
      if (!listing) return std::nullopt;
      for (const Entry& entry : listing->entries) {
        if (entry.name != "current") continue;
        if (!notes_.is_directory(entry, join(key, name), true)) break;
        return std::nullopt;
      }
      current = FoundLink{.state = LinkState::pending, .stat = listing->stat};
    }
    Tag tag{.name = name,
            .state = current->state,
            .modified = current->stat.modified,
            .arrived = notes_.arrived(current->stat),
            .inode = current->stat.inode};
    const auto path = [&] { return join(join(key, name), "current/link"); };
    notes_.owned(current->stat, path);
    note_damage(*current, path, std::nullopt);
    note_leftovers(*current, join(join(key, name), "current"));
    if (current->target) tag.target = notes_.id(*current->target);
    const bool unknown = tag.state != LinkState::present;
    if (unknown || options_.detail == Detail::everything)
      tag.history = scan_history(join(key, name), unknown);
    return tag;
  }

  // `key` is a tag's directory. With `needed`, digests that stand in the links count as well as
  // their names.
  std::vector<TagEntry> scan_history(const std::string& key, bool needed) {
    std::vector<TagEntry> history;
    for (const Entry& index : entries(key)) {
      if (index.name != "index" || !notes_.is_directory(index, key, true)) continue;
      const std::string index_key = join(key, index.name);
      for (const Entry& entry : entries(index_key)) {
        const auto algorithm = algorithm_named(entry.name);
        if (!notes_.is_directory(entry, index_key, algorithm.has_value())) continue;
        if (algorithm)
          scan_history_of(join(index_key, entry.name), *algorithm, needed, history);
        else if (needed)
          scan_unknown(join(index_key, entry.name));
      }
    }
    return history;
  }

  void scan_history_of(const std::string& key, Algorithm algorithm, bool needed,
                       std::vector<TagEntry>& history) {
    for (const Entry& entry : entries(key)) {
      const auto digest = Digest::from_hex(algorithm, entry.name);
      if (!notes_.is_directory(entry, key, digest.has_value())) continue;
      if (!digest) {
        if (needed) scan_misnamed(key, entry.name, algorithm);
        continue;
      }
      const auto link = notes_.insist(storage_, key, entry.name, [&] {
        return read_link(storage_, join(key, entry.name), Copies::of_absent_links);
      });
      if (!link) continue;
      const auto note = [&](const Digest& once) {
        history.push_back({notes_.id(once), link->stat.modified, notes_.arrived(link->stat)});
      };
      note(*digest);
      if (!needed) continue;
      if (link->target && *link->target != *digest) note(*link->target);
      for (const Digest& found : link->hinted) hint(found);
    }
  }

  void scan_uploads(const std::string& key) {
    std::vector<std::string> names;
    for (Entry& entry : entries(key)) {
      if (notes_.is_directory(entry, key)) names.push_back(std::move(entry.name));
    }
    std::vector<std::optional<Upload>> found(names.size());
    workers_.for_each_index(names.size(), [&](std::size_t i) {
      notes_.guarded([&] { found[i] = scan_upload(join(key, names[i]), names[i]); });
    });
    for (auto& upload : found) {
      if (upload) out_.uploads.push_back(std::move(*upload));
    }
  }

  // A registry is at work in here: what is gone by the time it is asked for is gone, and where that
  // is the upload itself, this is empty.
  std::optional<Upload> scan_upload(const std::string& key, const std::string& uuid) {
    Upload upload{.uuid = uuid};
    Time directory{}, directories{};
    bool holds_files = false;
    std::vector<std::string> open{key};
    while (!open.empty()) {
      const std::string here = std::move(open.back());
      open.pop_back();
      const auto found = listing(here);
      if (!found && here == key) return std::nullopt;
      if (!found) continue;
      if (here == key) directory = found->stat.modified;
      directories = std::max(directories, found->stat.modified);
      for (const Entry& entry : found->entries) {
        const std::string path = join(here, entry.name);
        if (entry.kind == EntryKind::directory) open.push_back(path);
        const auto stat =
            notes_.insist(storage_, here, entry.name, [&] { return storage_.stat(path); });
        if (!stat) continue;
        if (stat->kind == EntryKind::directory)
          continue;  // its time also tells what was removed from it
        holds_files = true;
        upload.newest = std::max(upload.newest, stat->modified);
        if (stat->kind != EntryKind::file) continue;
        upload.bytes += stat->bytes;
        upload.can_go_on |= entry.name == "startedat" || entry.name == layout::kData;
        if (entry.name != "startedat") continue;
        const auto content =
            notes_.insist(storage_, here, entry.name, [&] { return storage_.read(path, 64); });
        if (content) upload.started = parse_rfc3339(content->bytes);
      }
    }
    if (!holds_files) upload.started = directory;
    if (!upload.started) upload.newest = std::max(upload.newest, directories);
    return upload;
  }

  const Storage& storage_;
  const FoundRepository& found_;
  const std::uint32_t place_;
  const ScanOptions& options_;
  const Workers& workers_;
  ScanNotes& notes_;
  const std::string top_;
  std::mutex
      mutex_;  // of what several threads may add to: all but the vectors of links, tags, uploads
  Repository out_;
  std::vector<QuarantinedTag> quarantined_tags_;
  bool unsettled_ = false;
};

}  // namespace

ScannedRepository scan_repository(const Storage& storage, const FoundRepository& found,
                                  std::uint32_t place, const ScanOptions& options,
                                  const Workers& workers, ScanNotes& notes) {
  return RepositoryScan(storage, found, place, options, workers, notes).run();
}

}  // namespace regctl
