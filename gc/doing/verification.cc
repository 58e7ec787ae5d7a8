#include "gc/doing/verification.h"

#include <algorithm>

namespace regctl::gc {

Verification verify_blobs(const Plan& plan, const Storage& storage, const Crew& crew) {
  std::vector<Suspect> suspects;
  suspects.reserve(plan.blobs.size());
  // The largest come first. Before a deadline the smallest get more done.
  for (const BlobRemoval& blob : plan.blobs)
    suspects.push_back({blob.digest, Suspect::Seen{blob.bytes, blob.written_at}});
  Verification result;
  const Order order = crew.pace.has_deadline() ? Order::backwards : Order::from_both_ends;
  verify(suspects, {}, order, storage, crew, [&](const Suspect& suspect, const Verified& verified) {
    switch (verified.soundness) {
      case Soundness::sound:
        result.sound.emplace(suspect.digest, verified.identity);
        result.read += verified.identity.bytes;
        break;
      case Soundness::mismatched:
        result.mismatched.emplace(suspect.digest, verified.identity);
        result.read += verified.identity.bytes;
        break;
      case Soundness::gone:
      case Soundness::changed:
        ++result.changed;
        break;
      case Soundness::left:
        ++result.left;
        break;
      case Soundness::unread:
        result.unread.push_back({.code = report::Code::unread_candidate,
                                 .path = verified.error->key(),
                                 .digest = suspect.digest,
                                 .arguments = {report::reason_of(*verified.error)}});
        break;
    }
  });
  std::sort(result.unread.begin(), result.unread.end(),
            [](const auto& a, const auto& b) { return a.path < b.path; });
  return result;
}

Plan only_verified(Plan plan, const Verification& verification, Mismatched mismatched) {
  for (BlobRemoval& blob : plan.blobs) {
    if (const auto sound = verification.sound.find(blob.digest); sound != verification.sound.end())
      blob.verified = sound->second;
    if (mismatched == Mismatched::keep) continue;
    if (const auto wrong = verification.mismatched.find(blob.digest);
        wrong != verification.mismatched.end())
      blob.verified = wrong->second;
  }
  std::erase_if(plan.blobs, [](const BlobRemoval& blob) { return !blob.verified; });
  return without_links_to_what_stays(std::move(plan));
}

}  // namespace regctl::gc
