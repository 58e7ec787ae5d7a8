// What becomes of the symbolic links below a registry's top directory that the operator names to be
// followed (--follow). Who may write below the top must gain nothing by it: not to have read what
// he may not read, and not to have removed what he may not remove.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace regctl {

enum class Following : std::uint8_t {
  followed,
  // Not, since it leads
  to_nothing,
  to_no_directory,
  into_store,            // or to a directory above it
  into_another_store,    // that has both blobs and repositories
  to_what_is_followed,   // by another link that is named, or into it, or to a directory above it
  to_what_another_owns,  // neither root nor the owner of the top
  for_another,   // others than root and the owner of what it leads to may have it lead elsewhere:
                 // by this link or one behind it, or a directory on the way
  out_of_reach,  // of whoever may, who may not read what it leads to
};

struct LinkBelow {
  std::string key;     // relative to docker/registry/v2
  std::string target;  // where it leads in the end, without any link; empty: to nothing
  Following following = Following::to_nothing;
  std::uint64_t device = 0, inode = 0;  // of `target`

  bool is_followed() const { return following == Following::followed; }

  bool operator==(const LinkBelow&) const = default;
};

// Nothing stands at a path that was to be followed, or not below the store.
class NothingToFollow : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Of the link at `path`, whose parent is reached through no link. `owner`: the user who owns the
// top. Without a key. Throws nothing of its own.
LinkBelow judged_link(const std::string& path, std::uint64_t owner);

// `path`, absolute or relative to `root`, with all links resolved but what its last name may be.
// Empty: there is no such directory.
std::string path_without_links(const std::string& path, const std::string& root);

// Those of `paths`, absolute or relative to `root`, that are links below `v2`, the directory
// docker/registry/v2. Ordinary directories are left out. `root` and `v2` have no links in them; one
// of `paths` may lead through others. Throws NothingToFollow, with the path.
std::vector<LinkBelow> links_below(const std::string& v2, const std::string& root,
                                   const std::vector<std::string>& paths);

}  // namespace regctl
