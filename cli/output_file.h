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

// `path` is a file below `directory`, or opening it would make one there. False where either is
// empty.
bool is_below(const std::string& path, const std::string& directory);

// Both are there, and one and the same.
bool is_same_directory(const std::string& path, const std::string& other);

// Before anything was written into the file, as far as that is known: when it was made or, where
// that was later (a copy) or its filesystem does not tell, last written to. Throws
// std::runtime_error.
std::chrono::sys_time<std::chrono::nanoseconds> begin_of(const std::string& path);

// Reads all of it; "-" is standard input. Throws std::runtime_error.
std::string read_file(const std::string& path);

}  // namespace regctl::cli
