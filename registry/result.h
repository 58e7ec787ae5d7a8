// Result<T>: foreign bytes understood, or why not. For what a registry may well contain; failures
// of the program itself are exceptions (error.h).
#pragma once

#include <string>
#include <utility>
#include <variant>

namespace regctl {

struct Malformed {
  std::string reason;  // completes the sentence "the file is ..."
  bool operator==(const Malformed&) const = default;
};

template <class T>
class Result {
 public:
  Result(T value) : state_(std::move(value)) {}
  Result(Malformed why) : state_(std::move(why)) {}

  explicit operator bool() const { return std::holds_alternative<T>(state_); }
  // REQUIRES: *this is true.
  const T& operator*() const { return std::get<T>(state_); }
  const T* operator->() const { return &std::get<T>(state_); }
  // REQUIRES: *this is false.
  const std::string& why_not() const { return std::get<Malformed>(state_).reason; }

 private:
  std::variant<T, Malformed> state_;
};

}  // namespace regctl
