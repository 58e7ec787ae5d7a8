#include "audit/verification.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <random>

namespace regctl::audit {
namespace {

// In which of so many slices a digest is, from 1: its first 32 bits, as a fraction.
std::uint32_t slice_of(const Digest& digest, std::uint32_t slices) {
  std::uint64_t start = 0;
  for (std::size_t i = 0; i < 4; ++i) start = start << 8 | digest.hash()[i];
  return static_cast<std::uint32_t>(start * slices >> 32) + 1;
}

void keep_share(std::vector<DigestId>& blobs, const Subset& subset) {
  std::mt19937_64 random(subset.seed);
  std::shuffle(blobs.begin(), blobs.end(), random);
  blobs.resize(static_cast<std::size_t>(
      std::ceil(static_cast<double>(blobs.size()) * std::clamp(subset.share, 0.0, 1.0))));
  std::sort(blobs.begin(), blobs.end());
}

void note(const Digest& digest, const Verified& verified, Verification& result) {
  switch (verified.soundness) {
    case Soundness::mismatched:
      result.contents.wrong.emplace(digest, *verified.found);
      [[fallthrough]];
    case Soundness::sound:
      ++result.blobs;
      result.bytes += verified.identity.bytes;
      break;
    case Soundness::unread:
      result.contents.unread.emplace(digest, *verified.error);
      break;
    case Soundness::left:
      ++result.left;
      break;
    case Soundness::changed:
      break;
  }
}

}  // namespace

std::vector<DigestId> blobs_of(const Subset& subset, const Inventory& inventory,
                               const std::vector<bool>& wanted) {
  std::vector<DigestId> blobs;
  if (subset.kind == Subset::Kind::nothing) return blobs;
  for (const Blob& blob : inventory.blobs) {
    const Digest& digest = inventory.digests[blob.digest];
    if (!blob.present || (!wanted.empty() && !wanted[index_of(blob.digest)])) continue;
    if (subset.kind != Subset::Kind::slice || slice_of(digest, subset.of) == subset.number)
      blobs.push_back(blob.digest);
  }
  if (subset.kind == Subset::Kind::share) keep_share(blobs, subset);
  return blobs;
}

Verification verify_blobs(const std::vector<DigestId>& blobs, const Inventory& inventory,
                          const Storage& storage, const Crew& crew) {
  std::vector<Suspect> suspects;
  suspects.reserve(blobs.size());
  for (const DigestId id : blobs) {
    const Blob& blob = *inventory.blob(id);
    suspects.push_back({inventory.digests[id], Suspect::Seen{blob.bytes, blob.modified}});
  }
  std::ranges::stable_sort(suspects, std::ranges::greater{},
                           [](const Suspect& suspect) { return suspect.seen->bytes; });
  Verification result;
  const auto begin = std::chrono::steady_clock::now();
  verify(suspects, Order::from_both_ends, storage, crew,
         [&](const Suspect& suspect, const Verified& verified) {
           note(suspect.digest, verified, result);
         });
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return result;
}

Contents still_wrong(const Contents& contents, const Storage& storage, const Crew& crew) {
  std::vector<Suspect> suspects;
  for (const auto& [digest, found] : contents.wrong) suspects.push_back({digest, std::nullopt});
  for (const auto& [digest, error] : contents.unread) suspects.push_back({digest, std::nullopt});
  Verification again;
  verify(suspects, Order::as_given, storage, crew,
         [&](const Suspect& suspect, const Verified& verified) {
           note(suspect.digest, verified, again);
         });
  return std::move(again.contents);
}

}  // namespace regctl::audit
