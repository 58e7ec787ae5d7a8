#include "registry/digest_set.h"

#include <algorithm>
#include <cstring>
#include <random>
#include <utility>

#include "registry/parallel.h"

namespace regctl {
namespace {

// The digests in a manifest are whatever its pusher wrote: with a fixed choice of bytes they could
// all be made to meet. Random multipliers make that a guess (multiply-shift hashing); the upper
// bits are the good ones.
std::uint32_t hash_of(const Digest& digest) {
  static const auto multipliers = [] {
    std::array<std::uint64_t, 8> odd;
    std::random_device random;
    for (std::uint64_t& number : odd) number = std::uint64_t{random()} << 32 | random() | 1;
    return odd;
  }();
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < digest.hash().size() / sizeof sum; ++i) {
    std::uint64_t word;
    std::memcpy(&word, digest.hash().data() + i * sizeof word, sizeof word);
    sum += word * multipliers[i];
  }
  return static_cast<std::uint32_t>(sum >> 32);
}

// Orders as digests do, as far as it tells them apart.
std::uint64_t first_bytes(const Digest& digest) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < sizeof number; ++i) number = number << 8 | digest.hash()[i];
  return number;
}

}  // namespace

std::optional<DigestId> DigestSet::find(const Digest& digest) const {
  const auto at = std::lower_bound(digests_.begin(), digests_.end(), digest);
  if (at == digests_.end() || *at != digest) return std::nullopt;
  return static_cast<DigestId>(at - digests_.begin());
}

void DigestCollector::Shard::grow() {
  const std::vector<Slot> old =
      std::exchange(slots, std::vector<Slot>(std::max<std::size_t>(64, 2 * slots.size())));
  for (const Slot& slot : old) {
    if (!slot.place) continue;
    std::size_t at = start_of(slot.hash);
    while (slots[at].place) at = next(at);
    slots[at] = slot;
  }
}

std::uint32_t DigestCollector::Shard::place_of(const Digest& digest) {
  if (2 * digests.size() >= slots.size()) grow();
  const std::uint32_t hash = hash_of(digest);
  std::size_t at = start_of(hash);
  for (; slots[at].place; at = next(at)) {
    if (slots[at].hash == hash && digests[slots[at].place - 1] == digest)
      return slots[at].place - 1;
  }
  digests.push_back(digest);
  slots[at] = {hash, static_cast<std::uint32_t>(digests.size())};
  return slots[at].place - 1;
}

DigestId DigestCollector::add(const Digest& digest) {
  const std::size_t shard = shard_of(digest);
  const std::lock_guard lock(shards_[shard].mutex);
  return static_cast<DigestId>(shards_[shard].place_of(digest) * kShards + shard);
}

Digest DigestCollector::operator[](DigestId given) {
  Shard& shard = shards_[index_of(given) % kShards];
  const std::lock_guard lock(shard.mutex);
  return shard.digests[index_of(given) / kShards];
}

DigestCollector::Finished DigestCollector::finish(const Workers& workers) {
  std::array<std::size_t, kShards> before;  // digests in the shards before
  std::size_t deepest = 0, total = 0;
  for (std::size_t s = 0; s < kShards; ++s) {
    before[s] = total;
    total += shards_[s].digests.size();
    deepest = std::max(deepest, shards_[s].digests.size());
  }
  Finished finished{.place = std::vector<DigestId>(deepest * kShards)};
  std::vector<Digest> sorted(total);
  workers.for_each_index(kShards, [&](std::size_t s) {
    const std::vector<Digest> digests = std::move(shards_[s].digests);
    shards_[s].slots = std::vector<Slot>();
    // Eight bytes tell nearly all digests apart, and comparing numbers that lie side by side is
    // quick.
    std::vector<std::pair<std::uint64_t, std::uint32_t>> order(digests.size());
    for (std::uint32_t i = 0; i < digests.size(); ++i) order[i] = {first_bytes(digests[i]), i};
    std::sort(order.begin(), order.end(), [&](const auto& a, const auto& b) {
      return a.first != b.first ? a.first < b.first : digests[a.second] < digests[b.second];
    });
    for (std::size_t i = 0; i < order.size(); ++i) {
      finished.place[order[i].second * kShards + s] = static_cast<DigestId>(before[s] + i);
      sorted[before[s] + i] = digests[order[i].second];
    }
  });
  finished.set = DigestSet(std::move(sorted));
  return finished;
}

}  // namespace regctl
