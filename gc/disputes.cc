#include "gc/disputes.h"

#include <algorithm>

namespace regctl::gc {
namespace {

// As the second opinion calls it.
Target target_of(const Copy& copy, bool in_quarantine) {
  switch (copy.kind) {
    case Quarantined::Kind::blob:
      return {Target::Kind::blob, in_quarantine, "", copy.digest};
    case Quarantined::Kind::layer_link:
      return {Target::Kind::layer_link, in_quarantine, copy.repository, copy.digest};
    case Quarantined::Kind::revision_link:
      return {Target::Kind::revision, in_quarantine, copy.repository, copy.digest};
    case Quarantined::Kind::tag:
      return {Target::Kind::tag, in_quarantine, copy.repository, {}, copy.tag};
  }
  return {};
}

}  // namespace

Doomed taken_by(const Plan& plan) {
  Doomed doomed{.empty_repositories = plan.empty_repositories};
  for (const BlobRemoval& one : plan.blobs) doomed.in_place.blobs.push_back(one.digest);
  for (const TagRemoval& one : plan.tags) doomed.in_place.tags.push_back({one.repository, one.tag});
  for (const ManifestRemoval& one : plan.manifests)
    doomed.in_place.revisions.push_back({one.repository, one.digest});
  for (const LayerLinkRemoval& one : plan.layer_links) {
    if (one.reason == LinkReason::blob_is_purged) continue;  // not before that has been done
    if (!goes(plan, one.repository)) doomed.in_place.layers.push_back({one.repository, one.digest});
  }
  return doomed;
}

Doomed purged_by(const Plan& plan) {
  Doomed doomed{.empty_repositories = plan.empty_repositories};
  Doomed::Objects& copies = doomed.in_quarantine;
  for (const Purge& one : plan.purge) {
    const Copy& copy = one.copy;
    if (one.duplicate || goes(plan, copy.repository)) continue;
    switch (copy.kind) {
      case Quarantined::Kind::blob:
        copies.blobs.push_back(*copy.digest);
        break;
      case Quarantined::Kind::layer_link:
        copies.layers.push_back({copy.repository, *copy.digest});
        break;
      case Quarantined::Kind::revision_link:
        copies.revisions.push_back({copy.repository, *copy.digest});
        break;
      case Quarantined::Kind::tag:
        copies.tags.push_back({copy.repository, copy.tag});
        break;
    }
  }
  return doomed;
}

Targets targets_of(const std::vector<Objection>& objections) {
  Targets targets;
  for (const Objection& objection : objections) targets.insert(objection.what);
  return targets;
}

Plan without(Plan plan, const Targets& disputed) {
  using Kind = Quarantined::Kind;
  const auto repository_stays = [&](const std::string& name) {
    return disputed.contains({.kind = Target::Kind::repository, .repository = name});
  };
  const auto stays = [&](Kind kind, const std::string& repository, const Digest& digest) {
    return disputed.contains(target_of({kind, repository, digest, {}, ""}, false)) ||
           repository_stays(repository);
  };
  std::erase_if(plan.tags, [&](const TagRemoval& one) {
    return disputed.contains({Target::Kind::tag, false, one.repository, {}, one.tag});
  });
  std::erase_if(plan.blobs, [&](const auto& one) { return stays(Kind::blob, "", one.digest); });
  std::erase_if(plan.manifests, [&](const auto& one) {
    return stays(Kind::revision_link, one.repository, one.digest);
  });
  std::erase_if(plan.layer_links, [&](const auto& one) {
    return stays(Kind::layer_link, one.repository, one.digest);
  });
  std::erase_if(plan.purge, [&](const Purge& one) {
    return disputed.contains(target_of(one.copy, true)) || repository_stays(one.copy.repository);
  });
  std::erase_if(plan.empty_repositories, repository_stays);
  return without_links_to_what_stays(std::move(plan));
}

Plan in_both(Plan plan, const Plan& later) {
  const auto keep_common = [](auto& mine, auto theirs) {
    std::sort(theirs.begin(), theirs.end());
    std::erase_if(mine, [&](const auto& one) {
      return !std::binary_search(theirs.begin(), theirs.end(), one);
    });
  };
  keep_common(plan.purge, later.purge);
  keep_common(plan.uploads, later.uploads);
  keep_common(plan.leftovers, later.leftovers);
  keep_common(plan.empty_repositories, later.empty_repositories);
  return plan;
}

}  // namespace regctl::gc
