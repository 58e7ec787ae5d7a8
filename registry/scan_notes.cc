#include "registry/scan_notes.h"

#include <iterator>
#include <set>

namespace regctl {
namespace {

// What lies below another adds nothing: it was only asked for by name.
void keep_the_highest(std::vector<Obstacle>& obstacles) {
  std::set<std::string_view> paths;
  for (const Obstacle& obstacle : obstacles) paths.insert(obstacle.path);
  const auto is_below_another = [&](const Obstacle& obstacle) {
    std::string_view path = obstacle.path;
    for (auto slash = path.rfind('/'); slash != path.npos; slash = path.rfind('/')) {
      path = path.substr(0, slash);
      if (paths.contains(path)) return true;
    }
    return false;
  };
  std::vector<Obstacle> highest;
  std::remove_copy_if(obstacles.begin(), obstacles.end(), std::back_inserter(highest),
                      is_below_another);
  obstacles = std::move(highest);
}

}  // namespace

void ScanNotes::move_to(Inventory& inventory, const Storage& storage) {
  for (Stray& stray : strays) {
    if (stray.kind != Stray::Kind::temporary) continue;
    guarded([&] {
      if (const auto stat = storage.stat(stray.path)) stray.modified = stat->modified;
    });
  }
  const auto append = [](auto& to, auto& from) {
    to.insert(to.end(), from.begin(), from.end());
    sort_unique(to);
  };
  append(inventory.obstacles, obstacles);
  keep_the_highest(inventory.obstacles);
  append(inventory.strays, strays);
  append(inventory.aliases, aliases);
  append(inventory.quarantined, quarantined);
}

}  // namespace regctl
