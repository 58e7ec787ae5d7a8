#include "audit/rules.h"
#include "registry/layout.h"
#include "registry/remains.h"

namespace regctl::audit {
namespace {

// A finding about a tag that nobody can pull.
Finding unpullable(Rule rule, const Repository& repository, const Tag& tag, const Facts& facts) {
  Finding finding = finding_of(rule);
  if (tag.target) finding.digest = facts.digest(*tag.target);
  finding.severity = unless_cache(info_of(rule).severity, facts);
  finding.repository = repository.name;
  finding.tag = tag.name;
  finding.used_by = {{repository.name, {tag.name}}};
  return finding;
}

// Whether the tag has a link, and what that names a revision, was not all seen.
bool is_hidden(const Repository& repository, const Tag& tag, const Facts& facts) {
  const auto hides = [&](const std::string& key) { return facts.inventory.is_hidden(key); };
  return hides(layout::tag_current_link(repository.name, tag.name)) ||
         (tag.target && hides(layout::revision_link(repository.name, facts.digest(*tag.target))));
}

}  // namespace

Findings tag_dangling(const Facts& facts) {
  Findings findings;
  for (const Repository& repository : facts.inventory.repositories) {
    for (const Tag& tag : repository.tags) {
      const bool unknown = !tag.target && tag.state == LinkState::pending;
      if ((!tag.target && !unknown) || is_dead(facts.inventory, repository, tag)) continue;
      if (tag.target && has_link(repository.revisions, *tag.target)) continue;
      if (is_hidden(repository, tag, facts)) continue;
      Finding finding = unpullable(Rule::tag_dangling, repository, tag, facts);
      finding.path = layout::tag_current_link(repository.name, tag.name);
      finding.found = report::Part{
          unknown ? report::Code::no_current_link : report::Code::no_manifest_here, {}};
      findings.push_back(std::move(finding));
    }
  }
  return findings;
}

// Where the revision link is there the manifest is missing, and that rule says so.
Findings tag_dead(const Facts& facts) {
  Findings findings;
  for (const Repository& repository : facts.inventory.repositories) {
    for (const Tag& tag : repository.tags) {
      const bool is_missing = tag.target && has_link(repository.revisions, *tag.target);
      if (is_missing || !is_dead(facts.inventory, repository, tag)) continue;
      if (is_hidden(repository, tag, facts)) continue;
      Finding finding = unpullable(Rule::tag_dead, repository, tag, facts);
      finding.path = layout::tag(repository.name, tag.name);
      finding.bytes = tag.target ? facts.kept_by(*tag.target) : 0;
      findings.push_back(std::move(finding));
    }
  }
  return findings;
}

Findings manifest_untagged(const Facts& facts) {
  Findings findings;
  if (!facts.all_references_known) return findings;
  for (std::size_t i = 0; i < facts.inventory.repositories.size(); ++i) {
    const Repository& repository = facts.inventory.repositories[i];
    for (const Link& link : repository.revisions) {
      if (link.state != LinkState::present || facts.is_needed(i, link.name)) continue;
      const Document* document = facts.inventory.document(link.name);
      Finding finding = finding_of(Rule::manifest_untagged, facts.digest(link.name));
      finding.repository = repository.name;
      finding.bytes = document ? document->bytes : 0;
      findings.push_back(std::move(finding));
    }
  }
  return findings;
}

}  // namespace regctl::audit
