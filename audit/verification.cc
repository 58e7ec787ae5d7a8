#include "audit/verification.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <random>
#include <set>
#include <utility>

#include "registry/closure.h"

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

void count(const Verified& verified, Verification& result) {
  switch (verified.soundness) {
    case Soundness::mismatched:
    case Soundness::sound:
      ++result.blobs;
      result.bytes += verified.identity.bytes;
      break;
    case Soundness::left:
      ++result.left;
      break;
    case Soundness::gone:
      ++result.gone;
      break;
    case Soundness::unread:
    case Soundness::changed:
      break;
  }
}

void add(const Digest& digest, const Verified& verified, Contents& contents) {
  if (verified.soundness == Soundness::mismatched) contents.wrong.emplace(digest, *verified.found);
  for (const auto& [name, found] : verified.misnamed)
    contents.misnamed.emplace(std::pair(name, digest), found);
  if (verified.soundness == Soundness::unread) contents.unread.emplace(digest, *verified.error);
}

// By every name it has.
bool is_sound(const Verified& verified) {
  return verified.soundness == Soundness::sound && verified.misnamed.empty();
}
bool was_read(const Verified& verified) {
  return verified.soundness == Soundness::sound || verified.soundness == Soundness::mismatched;
}

OtherNames other_names_in(const Inventory& inventory) {
  OtherNames names;
  for (const auto& [name, target] : aliases_in(inventory)) {
    const Digest &blob = inventory.digests[target], &other = inventory.digests[name];
    if (other.algorithm() != blob.algorithm()) names.emplace(blob, other);  // else it is damaged
  }
  return names;
}

void note(const Digest& digest, const Verified& verified, const Diary& diary) {
  if (diary.state && was_read(verified))
    diary.state->note(digest, file_of(verified.identity), diary.now, "regctl-audit",
                      is_sound(verified));
}

// Tells of none that it has changed: what was written to in between is read once more, and what was
// written to in that time too is left.
void read(const std::vector<Suspect>& suspects, const OtherNames& other_names, Order order,
          const Storage& storage, const Crew& crew, const OnVerified& on_verified) {
  std::vector<Suspect> changed;
  verify(suspects, other_names, order, storage, crew,
         [&](const Suspect& suspect, const Verified& verified) {
           if (verified.soundness == Soundness::changed)
             changed.push_back({suspect.digest, std::nullopt});
           else
             on_verified(suspect, verified);
         });
  if (changed.empty()) return;
  verify(changed, other_names, Order::as_given, storage, crew,
         [&](const Suspect& suspect, const Verified& verified) {
           const bool again = verified.soundness == Soundness::changed;
           on_verified(suspect, again ? Verified{.soundness = Soundness::left} : verified);
         });
}

