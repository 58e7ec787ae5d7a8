#include "registry/scan.h"

#include <iterator>
#include <set>
#include <thread>
#include <tuple>

#include "registry/names.h"
#include "registry/scan_blobs.h"
#include "registry/scan_documents.h"
#include "registry/scan_notes.h"
#include "registry/scan_repository.h"

namespace regctl {
namespace {

using layout::join;

// A directory below repositories/ and the one it was listed in.
struct Namespace {
  std::string parent, name;
  std::string path() const { return join(parent, name); }
};

// `path` as it is below repositories/.
std::string repository_name(const std::string& path) {
  return path.substr(layout::kRepositories.size() + 1);
}

// A symbolic link to a directory of repositories that is listed under its own name is another name
// of it; any other hides what it leads to. `listed` ascends.
void judge_links(const Storage& storage, const std::vector<std::string>& links,
                 const std::vector<std::string>& listed, ScanNotes& notes) {
  for (const std::string& link : links) {
    notes.guarded([&] {
      const auto target = storage.leads_to(link);
      if (target && std::binary_search(listed.begin(), listed.end(), *target))
        notes.alias({repository_name(link), repository_name(*target)});
      else
        notes.obstacle(Trouble::symlink, link);
    });
  }
}

// All repositories, by name: directories with one of the registry's own below them. Level by level,
// because the depth is the pusher's choice.
std::vector<FoundRepository> find_repositories(const Storage& storage, const Workers& workers,
                                               ScanNotes& notes) {
  std::vector<FoundRepository> repositories;
  std::vector<std::string> listed, links;
  std::vector<Namespace> level{{"", std::string(layout::kRepositories)}};
  while (!level.empty()) {
    struct Found {
      bool is_listed = false, is_repository = false;
      Time modified{};
      std::vector<Entry> own;  // that begin with "_"
      std::vector<Namespace> below;
      std::vector<std::string> links;
    };
    auto found = parallel_map(workers, level, [&](const Namespace& here) {
      Found result;
      notes.guarded([&] {
        const std::string path = here.path();
        const auto listing =
            notes.insist(storage, here.parent, here.name, [&] { return storage.list(path); });
        if (!listing && here.parent.empty()) throw StorageError(Trouble::vanished, path);
        if (!listing) return;
        result.is_listed = !here.parent.empty();
        result.modified = listing->stat.modified;
        for (const Entry& entry : listing->entries) {
          if (notes.is_foreign(entry, path)) continue;
          if (entry.name.starts_with('_') && !here.parent.empty()) {
            result.own.push_back(entry);
            // A file of such a name is a stray; whatever else it is, scan_repository() judges it.
            const bool ours = entry.name == layout::kManifests || entry.name == layout::kLayers;
            if (ours || entry.kind != EntryKind::file)
              result.is_repository = true;
            else
              notes.stray(Stray::Kind::unexpected, join(path, entry.name));
          } else if (entry.kind == EntryKind::symlink && !entry.name.starts_with('_')) {
            result.links.push_back(join(path, entry.name));
          } else if (notes.is_directory(entry, path)) {
            if (entry.name.starts_with('_'))
              notes.obstacle(Trouble::unknown_directory, join(path, entry.name));
            else
              result.below.push_back({path, entry.name});
          }
        }
      });
      return result;
    });
    std::vector<Namespace> next;
    for (std::size_t i = 0; i < level.size(); ++i) {
      if (found[i].is_listed) listed.push_back(level[i].path());
      if (found[i].is_repository)
        repositories.push_back(
            {repository_name(level[i].path()), std::move(found[i].own), found[i].modified});
      links.insert(links.end(), found[i].links.begin(), found[i].links.end());
      next.insert(next.end(), found[i].below.begin(), found[i].below.end());
    }
    level = std::move(next);
  }
  std::sort(listed.begin(), listed.end());
  judge_links(storage, links, listed, notes);
  std::sort(notes.aliases.begin(), notes.aliases.end());
  std::ranges::sort(repositories, {}, &FoundRepository::name);
  return repositories;
}

void name(Repository& repository, const std::vector<Alias>& aliases) {
  std::set<std::string> known{repository.name};
  std::vector<std::string> left{repository.name};
  while (!left.empty() && !repository.has_more_names) {
    const std::string one = std::move(left.back());
    left.pop_back();
    for (const Alias& alias : aliases) {
      if (!layout::is_at_or_below(one, alias.of)) continue;
      std::string other = alias.name + one.substr(alias.of.size());
      if (!known.insert(other).second) continue;
      left.push_back(std::move(other));
      repository.has_more_names = known.size() > kMostNames + 1;
      if (repository.has_more_names) break;
    }
  }
  known.erase(repository.name);
  if (repository.has_more_names) known.clear();
  repository.other_names.assign(known.begin(), known.end());
}

void scan_repositories(const Storage& storage, const ScanOptions& options, const Workers& workers,
                       ScanNotes& notes, Progress& progress, Inventory& inventory) {
  const auto found = find_repositories(storage, workers, notes);
  progress.phase("repositories", {found.size()}, "repositories");
  std::vector<ScannedRepository> scanned(found.size());
  ScanOptions as_deep = options;
  as_deep.depth = inventory.depth;
  const auto scan_one = [&](std::size_t i) {
    scanned[i] =
        scan_repository(storage, found[i], static_cast<std::uint32_t>(i), as_deep, workers, notes);
  };
  workers.for_each_index(found.size(), [&](std::size_t i) {
    scan_one(i);
    progress.advance({1});
  });

  const auto deadline = std::chrono::steady_clock::now() + options.settle;
  for (;;) {
    std::vector<std::size_t> unsettled;
    for (std::size_t i = 0; i < scanned.size(); ++i) {
      if (scanned[i].unsettled) unsettled.push_back(i);
    }
    if (unsettled.empty() || std::chrono::steady_clock::now() >= deadline) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    workers.for_each_index(unsettled.size(), [&](std::size_t i) { scan_one(unsettled[i]); });
  }

  for (std::size_t i = 0; i < scanned.size(); ++i) {
    if (!is_repository_name(found[i].name))
      notes.stray(Stray::Kind::illegal_name, layout::repository(found[i].name));
    name(scanned[i].repository, notes.aliases);
    inventory.repositories.push_back(std::move(scanned[i].repository));
    std::move(scanned[i].quarantined_tags.begin(), scanned[i].quarantined_tags.end(),
              std::back_inserter(inventory.quarantined_tags));
  }
}

Openings what_to_open(const Inventory& inventory, const ScanOptions& options, ScanNotes& notes) {
  Openings openings;
  openings.listed = inventory.blob_directories;
  for (const Digest& digest : options.also_open) openings.start.push_back(notes.id(digest));
  for (const QuarantinedTag& one : inventory.quarantined_tags) {
    if (one.tag.target) openings.start.push_back(*one.tag.target);
  }
  for (const Repository& repository : inventory.repositories) {
    for (const Link& link : repository.revisions) {
      openings.start.insert(openings.start.end(), {link.name, link.target});
      if (link.state == LinkState::pending) continue;
      openings.manifests.insert(openings.manifests.end(), {link.name, link.target});
      // What a quarantined one names may have been purged before it.
      if (link.state == LinkState::quarantined) continue;
      openings.revisions.insert(openings.revisions.end(), {link.name, link.target});
    }
    for (const Tag& tag : repository.tags) {
      for (const TagEntry& entry : tag.history) openings.start.push_back(entry.digest);
      if (!tag.target) continue;
      openings.start.push_back(*tag.target);
      openings.manifests.push_back(*tag.target);
    }
    for (const Link& link : repository.layers) {
      if (link.name != link.target) openings.aliases.emplace_back(link.name, link.target);
    }
    openings.start.insert(openings.start.end(), repository.hinted.begin(), repository.hinted.end());
  }
  return openings;
}

// Replaces the collector's numbers by places in the finished set, and sorts by them.
class Renumbering {
 public:
  explicit Renumbering(const std::vector<DigestId>& place) : place_(place) {}

