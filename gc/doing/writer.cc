#include "gc/doing/writer.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <optional>

#include "registry/layout.h"

namespace regctl::gc {
namespace {

using beneath::Answer;
using beneath::ask_twice;
using beneath::Descriptor;
using layout::name_of;
using layout::parent_of;

class FilesystemWriter final : public Writer {
 public:
  // `file_systems`: a directory on each, open for reading.
  FilesystemWriter(OpenTree tree, std::vector<Descriptor> file_systems)
      : tree_(std::move(tree)), file_systems_(std::move(file_systems)) {}

  Outcome set_aside(std::string_view directory, std::string_view from, std::string_view to,
                    const Expected& expected) override {
    const Descriptor at = open(directory);
    if (!at) return Outcome::absent;
    const std::string old_name(from), new_name(to);
    const TimeOf time(at);
    const Found before = find(at, old_name);
    if (before.error == ENOENT) return Outcome::absent;
    if (before.error) fail(before.error, key_of(directory, from));
    if (!expected(before.identity)) return Outcome::changed;
    const Outcome outcome = judged(give_new_name(at, old_name, new_name), directory, from);
    if (outcome != Outcome::done) return outcome;
    // A rename changes the time of change, and nothing else.
    Found after = find(at, new_name);
    after.identity.changed = before.identity.changed;
    if (!after.error && after.identity == before.identity) {
      time.set_back(old_name);
      return outcome;
    }
    judged(give_back_name(at, new_name, old_name), directory, to);
    if (after.error && after.error != ENOENT) fail(after.error, key_of(directory, from));
    return Outcome::changed;
  }

  Outcome put_back(std::string_view directory, std::string_view from,
                   std::string_view to) override {
    const Descriptor at = open(directory);
    if (!at) return Outcome::absent;
    const TimeOf time(at);
    const std::string old_name(from);
    const Outcome outcome = judged(give_back_name(at, old_name, std::string(to)), directory, from);
    if (outcome == Outcome::done) time.set_back(old_name);
    return outcome;
  }

  Outcome move_directory(std::string_view from, std::string_view to) override {
    const Descriptor old_parent = open(parent_of(from));
    if (!old_parent) return Outcome::absent;
    const Descriptor new_parent = open_or_make(parent_of(to));
    if (!new_parent) return Outcome::absent;
    const std::string old_name(name_of(from)), new_name(name_of(to));
    const auto rename = [&](unsigned flags) {
      return ask_twice([&] {
        return renameat2(old_parent.get(), old_name.c_str(), new_parent.get(), new_name.c_str(),
                         flags);
      });
    };
    Answer answer = rename(RENAME_NOREPLACE);
    // Without the flag an empty directory is replaced, and nothing else.
    if (answer.error == EINVAL || answer.error == ENOSYS) answer = rename(0);
    return judged(answer, parent_of(from), old_name);
  }

  Outcome make_directory(std::string_view key) override {
    const Descriptor parent = open(parent_of(key));
    return parent ? make_directory(parent, key) : Outcome::absent;
  }

  Outcome remove_file(std::string_view directory, std::string_view name) override {
    const Descriptor at = open(directory);
    if (!at) return Outcome::absent;
    return judged(ask_twice([&] { return unlinkat(at.get(), std::string(name).c_str(), 0); }),
                  directory, name);
  }

  Outcome remove_directory(std::string_view key) override {
    if (tree_.followed_at(key)) return Outcome::occupied;  // by the link
    const Descriptor at = open(parent_of(key));
    if (!at) return Outcome::absent;
    const std::string name(name_of(key));
    return judged(ask_twice([&] { return unlinkat(at.get(), name.c_str(), AT_REMOVEDIR); }),
                  parent_of(key), name);
  }

  void sync() override {
    for (const Descriptor& one : file_systems_) {
      const Answer answer = beneath::ask([&] { return syncfs(one.get()); });
      if (answer.error) throw NotSynced(answer.error);
    }
  }

 private:
  // Empty: absent.
  Descriptor open(std::string_view directory) const {
    const Answer answer = tree_.open(directory, O_PATH | O_DIRECTORY);
    if (answer.error && answer.error != ENOENT) fail(answer.error, std::string(directory));
    return Descriptor(static_cast<int>(answer.value));
  }

  // Empty: its parent is absent.
  Descriptor open_or_make(std::string_view directory) const {
    Descriptor there = open(directory);
    if (there) return there;
    const Descriptor parent = open(parent_of(directory));
    if (!parent) return Descriptor();
    make_directory(parent, directory);
    return open(directory);
  }

