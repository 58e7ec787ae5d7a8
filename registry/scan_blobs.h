// What stands below blobs/: the names, and of some of them the files. Internal to the scan.
#pragma once

#include "registry/parallel.h"
#include "registry/progress.h"
#include "registry/scan_notes.h"

namespace regctl {

// The digests that have a directory below blobs/, in no particular order. DigestIds are those of
// `notes`. Errors become obstacles.
std::vector<DigestId> list_blobs(const Storage& storage, const Workers& workers, ScanNotes& notes,
                                 Progress& progress);

}  // namespace regctl
