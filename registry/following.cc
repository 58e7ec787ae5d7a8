#include "registry/following.h"

#include <sys/stat.h>

#include <algorithm>
#include <boost/filesystem.hpp>

namespace regctl {
namespace {

namespace fs = boost::filesystem;
using boost::system::error_code;

bool is_at_or_below(const std::string& path, const std::string& top) {
  return (path + '/').starts_with(top + '/');
}

bool touch(const std::string& one, const std::string& other) {
  return is_at_or_below(one, other) || is_at_or_below(other, one);
}

// By the bits alone: what a group or a list of access rights permits besides does not count.
bool permits(const struct stat& of, uid_t user, mode_t to_owner, mode_t to_others) {
  const mode_t wanted = of.st_uid == user ? to_owner : to_others;
  return (of.st_mode & wanted) == wanted;
}

// Whether `user` may list `path`, which has no links in it, and go where it is.
bool may_read(uid_t user, const fs::path& path) {
  struct stat st {};
  if (stat(path.c_str(), &st) != 0 || !permits(st, user, S_IRUSR | S_IXUSR, S_IROTH | S_IXOTH))
    return false;
  for (fs::path above = path.parent_path(); !above.empty(); above = above.parent_path()) {
    if (stat(above.c_str(), &st) != 0 || !permits(st, user, S_IXUSR, S_IXOTH)) return false;
  }
  return true;
}

// At or below a docker/registry/v2 that is a whole one.
bool is_in_another_store(const std::string& path) {
  static const std::string kV2 = "/docker/registry/v2";
  const auto at = (path + '/').find(kV2 + '/');
  if (at == std::string::npos) return false;
  const std::string v2 = path.substr(0, at + kV2.size());
  error_code ignored;
  return fs::is_directory(v2 + "/blobs", ignored) &&
         fs::is_directory(v2 + "/repositories", ignored);
}

// `real`, a path without links but for its last name, as a key below `v2`, also through links that
// are followed. Empty: it is no such.
std::string key_of(const std::string& real, const std::string& v2,
                   const std::vector<LinkBelow>& links) {
  const auto below = [&](const std::string& top) {
    return real != top && is_at_or_below(real, top) ? real.substr(top.size() + 1) : "";
  };
  for (const LinkBelow& link : links) {
    const std::string rest = link.is_followed() ? below(link.target) : "";
    if (!rest.empty()) return link.key + '/' + rest;
  }
  return below(v2);
}

// What keeps `link` from being followed besides itself.
Following among(const LinkBelow& link, const std::string& v2,
                const std::vector<LinkBelow>& others) {
  if (touch(link.target, v2)) return Following::into_store;
  if (is_in_another_store(link.target)) return Following::into_another_store;
  const bool taken = std::any_of(others.begin(), others.end(), [&](const LinkBelow& other) {
    return other.is_followed() && touch(link.target, other.target);
  });
  return taken ? Following::to_what_is_followed : Following::followed;
}

}  // namespace

std::string path_without_links(const std::string& path, const std::string& root) {
  const fs::path place = fs::absolute(path.substr(0, path.find_last_not_of('/') + 1), root);
  error_code error;
  const fs::path parent = fs::canonical(place.parent_path(), error);
  return error ? "" : (parent / place.filename()).string();
}

LinkBelow judged_link(const std::string& path, std::uint64_t owner) {
  LinkBelow link;
  error_code error;
  link.target = fs::canonical(path, error).string();
  struct stat own {};
  struct stat target {};
  if (error || lstat(path.c_str(), &own) != 0 || stat(link.target.c_str(), &target) != 0) {
    link.target.clear();
    return link;
  }
  link.device = target.st_dev;
  link.inode = target.st_ino;
  const auto judge = [&] {
    if (!S_ISDIR(target.st_mode)) return Following::to_no_directory;
    if (target.st_uid != 0 && target.st_uid != owner) return Following::to_what_another_owns;
    if (own.st_uid != 0 && own.st_uid != target.st_uid) return Following::for_another;
    const bool reached = own.st_uid == 0 || may_read(own.st_uid, link.target);
    return reached ? Following::followed : Following::out_of_reach;
  };
  link.following = judge();
  return link;
}

std::vector<LinkBelow> links_below(const std::string& v2, const std::string& root,
                                   const std::vector<std::string>& paths) {
  std::vector<LinkBelow> links;
  struct stat st {};
  if (stat(v2.c_str(), &st) != 0) return links;  // the scan finds out
  for (const std::string& given : paths) {
    const std::string path = path_without_links(given, root);
    error_code ignored;
    const bool is_link = fs::is_symlink(path, ignored);
    if (!is_link && !fs::is_directory(path, ignored)) throw NothingToFollow(given);
    const std::string key = key_of(path, v2, links);
    const bool is_on_the_way = !is_link && is_at_or_below(v2, path);
    if (key.empty() && !is_on_the_way) throw NothingToFollow(given);
    if (!is_link) continue;
    LinkBelow link = judged_link(path, st.st_uid);
    link.key = key;
    const bool again = std::any_of(links.begin(), links.end(),
                                   [&](const LinkBelow& other) { return other.key == key; });
    if (again) continue;
    if (link.is_followed()) link.following = among(link, v2, links);
    links.push_back(std::move(link));
  }
  return links;
}

}  // namespace regctl
