#include "registry/root.h"

#include <sys/statvfs.h>

#include <algorithm>
#include <boost/filesystem.hpp>
#include <boost/filesystem/fstream.hpp>
#include <sstream>

#include "registry/error.h"
#include "registry/layout.h"

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

[[noreturn]] void refuse_file(const fs::path& path, const std::string& command) {
  const std::string value = root_directory_in(path);
  if (value.empty())
    throw WrongRoot(path.string() + " is a file; ROOT must be the storage directory", "");
  throw WrongRoot(
      path.string() + " is a registry's configuration; ROOT must be the storage directory",
      "its rootdirectory is " + value + ":  " + command + ' ' + value);
}

// What this directory is known to be instead of a registry's storage; empty: nothing we know.
std::string known_stranger(const fs::path& path, const std::vector<fs::path>& below) {
  const auto has = [&](const char* name) { return fs::exists(path / name); };
  if (path == "/") return "the root of the file system";
  if (has_file(path / "oci-layout"))
    return "an OCI image layout (oras, skopeo and umoci work on these)";
  if (has_directory(path / "images") && has_directory(path / "repositories"))
    return "the storage of a version 1 registry; only version 2 (docker/registry/v2) can be "
           "collected";
  if (has_directory(path / "image") &&
      (has("overlay2") || has("containers") || has("aufs") || has("btrfs")))
    return "the data directory of a Docker engine; use `docker system prune` there";
  if (has_directory(path / "io.containerd.content.v1.content"))
    return "the data directory of containerd; use `ctr` there";
  if (has_directory(path / "content") &&
      (has("metadata.properties") || has_directory(path / "content" / "vol-01")))
    return "a Nexus blob store; use Nexus' own clean-up and compact tasks";
  if (std::any_of(below.begin(), below.end(),
                  [](const fs::path& child) { return has_file(child / "oci-layout"); }))
    return "the storage of a zot registry, or another tree of OCI image layouts; zot collects its "
           "own garbage";
  return {};
}

// A path below which the storage is, where `path` is a little beside it; empty: not found.
std::string near_miss(const fs::path& path, const std::vector<fs::path>& below) {
  for (fs::path up = path; up.has_parent_path() && up != up.parent_path(); up = up.parent_path()) {
    if (has_directory(up.parent_path() / kV2)) return up.parent_path().string();
  }
  for (const fs::path& child : below) {
    if (has_directory(child / kV2)) return child.string();
  }
  return {};
}

[[noreturn]] void refuse_directory(const fs::path& path, const std::vector<fs::path>& below,
                                   const std::string& command) {
  const auto try_instead = [&](const std::string& root) {
    return "did you mean  " + command + ' ' + root + " ?";
  };
  const std::string near = near_miss(path, below), stranger = known_stranger(path, below);
  if (!near.empty())
    throw WrongRoot(path.string() + " is not the top of a registry's storage; that is " + near,
                    try_instead(near));
  if (!stranger.empty()) throw WrongRoot(path.string() + " is " + stranger, "");
  throw WrongRoot(
      "no registry storage under " + path.string() + " (expected " + (path / kV2).string() + ")",
      "give the directory that the registry's configuration calls rootdirectory");
}

struct Mount {
  std::string point, type;
};

// proc(5), /proc/PID/mountinfo: octal escapes for blanks, fields behind " - " are type and source.
std::vector<Mount> mounts_of_this_host() {
  std::vector<Mount> mounts;
  fs::ifstream in("/proc/self/mountinfo");
  for (std::string line; std::getline(in, line);) {
    std::istringstream fields(line);
    std::string field, raw;
    for (int i = 0; i < 5; ++i) fields >> (i == 4 ? raw : field);
    Mount mount;
    for (std::size_t i = 0; i < raw.size(); ++i) {
      if (raw[i] == '\\' && i + 3 < raw.size()) {
        mount.point += static_cast<char>(std::stoi(raw.substr(i + 1, 3), nullptr, 8));
        i += 3;
      } else {
        mount.point += raw[i];
      }
    }
    const auto separator = line.find(" - ");
    if (separator != std::string::npos)
      std::istringstream(line.substr(separator + 3)) >> mount.type;
    mounts.push_back(std::move(mount));
  }
  return mounts;
}

