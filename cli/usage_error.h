// The person at the keyboard has to change the call: exit status 2.
#pragma once

#include <stdexcept>
#include <string>

namespace regctl::cli {

// `hint` says what to do, or is empty.
class UsageError : public std::runtime_error {
 public:
  explicit UsageError(const std::string& message, std::string hint = {})
      : std::runtime_error(message), hint_(std::move(hint)) {}
  const std::string& hint() const { return hint_; }

 private:
  std::string hint_;
};

}  // namespace regctl::cli
