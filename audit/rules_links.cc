#include <set>

#include "audit/rules.h"
#include "registry/layout.h"

namespace regctl::audit {

Findings link_invalid(const Facts& facts) {
  return damages(Rule::link_invalid, DamageClass::link_invalid, facts);
}

Findings link_name_mismatch(const Facts& facts) {
  return damages(Rule::link_name_mismatch, DamageClass::link_to_another, facts);
}

Findings link_empty(const Facts& facts) {
  return damages(Rule::link_empty, DamageClass::link_empty, facts);
}

Findings layer_link_dangling(const Facts& facts) {
  Findings findings;
  for (std::size_t i = 0; i < facts.inventory.repositories.size(); ++i) {
    const Repository& repository = facts.inventory.repositories[i];
    for (const Link& link : repository.layers) {
      if (link.state != LinkState::present || !facts.is_absent(link.target)) continue;
      Finding finding = finding_of(Rule::layer_link_dangling, facts.digest(link.name));
      if (facts.is_needed(i, link.name)) finding.severity = unless_cache(Severity::error, facts);
      finding.repository = repository.name;
      finding.path = layout::layer_link(repository.name, facts.digest(link.name));
      findings.push_back(std::move(finding));
    }
  }
  return findings;
}

Findings layer_link_absent(const Facts& facts) {
  Findings findings;
  for (std::size_t i = 0; i < facts.inventory.repositories.size(); ++i) {
    const Repository& repository = facts.inventory.repositories[i];
    std::set<DigestId> told;
    for (const Link& revision : repository.revisions) {
      const Document* document = facts.inventory.document(revision.name);
      if (!document || document->state != Document::State::sound) continue;
      for (const Reference& reference : document->references) {
        if (!reference.is_to_blob() || reference.has_urls ||
            has_link(repository.layers, reference.to) || !told.insert(reference.to).second)
          continue;
        const Digest& digest = facts.digest(reference.to);
        if (facts.inventory.is_hidden(layout::layer_link(repository.name, digest))) continue;
        Finding finding = finding_of(Rule::layer_link_absent, digest);
        if (facts.is_needed(i, revision.name)) finding.severity = Severity::error;
        finding.severity = unless_cache(finding.severity, facts);
        finding.repository = repository.name;
        finding.found = report::Part{report::Code::needed_by, {facts.digest(revision.name).text()}};
        findings.push_back(std::move(finding));
      }
    }
  }
  return findings;
}

}  // namespace regctl::audit
