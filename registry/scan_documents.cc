#include "registry/scan_documents.h"

#include <map>

#include "registry/digest_scan.h"
#include "registry/hasher.h"

namespace regctl {
namespace {

using layout::join;

constexpr std::size_t kUsualManifest = std::size_t{1} << 20;

// A set of numbers that a DigestCollector gave, which are small.
class DigestIds {
 public:
  bool contains(DigestId id) const { return index_of(id) < has_.size() && has_[index_of(id)]; }
  // False: was there already.
  bool insert(DigestId id) {
    if (contains(id)) return false;
    if (index_of(id) >= has_.size()) has_.resize(std::max(index_of(id) + 1, 2 * has_.size()));
    has_[index_of(id)] = true;
    return true;
  }

 private:
  std::vector<bool> has_;
};

// Bytes of one blob, read up to the limit for manifests.
struct Bytes {
  Content content;
  std::string path;
  bool from_quarantine = false;
};

class DocumentScan {
 public:
  DocumentScan(const Storage& storage, const Openings& openings, ScanNotes& notes)
      : storage_(storage), notes_(notes) {
    for (DigestId id : openings.listed) listed_.insert(id);
    for (DigestId id : openings.manifests) called_manifest_.insert(id);
    for (DigestId id : openings.revisions) called_revision_.insert(id);
  }

  // False: an obstacle was noted.
  bool open(DigestId id, Document& document) {
    bool is_open = false;
    notes_.guarded([&] {
      const Digest digest = notes_.digests[id];
      std::unique_lock one_at_a_time(large_, std::defer_lock);
      document = understand(id, digest, find(id, digest, one_at_a_time));
      is_open = true;
    });
    return is_open;
  }

 private:
  // What stands behind the name; empty: nothing anywhere. `data` that is there wins, even if it is
  // wrong.
  std::optional<Bytes> find(DigestId id, const Digest& digest,
                            std::unique_lock<std::mutex>& one_at_a_time) {
    const auto look = [&] { return look_behind(digest, one_at_a_time); };
    // What has no directory was never listed: that it is absent needs no second witness.
    const auto found = listed_.contains(id)
                           ? notes_.insist(storage_, layout::blob_shard(digest), digest.hex(), look)
                           : look();
    return found ? found->bytes : std::nullopt;
  }

  // What one look behind a name has found; there may be no bytes.
  struct Found {
    std::optional<Bytes> bytes;
  };

  // Empty: the directory is absent, or changing under our hands.
  std::optional<Found> look_behind(const Digest& digest,
                                   std::unique_lock<std::mutex>& one_at_a_time) {
    try {
      return look_below(digest, one_at_a_time);
    } catch (const StorageError& error) {
      if (class_of(error.trouble()) != TroubleClass::not_a_directory) throw;
      notes_.obstacle(error.trouble(), error.key(), error.error());
      return Found{};  // below what is no directory there is nothing
    }
  }

  std::optional<Found> look_below(const Digest& digest,
                                  std::unique_lock<std::mutex>& one_at_a_time) {
    const std::string directory = layout::blob(digest), data = join(directory, layout::kData);
    auto content = storage_.read(data, kUsualManifest);
    if (content && !content->whole) {  // dozens of these at once would be gigabytes
      one_at_a_time.lock();
      content = storage_.read(data, kLargestManifest);
      if (!content) one_at_a_time.unlock();
    }
    if (content) return Found{Bytes{std::move(*content), data}};
    auto listing = storage_.list(directory);
    if (!listing) return std::nullopt;
    std::sort(listing->entries.begin(), listing->entries.end());
    const bool back = std::any_of(listing->entries.begin(), listing->entries.end(),
                                  [](const Entry& entry) { return entry.name == layout::kData; });
    if (back) return std::nullopt;
    for (const Entry& entry : listing->entries) {
      if (entry.kind != EntryKind::file || !layout::parse_quarantine_name(entry.name)) continue;
      const std::string path = join(directory, entry.name);
      auto copy = storage_.read(path, kLargestManifest);
      if (!copy) return std::nullopt;
      if (copy->whole && digest_of(copy->bytes, digest.algorithm()) == digest)
        return Found{Bytes{std::move(*copy), path, true}};
    }
    return Found{};
  }

