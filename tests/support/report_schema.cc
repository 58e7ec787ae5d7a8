#include "tests/support/report_schema.h"

#include <fstream>
#include <sstream>

#include "tests/support/program.h"
#include "tests/support/temporary_directory.h"

namespace regctl::test {

namespace fs = std::filesystem;

fs::path report_schema(const fs::path& program) {
  return fs::path(REGCTL_TEST_DOCS) / (program.filename().string() + "-report.schema.json");
}

std::vector<std::string> objections(const fs::path& schema,
                                    const std::vector<std::string>& documents) {
  const TemporaryDirectory work;
  // By its path: another Python before Debian's in PATH would not find Debian's modules. One call
  // for all, because starting it takes longer than a hundred documents.
  std::vector<std::string> argv = {"/usr/bin/jsonschema", "--error-format",
                                   "{file_name}\t{error.json_path}: {error.message}\n"};
  for (std::size_t i = 0; i < documents.size(); ++i) {
    const fs::path file = work.path() / std::to_string(i);
    std::ofstream(file, std::ios::binary) << documents[i];
    argv.insert(argv.end(), {"--instance", file});
  }
  argv.push_back(schema);
  const Ran ran = run(argv, {{"LC_ALL", "C.UTF-8"}});
  std::vector<std::string> found(documents.size());
  std::string others;
  std::istringstream lines(ran.err);
  for (std::string line; std::getline(lines, line);) {
    const auto tab = line.find('\t');
    const fs::path file = line.substr(0, tab);
    if (tab != std::string::npos && file.parent_path() == work.path())
      found[std::stoul(file.filename())] += line.substr(tab + 1) + '\n';
    else
      others += line + '\n';
  }
  // It did not come to the documents, or not to all of them: no silence may pass for a yes.
  const bool objects = ran.err.find('\t') != std::string::npos;
  if (!others.empty() || (ran.status != 0) != objects) {
    for (std::string& one : found)
      one += "validator, exit status " + std::to_string(ran.status) + ":\n" + others;
  }
  return found;
}

std::string objection_to(const fs::path& program, const std::string& report) {
  return objections(report_schema(program), {report})[0];
}

}  // namespace regctl::test
