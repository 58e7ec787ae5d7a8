#include "audit/rules.h"
#include "registry/layout.h"
#include "registry/marking/untagged.h"

namespace regctl::audit {
namespace {

// A finding about a tag that nobody can pull.
Finding unpullable(Rule rule, const Repository& repository, const Tag& tag, const Facts& facts) {
  Finding finding = finding_of(rule);
  if (tag.target) finding.digest = facts.digest(*tag.target);
  finding.severity = unless_cache(info_of(rule).severity, facts);
  finding.repository = repository.name;
  finding.tag = tag.name;
  finding.used_by = {
      {.repository = repository.name, .tags = {tag.name}, .manifest = finding.digest}};
  return finding;
}

// Whether the tag has a link was not seen.
bool is_hidden(const Repository& repository, const Tag& tag, const Facts& facts) {
  return facts.inventory.is_hidden(layout::tag_current_link(repository.name, tag.name));
}

}  // namespace

Findings tag_dangling(const Facts& facts) {
  Findings findings;
  for (const Repository& repository : facts.inventory.repositories) {
    for (const Tag& tag : repository.tags) {
      const bool unknown = !tag.target && tag.state == LinkState::pending;
      if ((!tag.target && !unknown) || facts.is_dead(repository, tag)) continue;
      if (is_hidden(repository, tag, facts)) continue;
      if (tag.target && (has_link(repository.revisions, *tag.target) ||
                         facts.pulling.of_manifest(repository, *tag.target) != Lack::link))
        continue;
      Finding finding = unpullable(Rule::tag_dangling, repository, tag, facts);
      finding.path = layout::tag_current_link(repository.name, tag.name);
      finding.found = report::Part{
          unknown ? report::Code::no_current_link : report::Code::no_manifest_here, {}};
      const Link* revision = tag.target ? link_named(repository.revisions, *tag.target) : nullptr;
      if (revision && revision->state == LinkState::quarantined) finding.advice = kHeal;
      findings.push_back(std::move(finding));
    }
  }
  return findings;
}

Findings tag_dead(const Facts& facts) {
  Findings findings;
  Freed freed(facts, &Policy::prune_dead_tags);
  for (const Repository& repository : facts.inventory.repositories) {
    for (const Tag& tag : repository.tags) {
      if (!facts.is_dead(repository, tag) || is_hidden(repository, tag, facts)) continue;
      if (tag.target && facts.pulling.of_manifest(repository, *tag.target) == Lack::nothing)
        continue;
      Finding finding = unpullable(Rule::tag_dead, repository, tag, facts);
      finding.path = layout::tag(repository.name, tag.name);
      finding.bytes = tag.target ? freed.bytes_below(*tag.target) : 0;
      findings.push_back(std::move(finding));
    }
  }
  return findings;
}

// What regctl-gc would take for it; not signatures of what a tag reaches.
Findings manifest_untagged(const Facts& facts) {
  Findings findings;
  if (!facts.all_references_known) return findings;
  for (const auto& [repository, link] : untagged_revisions(facts.inventory, facts.now)) {
    const Document* document = facts.inventory.document(link->name);
    Finding finding = finding_of(Rule::manifest_untagged, facts.digest(link->name));
    finding.repository = repository->name;
    finding.bytes = document ? document->bytes : 0;
    findings.push_back(std::move(finding));
  }
  return findings;
}

Findings tag_history_long(const Facts& facts) {
  constexpr std::size_t kLong = 1000;
  Findings findings;
  for (const Repository& repository : facts.inventory.repositories) {
    for (const Tag& tag : repository.tags) {
      if (tag.history.size() <= kLong) continue;
      Finding finding = finding_of(Rule::tag_history_long);
      finding.repository = repository.name;
      finding.tag = tag.name;
      finding.path = layout::tag(repository.name, tag.name);
      finding.found = report::Part{report::Code::entries, {std::uint64_t{tag.history.size()}}};
      findings.push_back(std::move(finding));
    }
  }
  return findings;
}

}  // namespace regctl::audit
