// Explain: what keeps something alive, or that nothing does, and what the next run of regctl-gc
// does with it. Pure.
#pragma once

#include <string>

#include "audit/answer.h"
#include "audit/sight.h"

namespace regctl::audit {

// `name` is a digest, the beginning of one that no other has ("sha256:5c1f", "5c1f0f"),
// "repository:tag" or "repository@digest"; digests in either case, and of a link by another
// algorithm it is the blob behind it. The table "chains" has one row for each way from a tag, a
// revision link or a repository in doubt to it, the shortest first; "about" is one row. Throws
// cli::UsageError where it names nothing in the store, or more than one thing.
// `prefix` stands before the paths it tells.
Answer why(const Sight& sight, const std::string& name, const std::string& prefix);

}  // namespace regctl::audit
