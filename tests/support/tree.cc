#include "tests/support/tree.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <fstream>
#include <stdexcept>
#include <vector>

namespace regctl::test {
namespace {

class TreeStorage final : public Storage {
 public:
  TreeStorage(const std::map<std::string, Tree::Node>& nodes, std::string prefix)
      : nodes_(nodes), prefix_(std::move(prefix)) {}

  std::optional<Listing> list(std::string_view key) const override {
    const std::string path = full(key);
    Listing listing;
    if (!path.empty()) {
      const auto* node = find(path);
      if (!node) return std::nullopt;
      refuse_unless_directory(*node, path);
      listing.stat = stat_of(*node);
    }
    const std::string below = path.empty() ? "" : path + '/';
    for (auto at = nodes_.lower_bound(below); at != nodes_.end() && at->first.starts_with(below);
         ++at) {
      const std::string name = at->first.substr(below.size());
      if (name.find('/') == std::string::npos) listing.entries.push_back({name, at->second.kind});
    }
    return listing;
  }

  std::optional<Stat> stat(std::string_view key) const override {
    const std::string path = full(key);
    if (path.empty()) return Stat{.kind = EntryKind::directory};
    const auto* node = find(path);
    if (!node) return std::nullopt;
    return stat_of(*node);
  }

  std::optional<Content> read(std::string_view key, std::size_t limit) const override {
    const auto found = stat(key);
    if (!found) return std::nullopt;
    if (found->kind == EntryKind::symlink) throw StorageError(Trouble::behind_symlink, full(key));
    Content content{.stat = *found};
    if (found->kind != EntryKind::file) return content;
    content.bytes = nodes_.at(full(key)).bytes.substr(0, limit);
    content.whole = content.stat.bytes <= limit;
    return content;
  }

  // Of relative links only.
  std::optional<std::string> leads_to(std::string_view key) const override {
    const std::string path = full(key);
    const auto link = nodes_.find(path);
    if (link == nodes_.end() || link->second.kind != EntryKind::symlink) return std::nullopt;
    const auto joined = std::filesystem::path(path).parent_path() / link->second.bytes / "";
    std::string target = joined.lexically_normal().string();
    target.pop_back();  // a slash
    const auto node = nodes_.find(target);
    const bool leads = node != nodes_.end() && node->second.kind == EntryKind::directory;
    return leads ? std::optional(std::move(target)) : std::nullopt;
  }

  std::unique_ptr<Storage> below(std::string_view prefix) const override {
    return std::make_unique<TreeStorage>(nodes_, full(prefix));
  }

 private:
  std::string full(std::string_view key) const {
    if (prefix_.empty() || key.empty()) return prefix_ + std::string(key);
    return prefix_ + '/' + std::string(key);
  }

  static Stat stat_of(const Tree::Node& node) {
    const std::uint64_t size = node.kind == EntryKind::file ? node.bytes.size() : 0;
    return {.kind = node.kind,
            .bytes = size,
            .disk_bytes = (size + 4095) / 4096 * 4096,
            .modified = node.modified,
            .born = node.born,
            .changed = node.changed,
            .owner = node.owner};
  }

  static void refuse_unless_directory(const Tree::Node& node, const std::string& path) {
    if (node.kind == EntryKind::symlink) throw StorageError(Trouble::behind_symlink, path);
    if (node.kind != EntryKind::directory)
      throw StorageError(Trouble::not_a_directory, path, ENOTDIR);
  }

  // As a file system resolves it: a link or a file on the way is an error, not an absence.
  const Tree::Node* find(const std::string& path) const {
    for (std::size_t slash = path.find('/'); slash != std::string::npos;
         slash = path.find('/', slash + 1)) {
      const auto on_the_way = nodes_.find(path.substr(0, slash));
      if (on_the_way == nodes_.end()) return nullptr;
      refuse_unless_directory(on_the_way->second, path);
    }
    const auto node = nodes_.find(path);
    return node == nodes_.end() ? nullptr : &node->second;
  }

  const std::map<std::string, Tree::Node>& nodes_;
  std::string prefix_;
};

timespec timespec_of(Time time) {
  const auto since = time.time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
  return {seconds.count(), (since - seconds).count()};
}

void check(bool ok, const std::string& what) {
  if (!ok) throw std::runtime_error("cannot make " + what);
}

}  // namespace

void Tree::make_parents(const std::string& path, Time modified) {
  for (std::size_t slash = path.find('/'); slash != std::string::npos;
       slash = path.find('/', slash + 1)) {
    Node& parent =
        nodes_.try_emplace(path.substr(0, slash), Node{EntryKind::directory, "", modified})
            .first->second;
    if (parent.kind == EntryKind::directory) parent.modified = std::max(parent.modified, modified);
  }
}

void Tree::file(const std::string& path, const std::string& bytes, Time modified) {
  make_parents(path, modified);
  nodes_[path] = {EntryKind::file, bytes, modified};
}

void Tree::directory(const std::string& path, Time modified) {
  make_parents(path, modified);
  nodes_[path] = {EntryKind::directory, "", modified};
}

void Tree::symlink(const std::string& path, const std::string& target, Time modified) {
  make_parents(path, modified);
  nodes_[path] = {EntryKind::symlink, target, modified};
}

void Tree::device(const std::string& path, Time modified) {
  make_parents(path, modified);
  nodes_[path] = {EntryKind::other, "", modified};
}

void Tree::remove(const std::string& path) {
  nodes_.erase(path);
  const std::string below = path + '/';
  for (auto at = nodes_.lower_bound(below); at != nodes_.end() && at->first.starts_with(below);)
    at = nodes_.erase(at);
}

void Tree::rename(const std::string& from, const std::string& to) {
  nodes_[to] = nodes_.at(from);
  nodes_.erase(from);
}

void Tree::touch(const std::string& path, Time modified) { nodes_.at(path).modified = modified; }

void Tree::arrive(const std::string& path, std::optional<Time> born, Time changed) {
  nodes_.at(path).born = born;
  nodes_.at(path).changed = changed;
}

std::unique_ptr<Storage> Tree::storage() const { return std::make_unique<TreeStorage>(nodes_, ""); }

void Tree::write_to(const std::filesystem::path& directory) const {
  for (const auto& [path, node] : nodes_) {
    const std::filesystem::path place = directory / path;
    switch (node.kind) {
      case EntryKind::directory:
        std::filesystem::create_directories(place);
        break;
      case EntryKind::symlink:
        std::filesystem::create_symlink(node.bytes, place);
        break;
      case EntryKind::other:
        check(mkfifo(place.c_str(), 0666) == 0, place);
        break;
      case EntryKind::file: {
        std::ofstream out(place, std::ios::binary);
        out << node.bytes;
        out.close();
        check(out.good(), place);
      }
    }
  }
  // Backwards: setting what is inside a directory would change the directory's time again.
  for (auto node = nodes_.rbegin(); node != nodes_.rend(); ++node) {
    const timespec times[2] = {timespec_of(node->second.modified),
                               timespec_of(node->second.modified)};
    check(utimensat(AT_FDCWD, (directory / node->first).c_str(), times, AT_SYMLINK_NOFOLLOW) == 0,
          node->first);
  }
}

}  // namespace regctl::test
