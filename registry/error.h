// The exceptions of both programs. What is wrong with a registry is never one of these: that is
// data (a Malformed, a Damage, a refusal). These say that the program itself could not find out.
#pragma once

#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>

namespace regctl {

class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Why something of a storage could not be found out.
enum class Trouble : std::uint8_t {
  unreadable,       // permission, I/O error, exhausted descriptors: there is an answer, not for us
  symlink,          // a symbolic link stands where the registry keeps a file or directory
  behind_symlink,   // it is one, or would be reached through one: never followed
  not_a_directory,  // what was opened as a directory is none
  file,             // a file was listed where a directory belongs
  neither,          // a device, socket or pipe was listed
  unknown_directory,  // a directory that no known registry makes
  unstable,           // an entry that keeps appearing and disappearing
  led_elsewhere,      // a link that is followed leads to something else than at the start
  vanished,           // something that everything else is below was there a moment ago
  unlockable,         // locks do not work there
};

// What kind of answer it takes.
enum class TroubleClass : std::uint8_t {
  unread,           // look at rights and disks
  symlink,          // mount instead of linking
  not_a_directory,  // look what stands there
  unknown_directory,
  unstable,  // look again
};
constexpr TroubleClass class_of(Trouble trouble) {
  switch (trouble) {
    case Trouble::unreadable:
    case Trouble::unlockable:
      break;
    case Trouble::symlink:
    case Trouble::behind_symlink:
      return TroubleClass::symlink;
    case Trouble::not_a_directory:
    case Trouble::file:
    case Trouble::neither:
      return TroubleClass::not_a_directory;
    case Trouble::unknown_directory:
      return TroubleClass::unknown_directory;
    case Trouble::unstable:
    case Trouble::led_elsewhere:
    case Trouble::vanished:
      return TroubleClass::unstable;
  }
  return TroubleClass::unread;
}

// Something in storage could not be found out: neither "it is there" nor "it is absent" may be
// concluded.
class StorageError : public Error {
 public:
  // `key` is the complete key; `error` the system's errno, 0 where it gave none.
  StorageError(Trouble trouble, std::string key, int error = 0)
      : Error(error ? key + ": " + std::strerror(error) : key),
        trouble_(trouble),
        error_(error),
        key_(std::move(key)) {}

  Trouble trouble() const { return trouble_; }
  int error() const { return error_; }
  const std::string& key() const { return key_; }

 private:
  Trouble trouble_;
  int error_;
  std::string key_;
};

// Work stopped because a signal asked for it.
class Interrupted : public Error {
 public:
  Interrupted() : Error("interrupted") {}
};

}  // namespace regctl