  Document understand(DigestId id, const Digest& digest, const std::optional<Bytes>& bytes) {
    Document document{.digest = id, .state = Document::State::absent};
    if (!bytes) {
      if (called_revision_.contains(id))
        return damaged(std::move(document), DamageKind::manifest_missing,
                       layout::blob_data(digest));
      return document;
    }
    const Content& content = bytes->content;
    document.from_quarantine = bytes->from_quarantine;
    document.bytes = content.stat.bytes;
    document.modified = content.stat.modified;
    document.arrived = notes_.arrived(content.stat);
    if (content.stat.kind != EntryKind::file)
      return damaged(std::move(document), DamageKind::manifest_not_a_file, bytes->path);
    if (!content.whole) {
      // A layer that somebody lists as a root or an index child is no manifest; nothing is wrong
      // with it.
      document.state = Document::State::leaf;
      if (!called_manifest_.contains(id)) return document;
      refer_to_text(document, content.bytes);
      return damaged(std::move(document), DamageKind::manifest_too_large, bytes->path);
    }
    if (digest_of(content.bytes, digest.algorithm()) != digest) {
      refer_to_text(document, content.bytes);
      return damaged(std::move(document), DamageKind::manifest_mismatched, bytes->path);
    }
    const DigestScan scan = scan_digests(content.bytes);
    const std::vector<DigestId> ids = refer(document, scan.references);
    if (!scan.is_json_object) {
      document.state = Document::State::leaf;
      if (!called_manifest_.contains(id)) return document;
      const auto kind =
          content.bytes.empty() ? DamageKind::manifest_empty : DamageKind::manifest_not_json;
      return damaged(std::move(document), kind, bytes->path);
    }
    document.state = Document::State::sound;
    for (const Digest& subject : scan.subjects) document.subjects.push_back(notes_.id(subject));
    if (const auto manifest = parse_manifest(content.bytes))
      describe(document, *manifest, scan.references, ids);
    return document;
  }

  static Document damaged(Document document, DamageKind kind, std::string path) {
    document.state = Document::State::damaged;
    document.damage = {{.kind = kind, .path = std::move(path), .digest = document.digest}};
    return document;
  }

  void refer_to_text(Document& document, std::string_view bytes) {
    std::vector<FoundReference> found;
    each_digest_in_text(bytes, [&](const Digest& digest) { found.push_back({digest, true}); });
    refer(document, found);
  }

  // Each digest once; a child if it stands as one anywhere. Returns the ids of `found`.
  std::vector<DigestId> refer(Document& document, const std::vector<FoundReference>& found) {
    std::vector<DigestId> ids;
    ids.reserve(found.size());
    auto& references = document.references;
    references.reserve(found.size());
    for (const FoundReference& reference : found) {
      ids.push_back(notes_.id(reference.digest));
      references.push_back({.to = ids.back(), .child = reference.child});
    }
    const auto before = [](const Reference& a, const Reference& b) {
      return a.to != b.to ? a.to < b.to : a.child > b.child;
    };
    std::sort(references.begin(), references.end(), before);
    const auto same = [](const Reference& a, const Reference& b) { return a.to == b.to; };
    references.erase(std::unique(references.begin(), references.end(), same), references.end());
    return ids;
  }

  // `found` is what stands in its text, and `ids` are theirs: descriptors mostly come in that
  // order.
  void describe(Document& document, const Manifest& manifest,
                const std::vector<FoundReference>& found, const std::vector<DigestId>& ids) {
    document.kind = manifest.kind;
    if (called_manifest_.contains(document.digest)) document.bad_member = manifest.bad_member;
    std::size_t next = 0;
    for (const Descriptor& descriptor : manifest.descriptors) {
      if (descriptor.role == Role::subject) continue;
      const bool is_next = next < found.size() && found[next].digest == descriptor.digest;
      const DigestId id = is_next ? ids[next++] : notes_.id(descriptor.digest);
      const auto at = std::lower_bound(
          document.references.begin(), document.references.end(), id,
          [](const Reference& reference, DigestId to) { return reference.to < to; });
      if (at == document.references.end() || at->to != id) continue;
      at->role = descriptor.role;
      // Nobody fetches a configuration from elsewhere.
      at->has_urls |= descriptor.has_urls && descriptor.role != Role::config;
      at->is_attestation |= descriptor.is_attestation;
      if (descriptor.bytes) at->size = std::max(at->size.value_or(0), *descriptor.bytes);
    }
  }

  const Storage& storage_;
  ScanNotes& notes_;
  DigestIds listed_, called_manifest_, called_revision_;
  std::mutex large_;  // held while a large document is in memory
};

}  // namespace

std::vector<Document> scan_documents(const Storage& storage, const Openings& openings,
                                     const Workers& workers, ScanNotes& notes, Progress& progress) {
  DocumentScan scan(storage, openings, notes);
  std::multimap<DigestId, DigestId> alias_targets(openings.aliases.begin(), openings.aliases.end());
  DigestIds known;
  std::vector<DigestId> wave;
  const auto plan_to_open = [&](DigestId id) {
    if (known.insert(id)) wave.push_back(id);
    const auto [first, last] = alias_targets.equal_range(id);
    for (auto alias = first; alias != last; ++alias) {
      if (known.insert(alias->second)) wave.push_back(alias->second);
    }
  };
  for (DigestId id : openings.start) plan_to_open(id);

  std::vector<Document> documents;
  while (!wave.empty()) {
    progress.phase("manifests", {wave.size()}, "manifests");
    const std::size_t before = documents.size();
    documents.resize(before + wave.size());
    std::vector<char> is_open(wave.size());
    workers.for_each_index(wave.size(), [&](std::size_t i) {
      is_open[i] = scan.open(wave[i], documents[before + i]);
      progress.advance({1});
    });
    wave.clear();
    keep(documents, before, is_open);
    for (std::size_t i = before; i < documents.size(); ++i) {
      for (const Reference& reference : documents[i].references) {
        if (reference.child) plan_to_open(reference.to);
      }
    }
  }
  return documents;
}

}  // namespace regctl
