#include "registry/medium.h"

#include <sys/statvfs.h>

#include <algorithm>
#include <boost/filesystem.hpp>
#include <boost/filesystem/fstream.hpp>
#include <sstream>
#include <thread>

#include "registry/layout.h"

namespace regctl {
namespace {

namespace fs = boost::filesystem;

bool is_local(const std::string& type) {
  static constexpr std::string_view kLocal[] = {"bcachefs", "btrfs", "ext2",   "ext3",    "ext4",
                                                "f2fs",     "jfs",   "nilfs2", "overlay", "ramfs",
                                                "reiserfs", "tmpfs", "xfs",    "zfs"};
  return std::find(std::begin(kLocal), std::end(kLocal), type) != std::end(kLocal);
}

// Their renames copy and delete, each in its own time. Names as their programs give them to the
// kernel, as the type's second half or, where there is none, as the source.
bool is_object_store(const std::string& type) {
  static constexpr std::string_view kStores[] = {"blobfuse", "blobfuse2",     "gcsfuse", "geesefs",
                                                 "goofys",   "mountpoint-s3", "rclone",  "s3fs"};
  const auto dot = type.find('.');
  return is_fuse(type) && dot != std::string::npos &&
         std::find(std::begin(kStores), std::end(kStores), type.substr(dot + 1)) !=
             std::end(kStores);
}

struct Mount {
  std::string point, type;
};

// Blanks and backslashes are written in octal, as \040.
std::string without_escapes(const std::string& raw) {
  std::string text;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] == '\\' && i + 3 < raw.size()) {
      text += static_cast<char>(std::stoi(raw.substr(i + 1, 3), nullptr, 8));
      i += 3;
    } else {
      text += raw[i];
    }
  }
  return text;
}

// The fifth field is the mount point; behind " - " comes the type.
std::vector<Mount> mounts_of_this_host() {
  std::vector<Mount> mounts;
  fs::ifstream in("/proc/self/mountinfo");
  for (std::string line; std::getline(in, line);) {
    std::istringstream fields(line);
    std::string point;
    for (int i = 0; i < 5; ++i) fields >> point;
    Mount mount{without_escapes(point), ""};
    const auto separator = line.find(" - ");
    if (separator != std::string::npos) {
      std::string source;
      std::istringstream(line.substr(separator + 3)) >> mount.type >> source;
      if (const std::string named = mount.type + '.' + source;
          mount.type == "fuse" && is_object_store(named))
        mount.type = named;
    }
    mounts.push_back(std::move(mount));
  }
  return mounts;
}

// The last of those that are mounted the nearest above covers the others.
std::string type_of(const std::string& directory, const std::vector<Mount>& mounts) {
  std::string type = Medium().name;
  std::size_t longest = 0;
  for (const Mount& mount : mounts) {
    const std::string prefix = mount.point == "/" ? "/" : mount.point + '/';
    if ((directory + '/').starts_with(prefix) && prefix.size() >= longest) {
      longest = prefix.size();
      type = mount.type;
    }
  }
  return type;
}

// What the blobs are on, which need the space.
void describe_space(Medium& medium, const std::string& directory) {
  const auto blobs =
      std::find_if(medium.mounts.begin(), medium.mounts.end(),
                   [](const MountBelow& one) { return one.point == layout::kBlobs; });
  std::string path = directory;
  if (blobs != medium.mounts.end())
    path = blobs->target.empty() ? directory + '/' + blobs->point : blobs->target;
  struct statvfs vfs;
  if (statvfs(path.c_str(), &vfs) != 0) return;
  medium.size_bytes = static_cast<std::uint64_t>(vfs.f_blocks) * vfs.f_frsize;
  medium.free_bytes = static_cast<std::uint64_t>(vfs.f_bavail) * vfs.f_frsize;
}

// `directory` is the store, or stands in it at `point`.
void describe_below(Medium& medium, const std::string& directory, const std::string& point,
                    const std::vector<Mount>& mounts) {
  for (const Mount& mount : mounts) {
    if (!mount.point.starts_with(directory + '/')) continue;
    MountBelow below{layout::join(point, mount.point.substr(directory.size() + 1)), mount.type};
    boost::system::error_code ignored;
    below.hides_part = (below.point == layout::kBlobs || below.point == layout::kRepositories) &&
                       fs::is_empty(mount.point, ignored);
    medium.mounts.push_back(std::move(below));
  }
}

void describe_link(Medium& medium, const LinkBelow& link, const std::vector<Mount>& mounts) {
  boost::system::error_code ignored;
  medium.mounts.push_back({.point = link.key,
                           .name = type_of(link.target, mounts),
                           .hides_part = fs::is_empty(link.target, ignored),
                           .target = link.target});
  describe_below(medium, link.target, link.key, mounts);
}

}  // namespace

bool is_fuse(const std::string& name) { return name.starts_with("fuse"); }

bool Medium::is_local() const {
  return regctl::is_local(name) &&
         std::all_of(mounts.begin(), mounts.end(),
                     [](const MountBelow& mount) { return regctl::is_local(mount.name); });
}

unsigned Medium::jobs(unsigned wished) const {
  constexpr unsigned kOnLocalDisks = 16, kElsewhere = 64;
  if (wished) return wished;
  return is_local() ? std::max(kOnLocalDisks, 4 * std::thread::hardware_concurrency()) : kElsewhere;
}

std::string Medium::object_store() const {
  if (is_object_store(name)) return name;
  for (const MountBelow& mount : mounts) {
    if (is_object_store(mount.name)) return mount.name;
  }
  return {};
}

Medium medium_of(const std::string& directory, const std::vector<LinkBelow>& links) {
  const auto mounts = mounts_of_this_host();
  Medium medium{.name = type_of(directory, mounts)};
  describe_below(medium, directory, "", mounts);
  for (const LinkBelow& link : links) {
    if (link.is_followed()) describe_link(medium, link, mounts);
  }
  std::sort(medium.mounts.begin(), medium.mounts.end());
  describe_space(medium, directory);
  return medium;
}

}  // namespace regctl