  void operator()(DigestId& id) const { id = place_[index_of(id)]; }

  void operator()(Damage& damage) const {
    for (auto* id : {&damage.digest, &damage.names}) {
      if (*id) (*this)(**id);
    }
  }

  void operator()(std::vector<DigestId>& ids) const {
    for (DigestId& id : ids) (*this)(id);
    sort_unique(ids);
  }

  void operator()(std::vector<Link>& links) const {
    for (Link& link : links) {
      (*this)(link.name);
      (*this)(link.target);
    }
    std::sort(links.begin(), links.end(),
              [](const Link& a, const Link& b) { return a.name < b.name; });
  }

  void operator()(Tag& tag) const {
    if (tag.target) (*this)(*tag.target);
    for (TagEntry& entry : tag.history) (*this)(entry.digest);
    sort_unique(tag.history);
  }

  void operator()(Repository& repository) const {
    (*this)(repository.layers);
    (*this)(repository.named_layers);
    (*this)(repository.revisions);
    (*this)(repository.hinted);
    for (Damage& damage : repository.damage) (*this)(damage);
    std::sort(repository.damage.begin(), repository.damage.end(),
              [](const Damage& a, const Damage& b) { return a.path < b.path; });
    for (Tag& tag : repository.tags) (*this)(tag);
    std::sort(repository.tags.begin(), repository.tags.end(),
              [](const Tag& a, const Tag& b) { return a.name < b.name; });
    std::sort(repository.uploads.begin(), repository.uploads.end(),
              [](const Upload& a, const Upload& b) { return a.uuid < b.uuid; });
  }

