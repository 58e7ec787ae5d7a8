// Scope: which repositories an audit or an answer is of, and what concerns them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "audit/finding.h"
#include "registry/inventory.h"

namespace regctl::audit {

class Scope {
 public:
  // Globs as matches_glob() reads them; none: all repositories. Both must outlive it.
  Scope(const Inventory& inventory, const std::vector<std::string>& globs);

  // Whether it is one of them.
  bool has(const std::string& repository) const;
  // By DigestId: what they reach or link. Empty: everything.
  std::vector<bool> blobs() const;
  // Globs that match no repository.
  std::vector<std::string> idle_globs() const;
  // Leaves what concerns them, or may: what stands outside of any repository may concern all.
  void keep_wanted(std::vector<Finding>& findings, std::vector<Unreferenced>& unreferenced) const;

 private:
  bool may_have(std::string_view path) const;

  const Inventory& inventory_;
  const std::vector<std::string>& globs_;
};

}  // namespace regctl::audit
