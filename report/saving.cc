#include "report/saving.h"

#include "cli/messages.h"
#include "cli/program.h"
#include "report/wording.h"

namespace regctl::report {

std::optional<Message> save(const std::string& file, const std::string& option,
                            const cli::Text& text) {
  if (file.empty()) return std::nullopt;
  try {
    cli::write_file(file, text);
    return std::nullopt;
  } catch (const std::runtime_error& error) {
    return Message{.code = Code::report_not_written, .arguments = {error.what(), option}};
  }
}

void save_all(const std::vector<ReportFile>& files, const std::function<void(Message)>& failed) {
  std::vector<const ReportFile*> written, outdated;
  for (const ReportFile& one : files) {
    if (auto warning = save(one.file, one.option, one.text)) {
      failed(std::move(*warning));
      outdated = written;
    } else {
      written.push_back(&one);
    }
  }
  for (const ReportFile* one : outdated) save(one->file, one->option, one->text);
}

std::string read_earlier(const std::string& file) {
  if (file.empty() || file == "-") return {};
  try {
    return cli::read_file(file);
  } catch (const std::runtime_error&) {
    return {};  // there is none yet
  }
}

bool print(const std::string& program, const cli::Text& text) {
  if (cli::print_report(text)) return true;
  cli::say(program + ": " + sentence_of({.code = Code::report_not_printed}, cli::Charset::ascii) +
           '\n');
  return false;
}

}  // namespace regctl::report
