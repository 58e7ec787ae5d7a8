// The story of a run of regctl-gc: options, look or collect, report.
#pragma once

#include <string>
#include <vector>

#include "cli/exit_status.h"

namespace regctl::gc {

// A cli::Command: prints to stdout and stderr; throws cli::Failure, and whatever is a bug.
cli::ExitStatus run_command(const std::vector<std::string>& arguments,
                            const std::vector<std::string>& environment);

}  // namespace regctl::gc
