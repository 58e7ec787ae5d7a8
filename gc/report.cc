#include "gc/report.h"

#include <algorithm>

namespace regctl::gc {

Totals totals_of(const Report& report, const Findings& findings) {
  Totals totals;
  const Inventory& inventory = findings.inventory;
  for (const Repository& repository : inventory.repositories) {
    totals.tags += repository.tags.size();
    totals.manifests += repository.count_manifests();
    totals.layer_links += static_cast<std::uint64_t>(
        std::count_if(repository.layers.begin(), repository.layers.end(), is_there));
  }
  for (const Blob& blob : inventory.blobs) {
    if (blob.visited && !blob.present) continue;
    const std::uint64_t bytes = findings.sizes[index_of(blob.digest)].value_or(0);
    const Document* document = inventory.document(blob.digest);
    const bool was_read = document && document->state != Document::State::absent;
    totals.blobs += bytes;
    (blob.visited || was_read ? totals.seen : totals.claimed) += bytes;
    totals.blobs_disk_bytes += blob.visited ? blob.disk_bytes : bytes;
    if (findings.mark.live(blob.digest)) totals.reachable += bytes;
  }
  for (const BlobRemoval& blob : findings.plan.blobs) {
    totals.garbage += blob.bytes;
    totals.garbage_disk_bytes += blob.disk_bytes;
  }
  for (const Quarantined& copy : inventory.quarantined) {
    if (copy.kind == Quarantined::Kind::blob) totals.quarantined += copy.bytes;
  }
  if (report.swept) totals.quarantined = report.swept->quarantined_now;
  for (const Purge& purge : findings.plan.purge) {
    if (purge.copy.kind != Quarantined::Kind::blob) continue;
    totals.purged += purge.bytes;
    totals.purged_disk_bytes += purge.disk_bytes;
  }
  if (report.swept) {
    totals.freed_bytes = report.swept->total.purged_disk_bytes;
  } else if (findings.plan.blockers.empty()) {
    totals.freed_bytes = totals.purged_disk_bytes;
    if (report.run.mode == Mode::offline && findings.plan.waiting.gate_open)
      totals.freed_bytes += totals.garbage_disk_bytes;
    for (const UploadRemoval& upload : findings.plan.uploads) totals.freed_bytes += upload.bytes;
  }
  return totals;
}

}  // namespace regctl::gc
