#include "registry/following.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/filesystem.hpp>
#include <climits>
#include <set>

#include "registry/beneath.h"
#include "registry/layout.h"

namespace regctl {
namespace {

namespace fs = boost::filesystem;
using boost::system::error_code;
using layout::is_at_or_below;

bool touch(const std::string& one, const std::string& other) {
  return is_at_or_below(one, other) || is_at_or_below(other, one);
}

// By the bits alone: what a group or a list of access rights permits besides does not count.
bool permits(const struct stat& of, uid_t user, mode_t to_owner, mode_t to_others) {
  const mode_t wanted = of.st_uid == user ? to_owner : to_others;
  return (of.st_mode & wanted) == wanted;
}

// Others than the owner may give its entries other names, or put others in their place. The group
// of root is root.
bool can_be_changed_by_others(const struct stat& directory) {
  const mode_t others = directory.st_gid == 0 ? S_IWOTH : S_IWGRP | S_IWOTH;
  return (directory.st_mode & others) && !(directory.st_mode & S_ISVTX);
}

// From the root of the host's tree to where a link leads in the end, name by name, each link
// followed by us and not by the kernel: what was looked at is what was gone through, whatever
// somebody exchanges meanwhile.
class Walk {
 public:
  // `path` has no link in it but for its last name.
  explicit Walk(const std::string& path) : ahead_(path) {
    constexpr int kMostLinks = 40;  // as the kernel
    enter("/", beneath::ask([] { return ::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC); }));
    while (!places_.empty() && !ahead_.empty() && links_ <= kMostLinks) step();
    arrived_ = !places_.empty() && ahead_.empty();
  }

  bool arrived() const { return arrived_; }
  // REQUIRES: arrived().
  const struct stat& end() const { return places_.back().st; }
  std::string path() const {
    std::string path;
    for (std::size_t i = 1; i < places_.size(); ++i) path += '/' + places_[i].name;
    return path;
  }
  // Who may have it lead elsewhere, root apart: the owners of all links, and of the directories in
  // which a name behind one was looked up.
  const std::set<uid_t>& guides() const { return guides_; }
  bool may_be_changed_by_others() const { return may_be_changed_by_others_; }
  bool may_be_read_by(uid_t user) const {
    return permits(end(), user, S_IRUSR | S_IXUSR, S_IROTH | S_IXOTH) &&
           std::all_of(places_.begin(), places_.end(), [&](const Place& place) {
             return permits(place.st, user, S_IXUSR, S_IXOTH);
           });
  }

 private:
  struct Place {
    std::string name;
    beneath::Descriptor directory;
    struct stat st;
  };

  void step() {
    const auto slash = ahead_.find('/');
    const std::string name = ahead_.substr(0, slash);
    ahead_.erase(0, slash == std::string::npos ? slash : slash + 1);
    if (name.empty() || name == ".") return;
    if (name != "..")
      look_up(name);
    else if (places_.size() > 1)
      places_.pop_back();
  }

  void look_up(const std::string& name) {
    const Place& here = places_.back();
    if (links_ > 0) {
      note_guide(here.st.st_uid);
      may_be_changed_by_others_ |= can_be_changed_by_others(here.st);
    }
    enter(name, beneath::ask([&] {
            return openat(here.directory.get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC);
          }));
  }

  void enter(const std::string& name, const beneath::Answer& opened) {
    if (opened.error) return places_.clear();
    Place place{name, beneath::Descriptor(static_cast<int>(opened.value)), {}};
    if (fstat(place.directory.get(), &place.st) != 0) return places_.clear();
    if (S_ISLNK(place.st.st_mode)) return follow(place);
    if (!S_ISDIR(place.st.st_mode) && !ahead_.empty()) return places_.clear();
    places_.push_back(std::move(place));
  }

  void follow(const Place& link) {
    ++links_;
    note_guide(link.st.st_uid);
    std::array<char, PATH_MAX> text;
    const auto got = beneath::ask(
        [&] { return readlinkat(link.directory.get(), "", text.data(), text.size()); });
    if (got.error || got.value == PATH_MAX) return places_.clear();
    const std::string target(text.data(), static_cast<std::size_t>(got.value));
    if (target.starts_with('/')) places_.resize(1);
    ahead_ = target + '/' + ahead_;
  }

  void note_guide(uid_t user) {
    if (user != 0) guides_.insert(user);
  }

  std::string ahead_;
  std::vector<Place> places_;  // the root first; empty: there is nothing
  std::set<uid_t> guides_;
  int links_ = 0;
  bool may_be_changed_by_others_ = false, arrived_ = false;
};

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
  const Walk walk(path);
  LinkBelow link;
  if (!walk.arrived()) return link;
  const struct stat& target = walk.end();
  link.target = walk.path();
  link.device = target.st_dev;
  link.inode = target.st_ino;
  const auto judge = [&] {
    if (!S_ISDIR(target.st_mode)) return Following::to_no_directory;
    if (target.st_uid != 0 && target.st_uid != owner) return Following::to_what_another_owns;
    const auto& guides = walk.guides();
    if (std::any_of(guides.begin(), guides.end(), [&](uid_t one) { return one != target.st_uid; }))
      return Following::for_another;
    if (walk.may_be_changed_by_others()) return Following::for_another;
    const bool is_read = std::all_of(guides.begin(), guides.end(),
                                     [&](uid_t one) { return walk.may_be_read_by(one); });
    return is_read ? Following::followed : Following::out_of_reach;
  };
  link.following = judge();
  return link;
}

std::vector<LinkBelow> links_below(const std::string& v2, const std::string& root,
                                   const std::vector<std::string>& paths) {
  std::vector<LinkBelow> links;
  struct stat st {};
  if (stat(v2.c_str(), &st) != 0) return links;  // the scan finds out
  std::vector<std::string> sorted = paths;       // what others lead through comes before them
  std::stable_sort(sorted.begin(), sorted.end(), [](const std::string& one, const auto& other) {
    return std::count(one.begin(), one.end(), '/') < std::count(other.begin(), other.end(), '/');
  });
  for (const std::string& given : sorted) {
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
