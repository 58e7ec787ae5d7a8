#include <set>

#include "audit/rules.h"
#include "registry/layout.h"

namespace regctl::audit {

// In "tarsum" registries before 2.1 linked layers by digests that no later one reads.
Findings link_invalid(const Facts& facts) {
  Findings findings = damages(Rule::link_invalid, DamageClass::link_invalid, facts);
  for (Finding& finding : findings) {
    if (!finding.path.ends_with("/_layers/tarsum")) continue;
    finding.severity = Severity::warning;
    finding.advice = info_of(Rule::unexpected_file).advice;
  }
  return findings;
}

// Also a link of another algorithm to a blob that does not hash to it.
Findings link_name_mismatch(const Facts& facts) {
  Findings findings = damages(Rule::link_name_mismatch, DamageClass::link_to_another, facts);
  if (facts.contents.misnamed.empty()) return findings;
  for (const Repository& repository : facts.inventory.repositories) {
    for (const Link& link : repository.layers) {
      const Digest &name = facts.digest(link.name), &target = facts.digest(link.target);
      const auto wrong = facts.contents.misnamed.find({name, target});
      if (wrong == facts.contents.misnamed.end() || link.state != LinkState::present) continue;
      Finding finding = finding_of(Rule::link_name_mismatch, name);
      finding.repository = repository.name;
      finding.path = layout::layer_link(repository.name, name);
      finding.expected = name.text();
      finding.found = wrong->second.text();
      finding.advice = facts.store.pull_through_cache ? finding.advice : kMoveOut;
      findings.push_back(std::move(finding));
    }
  }
  return findings;
}

Findings link_empty(const Facts& facts) {
  return damages(Rule::link_empty, DamageClass::link_empty, facts);
}

Findings layer_link_dangling(const Facts& facts) {
  Findings findings;
  for (const Repository& repository : facts.inventory.repositories) {
    for (const Link& link : repository.layers) {
      if (link.state != LinkState::present || !facts.is_absent(link.target)) continue;
      Finding finding = finding_of(Rule::layer_link_dangling, facts.digest(link.name));
      finding.severity = unless_cache(finding.severity, facts);
      finding.repository = repository.name;
      finding.path = layout::layer_link(repository.name, facts.digest(link.name));
      findings.push_back(std::move(finding));
    }
  }
  return findings;
}

// Where a link is there and wrong, that is told by other rules.
Findings layer_link_absent(const Facts& facts) {
  Findings findings;
  for (const Repository& repository : facts.inventory.repositories) {
    std::set<DigestId> told;
    each_served_manifest(facts, repository, [&](const Document& document) {
      for (const Reference& reference : document.references) {
        if (!reference.is_to_blob()) continue;
        const Link* named = link_named(repository.layers, reference.to);
        // Of one by another algorithm that of the blob is asked for, too.
        const DigestId absent =
            named && named->state == LinkState::present ? named->target : reference.to;
        if (has_link(repository.layers, absent) ||
            facts.pulling.of_blob(repository, reference) != Lack::link ||
            !told.insert(reference.to).second)
          continue;
        const Digest& digest = facts.digest(absent);
        Finding finding = finding_of(Rule::layer_link_absent, facts.digest(reference.to));
        finding.severity = unless_cache(finding.severity, facts);
        finding.repository = repository.name;
        finding.path = layout::layer_link(repository.name, digest);
        finding.found =
            report::Part{report::Code::needed_by, {facts.digest(document.digest).text()}};
        const Link* link = link_named(repository.layers, absent);
        if (link && link->state == LinkState::quarantined) finding.advice = kHeal;
        findings.push_back(std::move(finding));
      }
    });
  }
  return findings;
}

}  // namespace regctl::audit