// The file system that `path`, a real one, is on.
void describe_filesystem(Root& root, const std::string& path) {
  std::size_t longest = 0;
  for (const Mount& mount : mounts_of_this_host()) {
    const std::string prefix = mount.point == "/" ? "/" : mount.point + '/';
    if ((path + '/').starts_with(prefix) && prefix.size() >= longest) {
      longest = prefix.size();
      root.filesystem = mount.type;
    }
  }
  struct statvfs vfs;
  if (statvfs(path.c_str(), &vfs) == 0) {
    root.size_bytes = static_cast<std::uint64_t>(vfs.f_blocks) * vfs.f_frsize;
    root.free_bytes = static_cast<std::uint64_t>(vfs.f_bavail) * vfs.f_frsize;
  }
}

void describe_mounts_below(Root& root) {
  for (const Mount& mount : mounts_of_this_host()) {
    if (!mount.point.starts_with(root.v2 + '/')) continue;
    root.mounts.push_back(mount.point.substr(root.v2.size() + 1));
    root.filesystems_below.push_back(mount.type);
    root.fuse_below |= mount.type.starts_with("fuse");
    const std::string& where = root.mounts.back();
    error_code ignored;
    if ((where == layout::kBlobs || where == layout::kRepositories) &&
        fs::is_empty(mount.point, ignored))
      root.empty_mounts.push_back(where);
  }
  std::sort(root.mounts.begin(), root.mounts.end());
  std::sort(root.filesystems_below.begin(), root.filesystems_below.end());
}

// No link below ROOT is followed, and these three directories are below it.
void refuse_links(const fs::path& top) {
  fs::path here = top;
  for (const fs::path& part : kV2) {
    here /= part;
    error_code ignored;
    if (fs::is_symlink(here, ignored))
      throw WrongRoot(here.string() + " is a symbolic link, and links below ROOT are not followed",
                      "give the directory it leads to, or mount it here (mount --bind)");
  }
}

Root describe(Root root, const fs::path& v2) {
  root.v2 = v2.string();
  const fs::path docker_registry = fs::path(root.v2).parent_path();
  root.owned_by_database = fs::exists(docker_registry / "lockfiles" / "database-in-use");
  root.pull_through_cache =
      fs::exists(docker_registry.parent_path().parent_path() / "scheduler-state.json");
  describe_filesystem(root, root.v2);
  describe_mounts_below(root);
  return root;
}

}  // namespace

Root find_root(const std::string& given, const std::string& command) {
  Root root{.path = given};
  try {
    const fs::path path(given);
    if (!fs::exists(path)) {
      throw WrongRoot(
          given + (fs::is_symlink(fs::symlink_status(path)) ? " is a link that leads nowhere"
                                                            : " does not exist"),
          "check the path, and that the volume is mounted");
    }
    if (fs::is_regular_file(path)) refuse_file(path, command);
    const fs::path real = fs::canonical(path);
    if (!has_directory(real)) throw WrongRoot(given + " is not a directory", "");
    const std::string tail = '/' + kV2.string();
    if (real == "/")
      throw WrongRoot(given + " is the root of the file system",
                      "give the directory that the registry's configuration calls rootdirectory");
    const bool is_v2 = real.string().ends_with(tail);
    const fs::path top =
        is_v2 ? fs::path(real.string().substr(0, real.string().size() - tail.size())) : real;
    if (is_v2 || fs::is_directory(real / kV2)) {
      refuse_links(top);
      root.shown_prefix = is_v2 ? "" : kV2.string() + '/';
      return describe(std::move(root), top / kV2);
    }
    const auto below = children(real);
    const auto nothing = [](const fs::path& child) {
      const std::string name = child.filename().string();
      return name.starts_with('.') || name == "lost+found";
    };
    if (std::all_of(below.begin(), below.end(), nothing) && near_miss(real, {}).empty()) {
      describe_filesystem(root, real.string());
      return root;
    }
    refuse_directory(real, below, command);
  } catch (const fs::filesystem_error& error) {
    throw WrongRoot(given + " cannot be read: " + error.code().message(),
                    "run as the user that owns the storage, or as root");
  }
}

}  // namespace regctl
