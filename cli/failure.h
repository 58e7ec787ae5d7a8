// Why a program ends without a report: its exit status, one sentence, and what to do.
#pragma once

#include <stdexcept>
#include <string>

#include "cli/exit_status.h"
#include "cli/text.h"

namespace regctl::cli {

// `hint` says what to do, or is empty. Both texts must be printable.
class Failure : public std::runtime_error {
 public:
  Failure(ExitStatus status, const std::string& message, std::string hint)
      : std::runtime_error(message), status_(status), hint_(std::move(hint)) {}
  ExitStatus status() const { return status_; }
  const std::string& hint() const { return hint_; }

 private:
  ExitStatus status_;
  std::string hint_;
};

// The person at the keyboard has to change the call. The texts may be as they were given.
class UsageError : public Failure {
 public:
  explicit UsageError(const std::string& message, const std::string& hint = {})
      : Failure(ExitStatus::usage, printable(message, terminal_charset()),
                printable(hint, terminal_charset())) {}
};

}  // namespace regctl::cli
