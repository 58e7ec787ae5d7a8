#include <set>

#include "audit/rules.h"
#include "registry/layout.h"

namespace regctl::audit {
namespace {

// Calls visit(document, reference) for what sound manifests say that they need as blobs.
template <class Visit>
void each_needed_blob(const Inventory& inventory, Visit visit) {
  for (const Document& document : inventory.documents) {
    if (document.state != Document::State::sound) continue;
    for (const Reference& reference : document.references) {
      if (reference.is_to_blob()) visit(document, reference);
    }
  }
}

}  // namespace

Findings blob_size_mismatch(const Facts& facts) {
  Findings findings;
  each_needed_blob(facts.inventory, [&](const Document&, const Reference& reference) {
    const Blob* blob = facts.blob_behind(reference.to);
    if (!blob || !blob->visited || !blob->present || !reference.size ||
        blob->bytes == *reference.size)
      return;
    Finding finding = finding_of(Rule::blob_size_mismatch, facts.digest(reference.to));
    finding.path = layout::join(layout::blob(facts.digest(blob->digest)), layout::kData);
    finding.expected = *reference.size;
    finding.found = blob->bytes;
    finding.bytes = blob->bytes;
    findings.push_back(std::move(finding));
  });
  return findings;
}

Findings blob_missing(const Facts& facts) {
  Findings findings;
  std::set<DigestId> told;
  each_needed_blob(facts.inventory, [&](const Document& document, const Reference& reference) {
    if (!facts.is_missing(reference.to) || reference.has_urls || !told.insert(reference.to).second)
      return;
    Finding finding = finding_of(Rule::blob_missing, facts.digest(reference.to));
    finding.severity = unless_cache(Severity::error, facts);
    finding.found = report::Part{report::Code::needed_by, {facts.digest(document.digest).text()}};
    findings.push_back(std::move(finding));
  });
  return findings;
}

Findings blob_unreferenced(const Facts& facts) {
  Findings findings;
  if (!facts.all_references_known) return findings;
  for (const Blob& blob : facts.inventory.blobs) {
    if (!blob.visited || !blob.present || facts.used[index_of(blob.digest)]) continue;
    findings.push_back(finding_of(Rule::blob_unreferenced, facts.digest(blob.digest)));
    findings.back().bytes = blob.bytes;
  }
  return findings;
}

}  // namespace regctl::audit
