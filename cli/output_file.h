// Files that a program was asked to write, whole or not at all, and to read.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace regctl::cli {

// Writes to a temporary name in the same directory, syncs, renames. Throws std::runtime_error with
// the system's reason; `path` is then as it was before. A device, pipe or socket is written to
// instead, and stays.
void write_file(const std::string& path, std::string_view text);

// `path` is, or would be, a file below `directory`. False where either is empty.
bool is_below(const std::string& path, const std::string& directory);

// When the file was last written to. Throws std::runtime_error.
std::chrono::sys_time<std::chrono::nanoseconds> last_written(const std::string& path);

// Reads all of it; "-" is standard input. Throws std::runtime_error.
std::string read_file(const std::string& path);

}  // namespace regctl::cli
