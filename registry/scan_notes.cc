#include "registry/scan_notes.h"

#include <iterator>

namespace regctl {
namespace {

// What lies below another adds nothing: it was only asked for by name. They ascend.
void keep_the_highest_obstacles(Inventory& inventory) {
  std::vector<Obstacle> highest;
  std::remove_copy_if(inventory.obstacles.begin(), inventory.obstacles.end(),
                      std::back_inserter(highest), [&](const Obstacle& one) {
                        return inventory.obstacle_above(layout::parent_of(one.path)) != nullptr;
                      });
  inventory.obstacles = std::move(highest);
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
  keep_the_highest_obstacles(inventory);
  append(inventory.strays, strays);
  append(inventory.aliases, aliases);
  append(inventory.quarantined, quarantined);
  for (const OtherOwner& known : inventory.other_owners) add(known);
  inventory.other_owners.clear();
  for (auto& [user, one] : other_owners_) inventory.other_owners.push_back(std::move(one));
}

}  // namespace regctl
