#include <set>
#include <string_view>

#include "audit/rules.h"
#include "registry/halves.h"
#include "registry/layout.h"

namespace regctl::audit {
namespace {

bool is_unread(Trouble trouble) {
  const TroubleClass which = class_of(trouble);
  return which == TroubleClass::unread || which == TroubleClass::unstable;
}

// Nothing can be pushed where it stands.
bool keeps_pushes_away(std::string_view path) {
  return path.starts_with(layout::kBlobs) || path == layout::kRepositories ||
         path.find("/_layers") != path.npos || path.find("/_manifests") != path.npos ||
         path.find("/_uploads") != path.npos;
}

Findings obstacles(Rule rule, bool unread, const Facts& facts) {
  Findings findings;
  for (const Obstacle& obstacle : facts.inventory.obstacles) {
    if (is_unread(obstacle.trouble) != unread || !hides(obstacle)) continue;
    // One that is met on several ways is told once.
    if (!findings.empty() && findings.back().path == obstacle.path) continue;
    Finding finding = finding_of(rule);
    finding.path = obstacle.path;
    const std::string_view name = layout::name_of(obstacle.path);
    if (!unread && (name == layout::kData || name == layout::kLink)) finding.advice = kPutFile;
    if (obstacle.trouble == Trouble::unknown_directory)
      finding.advice = info_of(Rule::unexpected_file).advice;
    finding.found = report::reason_of(obstacle.trouble, obstacle.error);
    if (const LinkBelow* link = facts.store.link(obstacle.path); link && !link->is_followed())
      finding.found = report::reason_of(link->following);
    findings.push_back(std::move(finding));
  }
  return findings;
}

template <class IsOne>
Findings uploads(Rule rule, const Facts& facts, IsOne is_one) {
  Findings findings;
  for (const Repository& repository : facts.inventory.repositories) {
    for (const Upload& upload : repository.uploads) {
      if (!is_one(upload)) continue;
      Finding finding = finding_of(rule);
      finding.repository = repository.name;
      finding.path = layout::upload(repository.name, upload.uuid);
      finding.bytes = upload.bytes;
      findings.push_back(std::move(finding));
    }
  }
  return findings;
}

Findings strays_of(Stray::Kind kind, Rule rule, const Facts& facts) {
  Findings findings;
  for (const Stray& stray : facts.inventory.strays) {
    if (stray.kind != kind) continue;
    findings.push_back(finding_of(rule));
    findings.back().path = stray.path;
  }
  return findings;
}

}  // namespace

Findings symlink_in_tree(const Facts& facts) {
  return obstacles(Rule::symlink_in_tree, false, facts);
}

// A manifest that could not be read when it was looked for, nor when it was to be hashed, is told
// once, with its digest.
Findings read_error(const Facts& facts) {
  Findings findings = obstacles(Rule::read_error, true, facts);
  std::set<std::string_view> unread;
  for (const auto& [digest, error] : facts.contents.unread) unread.insert(error.key());
  std::erase_if(findings, [&](const Finding& one) { return unread.contains(one.path); });
  for (const auto& [digest, error] : facts.contents.unread) {
    findings.push_back(finding_of(Rule::read_error, digest));
    findings.back().path = error.key();
    findings.back().found = report::reason_of(error);
  }
  return findings;
}

Findings half_store(const Facts& facts) {
  Findings findings;
  const auto add = [&](std::string_view missing) {
    findings.push_back(finding_of(Rule::half_store));
    findings.back().path = missing;
  };
  if (lacks_blobs(facts.inventory)) add(layout::kBlobs);
  if (lacks_repositories(facts.inventory)) add(layout::kRepositories);
  return findings;
}

Findings upload_stale(const Facts& facts) {
  return uploads(Rule::upload_stale, facts, [&](const Upload& upload) {
    return upload.started && upload.is_stale(facts.now);
  });
}

Findings upload_malformed(const Facts& facts) {
  return uploads(Rule::upload_malformed, facts, [&](const Upload& upload) {
    return !upload.started && upload.is_stale(facts.now);
  });
}

// One for all that a user has.
Findings owner_mixed(const Facts& facts) {
  Findings findings;
  for (const OtherOwner& one : facts.inventory.other_owners) {
    findings.push_back(finding_of(Rule::owner_mixed));
    findings.back().path = one.path;
    findings.back().expected =
        report::Part{report::Code::of_user, {std::uint64_t{facts.inventory.owner}}};
    findings.back().found = report::Part{report::Code::objects_of_user,
                                         {report::Count{one.objects}, std::uint64_t{one.user}}};
  }
  return findings;
}

// What is no directory where one belongs hides nothing, and a registry cannot make one there.
Findings unexpected_file(const Facts& facts) {
  Findings findings;
  std::set<std::string_view> told;
  for (const Obstacle& obstacle : facts.inventory.obstacles) {
    if (hides(obstacle) || !told.insert(obstacle.path).second) continue;
    findings.push_back(finding_of(Rule::unexpected_file));
    findings.back().path = obstacle.path;
    findings.back().found = report::reason_of(obstacle.trouble, obstacle.error);
    if (!keeps_pushes_away(obstacle.path)) continue;
    findings.back().severity = Severity::error;
    findings.back().advice = kMoveOut;
  }
  for (const Stray::Kind kind : {Stray::Kind::unexpected, Stray::Kind::illegal_name}) {
    for (Finding& stray : strays_of(kind, Rule::unexpected_file, facts)) {
      if (!told.contains(stray.path)) findings.push_back(std::move(stray));
    }
  }
  return findings;
}

Findings blob_misplaced(const Facts& facts) {
  return strays_of(Stray::Kind::misplaced_blob, Rule::blob_misplaced, facts);
}

Findings foreign_name(const Facts& facts) {
  return strays_of(Stray::Kind::foreign, Rule::foreign_name, facts);
}

Findings alias_link(const Facts& facts) {
  Findings findings;
  for (const Alias& alias : facts.inventory.aliases) {
    findings.push_back(finding_of(Rule::alias_link));
    findings.back().path = layout::repository(alias.name);
    findings.back().found = report::Part{report::Code::other_name_of, {alias.of}};
  }
  return findings;
}

Findings repository_empty(const Facts& facts) {
  Findings findings;
  if (!facts.all_references_known) return findings;
  for (const Repository& repository : facts.inventory.repositories) {
    if (!repository.is_empty()) continue;
    findings.push_back(finding_of(Rule::repository_empty));
    findings.back().repository = repository.name;
  }
  return findings;
}

Findings quarantined(const Facts& facts) {
  Findings findings;
  for (const Quarantined& copy : facts.inventory.quarantined) {
    Finding finding = finding_of(Rule::quarantined, facts.digest(copy.digest));
    finding.bytes = copy.bytes;
    finding.found = report::Part{report::Code::quarantined_since, {copy.taken, copy.run}};
    if (copy.kind != Quarantined::Kind::blob)
      finding.repository = facts.inventory.repositories[copy.repository].name;
    findings.push_back(std::move(finding));
  }
  for (const QuarantinedTag& copy : facts.inventory.quarantined_tags) {
    Finding finding = finding_of(Rule::quarantined);
    finding.found = report::Part{report::Code::quarantined_since, {copy.taken, copy.run}};
    finding.repository = facts.inventory.repositories[copy.repository].name;
    finding.tag = copy.tag.name;
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace regctl::audit
