// The files of --roots: digests that must survive.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "registry/marking/policy.h"

namespace regctl::gc {

// Lines `sha256:...` or `repository@sha256:...`, blank lines, and comments from "#". Throws
// cli::UsageError, naming `file` and the line, where one is something else or there is none at all:
// a failed command that wrote the file must not read as "nothing to keep".
std::vector<RootDigest> parse_roots(std::string_view text, const std::string& file);

}  // namespace regctl::gc
