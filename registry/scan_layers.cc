#include <algorithm>
#include <atomic>

#include "registry/scan.h"
#include "registry/scan_notes.h"

namespace regctl {
namespace {

using layout::join;

// The link of `digest`, whose own directory stands in `directory`, which `view` is a view of.
// Empty: it is neither as a registry writes it nor without its file.
std::optional<Link> look_at(const Storage& view, const std::string& directory, DigestId id,
                            const Digest& digest, ScanNotes& notes) {
  const std::string name = digest.hex();
  const auto link = [&](LinkState state, const Stat& stat) {
    notes.owned(stat, [&] { return join(join(directory, name), layout::kLink); });
    return notes.link(id, state, stat);
  };
  if (const auto content = view.read(join(name, layout::kLink), layout::kLongestLink)) {
    const bool is_written =
        content->stat.kind == EntryKind::file && content->whole && content->bytes == digest.text();
    return is_written ? std::optional(link(LinkState::present, content->stat)) : std::nullopt;
  }
  const auto listing = view.list(name);
  if (!listing || !listing->entries.empty()) return std::nullopt;
  return link(LinkState::pending, listing->stat);
}

}  // namespace

bool read_layer_links(const Storage& storage, Inventory& inventory,
                      const std::function<bool(std::size_t, DigestId)>& wanted,
                      const Workers& workers, Progress& progress) {
  std::atomic<bool> all = true;
  ScanNotes notes(inventory.arrival);
  notes.expect_owner(inventory.owner);
  progress.phase("layer links", {inventory.repositories.size()}, "repositories");
  workers.for_each_index(inventory.repositories.size(), [&](std::size_t i) {
    Repository& repository = inventory.repositories[i];
    const auto is_wanted = [&](DigestId name) { return wanted(i, name); };
    std::vector<DigestId> names;
    std::ranges::copy_if(repository.named_layers, std::back_inserter(names), is_wanted);
    progress.advance({1});
    if (names.empty() || !all) return;
    try {
      const std::string directory = join(layout::repository(repository.name),
                                         join(layout::kLayers, name_of(Algorithm::sha256)));
      const auto view = storage.below(directory);
      std::vector<std::optional<Link>> found(names.size());
      workers.for_each_index(names.size(), [&](std::size_t k) {
        found[k] = look_at(*view, directory, names[k], inventory.digests[names[k]], notes);
        if (!found[k]) all = false;
      });
      for (const auto& link : found) {
        if (link) repository.layers.push_back(*link);
      }
    } catch (const StorageError&) {
      all = false;
    }
    std::ranges::sort(repository.layers, {}, &Link::name);
    std::erase_if(repository.named_layers, is_wanted);
  });
  notes.move_to(inventory, storage);
  return all;
}

}  // namespace regctl
