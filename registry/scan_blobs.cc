#include "registry/scan_blobs.h"

#include "registry/scan.h"

namespace regctl {
namespace {

using layout::join;

// Looks into the directory `name` of `shard`, which `view` is a view of.
void visit(const Storage& storage, const std::string& shard, const Storage& view,
           const std::string& name, Blob& blob, ScanNotes& notes) {
  const std::string directory = join(shard, name);
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
}

}  // namespace

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

  progress.phase("blobs", {shards.size()}, "directories");
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
    progress.advance({1});
    return blobs;
  });
  std::vector<Blob> blobs;
  for (const auto& some : found) blobs.insert(blobs.end(), some.begin(), some.end());
  return blobs;
}

Inventory survey(const Storage& storage, Inventory inventory, const std::vector<DigestId>& digests,
                 const Workers& workers, Progress& progress) {
  std::vector<std::uint32_t> places;
  for (DigestId id : digests) {
    const std::uint32_t place = inventory.blob_index[index_of(id)];
    if (place && !inventory.blobs[place - 1].visited) places.push_back(place - 1);
  }
  sort_unique(places);
  progress.phase("sizes", {places.size()}, "blobs");
  ScanNotes notes;
  const auto digest = [&](std::size_t i) -> const Digest& {
    return inventory.digests[inventory.blobs[places[i]].digest];
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
        const std::size_t place = starts[run] + i;
        notes.guarded([&] {
          visit(storage, shard, *view, digest(place).hex(), inventory.blobs[places[place]], notes);
        });
        progress.advance({1});
      });
    });
  });
  for (Quarantined& copy : notes.quarantined) copy.duplicate = inventory.blob(copy.digest)->present;
  notes.move_to(inventory, storage);
  return inventory;
}

}  // namespace regctl
