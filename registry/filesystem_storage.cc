#include "registry/filesystem_storage.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>

#include "registry/layout.h"
#include "registry/page_cache.h"

namespace regctl {
namespace {

using beneath::Answer;
using beneath::ask;
using beneath::ask_twice;
using beneath::Descriptor;

EntryKind kind_of(mode_t mode) {
  if (S_ISREG(mode)) return EntryKind::file;
  if (S_ISDIR(mode)) return EntryKind::directory;
  return S_ISLNK(mode) ? EntryKind::symlink : EntryKind::other;
}

Time time_of(const statx_timestamp& time) {
  return beneath::time_of({.tv_sec = time.tv_sec, .tv_nsec = time.tv_nsec});
}

Stat stat_of(const struct statx& st) {
  const bool file = S_ISREG(st.stx_mode);
  return {.kind = kind_of(st.stx_mode),
          .bytes = st.stx_size,
          .disk_bytes = file && st.stx_nlink > 1 ? 0 : st.stx_blocks * 512,
          .modified = time_of(st.stx_mtime),
          .born = st.stx_mask & STATX_BTIME ? std::optional(time_of(st.stx_btime)) : std::nullopt,
          .changed = time_of(st.stx_ctime),
          .inode = st.stx_ino,
          .names = file ? st.stx_nlink : 1,
          .owner = st.stx_uid};
}

// statx(2) of `name` in `directory`, or of `directory` itself where that is empty.
Answer ask_status(const Descriptor& directory, const char* name, struct statx& st) {
  const int flags = AT_SYMLINK_NOFOLLOW | (*name ? 0 : AT_EMPTY_PATH);
  return ask_twice(
      [&] { return statx(directory.get(), name, flags, STATX_BASIC_STATS | STATX_BTIME, &st); });
}

// By which the kernel knows it now; empty: too long to tell.
std::string path_of(const Descriptor& directory) {
  std::array<char, PATH_MAX> buffer;
  const std::string link = "/proc/self/fd/" + std::to_string(directory.get());
  const Answer got = ask([&] { return readlink(link.c_str(), buffer.data(), buffer.size()); });
  const bool whole = !got.error && got.value < PATH_MAX;
  return whole ? std::string(buffer.data(), static_cast<std::size_t>(got.value)) : "";
}

bool are_one(const Descriptor& one, const Descriptor& other) {
  struct stat a, b;
  return fstat(one.get(), &a) == 0 && fstat(other.get(), &b) == 0 && a.st_dev == b.st_dev &&
         a.st_ino == b.st_ino;
}

class FileReader final : public Reader {
 public:
  FileReader(Descriptor file, std::uint64_t bytes, std::string key)
      : file_(std::move(file)), key_(std::move(key)), bytes_(bytes), cache_(file_.get(), bytes) {
    posix_fadvise(file_.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
  }

  std::string_view next(std::size_t limit) override {
    // Most files are small.
    limit = static_cast<std::size_t>(std::min<std::uint64_t>(limit, bytes_ + 1));
    if (buffer_.size() < limit) buffer_.resize(limit);
    const Answer got = ask_twice([&] { return ::read(file_.get(), buffer_.data(), limit); });
    if (got.error) beneath::fail(got.error, key_);
    if (got.value == 0 && read_ < identity().bytes) beneath::fail(EIO, key_);  // that is not all
    read_ += static_cast<std::uint64_t>(got.value);
    cache_.was_read_to(read_);
    return std::string_view(buffer_).substr(0, static_cast<std::size_t>(got.value));
  }
  Identity identity() const override {
    struct stat st;
    if (fstat(file_.get(), &st) != 0) beneath::fail(errno, key_);
    return beneath::identity_of(st);
  }

 private:
  Descriptor file_;
  std::string key_;
  const std::uint64_t bytes_;  // when it was opened
  PageCache cache_;            // closed before the file
  std::string buffer_;
  std::uint64_t read_ = 0;
};

class FilesystemStorage final : public Storage {
 public:
  // Without a tree: the view of an absent directory. `prefix` is a view's, with its slash.
  FilesystemStorage(std::optional<OpenTree> tree, std::string prefix)
      : tree_(std::move(tree)), prefix_(std::move(prefix)) {}

  std::optional<Listing> list(std::string_view key) const override {
    const auto directory = descriptor(key, O_RDONLY | O_DIRECTORY);
    return directory ? list(*directory, key) : std::nullopt;
  }

