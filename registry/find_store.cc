#include "registry/find_store.h"

#include <sys/stat.h>

#include <algorithm>
#include <boost/filesystem.hpp>
#include <boost/filesystem/fstream.hpp>
#include <optional>
#include <sstream>
#include <vector>

#include "registry/layout.h"
#include "registry/store.h"

namespace regctl {
namespace {

namespace fs = boost::filesystem;
using boost::system::error_code;

const fs::path kV2 = fs::path("docker") / "registry" / "v2";

bool has_directory(const fs::path& path) {
  error_code ignored;
  return fs::is_directory(path, ignored);
}

bool has_file(const fs::path& path) {
  error_code ignored;
  return fs::is_regular_file(path, ignored);
}

std::vector<fs::path> children(const fs::path& directory) {
  std::vector<fs::path> found;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory))
    found.push_back(entry.path());
  std::sort(found.begin(), found.end());
  return found;
}

// The value of `rootdirectory:` in a registry's configuration; empty: no such line. Good enough for
// a message.
std::string root_directory_in(const fs::path& file) {
  fs::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    const auto key = line.find("rootdirectory:");
    if (key == std::string::npos) continue;
    std::istringstream rest(line.substr(key + sizeof("rootdirectory:") - 1));
    std::string value;
    rest >> value;
    value.erase(std::remove_if(value.begin(), value.end(),
                               [](char c) { return c == '"' || c == '\'' || c == '}'; }),
                value.end());
    return value;
  }
  return {};
}

// What this directory is known to be instead of a registry's storage.
Standing stranger_at(const fs::path& path, const std::vector<fs::path>& below) {
  const auto has = [&](const char* name) { return fs::exists(path / name); };
  if (has_file(path / "oci-layout")) return Standing::oci_layout;
  if (has_directory(path / "images") && has_directory(path / "repositories"))
    return Standing::version_1;
  if (has_directory(path / "image") &&
      (has("overlay2") || has("containers") || has("aufs") || has("btrfs")))
    return Standing::docker_engine;
  if (has_directory(path / "io.containerd.content.v1.content")) return Standing::containerd;
  if (has_directory(path / "content") &&
      (has("metadata.properties") || has_directory(path / "content" / "vol-01")))
    return Standing::nexus;
  if (std::any_of(below.begin(), below.end(),
                  [](const fs::path& child) { return has_file(child / "oci-layout"); }))
    return Standing::zot;
  return Standing::unknown;
}

// The top of a storage that `path` is a little beside; empty: not found.
std::string store_beside(const fs::path& path, const std::vector<fs::path>& below) {
  for (fs::path up = path; up.has_parent_path() && up != up.parent_path(); up = up.parent_path()) {
    if (has_directory(up.parent_path() / kV2)) return up.parent_path().string();
  }
  for (const fs::path& child : below) {
    if (has_directory(child / kV2)) return child.string();
  }
  return {};
}

// What was given as ROOT.
struct Root {
  std::string given;
  fs::path real;                    // links resolved
  std::vector<std::string> follow;  // paths, as given
};

// The way from the top of a store to docker/registry/v2, all of it below ROOT.
struct Way {
  std::string link;                    // at which it ends; empty: it does not
  std::optional<Following> following;  // of that link, if it was to be followed
  fs::path v2;                         // links resolved
  std::vector<std::string> follow;     // what was to be followed and is not on the way
};

Way way_below(const fs::path& top, const Root& root) {
  struct stat owner {};
  stat((top / kV2).c_str(), &owner);
  Way way{.v2 = top, .follow = root.follow};
  for (const fs::path& part : kV2) {
    way.v2 /= part;
    error_code ignored;
    if (!fs::is_symlink(way.v2, ignored)) continue;
    const std::string here = way.v2.string();
    const bool is_named = std::erase_if(way.follow, [&](const std::string& given) {
      return path_without_links(given, root.real.string()) == here;
    });
    if (!is_named) return {.link = here};
    const LinkBelow link = judged_link(here, owner.st_uid);
    if (!link.is_followed()) return {.link = here, .following = link.following};
    way.v2 = link.target;
  }
  return way;
}

