#include "registry/usage.h"

#include "registry/closure.h"

namespace regctl {
namespace {

// Calls visit(id) for every live blob that is there and that one of `roots` reaches.
template <class Visit>
void each_reached(const Inventory& inventory, const Roots& roots, const std::vector<bool>& live,
                  Closure& closure, Visit visit) {
  closure.restart();
  for (const DigestId root : roots) {
    if (!live[index_of(root)]) continue;
    closure.from(root, [&](DigestId id) {
      if (live[index_of(id)] && inventory.has_directory(id)) visit(id);
    });
  }
}

Roots roots_of(const Repository& repository) {
  Roots roots;
  for (const Link& link : repository.revisions) {
    if (link.state != LinkState::quarantined) roots.push_back(link.target);
  }
  for (const Tag& tag : repository.tags) {
    if (tag.target) roots.push_back(*tag.target);
  }
  return roots;
}

constexpr std::uint32_t kNobody = 0, kSeveral = ~0u;

// By digest: 1 + index of the only repository with a layer or revision link to it, kNobody or
// kSeveral.
std::vector<std::uint32_t> linkers(const Inventory& inventory) {
  std::vector<std::uint32_t> linker(inventory.digests.size(), kNobody);
  for (std::uint32_t i = 0; i < inventory.repositories.size(); ++i) {
    const auto note = [&](DigestId id) {
      std::uint32_t& who = linker[index_of(id)];
      who = who == kNobody || who == i + 1 ? i + 1 : kSeveral;
    };
    for (const Link& link : inventory.repositories[i].layers) {
      note(link.name);
      note(link.target);
    }
    for (const DigestId name : inventory.repositories[i].named_layers) note(name);
    for (const Link& link : inventory.repositories[i].revisions) note(link.name);
  }
  return linker;
}

}  // namespace

std::vector<Usage> shares_of(const Inventory& inventory, const std::vector<KnownSize>& sizes,
                             const std::vector<bool>& live, const std::vector<Roots>& groups) {
  std::vector<Usage> shares(groups.size());
  std::vector<std::uint32_t> users(inventory.digests.size());
  Closure closure(inventory);
  for (const Roots& roots : groups)
    each_reached(inventory, roots, live, closure, [&](DigestId id) { ++users[index_of(id)]; });
  std::vector<bool> remainder_given(inventory.digests.size());
  for (std::size_t i = 0; i < groups.size(); ++i) {
    Usage& mine = shares[i];
    each_reached(inventory, groups[i], live, closure, [&](DigestId id) {
      const std::uint64_t bytes = sizes[index_of(id)].value_or(0), sharers = users[index_of(id)];
      (sharers == 1 ? mine.exclusive : mine.shared) += bytes;
      mine.fair_share += bytes / sharers;
      if (remainder_given[index_of(id)]) return;
      mine.fair_share += bytes % sharers;
      remainder_given[index_of(id)] = true;
    });
  }
  return shares;
}

UsageReport usage(const Inventory& inventory, const std::vector<KnownSize>& sizes,
                  const std::vector<bool>& live, const std::vector<bool>& garbage) {
  std::vector<Roots> groups;
  for (const Repository& repository : inventory.repositories)
    groups.push_back(roots_of(repository));
  UsageReport report{.repositories = shares_of(inventory, sizes, live, groups),
                     .garbage_blobs = std::vector<std::uint64_t>(inventory.repositories.size())};
  const auto linker = linkers(inventory);
  for (std::size_t i = 0; i < garbage.size(); ++i) {
    if (!garbage[i]) continue;
    const std::uint64_t bytes = sizes[i].value_or(0);
    if (linker[i] == kNobody) {
      report.garbage_of_none += bytes;
      ++report.blobs_of_none;
    } else if (linker[i] == kSeveral) {
      report.garbage_of_several += bytes;
      ++report.blobs_of_several;
    } else {
      report.repositories[linker[i] - 1].garbage += bytes;
      ++report.garbage_blobs[linker[i] - 1];
    }
  }
  return report;
}

}  // namespace regctl