// So that a killed audit goes on where it stopped, and that of those verified on one day large and
// small ones come in turn.
void oldest_first(std::vector<DigestId>& blobs, const Inventory& inventory, const Known& known) {
  // Empty, and before all: it is doubted.
  const auto day = [&](DigestId id) -> std::optional<std::chrono::sys_days> {
    if (known.doubted[index_of(id)]) return std::nullopt;
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

Known known_of(const Inventory& inventory, const Diary& diary, std::vector<Evidence> evidence) {
  const std::size_t count = inventory.digests.size();
  Known known{.by_evidence = std::vector<bool>(count), .doubted = std::vector<bool>(count)};
  known.blobs = diary.state ? diary.state->last_seen(inventory) : std::vector<LastSeen>(count);
  for (std::size_t i = 0; i < count; ++i) known.doubted[i] = known.blobs[i].was_wrong;
  std::ranges::stable_sort(evidence, {}, [](const Evidence& one) { return one.written.begun; });
  for (const Evidence& one : evidence) {
    known.strangers += one.elsewhere;
    for (const Checksum& checksum : one.checksums) {
      const auto id = inventory.digests.find(checksum.blob);
      const Blob* blob = id ? inventory.blob(*id) : nullptr;
      if (!blob || !blob->present) {
        ++known.strangers;
        continue;
      }
      const std::size_t place = index_of(*id);
      const auto [begun, ended] = one.written;
      LastSeen& last = known.blobs[place];
      const bool is_right = checksum.found == checksum.blob;
      // Who saw it right in the meantime did so perhaps before.
      const bool was_seen_later = last.at > ended && last.at <= diary.now;
      if (!is_right && !was_seen_later) known.doubted[place] = true;
      // What was written or copied here later is not what was read. And a file that looks as if
      // it were the original may be a copy, whose lines are older.
      const Time original = std::min<Time>(begun, ended - cli::kLongestWriting);
      if (blob->changed > begun || blob->modified > original || ended > diary.now) {
        ++known.outdated;
        continue;
      }
      if (is_right) known.by_evidence[place] = true;
      if (was_seen_later || (is_right && last.at > begun)) continue;
      if (is_right)
        known.accused.erase(checksum.blob);
      else
        known.accused.insert_or_assign(checksum.blob, checksum.found);
      const LastSeen seen = {begun, true, !is_right};
      if (diary.state && last != seen)
        diary.state->note(checksum.blob, file_of(*blob), begun, one.file, is_right);
      last = seen;
    }
  }
  return known;
}

std::vector<DigestId> to_be_read(const Choice& choice, const Inventory& inventory,
                                 const Known& known, Time now) {
  const Subset& subset = choice.subset;
  std::vector<DigestId> blobs, doubted;
  for (const Blob& blob : inventory.blobs) {
    const std::size_t place = index_of(blob.digest);
    if (!blob.present || (!choice.wanted.empty() && !choice.wanted[place])) continue;
    if (known.doubted[place])
      doubted.push_back(blob.digest);
    else if (subset.kind != Subset::Kind::nothing &&
             (subset.kind != Subset::Kind::slice ||
              slice_of(inventory.digests[blob.digest], subset.of) == subset.number))
      blobs.push_back(blob.digest);
  }
  if (subset.kind == Subset::Kind::share) keep_share(blobs, subset);
  std::erase_if(blobs, [&](DigestId id) {
    const LastSeen& last = known.blobs[index_of(id)];
    if (!last.is_still_right() || last.at > now) return false;
    return choice.max_age ? now - last.at <= *choice.max_age : known.by_evidence[index_of(id)];
  });
  blobs.insert(blobs.end(), doubted.begin(), doubted.end());
  std::ranges::sort(blobs);
  return blobs;
}

Verification::Share share_of(const Known& known, const Inventory& inventory, Time now) {
  Verification::Share share;
  for (const Blob& blob : inventory.blobs) {
    const LastSeen& last = known.blobs[index_of(blob.digest)];
    if (!blob.present || !last.is_still_right() || last.at > now) continue;
    ++share.blobs;
    share.bytes += blob.bytes;
    share.oldest = std::min(share.oldest.value_or(last.at), last.at);
  }
  return share;
}

Verification verify_blobs(const std::vector<DigestId>& blobs, const Inventory& inventory,
                          const Storage& storage, const Crew& crew, Known& known,
                          const Diary& diary) {
  Verification result;
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
  const OtherNames other_names = other_names_in(inventory);
  const auto begin = std::chrono::steady_clock::now();
  std::size_t done = 0;
  const auto on_verified = [&](const Suspect& suspect, const Verified& verified) {
    ++done;
    count(verified, result);
    add(suspect.digest, verified, result.contents);
    note(suspect.digest, verified, diary);
    if (was_read(verified))
      known.blobs[index_of(*inventory.digests.find(suspect.digest))] = {diary.now, true,
                                                                        !is_sound(verified)};
  };
  try {
    read(suspects, other_names, diary.state ? Order::as_given : Order::from_both_ends, storage,
         crew, on_verified);
  } catch (const Interrupted&) {
    result.is_interrupted = true;
    result.left += suspects.size() - done;
  }
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  // There was no time to read it again; of one with more names it is not known which was wrong.
  for (const Suspect& suspect : suspects) {
    const DigestId id = *inventory.digests.find(suspect.digest);
    const LastSeen& last = known.blobs[index_of(id)];
    if (last.is_same && last.was_wrong && !other_names.contains(suspect.digest))
      result.contents.wrong.emplace(suspect.digest, std::nullopt);
  }
  return result;
}

Contents look_again(const Contents& contents, const Inventory& inventory, const Storage& storage,
                    const Crew& crew, const Diary& diary) {
  const OtherNames other_names = other_names_in(inventory);
  std::set<Digest> digests;
  for (const auto& [digest, found] : contents.wrong) digests.insert(digest);
  for (const auto& [digest, error] : contents.unread) digests.insert(digest);
  for (const auto& [link, found] : contents.misnamed) digests.insert(link.second);
  std::vector<Suspect> suspects;
  suspects.reserve(digests.size());
  for (const Digest& digest : digests) suspects.push_back({digest, std::nullopt});
  Contents again;
  read(suspects, other_names, Order::as_given, storage, crew,
       [&](const Suspect& suspect, const Verified& verified) {
         const Digest& digest = suspect.digest;
         add(digest, verified, again);
         note(digest, verified, diary);
         if (verified.soundness != Soundness::left && verified.soundness != Soundness::unread)
           return;
         if (const auto wrong = contents.wrong.find(digest); wrong != contents.wrong.end())
           again.wrong.insert(*wrong);
         if (const auto unread = contents.unread.find(digest); unread != contents.unread.end())
           again.unread.insert(*unread);
         for (const auto& [link, found] : contents.misnamed) {
           if (link.second == digest) again.misnamed.emplace(link, found);
         }
       });
  return again;
}

}  // namespace regctl::audit
