// Reconcile: what another system believes is stored here, and what is. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/answer.h"
#include "audit/sight.h"
#include "registry/digest.h"

namespace regctl::audit {

// That a manifest, or any blob, is here; with a repository, in that one; with a tag, by that name.
struct Belief {
  std::string repository, tag;  // empty: of no particular one
  Digest digest;

  bool operator==(const Belief&) const = default;
};

// Lines "sha256:...", "repository@sha256:..." and "repository:tag sha256:...", blank ones and
// comments from "#"; or the records of regctl-audit --images --format plain, with the platforms
// that stand beneath a tag; those without a digest say nothing. Throws cli::UsageError, naming
// `file` and the line, where one is something else, or there is none at all: a failed command must
// not read as "nothing is needed".
std::vector<Belief> parse_beliefs(std::string_view text, const std::string& file);

// The tables "lacks" (believed, and not here), "differs" (tags that point elsewhere), "beyond"
// (tags and manifests here that nobody believes in) and "reconciled", their sums. Tags are only
// compared where any belief has one.
Answer reconcile(const Sight& sight, const std::vector<Belief>& beliefs);

}  // namespace regctl::audit
