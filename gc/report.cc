#include "gc/report.h"

#include <algorithm>

#include "report/wording.h"

namespace regctl::gc {
namespace {

using report::Code;
using report::Part;

Part part_of(const Target& target) {
  const std::string digest = target.digest ? target.digest->text() : "";
  const auto code = [&] {
    const bool copy = target.in_quarantine;
    switch (target.kind) {
      case Target::Kind::blob:
        return copy ? Code::quarantined_blob : Code::blob;
      case Target::Kind::layer_link:
        return copy ? Code::quarantined_layer_link : Code::layer_link;
      case Target::Kind::revision:
        return copy ? Code::quarantined_revision : Code::revision;
      case Target::Kind::tag:
        return copy ? Code::quarantined_tag : Code::tag;
      case Target::Kind::repository:
        break;
    }
    return Code::repository;
  };
  return {code(), {target.kind == Target::Kind::tag ? target.tag : digest, target.repository}};
}

Code code_of(Ground ground) {
  switch (ground) {
    case Ground::listed:
      return Code::roots_name_it;
    case Ground::tag:
      return Code::tag_needs_it;
    case Ground::dangling_tag:
      return Code::dangling_tag_needed_it;
    case Ground::unreadable_tag:
      return Code::unreadable_tag_needed_it;
    case Ground::referrer:
      return Code::subject_is_kept;
    case Ground::begun:
      return Code::may_be_getting_it;
    case Ground::in_doubt:
      return Code::is_in_doubt;
    case Ground::is_protected:
      return Code::is_protected;
    case Ground::written_again:
      return Code::has_written_again;
    case Ground::revision_link:
      return Code::has_revision_link;
    case Ground::untagged_stay:
      return Code::untagged_are_kept;
    case Ground::tags_unknown:
      return Code::tells_no_tags;
    case Ground::young:
      return Code::it_is_young;
    case Ground::newer_than_tags:
      return Code::it_is_newer_than_tags;
    case Ground::young_link:
      return Code::a_link_is_young;
    case Ground::young_namer:
      return Code::named_by_something_young;
    case Ground::link_since:
      return Code::linked_since;
    case Ground::bytes_there:
      return Code::bytes_are_there;
    case Ground::tags_stay:
      return Code::tags_are_kept;
    case Ground::in_use:
      return Code::it_can_be_pulled;
    case Ground::has_tags:
      return Code::it_has_tags;
    case Ground::has_manifests:
      return Code::it_has_manifests;
    case Ground::holds_young_link:
      return Code::it_holds_a_young_link;
    case Ground::needed_alias:
      return Code::it_has_a_needed_alias;
    case Ground::has_uploads:
      return Code::it_has_uploads;
    case Ground::young_directory:
      break;
  }
  return Code::a_directory_is_young;
}

Part part_of(const Cause& cause) {
  const std::string which = cause.digest ? cause.digest->text() : cause.place;
  return {code_of(cause.ground), {cause.repository, cause.tag, which}};
}

}  // namespace

std::string what_would_free(const Waiting& waiting, cli::Charset charset) {
  const auto part = part_of(waiting.gate);
  return part ? text_of(*part, charset) : "";
}

report::Part part_of(const std::vector<Objection>& objections) {
  const Part what = part_of(objections[0].what), why = part_of(objections[0].why);
  if (objections.size() == 1) return {Code::objection, {what, why}};
  return {Code::objection_of_several, {what, why, std::uint64_t{objections.size() - 1}}};
}

const Plan& plan_of(const Report& report) {
  return report.swept ? report.swept->plan : report.findings->plan;
}

const Waiting& waiting_of(const Report& report) {
  return report.swept ? report.swept->waiting : report.findings->plan.waiting;
}

Totals totals_of(const Report& report) {
  const Looked& findings = *report.findings;
  Totals totals;
  const Inventory& inventory = findings.inventory;
  for (const Repository& repository : inventory.repositories) {
    totals.tags += repository.tags.size();
    totals.manifests += repository.count_manifests();
    totals.layer_links += static_cast<std::uint64_t>(
        std::count_if(repository.layers.begin(), repository.layers.end(), is_there));
    totals.layer_links += repository.named_layers.size();
  }
  for (const DigestId id : inventory.blob_directories) {
    if (!inventory.has_bytes(id)) continue;
    const std::uint64_t bytes = findings.sizes[index_of(id)].value_or(0);
    const Blob* blob = inventory.blob(id);
    const Document* document = inventory.document(id);
    const bool was_read = document && document->state != Document::State::absent;
    totals.blobs += bytes;
    (blob || was_read ? totals.seen : totals.claimed) += bytes;
    totals.blobs_disk_bytes += blob ? blob->disk_bytes : bytes;
    if (findings.mark.live(id)) totals.reachable += bytes;
  }
  for (const BlobRemoval& blob : plan_of(report).blobs) {
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
    if (report.run.wishes.mode == Mode::offline && findings.plan.waiting.gate.is_open())
      totals.freed_bytes += totals.garbage_disk_bytes;
    for (const UploadRemoval& upload : findings.plan.uploads) totals.freed_bytes += upload.bytes;
  }
  return totals;
}

}  // namespace regctl::gc