  // In the likeness of `parent`, which it stands in.
  static Outcome make_directory(const Descriptor& parent, std::string_view key) {
    struct stat like {};
    if (fstat(parent.get(), &like) != 0) fail(errno, std::string(parent_of(key)));
    const std::string name(name_of(key));
    const Answer made =
        ask_twice([&] { return mkdirat(parent.get(), name.c_str(), like.st_mode & 07777); });
    const Outcome outcome = judged(made, parent_of(key), name);
    // Only root may: then what root made is the registry's all the same.
    if (outcome == Outcome::done) {
      beneath::ask([&] {
        return fchownat(parent.get(), name.c_str(), like.st_uid, like.st_gid, AT_SYMLINK_NOFOLLOW);
      });
    }
    return outcome;
  }

  struct Found {
    int error;  // 0: `identity` is known
    Identity identity;
  };
  static Found find(const Descriptor& directory, const std::string& name) {
    struct stat st {};
    const Answer answer =
        ask_twice([&] { return fstatat(directory.get(), name.c_str(), &st, AT_SYMLINK_NOFOLLOW); });
    return {answer.error, beneath::identity_of(st)};
  }

  // A directory's time tells when a registry last put something there; we are none, and renames of
  // ours make nothing young.
  class TimeOf {
   public:
    explicit TimeOf(const Descriptor& directory) : directory_(directory) {
      struct stat st;
      if (fstat(directory.get(), &st) == 0) before_ = st.st_mtim;
    }
    // As it was before, unless somebody has put something at `freed`, a name that was left since.
    void set_back(const std::string& freed) const {
      if (!before_) return;
      set(*before_);
      if (find(directory_, freed).error != ENOENT) set({.tv_sec = 0, .tv_nsec = UTIME_NOW});
    }

   private:
    // Where that is not permitted the directory is young for a while, and what is in it is kept.
    void set(const timespec& modified) const {
      const timespec times[] = {{.tv_sec = 0, .tv_nsec = UTIME_OMIT}, modified};
      const std::string path = "/proc/self/fd/" + std::to_string(directory_.get());
      utimensat(AT_FDCWD, path.c_str(), times, 0);
    }

    const Descriptor& directory_;
    std::optional<timespec> before_;
  };

  // Neither goes over an existing name, also where the file system cannot promise that. `to` is
  // this run's own: nobody else makes it, so that looking first is enough.
  static Answer give_new_name(const Descriptor& directory, const std::string& from,
                              const std::string& to) {
    const int at = directory.get();
    const Answer answer = rename_without_replacing(at, from, to);
    if (answer.error != EINVAL && answer.error != ENOSYS) return answer;
    const int found = find(directory, to).error;
    if (found != ENOENT) return {-1, found ? found : EEXIST};
    return ask_twice([&] { return renameat(at, from.c_str(), at, to.c_str()); });
  }
  // `from` is this run's own: nobody writes there between the two calls.
  static Answer give_back_name(const Descriptor& directory, const std::string& from,
                               const std::string& to) {
    const int at = directory.get();
    const Answer answer = rename_without_replacing(at, from, to);
    if (answer.error != EINVAL && answer.error != ENOSYS) return answer;
    const Answer linked = ask_twice([&] { return linkat(at, from.c_str(), at, to.c_str(), 0); });
    return linked.error ? linked : ask_twice([&] { return unlinkat(at, from.c_str(), 0); });
  }
  static Answer rename_without_replacing(int at, const std::string& from, const std::string& to) {
    return ask_twice([&] { return renameat2(at, from.c_str(), at, to.c_str(), RENAME_NOREPLACE); });
  }

  static Outcome judged(const Answer& answer, std::string_view directory, std::string_view name) {
    switch (answer.error) {
      case 0:
        return Outcome::done;
      case ENOENT:
        return Outcome::absent;
      case EEXIST:
      case ENOTEMPTY:
        return Outcome::occupied;
      default:
        fail(answer.error, key_of(directory, name));
    }
  }

  static std::string key_of(std::string_view directory, std::string_view name) {
    return std::string(directory) + '/' + std::string(name);
  }

  [[noreturn]] static void fail(int error, std::string key) {
    if (error == EROFS || error == ENOSPC || error == EDQUOT)
      throw StorageRefuses(std::move(key), error);
    beneath::fail(error, std::move(key));
  }

  OpenTree tree_;
  std::vector<Descriptor> file_systems_;
};

}  // namespace

std::unique_ptr<Writer> open_writer(const Store& store) {
  std::vector<Descriptor> file_systems;
  const auto open = [&](const std::string& key) {
    constexpr int kFlags = O_RDONLY | O_DIRECTORY;  // syncfs() takes no O_PATH
    file_systems.push_back(
        beneath::opened(store.tree().open(key, kFlags), key.empty() ? store.facts().v2 : key));
  };
  open("");
  for (const MountBelow& mount : store.facts().medium.mounts) open(mount.point);
  return std::make_unique<FilesystemWriter>(store.tree(), std::move(file_systems));
}

}  // namespace regctl::gc