  std::optional<Listing> list_with_stats(std::string_view key) const override {
    const auto directory = descriptor(key, O_RDONLY | O_DIRECTORY);
    auto listing = directory ? list(*directory, key) : std::nullopt;
    if (!listing) return std::nullopt;
    for (const Entry& entry : listing->entries)
      listing->stats.push_back(
          stat(*directory, entry.name.c_str(), [&] { return layout::join(key, entry.name); }));
    for (const OpenTree::Followed& followed : tree_->followed()) {
      if (layout::parent_of(followed.key) == key)
        listing->stats[place_of(followed, *listing)] = status(*followed.directory, followed.key);
    }
    return listing;
  }

  std::optional<Stat> stat(std::string_view key) const override {
    if (!tree_) return std::nullopt;
    const std::string_view above = layout::parent_of(key);
    std::optional<Descriptor> parent;
    if (!above.empty()) {
      parent = descriptor(above, O_PATH | O_DIRECTORY);
      if (!parent) return std::nullopt;
    }
    const std::string name(key.empty() ? "." : layout::name_of(key));
    const Descriptor& directory = parent ? *parent : tree_->top();
    if (const auto* followed = tree_->followed_at(key)) {
      if (!followed->is_behind(directory))
        throw StorageError(Trouble::led_elsewhere, complete(key));
      return status(*followed->directory, key);
    }
    return stat(directory, name.c_str(), [&] { return std::string(key); });
  }

