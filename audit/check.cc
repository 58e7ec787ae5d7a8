#include "audit/check.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <set>
#include <tuple>

#include "audit/rules.h"
#include "registry/enum_table.h"
#include "registry/layout.h"

namespace regctl::audit {
namespace {

struct Check {
  Rule rule;
  Findings (*find)(const Facts& facts);
};

constexpr std::array kChecks = {
    Check{Rule::blob_digest_mismatch, blob_digest_mismatch},
    Check{Rule::blob_size_mismatch, blob_size_mismatch},
    Check{Rule::blob_missing, blob_missing},
    Check{Rule::manifest_missing, manifest_missing},
    Check{Rule::manifest_unparsable, manifest_unparsable},
    Check{Rule::manifest_oversized, manifest_oversized},
    Check{Rule::manifest_digest_mismatch, manifest_digest_mismatch},
    Check{Rule::tag_dangling, tag_dangling},
    Check{Rule::link_invalid, link_invalid},
    Check{Rule::link_name_mismatch, link_name_mismatch},
    Check{Rule::symlink_in_tree, symlink_in_tree},
    Check{Rule::read_error, read_error},
    Check{Rule::half_store, half_store},
    Check{Rule::tag_dead, tag_dead},
    Check{Rule::link_empty, link_empty},
    Check{Rule::layer_link_dangling, layer_link_dangling},
    Check{Rule::layer_link_absent, layer_link_absent},
    Check{Rule::index_child_missing, index_child_missing},
    Check{Rule::index_child_unlinked, index_child_unlinked},
    Check{Rule::upload_stale, upload_stale},
    Check{Rule::upload_malformed, upload_malformed},
    Check{Rule::blob_misplaced, blob_misplaced},
    Check{Rule::owner_mixed, owner_mixed},
    Check{Rule::unexpected_file, unexpected_file},
    Check{Rule::subject_missing, subject_missing},
    Check{Rule::media_type_unknown, media_type_unknown},
    Check{Rule::repository_empty, repository_empty},
    Check{Rule::manifest_untagged, manifest_untagged},
    Check{Rule::blob_unreferenced, nullptr},  // see unreferenced()
    Check{Rule::manifest_schema1, manifest_schema1},
    Check{Rule::tag_history_long, tag_history_long},
    Check{Rule::quarantined, quarantined},
    Check{Rule::referrer_orphaned, referrer_orphaned},
    Check{Rule::foreign_name, foreign_name},
    Check{Rule::alias_link, alias_link},
};
static_assert(has_a_row_for_each(kChecks, &Check::rule, Rule::alias_link));

// Which tags cannot be pulled for what is wrong.
class Users {
 public:
  Users(const Inventory& inventory, const std::vector<Unpullable>& unpullable)
      : inventory_(inventory) {
    std::vector<const Unpullable*> newest_first;
    newest_first.reserve(unpullable.size());
    for (const Unpullable& one : unpullable) newest_first.push_back(&one);
    std::ranges::stable_sort(newest_first, std::ranges::greater{}, [&](const Unpullable* one) {
      return inventory.repositories[one->repository].tags[*one->tags.begin()].modified;
    });
    for (const Unpullable* one : newest_first) {
      for (const Lacking& lacking : one->lacks) add(lacking, *one);
      if (!one->manifest) add_unknown(*one);
    }
  }

  void name_in(Finding& finding) {
    const auto id = finding.digest ? inventory_.digests.find(*finding.digest) : std::nullopt;
    if (id) {
      const Repository* only = inventory_.repository(finding.repository);
      const auto place =
          only ? static_cast<std::uint32_t>(only - inventory_.repositories.data()) : 0;
      for (auto one = lacking_.lower_bound({*id, place});
           one != lacking_.end() && one->first.first == *id &&
           (!only || one->first.second == place);
           ++one)
        finding.used_by.push_back(user_of(*one->second));
    }
    if (const auto unknown = unknown_.find(finding.path); unknown != unknown_.end())
      finding.used_by.push_back(unknown->second);
  }

  UsedBy user_of(const Unpullable& broken) {
    const Repository& repository = inventory_.repositories[broken.repository];
    UsedBy user{.repository = repository.name, .tags = names_of(broken.tags, repository)};
    if (broken.manifest) user.manifest = inventory_.digests[*broken.manifest];
    if (broken.named_by) user.named_by = inventory_.digests[*broken.named_by];
    return user;
  }

 private:
  SharedList<std::string> names_of(const SharedList<std::uint32_t>& tags,
                                   const Repository& repository) {
    const auto [at, is_new] = names_.try_emplace(tags.id());
    if (is_new) {
      std::vector<std::string> names;
      for (const std::uint32_t tag : tags) names.push_back(repository.tags[tag].name);
      at->second = std::move(names);
    }
    return at->second;
  }

