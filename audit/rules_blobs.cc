#include <set>

#include "audit/check.h"
#include "audit/rules.h"
#include "registry/layout.h"

namespace regctl::audit {
namespace {

// Calls visit(repository, document, reference) for all that manifests name which can be pulled.
template <class Visit>
void each_reference(const Facts& facts, Visit visit) {
  for (const Repository& repository : facts.inventory.repositories) {
    each_served_manifest(facts, repository, [&](const Document& document) {
      for (const Reference& reference : document.references) visit(repository, document, reference);
    });
  }
}

}  // namespace

// What is a manifest is hashed by every audit, and has a rule of its own.
Findings blob_digest_mismatch(const Facts& facts) {
  Findings findings;
  const std::vector<bool> garbage = garbage_of(facts.inventory, facts.unreached);
  const auto is_garbage = [&](DigestId id) {
    return facts.all_references_known && garbage[index_of(id)];
  };
  for (const auto& [digest, found] : facts.contents.wrong) {
    const auto id = facts.inventory.digests.find(digest);
    const Blob* blob = id ? facts.inventory.blob(*id) : nullptr;
    if (!blob || !blob->present) continue;  // gone since
    const Document* document = facts.inventory.document(*id);
    if (document && document->state == Document::State::damaged) continue;
    Finding finding = finding_of(Rule::blob_digest_mismatch, digest);
    finding.path = layout::blob_data(digest);
    finding.expected = digest.text();
    if (found) finding.found = found->text();
    finding.bytes = blob->bytes;
    if (is_garbage(*id))
      finding.advice = "nothing needs it: regctl-gc --remove-mismatched takes it";
    findings.push_back(std::move(finding));
  }
  return findings;
}

// Of a layer, or of a platform's manifest. One of the wrong bytes is of the wrong size too; that is
// not told again.
Findings blob_size_mismatch(const Facts& facts) {
  Findings findings;
  std::set<DigestId> told;
  each_reference(facts, [&](const Repository& repository, const Document&,
                            const Reference& reference) {
    const bool is_handed_out = reference.role == Role::child &&
                               facts.pulling.of_manifest(repository, reference.to) == Lack::nothing;
    if (!reference.is_to_blob() && !is_handed_out) return;
    const Blob* blob = facts.blob_behind(reference.to);
    if (!blob || !blob->present || !reference.size || blob->bytes == *reference.size ||
        facts.contents.wrong.contains(facts.digest(blob->digest)) ||
        !told.insert(reference.to).second)
      return;
    Finding finding = finding_of(Rule::blob_size_mismatch, facts.digest(reference.to));
    finding.path = layout::blob_data(facts.digest(blob->digest));
    finding.expected = *reference.size;
    finding.found = blob->bytes;
    finding.bytes = blob->bytes;
    findings.push_back(std::move(finding));
  });
  return findings;
}

// Of manifests only those that are left in quarantine: where there is nothing at all, another rule
// says so.
Findings blob_missing(const Facts& facts) {
  Findings findings;
  std::set<DigestId> told;
  for (const Repository& repository : facts.inventory.repositories) {
    for (const Link& revision : repository.revisions) {
      const Document* document = facts.inventory.document(revision.target);
      if (revision.state != LinkState::present || !document || !document->from_quarantine ||
          !told.insert(revision.target).second)
        continue;
      Finding finding = finding_of(Rule::blob_missing, facts.digest(revision.target));
      finding.path = layout::blob_data(facts.digest(revision.target));
      if (facts.can_be_healed[index_of(revision.target)]) finding.advice = kHeal;
      findings.push_back(std::move(finding));
    }
  }
  each_reference(facts, [&](const Repository&, const Document& document,
                            const Reference& reference) {
    if (!reference.is_to_blob() || !facts.is_missing(reference.to) || reference.has_urls ||
        !told.insert(reference.to).second)
      return;
    Finding finding = finding_of(Rule::blob_missing, facts.digest(reference.to));
    finding.severity = unless_cache(Severity::error, facts);
    finding.found = report::Part{report::Code::needed_by, {facts.digest(document.digest).text()}};
    if (facts.can_be_healed[index_of(reference.to)]) finding.advice = kHeal;
    findings.push_back(std::move(finding));
  });
  return findings;
}

std::vector<Unreferenced> unreferenced(const Facts& facts) {
  std::vector<Unreferenced> blobs;
  if (!facts.all_references_known) return blobs;
  blobs.reserve(facts.unreached.size());
  for (const Unreached& one : facts.unreached) {
    if (one.kept != Why::nothing) continue;
    blobs.push_back({one.blob->digest, Unreferenced::kNowhere});
    if (one.linked_last)
      blobs.back().last_linked_in =
          static_cast<std::uint32_t>(one.linked_last - facts.inventory.repositories.data());
  }
  return blobs;
}

Finding finding_of(const Unreferenced& one, const Inventory& inventory) {
  Finding finding = finding_of(Rule::blob_unreferenced, inventory.digests[one.blob]);
  finding.bytes = inventory.blob(one.blob)->bytes;
  if (one.last_linked_in != Unreferenced::kNowhere)
    finding.found = report::Part{report::Code::last_linked_in,
                                 {inventory.repositories[one.last_linked_in].name}};
  return finding;
}

}  // namespace regctl::audit
