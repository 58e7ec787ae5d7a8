#include "registry/marking/unreached.h"

#include <algorithm>
#include <unordered_map>

#include "registry/closure.h"
#include "registry/marking/ages.h"

namespace regctl {
namespace {

// The newest times of links to a digest, and where it was linked last.
struct NewestLink {
  Ages ages;
  const Repository* repository = nullptr;
};

// Of the digests in `wanted`, over layer, revision and tag links of all repositories.
std::unordered_map<DigestId, NewestLink> newest_links(const Inventory& inventory,
                                                      const std::vector<bool>& wanted) {
  std::unordered_map<DigestId, NewestLink> newest;
  for (const Repository& repository : inventory.repositories) {
    const auto note = [&](DigestId id, const auto& one) {
      if (!wanted[index_of(id)]) return;
      NewestLink& link = newest[id];
      if (!link.repository || one.modified > link.ages.modified) link.repository = &repository;
      link.ages.note(one);
    };
    each_named(repository, note);
    for (const Link& revision : repository.revisions) {
      note(revision.name, revision);
      note(revision.target, revision);
    }
  }
  return newest;
}

}  // namespace

std::vector<Unreached> unreached_blobs(const Inventory& inventory, const Mark& mark,
                                       const Policy& policy, Time now) {
  std::vector<Unreached> found;
  std::vector<bool> unreached(inventory.digests.size());
  for (const Blob& blob : inventory.blobs) {
    if (mark.live(blob.digest) || !blob.present) continue;
    unreached[index_of(blob.digest)] = true;
    found.push_back({&blob, Why::nothing, nullptr, {}});
  }
  const auto links = newest_links(inventory, unreached);
  const auto young = [&](Time time) { return is_young(time, policy.keep_younger_than, now); };

  // What is young keeps what it refers to: it may be the first part of something being pushed.
  Closure written_lately(inventory), arrived_lately(inventory);
  for (Unreached& one : found) {
    const Blob& blob = *one.blob;
    const auto link = links.find(blob.digest);
    Ages ages = link == links.end() ? Ages() : link->second.ages;
    if (link != links.end()) one.linked_last = link->second.repository;
    ages.note(blob);
    one.newest = std::max({ages.modified, ages.arrived, blob.directory_modified});
    if (young(ages.modified) || young(blob.directory_modified))
      written_lately.from(blob.digest, [](DigestId) {});
    else if (young(ages.arrived))
      arrived_lately.from(blob.digest, [](DigestId) {});
  }
  for (Unreached& one : found) {
    if (written_lately.reached(one.blob->digest))
      one.kept = Why::young;
    else if (arrived_lately.reached(one.blob->digest))
      one.kept = Why::arrived;
  }
  return found;
}

std::vector<bool> garbage_of(const Inventory& inventory, const std::vector<Unreached>& unreached) {
  std::vector<bool> garbage(inventory.digests.size());
  for (const Unreached& one : unreached)
    garbage[index_of(one.blob->digest)] = one.kept == Why::nothing;
  return garbage;
}

std::vector<DigestId> what_to_survey(const Inventory& inventory, const Mark& mark) {
  const auto sizes = known_sizes(inventory);
  std::vector<DigestId> digests;
  for (const DigestId id : inventory.blob_directories) {
    if (!mark.live(id) || !sizes[index_of(id)]) digests.push_back(id);
  }
  return digests;
}

}  // namespace regctl
