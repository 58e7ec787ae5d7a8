// What the parts of a scan share: where they write down what several of them may meet, and how they
// tell an entry that vanished from one that could not be reached. Internal to the scan.
#pragma once

#include <algorithm>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "registry/inventory.h"
#include "registry/layout.h"
#include "registry/names.h"
#include "registry/storage.h"

namespace regctl {

// Leaves of `items`, from the one at `first` on, those that are `wanted`, in their order.
template <class T>
void keep(std::vector<T>& items, std::size_t first, const std::vector<char>& wanted) {
  std::size_t end = first;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (!wanted[i]) continue;
    if (end != first + i) items[end] = std::move(items[first + i]);
    ++end;
  }
  items.resize(end);
}

// Every function may be called from several threads.
class ScanNotes {
 public:
  explicit ScanNotes(Arrival arrival) : arrival_(arrival) {}

  // Of docker/registry/v2. REQUIRES: nobody takes notes meanwhile.
  void expect_owner(std::uint32_t user) { owner_ = user; }

  Time arrived(const Stat& stat) const { return arrival_of(stat, arrival_); }

  DigestId id(const Digest& digest) { return digests.add(digest); }

  // Gives digests their numbers, many at a time; `to` has all of them once this has ended.
  class Ids {
   public:
    Ids(ScanNotes& notes, std::vector<DigestId>& to) : notes_(notes), to_(to) {}
    ~Ids() { notes_.digests.add(waiting_, to_); }
    Ids(const Ids&) = delete;
    Ids& operator=(const Ids&) = delete;

    void add(const Digest& digest) {
      waiting_.push_back(digest);
      if (waiting_.size() < kAtOnce) return;
      notes_.digests.add(waiting_, to_);
      waiting_.clear();
    }

   private:
    static constexpr std::size_t kAtOnce = 1024;

    ScanNotes& notes_;
    std::vector<DigestId>& to_;
    std::vector<Digest> waiting_;
  };

  // One that says its name, as `stat` tells of it.
  Link link(DigestId name, LinkState state, const Stat& stat) const {
    return {.name = name,
            .target = name,
            .state = state,
            .modified = stat.modified,
            .arrived = arrived(stat),
            .inode = stat.inode};
  }

  void obstacle(Trouble trouble, std::string path, int error = 0) {
    const std::lock_guard lock(mutex_);
    obstacles.push_back({std::move(path), trouble, error});
  }
  void stray(Stray::Kind kind, std::string path) {
    const std::lock_guard lock(mutex_);
    strays.push_back({kind, std::move(path)});
  }
  void alias(Alias alias) {
    const std::lock_guard lock(mutex_);
    aliases.push_back(std::move(alias));
  }
  void in_quarantine(Quarantined copy) {
    const std::lock_guard lock(mutex_);
    quarantined.push_back(std::move(copy));
  }

  // `stat` is of the object with the key that key() gives: whose is it?
  template <class KeyOf>
  void owned(const Stat& stat, KeyOf key) {
    if (stat.owner == owner_) return;
    const OtherOwner one{stat.owner, 1, key()};
    const std::lock_guard lock(mutex_);
    add(one);
  }

  // Runs `read`; a StorageError becomes an obstacle and the scan goes on elsewhere.
  template <class Read>
  void guarded(Read read) {
    try {
      read();
    } catch (const StorageError& error) {
      obstacle(error.trouble(), error.key(), error.error());
    }
  }

  // An entry called `name` was listed in `directory`; `attempt` reads something of it and returns
  // an empty optional where that is absent. Absence right after a listing is believed only if the
  // entry is gone from a new listing too, or else the directory from its parent's; otherwise the
  // attempt is repeated. Empty: provably gone. Throws StorageError (unstable) after five rounds.
  // `storage` must be a witness of its own: not a view that the attempt goes through, whose prefix
  // may be what was not found.
  template <class Attempt>
  auto insist(const Storage& storage, std::string_view directory, std::string_view name,
              Attempt attempt) -> decltype(attempt()) {
    for (int round = 0; round < 5; ++round) {
      if (auto result = attempt()) return result;
      if (is_gone(storage, directory, name)) return {};
    }
    throw StorageError(Trouble::unstable, layout::join(directory, name));
  }

  // `entry` of `directory` is nothing of a registry's, and is noted as that.
  bool is_foreign(const Entry& entry, std::string_view directory) {
    if (!is_foreign_name(entry.name)) return false;
    stray(Stray::Kind::foreign, layout::join(directory, entry.name));
    return true;
  }

  // `entry` of `directory` may be taken for a directory of ours. What it is otherwise is noted:
  // something foreign and files as strays, unless `belongs` says that a directory must be there,
  // the rest as an obstacle.
  bool is_directory(const Entry& entry, std::string_view directory, bool belongs = false) {
    if (is_foreign(entry, directory)) return false;
    if (entry.kind == EntryKind::directory) return true;
    std::string path = layout::join(directory, entry.name);
    if (entry.kind == EntryKind::symlink) {
      obstacle(Trouble::symlink, std::move(path));
    } else if (entry.kind == EntryKind::other || belongs) {
      obstacle(entry.kind == EntryKind::file ? Trouble::file : Trouble::neither, std::move(path));
    } else {
      stray(layout::is_temporary(entry.name) ? Stray::Kind::temporary : Stray::Kind::unexpected,
            std::move(path));
    }
    return false;
  }

  // Adds what was noted to `inventory`, whose DigestIds the copies have by now. REQUIRES: nobody
  // takes notes meanwhile.
  void move_to(Inventory& inventory, const Storage& storage);

  DigestCollector digests;
  std::vector<Obstacle> obstacles;
  std::vector<Stray> strays;
  std::vector<Alias> aliases;
  std::vector<Quarantined> quarantined;

 private:
  static bool is_gone(const Storage& storage, std::string_view directory, std::string_view name) {
    for (;;) {
      if (const auto listing = storage.list(directory)) {
        return std::none_of(listing->entries.begin(), listing->entries.end(),
                            [&](const Entry& entry) { return entry.name == name; });
      }
      if (directory.empty()) return true;
      const auto slash = directory.rfind('/');
      name = directory.substr(slash + 1);
      directory = directory.substr(0, slash == std::string_view::npos ? 0 : slash);
    }
  }

  void add(const OtherOwner& more) {
    OtherOwner& one =
        other_owners_.try_emplace(more.user, OtherOwner{more.user, 0, more.path}).first->second;
    one.objects += more.objects;
    one.path = std::min(one.path, more.path);
  }

  Arrival arrival_;
  std::uint32_t owner_ = 0;
  std::map<std::uint32_t, OtherOwner> other_owners_;
  std::mutex mutex_;
};

}  // namespace regctl