  // By the name that the manifest uses, and by that of the blob behind it.
  void add(const Lacking& lacking, const Unpullable& one) {
    lacking_.emplace(std::pair(lacking.digest, one.repository), &one);
    const Link* layer = link_named(inventory_.repositories[one.repository].layers, lacking.digest);
    if (layer && layer->state == LinkState::present && layer->target != lacking.digest)
      lacking_.emplace(std::pair(layer->target, one.repository), &one);
  }

  void add_unknown(const Unpullable& one) {
    const Repository& repository = inventory_.repositories[one.repository];
    for (const std::uint32_t place : one.tags) {
      const std::string& tag = repository.tags[place].name;
      unknown_.emplace(layout::tag_current_link(repository.name, tag),
                       UsedBy{.repository = repository.name, .tags = {tag}});
    }
  }

  const Inventory& inventory_;
  // By what is lacking, and the repository that lacks it; of both the newest first.
  std::multimap<std::pair<DigestId, std::uint32_t>, const Unpullable*> lacking_;
  std::map<std::string, UsedBy> unknown_;  // by the link that does not tell what it points to
  std::map<const void*, SharedList<std::string>> names_;  // by the id of the list of their tags
};

// Which tags perhaps cannot be pulled for what could not be seen.
class Doubts {
 public:
  explicit Doubts(const Facts& facts) : users_(facts.inventory, {}) {
    for (const Unpullable& one : facts.in_doubt) {
      const Repository& repository = facts.inventory.repositories[one.repository];
      for (const Lacking& lacking : one.lacks) {
        const Digest& digest = facts.digest(lacking.digest);
        by_path_.emplace(layout::blob_data(digest), &one);
        by_path_.emplace(layout::revision_link(repository.name, digest), &one);
        by_path_.emplace(layout::layer_link(repository.name, digest), &one);
      }
      if (one.manifest) continue;
      for (const std::uint32_t tag : one.tags)
        tags_.push_back({.repository = one.repository, .tags = {tag}});
    }
    for (const Unpullable& one : tags_) {
      const Repository& repository = facts.inventory.repositories[one.repository];
      by_path_.emplace(
          layout::tag_current_link(repository.name, repository.tags[*one.tags.begin()].name), &one);
    }
  }

  // What is at its path, or below.
  void name_in(Finding& finding) {
    std::set<const Unpullable*> named;
    for (auto at = by_path_.lower_bound(finding.path);
         at != by_path_.end() && at->first.starts_with(finding.path); ++at) {
      if (layout::is_at_or_below(at->first, finding.path) && named.insert(at->second).second)
        finding.used_by.push_back(users_.user_of(*at->second));
    }
  }

 private:
  Users users_;
  std::vector<Unpullable> tags_;  // that do not tell what they point to, one by one
  std::multimap<std::string, const Unpullable*> by_path_;
};

// Warnings that are errors where a tag cannot be pulled for them: by no platform, if it is one that
// is lacking.
class WorseForTags {
 public:
  explicit WorseForTags(const Facts& facts) : facts_(facts) {}

  bool contains(const Finding& finding) {
    switch (finding.rule) {
      case Rule::link_empty:
      case Rule::layer_link_dangling:
      case Rule::layer_link_absent:
        return !finding.used_by.empty();
      case Rule::index_child_missing:
      case Rule::index_child_unlinked:
        return std::ranges::any_of(finding.used_by,
                                   [&](const UsedBy& user) { return has_no_platform(user); });
      default:
        return false;
    }
  }

 private:
  bool has_no_platform(const UsedBy& user) {
    const Inventory& inventory = facts_.inventory;
    const auto index = user.named_by ? user.named_by : user.manifest;
    const Repository* repository = inventory.repository(user.repository);
    if (!index || !repository) return false;
    const auto id = inventory.digests.find(*index);
    if (!id) return false;
    const Document* document = inventory.document(*id);
    if (!document) return false;
    const auto [at, is_new] = known_.try_emplace({repository, *id});
    if (is_new) {
      const auto platforms = facts_.pulling.platforms_of(*repository, *document);
      at->second = platforms.all && !platforms.handed_out;
    }
    return at->second;
  }

