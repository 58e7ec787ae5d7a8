// Files that a program was asked to write, whole or not at all, and to read.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace regctl::cli {

// Takes a text piece by piece.
using Sink = std::function<void(std::string_view)>;
// A text that hands itself out, and need never be in memory as a whole.
using Text = std::function<void(const Sink&)>;
// One that is there.
inline Text whole(std::string text) {
  return [text = std::move(text)](const Sink& sink) { sink(text); };
}

// Writes to a temporary name in the same directory, syncs, renames. Throws std::runtime_error with
// the system's reason; `path` is then as it was before. A device, pipe or socket is written to
// instead, and stays; "-" is standard output.
void write_file(const std::string& path, const Text& text);

// `path` is a file below `directory`, or opening it would make one there. False where either is
// empty.
bool is_below(const std::string& path, const std::string& directory);

// Both are there, and one and the same.
bool is_same_directory(const std::string& path, const std::string& other);

// When a file was written, from its first byte to its last.
struct Written {
  std::chrono::sys_time<std::chrono::nanoseconds> begun, ended;
};

// It was begun when it was made. Of a copy that kept its time, or where the filesystem does not
// tell when a file was made, nobody knows: then kLongestWriting before it ended. A copy that did
// not keep its time looks like an original. Throws std::runtime_error.
inline constexpr std::chrono::hours kLongestWriting{7 * 24};
Written when_written(const std::string& path);

// Reads all of it; "-" is standard input. Throws std::runtime_error.
std::string read_file(const std::string& path);

}  // namespace regctl::cli
