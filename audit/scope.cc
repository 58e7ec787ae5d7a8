#include "audit/scope.h"

#include <algorithm>

#include "registry/closure.h"
#include "registry/layout.h"
#include "registry/marking/policy.h"

namespace regctl::audit {
namespace {

// Whether it matches the name of any repository below `directory`.
bool may_match_below(std::string_view glob, const std::string& directory) {
  for (std::size_t length = 0; length <= glob.size(); ++length) {
    if (matches_glob(glob.substr(0, length), directory + '/')) return true;
  }
  return false;
}

}  // namespace

Scope::Scope(const Inventory& inventory, const std::vector<std::string>& globs)
    : inventory_(inventory), globs_(globs) {}

bool Scope::has(const std::string& repository) const {
  if (globs_.empty()) return true;
  const Repository* known = inventory_.repository(repository);
  return std::ranges::any_of(globs_, [&](const std::string& glob) {
    return known ? matches_glob(glob, *known) : matches_glob(glob, repository);
  });
}

std::vector<bool> Scope::blobs() const {
  if (globs_.empty()) return {};
  std::vector<bool> wanted(inventory_.digests.size());
  Closure closure(inventory_);
  const auto want = [&](DigestId root) {
    closure.from(root, [&](DigestId id) { wanted[index_of(id)] = true; });
  };
  for (const Repository& repository : inventory_.repositories) {
    if (!has(repository.name)) continue;
    for (const Link& link : repository.revisions) want(link.name);
    for (const Link& link : repository.layers) want(link.name);
    for (const Tag& tag : repository.tags) {
      if (tag.target) want(*tag.target);
    }
  }
  return wanted;
}

std::vector<std::string> Scope::idle_globs() const {
  std::vector<std::string> idle;
  for (const std::string& glob : globs_) {
    const auto matches = [&](const Repository& one) { return matches_glob(glob, one); };
    if (std::ranges::none_of(inventory_.repositories, matches)) idle.push_back(glob);
  }
  return idle;
}

// Of a path within a repository the name is told; one without may be a file beside its directories,
// or hide whole repositories.
bool Scope::may_have(std::string_view path) const {
  if (!path.starts_with(layout::kRepositories) || path == layout::kRepositories) return true;
  const std::string_view below = path.substr(layout::kRepositories.size() + 1);
  const auto inside = below.find("/_");
  const std::string name(below.substr(0, inside));
  if (has(name)) return true;
  if (inside != below.npos) return false;
  return has(std::string(layout::parent_of(name))) ||
         std::ranges::any_of(globs_, [&](const auto& glob) { return may_match_below(glob, name); });
}

void Scope::keep_wanted(std::vector<Finding>& findings,
                        std::vector<Unreferenced>& unreferenced) const {
  if (globs_.empty()) return;
  const std::vector<bool> wanted = blobs();
  std::erase_if(unreferenced, [&](const Unreferenced& one) { return !wanted[index_of(one.blob)]; });
  std::erase_if(findings, [&](Finding& finding) {
    std::erase_if(finding.used_by, [&](const UsedBy& user) { return !has(user.repository); });
    if (!finding.repository.empty()) return !has(finding.repository);
    const auto id = finding.digest ? inventory_.digests.find(*finding.digest) : std::nullopt;
    if (id) return !wanted[index_of(*id)];
    // One stands for all that a user owns.
    return finding.rule != Rule::owner_mixed && !may_have(finding.path);
  });
}

}  // namespace regctl::audit
