#include <fmt/format.h>
#include <malloc.h>
#include <unistd.h>

#include "cli/usage_error.h"
#include "gc/command.h"
#include "registry/error.h"

using regctl::cli::ExitStatus;

namespace {

ExitStatus complain(ExitStatus status, const std::string& message, const std::string& hint = {}) {
  fmt::print(stderr, "regctl-gc: {}\n", message);
  if (!hint.empty()) fmt::print(stderr, "  do     {}\n", hint);
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  // Readers by the dozen, each with an arena of its own, would double the memory for nothing.
  mallopt(M_ARENA_MAX, 2);
  std::vector<std::string> environment;
  for (char** line = environ; *line; ++line) environment.emplace_back(*line);
  ExitStatus status = ExitStatus::bug;
  try {
    status = regctl::gc::run_command({argv + 1, argv + argc}, environment);
  } catch (const regctl::cli::UsageError& error) {
    status = complain(ExitStatus::usage, error.what(), error.hint());
  } catch (const regctl::WrongRoot& error) {
    status = complain(ExitStatus::wrong_root, error.what(), error.hint());
  } catch (const regctl::StorageError& error) {
    status = complain(ExitStatus::wrong_root, error.what(), "ROOT cannot be read");
  } catch (const std::exception& error) {
    status = complain(ExitStatus::bug, std::string("internal error: ") + error.what(), "please report this");
  }
  return static_cast<int>(status);
}
