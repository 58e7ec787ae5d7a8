#include "registry/marking/listed.h"

#include <algorithm>

namespace regctl {

Listed::Listed(const Inventory& inventory, const Policy& policy) {
  for (const RootDigest& root : policy.roots) {
    const auto id = inventory.digests.find(root.digest);
    if (!id) continue;
    // A cluster writes registry.example.com/app@sha256:...: what is no repository here must not
    // count nowhere.
    const Repository* here = root.repository ? inventory.repository(*root.repository) : nullptr;
    if (root.repository && !here) ++of_unknown_repositories_;
    (here ? in_[here->name] : everywhere_).push_back(*id);
    all_.push_back(*id);
  }
  std::sort(everywhere_.begin(), everywhere_.end());
  for (auto& [name, list] : in_) std::sort(list.begin(), list.end());
}

bool Listed::contains(const Repository& repository, DigestId id) const {
  if (std::binary_search(everywhere_.begin(), everywhere_.end(), id)) return true;
  const auto mine = in_.find(repository.name);
  return mine != in_.end() && std::binary_search(mine->second.begin(), mine->second.end(), id);
}

}  // namespace regctl
