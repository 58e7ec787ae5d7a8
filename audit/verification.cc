#include "audit/verification.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <random>
#include <utility>

namespace regctl::audit {
namespace {

// In which of so many slices a digest is, from 1: its first 32 bits, as a fraction.
std::uint32_t slice_of(const Digest& digest, std::uint32_t slices) {
  std::uint64_t start = 0;
  for (std::size_t i = 0; i < 4; ++i) start = start << 8 | digest.hash()[i];
  return static_cast<std::uint32_t>(start * slices >> 32) + 1;
}

FileState file_of(const Blob& blob) {
  return {blob.bytes, blob.inode, blob.modified, blob.changed};
}
FileState file_of(const Identity& identity) {
  return {identity.bytes, identity.inode, identity.modified, identity.changed};
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
    case Soundness::gone:
    case Soundness::changed:
      break;
  }
}

// So that a killed audit goes on where it stopped, and that of those verified on one day large and
// small ones come in turn.
void oldest_first(std::vector<DigestId>& blobs, const Inventory& inventory, const Known& known) {
  const auto day = [&](DigestId id) {
    return std::chrono::floor<std::chrono::days>(known.blobs[index_of(id)].at);
  };
  const auto bytes = [&](DigestId id) { return inventory.blob(id)->bytes; };
  std::ranges::stable_sort(blobs, [&](DigestId a, DigestId b) {
    return day(a) != day(b) ? day(a) < day(b) : bytes(a) > bytes(b);
  });
  std::vector<DigestId> in_turn;
  in_turn.reserve(blobs.size());
  for (auto begin = blobs.begin(); begin != blobs.end();) {
    auto end =
        std::find_if(begin, blobs.end(), [&](DigestId id) { return day(id) != day(*begin); });
    const auto next = end;
    while (begin != end) {
      in_turn.push_back(*begin++);
      if (begin != end) in_turn.push_back(*--end);
    }
    begin = next;
  }
  blobs = std::move(in_turn);
}

}  // namespace

Known known_of(const Inventory& inventory, State* state, const std::vector<Evidence>& evidence) {
  Known known{.by_evidence = std::vector<bool>(inventory.digests.size())};
  known.blobs =
      state ? state->last_seen(inventory) : std::vector<LastSeen>(inventory.digests.size());
  for (const Evidence& one : evidence) {
    for (const Checksum& checksum : one.checksums) {
      const auto id = inventory.digests.find(checksum.blob);
      const Blob* blob = id ? inventory.blob(*id) : nullptr;
      if (!blob || !blob->present) {
        ++known.strangers;
        continue;
      }
      const bool is_right = checksum.found == checksum.blob;
      if (!is_right) known.contents.wrong.emplace(checksum.blob, checksum.found);
      // What was written or copied here later is not what was read.
      if (std::max(blob->modified, blob->changed) > one.date) continue;
      LastSeen& last = known.blobs[index_of(*id)];
      if (last.is_still_right && last.at >= one.date) continue;
      last = is_right ? LastSeen{one.date, true} : LastSeen();
      known.by_evidence[index_of(*id)] = is_right;
      if (state) state->note(checksum.blob, file_of(*blob), one.date, one.file, is_right);
    }
  }
  return known;
}

std::vector<DigestId> to_be_read(std::vector<DigestId> blobs, const Known& known,
                                 std::optional<Duration> max_age, Time now) {
  std::erase_if(blobs, [&](DigestId id) {
    const LastSeen& last = known.blobs[index_of(id)];
    if (!last.is_still_right || last.at > now) return false;
    return max_age ? now - last.at <= *max_age : known.by_evidence[index_of(id)];
  });
  return blobs;
}

Verification::Share share_of(const Known& known, const Inventory& inventory) {
  Verification::Share share;
  for (const Blob& blob : inventory.blobs) {
    const LastSeen& last = known.blobs[index_of(blob.digest)];
    if (!blob.present || !last.is_still_right) continue;
    ++share.blobs;
    share.bytes += blob.bytes;
    share.oldest = std::min(share.oldest.value_or(last.at), last.at);
  }
  return share;
}

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
                          const Storage& storage, const Crew& crew, Known& known,
                          const Diary& diary) {
  std::vector<DigestId> order = blobs;
  if (diary.state)
    oldest_first(order, inventory, known);
  else
    std::ranges::stable_sort(order, std::ranges::greater{},
                             [&](DigestId id) { return inventory.blob(id)->bytes; });
  std::vector<Suspect> suspects;
  suspects.reserve(order.size());
  for (const DigestId id : order) {
    const Blob& blob = *inventory.blob(id);
    suspects.push_back({inventory.digests[id], Suspect::Seen{blob.bytes, blob.modified}});
  }
  Verification result;
  const auto begin = std::chrono::steady_clock::now();
  std::vector<Suspect> changed;
  const auto on_verified = [&](const Suspect& suspect, const Verified& verified) {
    note(suspect.digest, verified, result);
    if (verified.soundness == Soundness::changed) changed.push_back({suspect.digest, std::nullopt});
    const bool is_sound = verified.soundness == Soundness::sound;
    if (!is_sound && verified.soundness != Soundness::mismatched) return;
    known.blobs[index_of(*inventory.digests.find(suspect.digest))] = {diary.now, is_sound};
    if (diary.state)
      diary.state->note(suspect.digest, file_of(verified.identity), diary.now, "regctl-audit",
                        is_sound);
  };
  verify(suspects, diary.state ? Order::as_given : Order::from_both_ends, storage, crew,
         on_verified);
  if (!changed.empty()) {
    verify(std::exchange(changed, {}), Order::as_given, storage, crew, on_verified);
    result.left += changed.size();
  }
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return result;
}

SecondLook look_again(const Contents& contents, const Storage& storage, const Crew& crew) {
  std::vector<Suspect> suspects;
  for (const auto& [digest, found] : contents.wrong) suspects.push_back({digest, std::nullopt});
  for (const auto& [digest, error] : contents.unread) suspects.push_back({digest, std::nullopt});
  Verification again;
  SecondLook look;
  verify(suspects, Order::as_given, storage, crew,
         [&](const Suspect& suspect, const Verified& verified) {
           note(suspect.digest, verified, again);
           if (verified.soundness == Soundness::sound) look.right.push_back(suspect.digest);
           if (verified.soundness != Soundness::left) return;
           if (const auto wrong = contents.wrong.find(suspect.digest);
               wrong != contents.wrong.end())
             again.contents.wrong.insert(*wrong);
           else
             again.contents.unread.insert(*contents.unread.find(suspect.digest));
         });
  look.contents = std::move(again.contents);
  return look;
}

}  // namespace regctl::audit
