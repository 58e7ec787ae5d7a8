#include "registry/scan_blobs.h"

#include <algorithm>
#include <iterator>
#include <span>

#include "registry/scan.h"

namespace regctl {
namespace {

using layout::join;

// Looks into directories of one shard.
class Visitor {
 public:
  Visitor(const Storage& storage, std::string shard, Depth depth, ScanNotes& notes)
      : storage_(storage),
        shard_(std::move(shard)),
        view_(storage.below(shard_)),
        depth_(depth),
        notes_(notes) {}

  // Into that of `blob`, which is called `name`. False: it has gone since, and is not ours to
  // judge.
  bool visit(const std::string& name, Blob& blob) const {
    if (depth_ == Depth::what_matters && find_data(name, blob)) return true;
    const std::string directory = join(shard_, name);
    const auto listing =
        notes_.insist(storage_, shard_, name, [&] { return view_->list_with_stats(name); });
    if (!listing) return false;
    note_directory(listing->stat, name, blob);
    for (std::size_t i = 0; i < listing->entries.size(); ++i) {
      const Entry& entry = listing->entries[i];
      const std::string path = join(directory, entry.name);
      const auto copy = layout::parse_quarantine_name(entry.name);
      const bool data = entry.name == layout::kData,
                 copy_of_data = copy && copy->original == layout::kData;
      if (notes_.is_foreign(entry, directory)) continue;
      if (data && entry.kind == EntryKind::symlink) {
        notes_.obstacle(Trouble::behind_symlink, path);
        continue;
      }
      if (entry.kind != EntryKind::file || (!data && !copy_of_data)) {
        notes_.stray(
            layout::is_temporary(entry.name) ? Stray::Kind::temporary : Stray::Kind::unexpected,
            path);
        continue;
      }
      auto stat = listing->stats[i];
      if (!stat)
        stat = notes_.insist(storage_, directory, entry.name, [&] { return storage_.stat(path); });
      if (!stat) continue;
      if (data) {
        note_data(*stat, name, blob);
        continue;
      }
      notes_.owned(*stat, [&]() -> const std::string& { return path; });
      notes_.in_quarantine({.kind = Quarantined::Kind::blob,
                            .digest = blob.digest,
                            .taken = copy->taken,
                            .run = copy->run,
                            .bytes = stat->bytes,
                            .disk_bytes = stat->disk_bytes,
                            .modified = stat->modified,
                            .inode = stat->inode});
    }
    return true;
  }

 private:
  // False: it takes a look at all that stands there.
  bool find_data(const std::string& name, Blob& blob) const {
    const auto directory = view_->stat(name), data = view_->stat(join(name, layout::kData));
    if (!directory || !data || directory->kind != EntryKind::directory ||
        data->kind != EntryKind::file)
      return false;
    note_directory(*directory, name, blob);
    note_data(*data, name, blob);
    return true;
  }

  void note_directory(const Stat& stat, const std::string& name, Blob& blob) const {
    notes_.owned(stat, [&] { return join(shard_, name); });
    blob.directory_modified = stat.modified;
    blob.arrived = notes_.arrived(stat);
  }

  void note_data(const Stat& stat, const std::string& name, Blob& blob) const {
    notes_.owned(stat, [&] { return join(join(shard_, name), layout::kData); });
    blob.present = true;
    blob.bytes = stat.bytes;
    blob.disk_bytes = stat.disk_bytes;
    blob.modified = stat.modified;
    blob.changed = stat.changed;
    blob.inode = stat.inode;
    blob.arrived = std::max(blob.arrived, notes_.arrived(stat));
  }

  const Storage& storage_;
  const std::string shard_;
  const std::unique_ptr<Storage> view_;
  const Depth depth_;
  ScanNotes& notes_;
};

// A directory of blobs: blobs/<algorithm>/<first two digits>.
struct Shard {
  Algorithm algorithm;
  std::string parent, name;
};

// `name` if it can be a shard's.
std::optional<std::string> shard_named(const std::string& name) {
  const bool hex =
      name.size() == 2 && name.find_first_not_of("0123456789abcdef") == std::string::npos;
  return hex ? std::optional(name) : std::nullopt;
}

class BlobLister {
 public:
  BlobLister(const Storage& storage, ScanNotes& notes) : storage_(storage), notes_(notes) {}

  // What cannot be listed hides nothing of what can.
  std::vector<Shard> shards() const {
    std::vector<Shard> shards;
    const std::string top(layout::kBlobs);
    notes_.guarded([&] {
      each("", top, algorithm_named, [&](const std::string& name, Algorithm algorithm) {
        const std::string parent = join(top, name);
        notes_.guarded([&] {
          each(top, name, shard_named, [&](const std::string& shard, const auto&) {
            shards.push_back({algorithm, parent, shard});
          });
        });
      });
    });
    return shards;
  }

