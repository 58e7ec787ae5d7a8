#include "registry/medium.h"

#include <sys/statvfs.h>

#include <algorithm>
#include <boost/filesystem.hpp>
#include <boost/filesystem/fstream.hpp>
#include <sstream>

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

bool is_fuse(const std::string& type) { return type.starts_with("fuse"); }

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
    if (separator != std::string::npos)
      std::istringstream(line.substr(separator + 3)) >> mount.type;
    mounts.push_back(std::move(mount));
  }
  return mounts;
}

// The last of those that are mounted the nearest above covers the others.
void describe_own(Medium& medium, const std::string& directory, const std::vector<Mount>& mounts) {
  std::size_t longest = 0;
  for (const Mount& mount : mounts) {
    const std::string prefix = mount.point == "/" ? "/" : mount.point + '/';
    if ((directory + '/').starts_with(prefix) && prefix.size() >= longest) {
      longest = prefix.size();
      medium.name = mount.type;
    }
  }
  struct statvfs vfs;
  if (statvfs(directory.c_str(), &vfs) != 0) return;
  medium.size_bytes = static_cast<std::uint64_t>(vfs.f_blocks) * vfs.f_frsize;
  medium.free_bytes = static_cast<std::uint64_t>(vfs.f_bavail) * vfs.f_frsize;
}

void describe_below(Medium& medium, const std::string& directory,
                    const std::vector<Mount>& mounts) {
  for (const Mount& mount : mounts) {
    if (!mount.point.starts_with(directory + '/')) continue;
    const std::string where = mount.point.substr(directory.size() + 1);
    medium.mounts.push_back(where);
    medium.names_below.push_back(mount.type);
    boost::system::error_code ignored;
    if ((where == layout::kBlobs || where == layout::kRepositories) &&
        fs::is_empty(mount.point, ignored))
      medium.empty_mounts.push_back(where);
  }
  std::sort(medium.mounts.begin(), medium.mounts.end());
  std::sort(medium.names_below.begin(), medium.names_below.end());
}

}  // namespace

bool Medium::is_local() const {
  return regctl::is_local(name) &&
         std::all_of(names_below.begin(), names_below.end(), regctl::is_local);
}

bool Medium::is_fuse() const {
  return regctl::is_fuse(name) ||
         std::any_of(names_below.begin(), names_below.end(), regctl::is_fuse);
}

Medium medium_of(const std::string& directory) {
  Medium medium;
  const auto mounts = mounts_of_this_host();
  describe_own(medium, directory, mounts);
  describe_below(medium, directory, mounts);
  return medium;
}

}  // namespace regctl
