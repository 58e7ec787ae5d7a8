// One repository's directories -> Repository. Internal to the scan.
#pragma once

#include "registry/parallel.h"
#include "registry/scan_notes.h"
#include "registry/scan_options.h"

namespace regctl {

// A directory below repositories/ that is one, as it was listed.
struct FoundRepository {
  std::string name;
  std::vector<Entry> entries;  // those that begin with "_"
  Time modified;               // of the directory
};

struct ScannedRepository {
  Repository repository;
  std::vector<QuarantinedTag> quarantined_tags;
  // A link was empty or short: a registry may be in the middle of writing it.
  bool unsettled = false;
};

// `place` is what Quarantined::repository will say. DigestIds are those of `notes`. Errors become
// obstacles.
ScannedRepository scan_repository(const Storage& storage, const FoundRepository& found,
                                  std::uint32_t place, const ScanOptions& options,
                                  const Workers& workers, ScanNotes& notes);

}  // namespace regctl
