// Where reports go to: standard output, and files beside it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cli/output_file.h"
#include "report/message.h"

namespace regctl::report {

// Writes `text` to `file`, whole or not at all; nothing where that is empty. What goes wrong comes
// back as a warning; `option` is what asked for the file.
std::optional<Message> save(const std::string& file, const std::string& option,
                            const cli::Text& text);

struct ReportFile {
  std::string file, option;  // as in save()
  cli::Text text;
};
// Saves all of them, one after the other. failed(warning) is called for each that was not written,
// and those before it are written again: they tell of it.
void save_all(const std::vector<ReportFile>& files, const std::function<void(Message)>& failed);

// What an earlier run wrote to `file`; empty: nothing, or none was asked for.
std::string read_earlier(const std::string& file);

// Prints a report; false: standard output did not take it, and that has been said.
bool print(const std::string& program, const cli::Text& text);

}  // namespace regctl::report