  void operator()(Document& document) const {
    (*this)(document.digest);
    (*this)(document.subjects);
    for (Damage& damage : document.damage) (*this)(damage);
    for (Reference& reference : document.references) (*this)(reference.to);
    std::sort(document.references.begin(), document.references.end(),
              [](const Reference& a, const Reference& b) { return a.to < b.to; });
  }

 private:
  const std::vector<DigestId>& place_;
};

// Puts `items`, each of another digest, in the order of their digests; returns 1 + their places, by
// DigestId.
template <class T>
std::vector<std::uint32_t> index_by_digest(std::vector<T>& items, std::size_t digests) {
  std::vector<std::uint32_t> index(digests);
  for (std::size_t i = 0; i < items.size(); ++i)
    index[index_of(items[i].digest)] = static_cast<std::uint32_t>(i + 1);
  std::vector<T> sorted;
  sorted.reserve(items.size());
  for (std::uint32_t& place : index) {
    if (!place) continue;
    sorted.push_back(std::move(items[place - 1]));
    place = static_cast<std::uint32_t>(sorted.size());
  }
  items = std::move(sorted);
  return index;
}

}  // namespace

Inventory scan(const Storage& storage, const ScanOptions& options, const Workers& workers,
               Progress& progress) {
  Inventory inventory{.arrival = options.arrival, .depth = options.depth};
  ScanNotes notes(options.arrival);
  notes.guarded([&] {
    const auto top = storage.list("");
    if (!top) throw StorageError(Trouble::vanished, "docker/registry/v2");
    inventory.owner = top->stat.owner;
    notes.expect_owner(inventory.owner);
    for (const Entry& entry : top->entries) {
      const bool blobs = entry.name == layout::kBlobs,
                 repositories = entry.name == layout::kRepositories;
      if (entry.name == layout::kQuarantineSign) inventory.depth = Depth::everything;
      if (!blobs && !repositories) {
        const bool is_ours = entry.name.starts_with(".regctl-gc.");
        if (!is_ours && !notes.is_foreign(entry, "") && entry.kind == EntryKind::directory)
          notes.stray(Stray::Kind::unexpected, entry.name);
        continue;
      }
      if (!notes.is_directory(entry, "", true)) continue;
      (blobs ? inventory.has_blobs : inventory.has_repositories) = true;
    }
  });
  if (inventory.has_repositories)
    scan_repositories(storage, options, workers, notes, progress, inventory);
  if (inventory.has_blobs)
    inventory.blob_directories = list_blobs(storage, workers, notes, progress);
  inventory.documents =
      scan_documents(storage, what_to_open(inventory, options, notes), workers, notes, progress);

  auto finished = notes.digests.finish(workers);
  inventory.digests = std::move(finished.set);
  const Renumbering renumber(finished.place);
  workers.for_each_index(inventory.repositories.size(),
                         [&](std::size_t i) { renumber(inventory.repositories[i]); });
  workers.for_each_index(inventory.documents.size(),
                         [&](std::size_t i) { renumber(inventory.documents[i]); });
  renumber(inventory.blob_directories);
  for (Quarantined& copy : notes.quarantined) renumber(copy.digest);
  for (QuarantinedTag& one : inventory.quarantined_tags) renumber(one.tag);
  std::sort(inventory.quarantined_tags.begin(), inventory.quarantined_tags.end(),
            [](const QuarantinedTag& a, const QuarantinedTag& b) {
              return std::tie(a.repository, a.tag.name, a.taken, a.run) <
                     std::tie(b.repository, b.tag.name, b.taken, b.run);
            });
  inventory.blob_index.resize(inventory.digests.size());
  for (const DigestId id : inventory.blob_directories)
    inventory.blob_index[index_of(id)] = Inventory::kUnseen;
  inventory.document_index = index_by_digest(inventory.documents, inventory.digests.size());
  notes.move_to(inventory, storage);
  return inventory;
}

}  // namespace regctl
