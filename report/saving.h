// Where a report comes from and goes to: the store that was given, and files beside standard
// output.
#pragma once

#include <functional>
#include <string>

#include "registry/root.h"
#include "report/message.h"

namespace regctl::report {

// The store at `path`. Throws cli::Failure (exit status 10) where it is something else; `command`
// begins the commands that its hints suggest.
Root find_store(const std::string& path, const std::string& command);

// Throws cli::UsageError where `file`, which may be empty, would lie in the store.
void refuse_below(const Root& root, const std::string& file);

// Writes `text` to `file`, whole or not at all; nothing where that is empty. What goes wrong comes
// back as a warning; `option` is what asked for the file.
std::optional<Message> save(const std::string& file, const std::string& option,
                            const std::function<std::string()>& text);

// Prints a report; false: standard output did not take it, and that has been said.
bool print(const std::string& program, const std::string& text);

}  // namespace regctl::report
