#include "gc/doing/lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace regctl::gc {
namespace {

using beneath::Answer;
using beneath::Descriptor;

constexpr char kLockFile[] = ".regctl-gc.lock";

Answer lock(const Descriptor& file) {
  return beneath::ask([&] { return flock(file.get(), LOCK_EX | LOCK_NB); });
}

// The lock file in `directory`. A run as root must not keep the registry's own user from locking
// later, nor give away another file to whoever made the lock's name a second name of that.
Descriptor lock_file(const Descriptor& directory, const std::string& path) {
  Descriptor file =
      beneath::opened(beneath::ask([&] {
                        return openat(directory.get(), kLockFile,
                                      O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
                      }),
                      path);
  struct stat owner, own;
  if (geteuid() == 0 && fstat(directory.get(), &owner) == 0 && fstat(file.get(), &own) == 0 &&
      own.st_nlink == 1)
    beneath::ask([&] {
      return fchown(file.get(), owner.st_uid, owner.st_gid);
    });  // a courtesy: the lock works without
  return file;
}

// Empty: nobody has needed one.
Descriptor existing_lock_file(const Descriptor& directory, const std::string& path) {
  const Answer answer =
      beneath::open(directory.get(), kLockFile, O_RDONLY | O_NONBLOCK, beneath::Resolution::best);
  return answer.error == ENOENT ? Descriptor() : beneath::opened(answer, path);
}

}  // namespace

Lock Lock::acquire(const Store& store) {
  const std::string& v2 = store.facts().v2;
  const std::string path = v2 + '/' + kLockFile;
  // Opened again, since a lock belongs to what one opening made.
  Descriptor directory = beneath::opened(store.tree().open("", O_RDONLY | O_DIRECTORY), v2);
  Answer answer = lock(directory);
  if (answer.error == EWOULDBLOCK) throw LockHeld();
  const bool by_file = answer.error != 0;
  Descriptor file = by_file ? lock_file(directory, path) : existing_lock_file(directory, path);
  if (file) answer = lock(file);
  if (answer.error == EWOULDBLOCK) throw LockHeld();
  if (answer.error && by_file) throw StorageError(Trouble::unlockable, v2, answer.error);
  return Lock(std::move(directory), std::move(file));
}

}  // namespace regctl::gc
