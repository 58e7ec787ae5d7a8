#include "registry/scan_notes.h"

namespace regctl {

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
  append(inventory.strays, strays);
  append(inventory.aliases, aliases);
  append(inventory.quarantined, quarantined);
}

}  // namespace regctl