  std::vector<DigestId> blobs(const Shard& shard) const {
    const auto digest_named = [&](const std::string& name) {
      return name.starts_with(shard.name) ? Digest::from_hex(shard.algorithm, name) : std::nullopt;
    };
    std::vector<DigestId> blobs;
    notes_.guarded([&] {
      ScanNotes::Ids ids(notes_, blobs);
      each(shard.parent, shard.name, digest_named,
           [&](const std::string&, const Digest& digest) { ids.add(digest); });
    });
    return blobs;
  }

 private:
  // visit(name, meaning) for every directory in `parent`/`name` whose name means something; others
  // are misplaced.
  template <class MeaningOf, class Visit>
  void each(const std::string& parent, const std::string& name, MeaningOf meaning_of,
            Visit visit) const {
    const std::string path = join(parent, name);
    const auto listing = notes_.insist(storage_, parent, name, [&] { return storage_.list(path); });
    if (!listing) return;
    for (const Entry& entry : listing->entries) {
      const auto meaning = meaning_of(entry.name);
      if (!notes_.is_directory(entry, path, meaning.has_value())) continue;
      if (meaning)
        visit(entry.name, *meaning);
      else
        notes_.stray(Stray::Kind::misplaced_blob, join(path, entry.name));
    }
  }

  const Storage& storage_;
  ScanNotes& notes_;
};

}  // namespace

std::vector<DigestId> list_blobs(const Storage& storage, const Workers& workers, ScanNotes& notes,
                                 Progress& progress) {
  const BlobLister lister(storage, notes);
  const std::vector<Shard> shards = lister.shards();
  progress.phase("blobs", {shards.size()}, "directories");
  const auto found = parallel_map(workers, shards, [&](const Shard& shard) {
    auto blobs = lister.blobs(shard);
    progress.advance({1});
    return blobs;
  });
  std::vector<DigestId> blobs;
  for (const auto& some : found) blobs.insert(blobs.end(), some.begin(), some.end());
  return blobs;
}

Inventory survey(const Storage& storage, Inventory inventory, const std::vector<DigestId>& digests,
                 const Workers& workers, Progress& progress) {
  std::vector<DigestId> wanted;
  std::copy_if(digests.begin(), digests.end(), std::back_inserter(wanted), [&](DigestId id) {
    return inventory.blob_index[index_of(id)] == Inventory::kUnseen;
  });
  sort_unique(wanted);
  auto& blobs = inventory.blobs;
  const std::size_t before = blobs.size();
  blobs.reserve(before + wanted.size());
  for (const DigestId id : wanted) blobs.push_back({.digest = id});
  const std::span unseen = std::span(blobs).subspan(before);
  progress.phase("sizes", {unseen.size()}, "blobs");
  ScanNotes notes(inventory.arrival);
  notes.expect_owner(inventory.owner);
  const auto digest = [&](std::size_t i) { return inventory.digests[unseen[i].digest]; };
  std::vector<std::size_t> starts;  // of the runs of one shard in `unseen`
  for (std::size_t i = 0; i < unseen.size(); ++i) {
    const auto shard = [&](std::size_t at) {
      return std::pair(digest(at).hash()[0], digest(at).algorithm());
    };
    if (i == 0 || shard(i) != shard(i - 1)) starts.push_back(i);
  }
  starts.push_back(unseen.size());
  std::vector<char> is_seen(unseen.size());
  workers.for_each_index(starts.size() - 1, [&](std::size_t run) {
    notes.guarded([&] {
      const Visitor visitor(storage, layout::blob_shard(digest(starts[run])), inventory.depth,
                            notes);
      workers.for_each_index(starts[run + 1] - starts[run], [&](std::size_t i) {
        const std::size_t place = starts[run] + i;
        notes.guarded([&] { is_seen[place] = visitor.visit(digest(place).hex(), unseen[place]); });
        progress.advance({1});
      });
    });
  });
  keep(blobs, before, is_seen);
  std::inplace_merge(blobs.begin(), blobs.begin() + static_cast<std::ptrdiff_t>(before),
                     blobs.end(), [](const Blob& a, const Blob& b) { return a.digest < b.digest; });
  for (std::size_t i = 0; i < blobs.size(); ++i)
    inventory.blob_index[index_of(blobs[i].digest)] = static_cast<std::uint32_t>(i + 1);
  for (Quarantined& copy : notes.quarantined) copy.duplicate = inventory.blob(copy.digest)->present;
  notes.move_to(inventory, storage);
  return inventory;
}

}  // namespace regctl
