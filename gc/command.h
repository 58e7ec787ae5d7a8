// The story of a run of regctl-gc: options, scan, mark, plan, report. The only file that sees both
// halves of gc/.
#pragma once

#include <string>
#include <vector>

#include "cli/exit_status.h"

namespace regctl::gc {

// A cli::Command: prints to stdout and stderr; throws cli::Failure, and whatever is a bug.
cli::ExitStatus run_command(const std::vector<std::string>& arguments,
                            const std::vector<std::string>& environment);

}  // namespace regctl::gc
