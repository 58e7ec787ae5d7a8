// Writer: the complete list of verbs that change a registry. It knows keys, never what they mean,
// and decides nothing.
#pragma once

#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "registry/error.h"
#include "registry/identity.h"
#include "registry/store.h"

namespace regctl::gc {

// The storage takes no change at all, or no further one (read-only, full): nothing else is worth
// trying.
class StorageRefuses : public Error {
 public:
  // `error` is the system's errno.
  StorageRefuses(std::string key, int error)
      : Error(key + ": " + std::strerror(error)), key_(std::move(key)), error_(error) {}

  const std::string& key() const { return key_; }
  int error() const { return error_; }

 private:
  std::string key_;
  int error_;
};

// What was done may not survive a loss of power.
class NotSynced : public StorageRefuses {
 public:
  explicit NotSynced(int error) : StorageRefuses("", error) {}
};

// Keys as in Storage. What went wrong with one object is a StorageError, and the others may still
// go well. Every function may be called from several threads at once.
class Writer {
 public:
  enum class Outcome {
    done,
    absent,    // there was nothing of the name
    occupied,  // the new name exists, or the directory is not empty
    changed,   // not the expected object; it has the name it had
  };

  virtual ~Writer() = default;

  // Whether what stands at the name is what was meant.
  using Expected = std::function<bool(const Identity&)>;
  // Gives `directory`/`from` the name `to` in the same directory, never over an existing name: only
  // if it is the `expected` object, and is the same before and, but for the time of change, after.
  // The time of the directory stays as it was, unless something else happens there. REQUIRES:
  // nobody else makes the name `to`.
  virtual Outcome set_aside(std::string_view directory, std::string_view from, std::string_view to,
                            const Expected& expected) = 0;
  // The same the other way, whatever the object is. REQUIRES: nobody else makes the name `from`.
  virtual Outcome put_back(std::string_view directory, std::string_view from,
                           std::string_view to) = 0;
  // Gives the directory `from` the key `to`, never over one that holds anything. The directory that
  // `to` stands in is made, in the likeness of its own parent, where it is absent.
  virtual Outcome move_directory(std::string_view from, std::string_view to) = 0;
  // `key`, in the likeness of the directory that it stands in, which exists. occupied: it is there.
  virtual Outcome make_directory(std::string_view key) = 0;
  // A file, or a link to one; never a directory.
  virtual Outcome remove_file(std::string_view directory, std::string_view name) = 0;
  // Only an empty one.
  virtual Outcome remove_directory(std::string_view key) = 0;
  // All that was done before survives a loss of power.
  virtual void sync() = 0;
};

// Throws StorageError if the directory of `store` or a mount point below it cannot be opened. Where
// rename without replacing is not to be had (NFS), names are given back by making a second name and
// removing the first.
std::unique_ptr<Writer> open_writer(const Store& store);

}  // namespace regctl::gc
