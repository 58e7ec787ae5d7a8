// Opens manifests, follows indexes to their children, and opens those. Internal to the scan.
#pragma once

#include "registry/parallel.h"
#include "registry/progress.h"
#include "registry/scan_notes.h"

namespace regctl {

// What to open besides what the documents themselves name.
struct Openings {
  // Those that have a directory below blobs/.
  std::vector<DigestId> listed;
  std::vector<DigestId> start;
  // Called a manifest by a revision link or a tag: damage if it is not one. Subset of `start`.
  std::vector<DigestId> manifests;
  // Called so by a revision link: damage if it is missing. Subset of `manifests`.
  std::vector<DigestId> revisions;
  // (name, target) of alias links: where the name is opened, the target is too.
  std::vector<std::pair<DigestId, DigestId>> aliases;
};

// One Document for each digest opened, in no particular order. DigestIds are those of `notes`.
// Errors become obstacles.
std::vector<Document> scan_documents(const Storage& storage, const Openings& openings,
                                     const Workers& workers, ScanNotes& notes, Progress& progress);

}  // namespace regctl
