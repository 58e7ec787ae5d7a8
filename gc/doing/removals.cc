#include "gc/doing/removals.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "registry/layout.h"

namespace regctl::gc {
namespace {

using layout::join;
using Outcome = Writer::Outcome;

// Of a directory; of an absent one none.
std::vector<Entry> entries(const Storage& storage, const std::string& key) {
  auto listing = storage.list(key);
  return listing ? std::move(listing->entries) : std::vector<Entry>();
}

// What a registry writes for an upload: files, each with its directory, the one that tells the age
// last; and directories, from the leaves up.
struct UploadTree {
  std::vector<std::pair<std::string, std::string>> files;
  std::vector<std::string> directories;
};

UploadTree tree_of_upload(const std::string& top, const Storage& storage) {
  UploadTree tree;
  const std::string states = join(top, "hashstates");
  for (const Entry& algorithm : entries(storage, states)) {
    if (algorithm.kind != EntryKind::directory) continue;
    tree.directories.push_back(join(states, algorithm.name));
    for (const Entry& offset : entries(storage, tree.directories.back())) {
      if (offset.kind == EntryKind::file)
        tree.files.emplace_back(tree.directories.back(), offset.name);
    }
  }
  tree.directories.insert(tree.directories.end(), {states, top});
  for (const Entry& entry : entries(storage, top)) {
    if (entry.kind == EntryKind::file && (entry.name == "data" || layout::is_temporary(entry.name)))
      tree.files.emplace_back(top, entry.name);
  }
  tree.files.emplace_back(top, "startedat");
  return tree;
}

// What a registry writes for a tag: `link` files, each with its directory; and directories, from
// the leaves up.
struct TagTree {
  std::vector<std::string> links, directories;
  bool has_stranger = false;
};

TagTree tree_of_tag(const std::string& top, const Storage& storage) {
  TagTree tree;
  // The names of directories below `key`; of a leaf none.
  const auto look = [&](const std::string& key, bool leaf, auto belongs) {
    std::vector<std::string> below;
    for (const Entry& entry : entries(storage, key)) {
      if (leaf && entry.kind == EntryKind::file && entry.name == layout::kLink)
        tree.links.push_back(key);
      else if (!leaf && entry.kind == EntryKind::directory && belongs(entry.name))
        below.push_back(join(key, entry.name));
      else
        tree.has_stranger = true;
    }
    tree.directories.insert(tree.directories.begin(), key);
    return below;
  };
  const auto is_part = [](const std::string& name) { return name == "current" || name == "index"; };
  const auto is_algorithm = [](const std::string& name) {
    return algorithm_named(name).has_value();
  };
  for (const std::string& part : look(top, false, is_part)) {
    if (part.ends_with("/current")) {
      look(part, true, is_part);
      continue;
    }
    for (const std::string& algorithm : look(part, false, is_algorithm)) {
      const auto is_digest = [&](const std::string& name) {
        return Digest::from_hex(*algorithm_named(algorithm.substr(part.size() + 1)), name)
            .has_value();
      };
      for (const std::string& digest : look(algorithm, false, is_digest))
        look(digest, true, is_digest);
    }
  }
  return tree;
}

}  // namespace

bool holds_a_stranger(const std::string& tag, const Storage& storage) {
  return tree_of_tag(tag, storage).has_stranger;
}

bool remove_tag(const std::string& tag, const Storage& storage, Writer& writer) {
  const TagTree tree = tree_of_tag(tag, storage);
  for (const std::string& link : tree.links) writer.remove_file(link, layout::kLink);
  Outcome last = Outcome::done;
  for (const std::string& directory : tree.directories) last = writer.remove_directory(directory);
  return last != Outcome::occupied;
}

RemovedUpload remove_upload(const UploadRemoval& upload, const Storage& storage, Writer& writer) {
  const UploadTree tree = tree_of_upload(layout::upload(upload.repository, upload.uuid), storage);
  const auto was_written_to = [&](const auto& file) {
    const auto stat = storage.stat(join(file.first, file.second));
    return stat && stat->modified > upload.newest;
  };
  if (std::any_of(tree.files.begin(), tree.files.end(), was_written_to))
    return {RemovedUpload::Outcome::changed};
  std::uint64_t freed = 0;
  for (const auto& [directory, name] : tree.files) {
    const auto stat = storage.stat(join(directory, name));
    if (writer.remove_file(directory, name) == Outcome::done && stat) freed += stat->disk_bytes;
  }
  Outcome last = Outcome::done;
  for (const std::string& directory : tree.directories) last = writer.remove_directory(directory);
  switch (last) {
    case Outcome::occupied:
      return {RemovedUpload::Outcome::kept, freed};
    case Outcome::absent:
      return {RemovedUpload::Outcome::absent, freed};
    default:
      return {RemovedUpload::Outcome::gone, freed};
  }
}

bool remove_repository(const std::string& name, const Storage& storage, Writer& writer) {
  const std::string top = layout::repository(name);
  std::vector<std::string> directories{top};
  for (std::size_t i = 0; i < directories.size(); ++i) {
    for (const Entry& entry : entries(storage, directories[i])) {
      if (entry.kind != EntryKind::directory || directories[i] == join(top, layout::kUploads))
        return false;
      // Names without "_" directly below are other repositories.
      if (i > 0 || entry.name.starts_with('_'))
        directories.push_back(join(directories[i], entry.name));
    }
  }
  for (auto directory = directories.rbegin(); std::next(directory) != directories.rend();
       ++directory) {
    if (writer.remove_directory(*directory) == Outcome::occupied) return false;
  }
  if (writer.remove_directory(top) == Outcome::occupied) return true;  // other repositories below
  for (auto slash = name.rfind('/'); slash != std::string::npos && slash > 0;
       slash = name.rfind('/', slash - 1)) {
    if (writer.remove_directory(layout::repository(name.substr(0, slash))) != Outcome::done) break;
  }
  return true;
}

}  // namespace regctl::gc
