// The exceptions of both programs. What is wrong with a registry is never one of these: that is
// data (a Malformed, a Damage, a Blocker). These say that the program itself could not find out.
#pragma once

#include <stdexcept>
#include <string>

namespace regctl {

class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Something in storage could not be found out: neither "it is there" nor "it is absent" may be
// concluded.
class StorageError : public Error {
 public:
  enum class Kind {
    unreadable,  // permission, I/O error, exhausted descriptors: an answer exists, we did not get
                 // it
    symlink,     // a symbolic link where the registry keeps a file or directory; never followed
    not_a_directory,  // a file or device where a directory belongs
    unstable,         // an entry keeps appearing and disappearing
  };

  // `key` is the complete key, `reason` the system's own words.
  StorageError(Kind kind, std::string key, const std::string& reason)
      : Error(key + ": " + reason), kind_(kind), key_(std::move(key)), reason_(reason) {}

  Kind kind() const { return kind_; }
  const std::string& key() const { return key_; }
  const std::string& reason() const { return reason_; }

 private:
  Kind kind_;
  std::string key_;
  std::string reason_;
};

// The path given as ROOT is not a registry's storage: exit status 10.
class WrongRoot : public Error {
 public:
  WrongRoot(const std::string& message, std::string hint)
      : Error(message), hint_(std::move(hint)) {}
  const std::string& hint() const { return hint_; }

 private:
  std::string hint_;
};

// Work stopped because a signal asked for it.
class Interrupted : public Error {
 public:
  Interrupted() : Error("interrupted") {}
};

}  // namespace regctl