StoreFacts facts_of(const Root& root, const fs::path& top, const Way& way) {
  const std::string v2 = way.v2.string();
  StoreFacts facts{
      .path = root.given,
      .top = top.string(),
      .v2 = v2,
      .shown_prefix = root.real == v2 ? "" : kV2.string() + '/',
      .pull_through_cache = fs::exists(top / "scheduler-state.json"),
      .owned_by_database = fs::exists(top / "docker/registry/lockfiles/database-in-use"),
      .links = links_below(v2, root.real.string(), way.follow)};
  facts.medium = medium_of(facts.v2, facts.links);
  return facts;
}

// MinIO keeps an object as a directory of that name, with a file of its own in it, so that a bucket
// looks like a registry's storage. Looked at as the storage itself is: through no link.
bool is_of_minio(const StoreFacts& facts) {
  try {
    const Store store(facts);
    std::string here(layout::kBlobs);
    for (int depth = 0; depth < 3; ++depth) {  // as far down as any one blob
      const auto listing = store.storage().list(here);
      if (!listing) return false;
      const auto first =
          std::find_if(listing->entries.begin(), listing->entries.end(),
                       [](const Entry& entry) { return entry.kind == EntryKind::directory; });
      if (first == listing->entries.end()) return false;
      here = layout::join(here, first->name);
    }
    return store.storage().stat(here + "/data/xl.meta").has_value();
  } catch (const StorageError&) {
    return false;  // what it is then, the scan finds out
  }
}

// Where `real` is docker/registry/v2 itself, the directory above these three.
std::optional<fs::path> top_of_v2(const fs::path& real) {
  const std::string tail = '/' + kV2.string();
  const std::string& path = real.string();
  if (!path.ends_with(tail)) return std::nullopt;
  return fs::path(path.substr(0, path.size() - tail.size()));
}

bool is_as_good_as_empty(const std::vector<fs::path>& below) {
  return std::all_of(below.begin(), below.end(), [](const fs::path& child) {
    const std::string name = child.filename().string();
    return name.starts_with('.') || name == "lost+found";
  });
}

Found found_in(const Root& root) {
  const fs::path& real = root.real;
  if (real == "/") return {.standing = Standing::filesystem_root, .path = root.given};
  const std::string& path = real.string();
  const auto above = top_of_v2(real);
  if (above || fs::is_directory(real / kV2)) {
    const fs::path top = above.value_or(real);
    const Way way = way_below(top, root);
    if (!way.link.empty()) return {Standing::behind_link, path, way.link, 0, {}, way.following};
    if (has_directory(way.v2 / kV2)) return {Standing::nested, path, (way.v2 / kV2).string()};
    const StoreFacts facts = facts_of(root, top, way);
    return {is_of_minio(facts) ? Standing::minio : Standing::store, path, "", 0, facts};
  }
  const auto below = children(real);
  if (is_as_good_as_empty(below) && store_beside(real, {}).empty())
    return {
        Standing::empty_directory, path, "", 0, {.path = root.given, .medium = medium_of(path)}};
  if (std::string top = store_beside(real, below); !top.empty())
    return {Standing::beside_store, path, std::move(top)};
  const Standing stranger = stranger_at(real, below);
  return {stranger, path, stranger == Standing::unknown ? (real / kV2).string() : ""};
}

Found found_at(const std::string& given, const std::vector<std::string>& follow) {
  const fs::path path(given);
  if (!fs::exists(path)) {
    const bool link = fs::is_symlink(fs::symlink_status(path));
    return {link ? Standing::dangling_link : Standing::missing, given};
  }
  if (fs::is_regular_file(path)) {
    std::string root_directory = root_directory_in(path);
    if (root_directory.empty()) return {Standing::file, given};
    return {Standing::configuration, given, std::move(root_directory)};
  }
  const fs::path real = fs::canonical(path);
  if (!has_directory(real)) return {Standing::not_a_directory, given};
  return found_in({given, real, follow});
}

}  // namespace

Found find_store(const std::string& path, const std::vector<std::string>& follow) {
  try {
    return found_at(path, follow);
  } catch (const NothingToFollow& error) {
    return {.standing = Standing::nothing_to_follow, .path = path, .where = error.what()};
  } catch (const fs::filesystem_error& error) {
    return {.standing = Standing::unreadable, .path = path, .error = error.code().value()};
  }
}

}  // namespace regctl