  std::optional<Content> read(std::string_view key, std::size_t limit) const override {
    std::optional<Descriptor> file;
    try {
      // O_NONBLOCK: a FIFO without a writer would otherwise hold us for ever.
      file = descriptor(key, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    } catch (const StorageError&) {
      const auto found =
          stat(key);  // a socket or a dead device cannot be opened, but it is no I/O error
      if (!found || found->kind != EntryKind::other) throw;
      return Content{.stat = *found};
    }
    if (!file) return std::nullopt;
    Content content{.stat = status(*file, key)};
    if (content.stat.kind != EntryKind::file) return content;
    const std::uint64_t want = std::min<std::uint64_t>(content.stat.bytes, limit);
    content.bytes.resize(want);
    std::size_t got = 0;
    while (got < want) {
      const Answer answer =
          ask([&] { return ::read(file->get(), content.bytes.data() + got, want - got); });
      if (answer.error) fail(key, answer.error);
      if (answer.value == 0) break;
      got += static_cast<std::size_t>(answer.value);
    }
    content.bytes.resize(got);
    content.whole = content.stat.bytes <= limit;
    return content;
  }

  std::unique_ptr<Reader> open(std::string_view key) const override {
    auto file = descriptor(key, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    if (!file) return nullptr;
    const Stat stat = status(*file, key);
    if (stat.kind != EntryKind::file) return nullptr;
    return std::make_unique<FileReader>(std::move(*file), stat.bytes, complete(key));
  }

  // The kernel follows the link; what it leads to is then reached by its own name.
  std::optional<std::string> leads_to(std::string_view key) const override {
    const auto parent = descriptor(layout::parent_of(key), O_PATH | O_DIRECTORY);
    if (!parent) return std::nullopt;
    const std::string name(layout::name_of(key));
    const Answer followed = beneath::follow(parent->get(), name);
    if (followed.error) return std::nullopt;
    const Descriptor directory(static_cast<int>(followed.value));
    std::string own = own_key_of(directory);
    if (own.empty()) return std::nullopt;
    const Answer opened = tree_->open(own, O_PATH | O_DIRECTORY);
    if (opened.error) return std::nullopt;
    const Descriptor same(static_cast<int>(opened.value));
    return are_one(directory, same) ? std::optional(std::move(own)) : std::nullopt;
  }

  std::unique_ptr<Storage> below(std::string_view prefix) const override {
    auto directory = descriptor(prefix, O_PATH | O_DIRECTORY);
    std::optional<OpenTree> tree;
    if (directory) tree = tree_->below(prefix, std::move(*directory));
    return std::make_unique<FilesystemStorage>(std::move(tree),
                                               prefix.empty() ? prefix_ : complete(prefix) + '/');
  }

 private:
  // `name` in `directory`; `key` makes its key, for a message.
  template <class Key>
  std::optional<Stat> stat(const Descriptor& directory, const char* name, Key key) const {
    struct statx st;
    const Answer answer = ask_status(directory, name, st);
    if (answer.error == ENOENT) return std::nullopt;
    if (answer.error) fail(key(), answer.error);
    return stat_of(st);
  }

  std::optional<Listing> list(const Descriptor& directory, std::string_view key) const {
    Listing listing{.stat = status(directory, key)};
    alignas(dirent64) std::array<char, 32768> buffer;
    for (;;) {
      const Answer answer = ask(
          [&] { return syscall(SYS_getdents64, directory.get(), buffer.data(), buffer.size()); });
      if (answer.error == ENOENT)
        return std::nullopt;  // removed while open: Linux's word for an empty, dead one
      if (answer.error) fail(key, answer.error);
      if (answer.value == 0) break;
      for (long at = 0; at < answer.value;) {
        const auto* entry = reinterpret_cast<const dirent64*>(buffer.data() + at);
        at += entry->d_reclen;
        if (std::strcmp(entry->d_name, ".") == 0 || std::strcmp(entry->d_name, "..") == 0) continue;
        add(listing, directory, *entry, key);
      }
    }
    for (const OpenTree::Followed& followed : tree_->followed()) {
      if (layout::parent_of(followed.key) != key) {
        if (key.empty()) check(followed);
        continue;
      }
      const std::size_t place = place_of(followed, listing);
      if (place == listing.entries.size() || !followed.is_behind(directory))
        throw StorageError(Trouble::led_elsewhere, complete(followed.key));
      listing.entries[place].kind = EntryKind::directory;
    }
    return listing;
  }

  // Whoever lists the top has seen that every link leads where it led.
  void check(const OpenTree::Followed& followed) const {
    const auto parent = descriptor(layout::parent_of(followed.key), O_PATH | O_DIRECTORY);
    if (!parent || !followed.is_behind(*parent))
      throw StorageError(Trouble::led_elsewhere, complete(followed.key));
  }

  // In the listing of its directory; behind the last: it is not there.
  static std::size_t place_of(const OpenTree::Followed& followed, const Listing& listing) {
    const auto entry =
        std::find_if(listing.entries.begin(), listing.entries.end(),
                     [&](const Entry& one) { return one.name == layout::name_of(followed.key); });
    return static_cast<std::size_t>(entry - listing.entries.begin());
  }

  // By which `directory`, reached by a link, is known here. Empty: it is not below the top.
  std::string own_key_of(const Descriptor& directory) const {
    const std::string path = path_of(directory) + '/';
    const auto below = [&](const Descriptor& top) {
      const std::string above = path_of(top) + '/';
      const bool is = above.size() > 1 && path.starts_with(above);
      return is ? std::optional(path.substr(above.size())) : std::nullopt;
    };
    std::string key;
    for (const OpenTree::Followed& followed : tree_->followed()) {
      if (const auto rest = below(*followed.directory)) key = followed.key + '/' + *rest;
    }
    if (const auto rest = below(tree_->top()); rest && key.empty()) key = *rest;
    if (!key.empty()) key.pop_back();
    return key;
  }

  std::string complete(std::string_view key) const { return prefix_ + std::string(key); }

  [[noreturn]] void fail(std::string_view key, int error) const {
    beneath::fail(error, complete(key));
  }

  std::optional<Descriptor> descriptor(std::string_view key, int flags) const {
    if (!tree_) return std::nullopt;
    const Answer answer = tree_->open(key, flags);
    if (answer.error == ENOENT) return std::nullopt;
    if (answer.error) fail(key, answer.error);
    return Descriptor(static_cast<int>(answer.value));
  }

  Stat status(const Descriptor& descriptor, std::string_view key) const {
    struct statx st;
    if (const Answer answer = ask_status(descriptor, "", st); answer.error) fail(key, answer.error);
    return stat_of(st);
  }

  void add(Listing& listing, const Descriptor& directory, const dirent64& entry,
           std::string_view key) const {
    EntryKind kind = EntryKind::other;
    switch (entry.d_type) {
      case DT_REG:
        kind = EntryKind::file;
        break;
      case DT_DIR:
        kind = EntryKind::directory;
        break;
      case DT_LNK:
        kind = EntryKind::symlink;
        break;
      case DT_UNKNOWN: {  // some file systems do not tell here; never guess
        const auto found =
            stat(directory, entry.d_name, [&] { return layout::join(key, entry.d_name); });
        if (!found) return;
        kind = found->kind;
      }
    }
    listing.entries.push_back({entry.d_name, kind});
  }

  std::optional<OpenTree> tree_;
  std::string prefix_;
};

}  // namespace

std::unique_ptr<Storage> make_filesystem_storage(OpenTree tree) {
  return std::make_unique<FilesystemStorage>(std::move(tree), "");
}

}  // namespace regctl