  const Facts& facts_;
  std::map<std::pair<const Repository*, DigestId>, bool> known_;  // by index
};

// A tag whose own link could not be read is in no list.
void name_tag_at_its_path(Finding& finding) {
  const auto place = layout::tag_at(finding.path);
  if (!place || !finding.used_by.empty() || finding.severity != Severity::error) return;
  const std::string link = layout::tag_current_link(place->repository, place->tag);
  if (!layout::is_at_or_below(link, finding.path)) return;  // it is in its history
  finding.used_by.push_back(
      {.repository = std::string(place->repository), .tags = {std::string(place->tag)}});
}

// Nothing can be written there.
bool is_in_the_way(DamageKind kind) {
  return kind == DamageKind::place_without_digest || kind == DamageKind::link_not_a_file ||
         kind == DamageKind::manifest_not_a_file;
}

}  // namespace

Finding finding_of(Rule rule) {
  const RuleInfo& info = info_of(rule);
  return {.rule = rule, .severity = info.severity, .advice = info.advice};
}

Finding finding_of(Rule rule, const Digest& digest) {
  Finding finding = finding_of(rule);
  finding.digest = digest;
  return finding;
}

Severity unless_cache(Severity severity, const Facts& facts) {
  // What has not been asked for yet is missing there, and nothing is wrong.
  return facts.store.pull_through_cache ? Severity::info : severity;
}

Findings damages(Rule rule, DamageClass which, const Facts& facts) {
  Findings findings;
  const auto add = [&](const std::vector<Damage>& damages, const std::string& repository) {
    for (const Damage& damage : damages) {
      if (class_of(damage.kind) != which) continue;
      Finding finding = finding_of(rule);
      if (damage.digest) finding.digest = facts.digest(*damage.digest);
      finding.repository = repository;
      finding.path = damage.path;
      if (const auto place = layout::tag_at(damage.path)) finding.tag = place->tag;
      if (is_in_the_way(damage.kind))
        finding.advice = facts.store.pull_through_cache ? info_of(rule).in_cache : kMoveOut;
      finding.found = report::found_by(damage, facts.inventory);
      findings.push_back(std::move(finding));
    }
  };
  for (const Repository& repository : facts.inventory.repositories)
    add(repository.damage, repository.name);
  for (const Document& document : facts.inventory.documents) add(document.damage, "");
  return findings;
}

Harm harm_of(const Facts& facts, const std::vector<Finding>& findings) {
  Harm harm;
  if (facts.store.pull_through_cache) return harm;
  std::set<std::pair<std::string, std::string>> named;
  std::set<const void*> seen;  // lists: many findings share one
  for (const Finding& finding : findings) {
    for (const UsedBy& user : finding.used_by) {
      if (!seen.insert(user.tags.id()).second) continue;
      for (const std::string& tag : user.tags) named.emplace(user.repository, tag);
    }
  }
  std::set<std::pair<std::uint32_t, std::uint32_t>> tags;
  std::set<std::uint32_t> repositories;
  std::map<const void*, bool> are_harm;  // by list
  Closure closure(facts.inventory);
  for (const Unpullable& one : facts.unpullable) {
    const auto [is_harm, is_new] = are_harm.try_emplace(one.tags.id(), false);
    const Repository& repository = facts.inventory.repositories[one.repository];
    const auto& places = is_new ? one.tags : SharedList<std::uint32_t>();
    for (const std::uint32_t place : places) {
      const Tag& tag = repository.tags[place];
      if (!named.contains({repository.name, tag.name}) || facts.is_dead(repository, tag)) continue;
      tags.emplace(one.repository, place);
      is_harm->second = true;
    }
    if (!is_harm->second) continue;
    repositories.insert(one.repository);
    if (!one.manifest) continue;
    closure.from(*one.manifest, [&](DigestId id) {
      const Blob* blob = facts.inventory.blob(id);
      if (blob && blob->present) harm.bytes += blob->bytes;
    });
  }
  harm.tags = tags.size();
  harm.repositories = repositories.size();
  return harm;
}

std::vector<Finding> check(const Facts& facts) {
  Findings findings;
  for (const Check& check : kChecks) {
    if (check.find) std::ranges::move(check.find(facts), std::back_inserter(findings));
  }
  Users users(facts.inventory, facts.unpullable);
  Doubts doubts(facts);
  WorseForTags worse(facts);
  for (Finding& finding : findings) {
    if (finding.severity == Severity::info || !finding.used_by.empty()) continue;
    hides(finding) ? doubts.name_in(finding) : users.name_in(finding);
    if (hides(finding) || finding.rule == Rule::unexpected_file) name_tag_at_its_path(finding);
    if (!worse.contains(finding)) continue;
    finding.severity =
        finding.rule == Rule::link_empty ? Severity::error : unless_cache(Severity::error, facts);
    // It is harmless only where nobody needs it.
    if (finding.rule == Rule::layer_link_dangling)
      finding.advice = facts.can_be_healed[index_of(*facts.inventory.digests.find(*finding.digest))]
                           ? kHeal
                           : info_of(Rule::blob_missing).advice;
  }
  if (facts.store.pull_through_cache) {
    for (Finding& finding : findings) {
      const RuleInfo& info = info_of(finding.rule);
      if (!info.in_cache.empty() && finding.advice == info.advice) finding.advice = info.in_cache;
    }
  }
  std::ranges::sort(findings, {}, [](const Finding& finding) {
    return std::tie(finding.severity, finding.rule, finding.repository, finding.tag, finding.digest,
                    finding.path);
  });
  return findings;
}

}  // namespace regctl::audit
