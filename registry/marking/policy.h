// What the operator wants kept, as a value.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/digest.h"
#include "registry/time.h"

namespace regctl {

struct Repository;  // registry/inventory.h, which the second opinion must not see

// A digest that must survive; with a repository, as a manifest of that one only.
struct RootDigest {
  std::optional<std::string> repository;
  Digest digest;

  bool operator==(const RootDigest&) const = default;
};

// Between quarantine and purge, where nobody says otherwise.
inline constexpr Duration kUsualHold = std::chrono::hours(20);

struct Policy {
  bool delete_untagged = false;
  bool prune_dead_tags = false;           // is_dead()
  bool prune_broken_manifests = false;    // revision links to manifests without bytes anywhere
  bool prune_orphaned_referrers = false;  // Orphans
  // In a pull-through cache: what was neither requested nor fetched for so long. Empty: nothing.
  std::optional<Duration> cache_unused;
  std::vector<std::string> protect;  // globs over repository names: nothing in them is untagged
  std::vector<RootDigest> roots;
  Duration keep_younger_than = std::chrono::hours(24);
  Arrival arrival = Arrival::birth;  // what makes young besides the time of modification

  bool takes_tags() const {
    return prune_dead_tags || prune_orphaned_referrers || cache_unused.has_value();
  }
  // Manifests that could be pulled. Their ages are asked for, those of blobs and tags among them.
  bool takes_manifests() const {
    return delete_untagged || prune_orphaned_referrers || cache_unused.has_value();
  }
};

// Nothing is younger than this, or an error in the clock: a time in the future counts as young
// whatever the limit.
inline bool is_young(Time time, Duration limit, Time now) {
  return time > now || now - time < limit;
}

// '*' stands for any run of characters, "/" included; everything else for itself.
bool matches_glob(std::string_view glob, std::string_view name);
// Any of its names.
bool matches_glob(std::string_view glob, const Repository& repository);
bool is_protected(const Policy& policy, std::string_view name);
// By any of its names; where it has more than are known, by any glob.
bool is_protected(const Policy& policy, const Repository& repository);

}  // namespace regctl
