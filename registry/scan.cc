#include "registry/scan.h"

#include <thread>

#include "registry/names.h"
#include "registry/scan_documents.h"
#include "registry/scan_notes.h"
#include "registry/scan_repository.h"

namespace regctl {
namespace {

using layout::join;

template <class T>
void sort_unique(std::vector<T>& items) {
  std::sort(items.begin(), items.end());
  items.erase(std::unique(items.begin(), items.end()), items.end());
}

// A directory below repositories/ and the one it was listed in.
struct Namespace {
  std::string parent, name;
  std::string path() const { return join(parent, name); }
};

// Names of all repositories, in order: directories with one of the registry's own below them. Level
// by level, because the depth is the pusher's choice.
std::vector<std::string> find_repositories(const Storage& storage, const Workers& workers,
                                           ScanNotes& notes) {
  std::vector<std::string> repositories;
  std::vector<Namespace> level{{"", std::string(layout::kRepositories)}};
  while (!level.empty()) {
    struct Found {
      bool is_repository = false;
      std::vector<Namespace> below;
    };
    const auto found = parallel_map(workers, level, [&](const Namespace& here) {
      Found result;
      notes.guarded([&] {
        const std::string path = here.path();
        const auto listing =
            notes.insist(storage, here.parent, here.name, [&] { return storage.list(path); });
        if (!listing && here.parent.empty())
          throw StorageError(StorageError::Kind::unstable, path, "was there a moment ago");
        if (!listing) return;
        for (const Entry& entry : listing->entries) {
          if (entry.name.starts_with('_') && !here.parent.empty()) {
            // A file of such a name is a stray; whatever else it is, scan_repository() judges it.
            const bool ours = entry.name == layout::kManifests || entry.name == layout::kLayers;
            if (ours || entry.kind != Kind::file)
              result.is_repository = true;
            else
              notes.stray(Stray::Kind::unexpected, join(path, entry.name));
          } else if (notes.is_directory(entry, path)) {
            if (entry.name.starts_with('_'))
              notes.obstacle("unknown-directory", join(path, entry.name),
                             "is a directory that no known registry makes");
            else
              result.below.push_back({path, entry.name});
          }
        }
      });
      return result;
    });
    std::vector<Namespace> next;
    for (std::size_t i = 0; i < level.size(); ++i) {
      if (found[i].is_repository)
        repositories.push_back(level[i].path().substr(layout::kRepositories.size() + 1));
      next.insert(next.end(), found[i].below.begin(), found[i].below.end());
    }
    level = std::move(next);
  }
  std::sort(repositories.begin(), repositories.end());
  return repositories;
}

std::vector<Repository> scan_repositories(const Storage& storage, const ScanOptions& options,
                                          const Workers& workers, ScanNotes& notes,
                                          Progress& progress) {
  const auto names = find_repositories(storage, workers, notes);
  progress.phase("repositories", names.size(), "repositories");
  std::vector<ScannedRepository> scanned(names.size());
  const auto scan_one = [&](std::size_t i) {
    scanned[i] =
        scan_repository(storage, names[i], static_cast<std::uint32_t>(i), options, workers, notes);
  };
  workers.for_each_index(names.size(), [&](std::size_t i) {
    scan_one(i);
    progress.advance(1);
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

  std::vector<Repository> repositories;
  for (std::size_t i = 0; i < scanned.size(); ++i) {
    if (!is_repository_name(names[i]))
      notes.stray(Stray::Kind::illegal_name, layout::repository(names[i]));
    repositories.push_back(std::move(scanned[i].repository));
  }
  return repositories;
}

// The digests that have a directory below blobs/.
std::vector<Blob> list_blobs(const Storage& storage, const Workers& workers, ScanNotes& notes,
                             Progress& progress) {
  struct Shard {
    Algorithm algorithm;
    std::string parent, name;
  };
  std::vector<Shard> shards;
  const std::string top(layout::kBlobs);
  const auto list = [&](const std::string& parent, const std::string& name) {
    return notes.insist(storage, parent, name, [&] { return storage.list(join(parent, name)); });
  };
  notes.guarded([&] {
    const auto algorithms = list("", top);
    if (!algorithms) return;
    for (const Entry& entry : algorithms->entries) {
      const auto algorithm = algorithm_named(entry.name);
      if (!notes.is_directory(entry, top, algorithm.has_value())) continue;
      if (!algorithm) {
        notes.stray(Stray::Kind::misplaced_blob, join(top, entry.name));
        continue;
      }
      const std::string parent = join(top, entry.name);
      const auto listing = list(top, entry.name);
      if (!listing) continue;
      for (const Entry& shard : listing->entries) {
        const bool hex = shard.name.size() == 2 &&
                         shard.name.find_first_not_of("0123456789abcdef") == std::string::npos;
        if (!notes.is_directory(shard, parent, hex)) continue;
        if (hex)
          shards.push_back({*algorithm, parent, shard.name});
        else
          notes.stray(Stray::Kind::misplaced_blob, join(parent, shard.name));
      }
    }
  });

  progress.phase("blobs", shards.size(), "directories");
  const auto found = parallel_map(workers, shards, [&](const Shard& shard) {
    std::vector<Blob> blobs;
    notes.guarded([&] {
      const std::string path = join(shard.parent, shard.name);
      const auto listing = list(shard.parent, shard.name);
      if (!listing) return;
      for (const Entry& entry : listing->entries) {
        const auto digest = Digest::from_hex(shard.algorithm, entry.name);
        const bool ours = digest && entry.name.starts_with(shard.name);
        if (!notes.is_directory(entry, path, ours)) continue;
        if (ours)
          blobs.push_back({.digest = notes.id(*digest)});
        else
          notes.stray(Stray::Kind::misplaced_blob, join(path, entry.name));
      }
    });
    progress.advance(1);
    return blobs;
  });
  std::vector<Blob> blobs;
  for (const auto& some : found) blobs.insert(blobs.end(), some.begin(), some.end());
  return blobs;
}

Openings what_to_open(const std::vector<Repository>& repositories, const std::vector<Blob>& blobs,
                      const ScanOptions& options, ScanNotes& notes) {
  Openings openings;
  for (const Blob& blob : blobs) openings.listed.push_back(blob.digest);
  for (const Digest& digest : options.also_open) openings.start.push_back(notes.id(digest));
  for (const Repository& repository : repositories) {
    for (const Link& link : repository.revisions) {
      openings.start.insert(openings.start.end(), {link.name, link.target});
      if (link.state == LinkState::pending) continue;
      openings.manifests.insert(openings.manifests.end(), {link.name, link.target});
      // What a quarantined one names may have been purged before it.
      if (link.state == LinkState::quarantined) continue;
      openings.revisions.insert(openings.revisions.end(), {link.name, link.target});
    }
    for (const Tag& tag : repository.tags) {
      for (const auto& [digest, time] : tag.history) openings.start.push_back(digest);
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
    if (damage.digest) (*this)(*damage.digest);
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

  void operator()(Repository& repository) const {
    (*this)(repository.layers);
    (*this)(repository.revisions);
    (*this)(repository.hinted);
    for (Damage& damage : repository.damage) (*this)(damage);
    std::sort(repository.damage.begin(), repository.damage.end(),
              [](const Damage& a, const Damage& b) { return a.path < b.path; });
    for (Tag& tag : repository.tags) {
      if (tag.target) (*this)(*tag.target);
      for (auto& [digest, time] : tag.history) (*this)(digest);
      sort_unique(tag.history);
    }
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

void take_notes(Inventory& inventory, ScanNotes& notes, const Storage& storage) {
  for (Stray& stray : notes.strays) {
    if (stray.kind != Stray::Kind::temporary) continue;
    notes.guarded([&] {
      if (const auto stat = storage.stat(stray.path)) stray.modified = stat->modified;
    });
  }
  const auto append = [](auto& to, auto& from) {
    to.insert(to.end(), from.begin(), from.end());
    sort_unique(to);
  };
  append(inventory.obstacles, notes.obstacles);
  append(inventory.strays, notes.strays);
  append(inventory.quarantined, notes.quarantined);
  inventory.vanished += notes.vanished;
}

}  // namespace

Inventory scan(const Storage& storage, const ScanOptions& options, const Workers& workers,
               Progress& progress) {
  Inventory inventory;
  ScanNotes notes;
  notes.guarded([&] {
    const auto top = storage.list("");
    if (!top)
      throw StorageError(StorageError::Kind::unstable, "docker/registry/v2",
                         "is gone since it was opened");
    for (const Entry& entry : top->entries) {
      const bool blobs = entry.name == layout::kBlobs,
                 repositories = entry.name == layout::kRepositories;
      if ((!blobs && !repositories) || !notes.is_directory(entry, "", true)) continue;
      (blobs ? inventory.has_blobs : inventory.has_repositories) = true;
    }
  });
  if (inventory.has_repositories)
    inventory.repositories = scan_repositories(storage, options, workers, notes, progress);
  if (inventory.has_blobs) inventory.blobs = list_blobs(storage, workers, notes, progress);
  inventory.documents =
      scan_documents(storage, what_to_open(inventory.repositories, inventory.blobs, options, notes),
                     workers, notes, progress);

  auto finished = notes.digests.finish(workers);
  inventory.digests = std::move(finished.set);
  const Renumbering renumber(finished.place);
  workers.for_each_index(inventory.repositories.size(),
                         [&](std::size_t i) { renumber(inventory.repositories[i]); });
  workers.for_each_index(inventory.documents.size(),
                         [&](std::size_t i) { renumber(inventory.documents[i]); });
  for (Blob& blob : inventory.blobs) renumber(blob.digest);
  for (Quarantined& copy : notes.quarantined) renumber(copy.digest);
  inventory.blob_index = index_by_digest(inventory.blobs, inventory.digests.size());
  inventory.document_index = index_by_digest(inventory.documents, inventory.digests.size());
  take_notes(inventory, notes, storage);
  return inventory;
}

Inventory survey(const Storage& storage, Inventory inventory, const std::vector<DigestId>& digests,
                 const Workers& workers, Progress& progress) {
  std::vector<std::uint32_t> places;
  for (DigestId id : digests) {
    const std::uint32_t place = inventory.blob_index[index_of(id)];
    if (place && !inventory.blobs[place - 1].visited) places.push_back(place - 1);
  }
  sort_unique(places);
  progress.phase("sizes", places.size(), "blobs");
  ScanNotes notes;
  const auto digest = [&](std::size_t i) -> const Digest& {
    return inventory.digests[inventory.blobs[places[i]].digest];
  };
  const auto visit = [&](const std::string& shard, const Storage& view, Blob& blob) {
    const std::string name = inventory.digests[blob.digest].hex(), directory = join(shard, name);
    const auto listing =
        notes.insist(storage, shard, name, [&] { return view.list_with_stats(name); });
    if (!listing) return;  // gone since; not visited, so not ours to judge
    blob.directory_modified = listing->modified;
    for (std::size_t i = 0; i < listing->entries.size(); ++i) {
      const Entry& entry = listing->entries[i];
      const std::string path = join(directory, entry.name);
      const auto copy = layout::parse_quarantine_name(entry.name);
      const bool data = entry.name == layout::kData,
                 copy_of_data = copy && copy->original == layout::kData;
      if (entry.kind != Kind::file || (!data && !copy_of_data)) {
        if (!layout::is_foreign_litter(entry.name))
          notes.stray(
              layout::is_temporary(entry.name) ? Stray::Kind::temporary : Stray::Kind::unexpected,
              path);
        continue;
      }
      auto stat = listing->stats[i];
      if (!stat)
        stat = notes.insist(storage, directory, entry.name, [&] { return storage.stat(path); });
      if (!stat) continue;
      if (data) {
        blob.present = true;
        blob.bytes = stat->bytes;
        blob.disk_bytes = stat->disk_bytes;
        blob.modified = stat->modified;
      } else {
        notes.in_quarantine({.kind = Quarantined::Kind::blob,
                             .digest = blob.digest,
                             .taken = copy->taken,
                             .run = copy->run,
                             .bytes = stat->bytes,
                             .disk_bytes = stat->disk_bytes,
                             .modified = stat->modified,
                             .inode = stat->inode});
      }
    }
    blob.visited = true;
  };
  std::vector<std::size_t> starts;  // of the runs of one shard in `places`
  for (std::size_t i = 0; i < places.size(); ++i) {
    const auto shard = [&](std::size_t at) {
      return std::pair(digest(at).hash()[0], digest(at).algorithm());
    };
    if (i == 0 || shard(i) != shard(i - 1)) starts.push_back(i);
  }
  starts.push_back(places.size());
  workers.for_each_index(starts.size() - 1, [&](std::size_t run) {
    notes.guarded([&] {
      const std::string shard = layout::blob_shard(digest(starts[run]));
      const auto view = storage.below(shard);
      workers.for_each_index(starts[run + 1] - starts[run], [&](std::size_t i) {
        notes.guarded([&] { visit(shard, *view, inventory.blobs[places[starts[run] + i]]); });
        progress.advance(1);
      });
    });
  });
  for (Quarantined& copy : notes.quarantined) copy.duplicate = inventory.blob(copy.digest)->present;
  take_notes(inventory, notes, storage);
  return inventory;
}

}  // namespace regctl
