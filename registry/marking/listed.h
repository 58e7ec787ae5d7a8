// Listed: what --roots names, as far as the store knows the digests. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "registry/inventory.h"
#include "registry/marking/policy.h"

namespace regctl {

class Listed {
 public:
  Listed(const Inventory& inventory, const Policy& policy);

  bool contains(const Repository& repository, DigestId id) const;
  // In any repository, some more than once.
  const std::vector<DigestId>& all() const { return all_; }
  // Lines that name repositories which are not in the store: their digests count in every one.
  std::uint64_t of_unknown_repositories() const { return of_unknown_repositories_; }

 private:
  std::vector<DigestId> all_, everywhere_;  // the latter ascending, as are those of each repository
  std::map<std::string, std::vector<DigestId>> in_;
  std::uint64_t of_unknown_repositories_ = 0;
};

}  // namespace regctl
