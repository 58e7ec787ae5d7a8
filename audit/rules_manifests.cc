#include <algorithm>

#include "audit/rules.h"
#include "registry/remains.h"

namespace regctl::audit {
namespace {

using report::Code;
using report::Part;

// Calls visit(document) for every sound manifest.
template <class Visit>
void each_manifest(const Facts& facts, Visit visit) {
  for (const Document& document : facts.inventory.documents) {
    if (document.state == Document::State::sound) visit(document);
  }
}

Findings of_kind(Rule rule, ManifestKind kind, const Facts& facts) {
  Findings findings;
  each_manifest(facts, [&](const Document& document) {
    if (document.kind == kind) findings.push_back(finding_of(rule, facts.digest(document.digest)));
  });
  return findings;
}

// Also where only a copy in quarantine is left it can be read.
bool is_absent(DigestId child, const Facts& facts) {
  const Document* document = facts.inventory.document(child);
  return facts.is_absent(child) && (!document || document->state == Document::State::absent);
}

}  // namespace

Findings manifest_missing(const Facts& facts) {
  return damages(Rule::manifest_missing, DamageClass::manifest_missing, facts);
}

Findings manifest_unparsable(const Facts& facts) {
  return damages(Rule::manifest_unparsable, DamageClass::manifest_unparsable, facts);
}

Findings manifest_digest_mismatch(const Facts& facts) {
  return damages(Rule::manifest_digest_mismatch, DamageClass::manifest_mismatched, facts);
}

Findings manifest_schema1(const Facts& facts) {
  return of_kind(Rule::manifest_schema1, ManifestKind::schema1, facts);
}

Findings media_type_unknown(const Facts& facts) {
  return of_kind(Rule::media_type_unknown, ManifestKind::unknown, facts);
}

// Who builds for one platform pushes an index without the others: then no revision link ever named
// the child.
Findings index_child_missing(const Facts& facts) {
  Findings findings;
  each_manifest(facts, [&](const Document& document) {
    for (const Reference& reference : document.references) {
      if (reference.role != Role::child || !is_absent(reference.to, facts)) continue;
      Finding finding = finding_of(Rule::index_child_missing, facts.digest(reference.to));
      finding.severity = facts.is_revision[index_of(reference.to)]
                             ? unless_cache(Severity::warning, facts)
                             : Severity::info;
      finding.found = Part{Code::needed_by, {facts.digest(document.digest).text()}};
      findings.push_back(std::move(finding));
    }
  });
  return findings;
}

Findings subject_missing(const Facts& facts) {
  Findings findings;
  each_manifest(facts, [&](const Document& document) {
    for (const DigestId subject : document.subjects) {
      if (!facts.is_absent(subject)) continue;
      findings.push_back(finding_of(Rule::subject_missing, facts.digest(subject)));
      findings.back().found = Part{Code::subject_of, {facts.digest(document.digest).text()}};
    }
  });
  return findings;
}

// The tags that hold some, and the manifests themselves.
Findings referrer_orphaned(const Facts& facts) {
  Findings findings;
  if (!facts.all_references_known) return findings;
  const Orphans orphans(facts.inventory);
  const auto add = [&](DigestId id, const Repository& repository, const std::string& tag) {
    const Document* document = facts.inventory.document(id);
    findings.push_back(finding_of(Rule::referrer_orphaned, facts.digest(id)));
    findings.back().repository = repository.name;
    findings.back().tag = tag;
    findings.back().bytes = document ? document->bytes : 0;
  };
  for (const Repository& repository : facts.inventory.repositories) {
    std::vector<DigestId> held;
    for (const Tag& tag : repository.tags) {
      if (!tag.target || !orphans.is_orphan(repository, tag)) continue;
      held.push_back(*tag.target);
      add(*tag.target, repository, tag.name);
    }
    const std::vector<bool> are = orphans.revisions(repository, held);
    for (std::size_t i = 0; i < are.size(); ++i) {
      const DigestId id = repository.revisions[i].name;
      const bool told = std::find(held.begin(), held.end(), id) != held.end();
      if (are[i] && !told && repository.revisions[i].state == LinkState::present)
        add(id, repository, "");
    }
  }
  return findings;
}

}  // namespace regctl::audit
