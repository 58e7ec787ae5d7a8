#include "gc/doing/rename_proof.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "registry/layout.h"

namespace regctl::gc {
namespace {

using beneath::Descriptor;
using Outcome = Writer::Outcome;

// No registry makes or reads such names.
constexpr char kName[] = ".regctl-gc.tried", kOther[] = ".regctl-gc.renamed";

class Proof {
 public:
  // `directory`: a key.
  Proof(const Store& store, Writer& writer, const std::string& directory)
      : directory_(directory),
        writer_(writer),
        at_(beneath::opened(store.tree().open(directory, O_RDONLY | O_DIRECTORY), directory)) {
    clear_away();  // what an earlier run left when it was killed
  }
  ~Proof() {
    try {
      clear_away();
    } catch (const Error&) {
      // The next run tries again, and the name hides nothing meanwhile.
    }
  }
  Proof(const Proof&) = delete;

  bool holds() {
    make(kName, "of our own");
    make(kOther, "another");
    if (writer_.put_back(directory_, kName, kOther) != Outcome::occupied ||
        !reads(kOther, "another"))
      return false;
    writer_.remove_file(directory_, kOther);
    const Descriptor file = open(kName, O_WRONLY | O_APPEND);
    const auto is_ours = [ours = identity_of(file)](const Identity& one) { return one == ours; };
    if (writer_.set_aside(directory_, kName, kOther, is_ours) != Outcome::done) return false;
    // What is written through the old name's descriptor stands under the new name, unless that is
    // another file.
    write(file, ", renamed");
    if (!reads(kOther, "of our own, renamed") || is_there(kName)) return false;
    return writer_.put_back(directory_, kOther, kName) == Outcome::done &&
           reads(kName, "of our own, renamed") && !is_there(kOther);
  }

 private:
  Descriptor open(const char* name, int flags) const {
    return beneath::opened(beneath::ask([&] {
                             return openat(at_.get(), name,
                                           flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
                           }),
                           layout::join(directory_, name));
  }

  void make(const char* name, std::string_view text) const {
    write(open(name, O_WRONLY | O_CREAT | O_EXCL), text);
  }

  void write(const Descriptor& file, std::string_view text) const {
    const auto written =
        beneath::ask([&] { return ::write(file.get(), text.data(), text.size()); });
    if (written.error) beneath::fail(written.error, directory_);
    if (written.value != static_cast<long>(text.size())) beneath::fail(ENOSPC, directory_);
    const auto synced = beneath::ask([&] { return fsync(file.get()); });
    if (synced.error) beneath::fail(synced.error, directory_);
  }

  Identity identity_of(const Descriptor& file) const {
    struct stat st;
    if (fstat(file.get(), &st) != 0) beneath::fail(errno, directory_);
    return beneath::identity_of(st);
  }

  bool is_there(const char* name) const {
    struct stat st;
    return fstatat(at_.get(), name, &st, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT;
  }

  bool reads(const char* name, std::string_view text) const {
    const Descriptor file = open(name, O_RDONLY);
    char bytes[64];
    const auto got = beneath::ask([&] { return read(file.get(), bytes, sizeof bytes); });
    return !got.error && std::string_view(bytes, static_cast<std::size_t>(got.value)) == text;
  }

  void clear_away() const {
    for (const char* name : {kName, kOther}) writer_.remove_file(directory_, name);
  }

  std::string directory_;
  Writer& writer_;
  Descriptor at_;
};

}  // namespace

StoreFacts prove_renames(const Store& store, Writer& writer) {
  StoreFacts facts = store.facts();
  std::vector<std::string> directories;
  if (is_fuse(facts.medium.name)) directories.emplace_back();
  for (const MountBelow& mount : facts.medium.mounts) {
    if (is_fuse(mount.name)) directories.push_back(mount.point);
  }
  if (directories.empty() || !facts.medium.object_store().empty()) return facts;
  facts.medium.renames = Renames::keep;
  try {
    for (const std::string& directory : directories) {
      if (!Proof(store, writer, directory).holds()) facts.medium.renames = Renames::copy;
    }
  } catch (const StorageError& error) {
    facts.medium.renames = Renames::fail;
    facts.medium.rename_error = error.error();
  } catch (const StorageRefuses& error) {
    facts.medium.renames = Renames::fail;
    facts.medium.rename_error = error.error();
  }
  return facts;
}

}  // namespace regctl::gc
