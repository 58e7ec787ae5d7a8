#include "registry/storage.h"

namespace regctl {

std::optional<Listing> Storage::list_with_stats(std::string_view key) const {
  auto listing = list(key);
  if (!listing) return std::nullopt;
  for (const Entry& entry : listing->entries)
    listing->stats.push_back(stat(key.empty() ? entry.name : std::string(key) + '/' + entry.name));
  return listing;
}

std::optional<Time> Storage::holds(std::string_view key, std::string_view bytes) const {
  try {
    const auto content = read(key, bytes.size() + 1);
    if (content && content->stat.kind == Kind::file && content->bytes == bytes) return content->stat.modified;
  } catch (const StorageError&) {
  }
  return std::nullopt;
}

}  // namespace regctl
