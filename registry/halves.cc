#include "registry/halves.h"

#include <algorithm>

#include "registry/layout.h"

namespace regctl {
namespace {

bool is_partly_hidden(const Inventory& inventory, std::string_view directory) {
  return std::any_of(
      inventory.obstacles.begin(), inventory.obstacles.end(),
      [&](const Obstacle& one) { return layout::is_at_or_below(one.path, directory); });
}

}  // namespace

bool has_references(const Inventory& inventory) {
  // Deleting through the registry's API leaves the directory of a revision link behind; the link is
  // what counts.
  const auto is_link = [](const Link& revision) { return revision.state != LinkState::pending; };
  const auto points_anywhere = [](const Tag& tag) {
    return tag.state != LinkState::pending || !tag.history.empty();
  };
  return std::any_of(
      inventory.repositories.begin(), inventory.repositories.end(),
      [&](const Repository& repository) {
        return std::any_of(repository.revisions.begin(), repository.revisions.end(), is_link) ||
               std::any_of(repository.tags.begin(), repository.tags.end(), points_anywhere);
      });
}

bool lacks_blobs(const Inventory& inventory) {
  return has_references(inventory) && inventory.blob_directories.empty() &&
         !is_partly_hidden(inventory, layout::kBlobs);
}

bool lacks_repositories(const Inventory& inventory) {
  return inventory.repositories.empty() && !inventory.blob_directories.empty() &&
         !is_partly_hidden(inventory, layout::kRepositories);
}

}  // namespace regctl
