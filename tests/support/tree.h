// A directory tree as a value: built in memory, read as Storage, or written to a disk.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "registry/storage.h"

namespace regctl::test {

// Some time or other, for what is put into a tree.
inline const Time kThen = Time(std::chrono::seconds(1'700'000'000));

class Tree {
 public:
  struct Node {
    EntryKind kind = EntryKind::file;
    std::string bytes;  // of a symlink: where it leads
    Time modified;
    std::optional<Time> born = {};  // empty: as on a file system that does not tell
    Time changed = {};
    std::uint32_t owner = 0;
  };

  // Parents are made as needed, with the same time; a directory keeps the newest time of what was
  // put into it.
  void file(const std::string& path, const std::string& bytes, Time modified);
  void directory(const std::string& path, Time modified);
  void symlink(const std::string& path, const std::string& target, Time modified);
  void device(const std::string& path, Time modified);  // on a disk: a FIFO
  // With everything below it.
  void remove(const std::string& path);
  void rename(const std::string& from, const std::string& to);  // of a file; times stay
  void touch(const std::string& path, Time modified);           // sets the time of what is there
  void give_to(std::uint32_t user, const std::string& path) { nodes_.at(path).owner = user; }
  void arrive(const std::string& path, std::optional<Time> born, Time changed = {});

  bool has(const std::string& path) const { return nodes_.contains(path); }
  std::string& bytes(const std::string& path) { return nodes_.at(path).bytes; }
  const std::map<std::string, Node>& nodes() const { return nodes_; }

  // Sees later changes of the tree, which it must not outlive.
  std::unique_ptr<Storage> storage() const;
  // Below `directory`, which exists; modification times included.
  void write_to(const std::filesystem::path& directory) const;

 private:
  void make_parents(const std::string& path, Time modified);
  std::map<std::string, Node> nodes_;
};

}  // namespace regctl::test
