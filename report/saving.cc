#include "report/saving.h"

#include "cli/failure.h"
#include "cli/messages.h"
#include "cli/output_file.h"
#include "cli/program.h"

namespace regctl::report {

Root find_store(const std::string& path, const std::string& command) {
  try {
    return find_root(path, command);
  } catch (const WrongRoot& error) {
    throw cli::Failure(cli::ExitStatus::wrong_root, error.what(), error.hint());
  }
}

void refuse_below(const Root& root, const std::string& file) {
  if (cli::is_below(file, root.v2))
    throw cli::UsageError(file + " lies in the registry's storage", "write it somewhere else");
}

std::optional<Message> save(const std::string& file, const std::string& option,
                            const std::function<std::string()>& text) {
  if (file.empty()) return std::nullopt;
  try {
    cli::write_file(file, text());
    return std::nullopt;
  } catch (const std::runtime_error& error) {
    return Message{.code = Code::report_not_written, .arguments = {error.what(), option}};
  }
}

bool print(const std::string& program, const std::string& text) {
  if (cli::print_report(text)) return true;
  cli::say(program + ": the report could not be written to standard output\n");
  return false;
}

}  // namespace regctl::report
