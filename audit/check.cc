#include "audit/check.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <tuple>

#include "audit/rules.h"
#include "registry/closure.h"
#include "registry/enum_table.h"

namespace regctl::audit {
namespace {

struct Check {
  Rule rule;
  Findings (*find)(const Facts& facts);
};

constexpr std::array kChecks = {
    Check{Rule::blob_size_mismatch, blob_size_mismatch},
    Check{Rule::blob_missing, blob_missing},
    Check{Rule::manifest_missing, manifest_missing},
    Check{Rule::manifest_unparsable, manifest_unparsable},
    Check{Rule::manifest_digest_mismatch, manifest_digest_mismatch},
    Check{Rule::tag_dangling, tag_dangling},
    Check{Rule::link_invalid, link_invalid},
    Check{Rule::link_name_mismatch, link_name_mismatch},
    Check{Rule::symlink_in_tree, symlink_in_tree},
    Check{Rule::read_error, read_error},
    Check{Rule::tag_dead, tag_dead},
    Check{Rule::link_empty, link_empty},
    Check{Rule::layer_link_dangling, layer_link_dangling},
    Check{Rule::layer_link_absent, layer_link_absent},
    Check{Rule::index_child_missing, index_child_missing},
    Check{Rule::upload_stale, upload_stale},
    Check{Rule::upload_malformed, upload_malformed},
    Check{Rule::blob_misplaced, blob_misplaced},
    Check{Rule::unexpected_file, unexpected_file},
    Check{Rule::subject_missing, subject_missing},
    Check{Rule::media_type_unknown, media_type_unknown},
    Check{Rule::repository_empty, repository_empty},
    Check{Rule::manifest_untagged, manifest_untagged},
    Check{Rule::blob_unreferenced, blob_unreferenced},
    Check{Rule::manifest_schema1, manifest_schema1},
    Check{Rule::quarantined, quarantined},
    Check{Rule::referrer_orphaned, referrer_orphaned},
    Check{Rule::foreign_name, foreign_name},
    Check{Rule::alias_link, alias_link},
};
static_assert(has_a_row_for_each(kChecks, &Check::rule, Rule::alias_link));

using Users = std::map<Digest, std::vector<UsedBy>>;

// The tags that need each digest which `findings` call wrong.
Users users_of(const Findings& findings, const Inventory& inventory) {
  Users users;
  for (const Finding& finding : findings) {
    if (finding.digest && finding.severity != Severity::info) users[*finding.digest];
  }
  if (users.empty()) return users;
  Closure closure(inventory);
  for (const Repository& repository : inventory.repositories) {
    for (const Tag& tag : repository.tags) {
      if (!tag.target) continue;
      closure.restart();
      closure.from(*tag.target, [&](DigestId id) {
        const auto broken = users.find(inventory.digests[id]);
        if (broken == users.end()) return;
        auto& used_by = broken->second;
        if (used_by.empty() || used_by.back().repository != repository.name)
          used_by.push_back({repository.name, {}});
        used_by.back().tags.push_back(tag.name);
      });
    }
  }
  return users;
}

// Which tags break by what is wrong with a digest.
void name_users(Findings& findings, const Inventory& inventory) {
  const Users users = users_of(findings, inventory);
  for (Finding& finding : findings) {
    if (!finding.digest || !finding.used_by.empty()) continue;
    const auto found = users.find(*finding.digest);
    if (found == users.end()) continue;
    for (const UsedBy& user : found->second) {
      if (finding.repository.empty() || finding.repository == user.repository)
        finding.used_by.push_back(user);
    }
  }
}

}  // namespace

Finding finding_of(Rule rule) { return {.rule = rule, .severity = info_of(rule).severity}; }

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
      finding.found = report::found_by(damage, facts.inventory);
      findings.push_back(std::move(finding));
    }
  };
  for (const Repository& repository : facts.inventory.repositories)
    add(repository.damage, repository.name);
  for (const Document& document : facts.inventory.documents) add(document.damage, "");
  return findings;
}

std::vector<Finding> check(const Inventory& inventory, const StoreFacts& store, Time now) {
  const Facts facts = facts_of(inventory, store, now);
  Findings findings;
  for (const Check& check : kChecks)
    std::ranges::move(check.find(facts), std::back_inserter(findings));
  name_users(findings, inventory);
  std::ranges::sort(findings, {}, [](const Finding& finding) {
    return std::tie(finding.severity, finding.rule, finding.repository, finding.tag, finding.digest,
                    finding.path);
  });
  return findings;
}

}  // namespace regctl::audit
