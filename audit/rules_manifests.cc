#include <algorithm>
#include <set>

#include "audit/rules.h"
#include "registry/layout.h"
#include "registry/remains.h"

namespace regctl::audit {
namespace {

using report::Code;
using report::Part;

// Calls visit(document) for everything sound that is called a manifest, and is not only left in
// quarantine.
template <class Visit>
void each_called_manifest(const Facts& facts, Visit visit) {
  for (const Document& document : facts.inventory.documents) {
    if (document.state == Document::State::sound && !document.from_quarantine &&
        facts.is_manifest[index_of(document.digest)])
      visit(document);
  }
}

// For those of them that are one.
template <class Visit>
void each_manifest(const Facts& facts, Visit visit) {
  each_called_manifest(facts, [&](const Document& document) {
    if (document.bad_member.empty()) visit(document);
  });
}

// Calls visit(repository, document, child) for every child of an index that can be pulled, that the
// repository does not hand out for `lack`, and that was pushed to it once.
template <class Visit>
void each_child_that_lacks(Lack lack, const Facts& facts, Visit visit) {
  for (const Repository& repository : facts.inventory.repositories) {
    std::set<DigestId> told;
    each_served_manifest(facts, repository, [&](const Document& index) {
      for (const Reference& reference : index.references) {
        if (reference.role == Role::child && !told.contains(reference.to) &&
            facts.pulling.of_manifest(repository, reference.to) == lack &&
            !facts.pulling.was_never_pushed(repository, reference.to)) {
          told.insert(reference.to);
          visit(repository, index, reference.to);
        }
      }
    });
  }
}

Finding child_finding(Rule rule, const Repository& repository, const Document& index,
                      DigestId child, const Facts& facts) {
  Finding finding = finding_of(rule, facts.digest(child));
  finding.repository = repository.name;
  finding.severity = unless_cache(info_of(rule).severity, facts);
  finding.found = Part{Code::needed_by, {facts.digest(index.digest).text()}};
  if (finding.severity == Severity::info) finding.advice = {};
  return finding;
}

// Who builds for one platform pushes an index without the others: then no revision link ever named
// those. One note for each index; of one that has nothing at all no tag can be pulled.
void note_sparse_indexes(const Facts& facts, Findings& findings) {
  for (const Repository& repository : facts.inventory.repositories) {
    each_served_manifest(facts, repository, [&](const Document& index) {
      const auto [all, never_pushed, handed_out] = facts.pulling.platforms_of(repository, index);
      if (!never_pushed) return;
      Finding finding = finding_of(Rule::index_child_missing, facts.digest(index.digest));
      if (never_pushed < all) finding.severity = Severity::info;
      finding.severity = unless_cache(finding.severity, facts);
      finding.repository = repository.name;
      finding.found = Part{Code::never_pushed, {report::Count{never_pushed}, report::Count{all}}};
      if (finding.severity == Severity::info) finding.advice = {};
      findings.push_back(std::move(finding));
    });
  }
}

Findings of_kind(Rule rule, ManifestKind kind, const Facts& facts) {
  Findings findings;
  each_manifest(facts, [&](const Document& document) {
    if (document.kind == kind) findings.push_back(finding_of(rule, facts.digest(document.digest)));
  });
  return findings;
}

}  // namespace

Findings manifest_missing(const Facts& facts) {
  Findings findings = damages(Rule::manifest_missing, DamageClass::manifest_missing, facts);
  for (Finding& finding : findings) finding.severity = unless_cache(finding.severity, facts);
  // What only a link in another's place names was perhaps never there.
  std::erase_if(findings, [&](const Finding& finding) {
    return !facts.is_manifest[index_of(*facts.inventory.digests.find(*finding.digest))];
  });
  return findings;
}

// What no revision link names is not deleted as a manifest: it may be a layer of others, and a
// registry would let go of that.
Findings manifest_unparsable(const Facts& facts) {
  Findings findings = damages(Rule::manifest_unparsable, DamageClass::manifest_unparsable, facts);
  each_called_manifest(facts, [&](const Document& document) {
    if (document.bad_member.empty()) return;
    findings.push_back(finding_of(Rule::manifest_unparsable, facts.digest(document.digest)));
    findings.back().path = layout::blob_data(facts.digest(document.digest));
    findings.back().found = Part{Code::bad_member, {std::string(document.bad_member)}};
  });
  for (Finding& finding : findings) {
    const auto id = facts.inventory.digests.find(*finding.digest);
    const auto is_revision = [&](const Repository& repository) {
      return has_link(repository.revisions, *id);
    };
    if (!facts.store.pull_through_cache &&
        std::ranges::none_of(facts.inventory.repositories, is_revision))
      finding.advice = info_of(Rule::tag_dangling).advice;
  }
  return findings;
}

Findings manifest_oversized(const Facts& facts) {
  Findings findings;
  each_manifest(facts, [&](const Document& document) {
    if (document.bytes <= kLargestServedManifest) return;
    findings.push_back(finding_of(Rule::manifest_oversized, facts.digest(document.digest)));
    findings.back().path = layout::blob_data(facts.digest(document.digest));
    findings.back().bytes = document.bytes;
  });
  return findings;
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

// Where a revision link names the child the manifest is missing, and that rule says so as well.
Findings index_child_missing(const Facts& facts) {
  Findings findings;
  const auto add = [&](const Repository& repository, const Document& index, DigestId child) {
    findings.push_back(child_finding(Rule::index_child_missing, repository, index, child, facts));
    if (facts.can_be_healed[index_of(child)]) findings.back().advice = kHeal;
  };
  each_child_that_lacks(Lack::bytes, facts, add);
  each_child_that_lacks(Lack::link, facts,
                        [&](const auto& repository, const auto& index, auto child) {
                          if (facts.is_absent(child)) add(repository, index, child);
                        });
  note_sparse_indexes(facts, findings);
  return findings;
}

Findings index_child_unlinked(const Facts& facts) {
  Findings findings;
  each_child_that_lacks(
      Lack::link, facts, [&](const auto& repository, const auto& index, auto child) {
        const Link* revision = link_named(repository.revisions, child);
        const bool is_damaged = revision && revision->state == LinkState::damaged;  // told there
        if (facts.is_absent(child) || is_damaged) return;
        findings.push_back(
            child_finding(Rule::index_child_unlinked, repository, index, child, facts));
        findings.back().path = layout::revision_link(repository.name, facts.digest(child));
        if (revision && revision->state == LinkState::quarantined) findings.back().advice = kHeal;
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
  Freed freed(facts, &Policy::prune_orphaned_referrers);
  const auto add = [&](DigestId id, const Repository& repository, const std::string& tag) {
    findings.push_back(finding_of(Rule::referrer_orphaned, facts.digest(id)));
    findings.back().repository = repository.name;
    findings.back().tag = tag;
    findings.back().bytes = freed.bytes_below(id);
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
