#include "registry/marking/this_run.h"

#include <algorithm>

#include "registry/layout.h"

namespace regctl {
namespace {

// File systems that keep whole seconds round down.
constexpr Duration kFileTimeStep = std::chrono::seconds(1);

}  // namespace

bool was_written_since(const std::string& run, Time taken, const SeenLink& link,
                       const ThisRun& this_run) {
  if (run != this_run.id) return link.modified >= taken - kFileTimeStep;
  const bool was_seen = std::binary_search(this_run.seen.begin(), this_run.seen.end(), link);
  return link.modified >= this_run.since && !was_seen;
}

ThisRun this_run_of(const std::string& id, const Inventory& inventory, Time since) {
  ThisRun run{.id = id, .since = since};
  for (const Repository& repository : inventory.repositories) {
    for (const Link& link : repository.layers) {
      if (link.modified >= since)
        run.seen.push_back({layout::layer_link(repository.name, inventory.digests[link.name]),
                            link.modified, link.inode});
    }
    for (const Link& link : repository.revisions) {
      if (link.modified >= since)
        run.seen.push_back({layout::revision_link(repository.name, inventory.digests[link.name]),
                            link.modified, link.inode});
    }
    for (const Tag& tag : repository.tags) {
      if (tag.modified >= since)
        run.seen.push_back(
            {layout::tag_current_link(repository.name, tag.name), tag.modified, tag.inode});
    }
  }
  std::sort(run.seen.begin(), run.seen.end());
  return run;
}

}  // namespace regctl
