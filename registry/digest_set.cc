#include "registry/digest_set.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <numeric>
#include <random>

namespace regctl {
namespace {

// Where to look first among `slots`, a power of two. The digests in a manifest are whatever its pusher wrote: with a
// fixed choice of bytes they could all be made to meet. Random multipliers make that a guess (multiply-shift hashing).
std::size_t slot_of(const Digest& digest, std::size_t slots) {
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
  return sum >> (std::countl_zero(std::uint64_t{slots}) + 1);
}

}  // namespace

std::optional<DigestId> DigestSet::find(const Digest& digest) const {
  const auto at = std::lower_bound(digests_.begin(), digests_.end(), digest);
  if (at == digests_.end() || *at != digest) return std::nullopt;
  return static_cast<DigestId>(at - digests_.begin());
}

void DigestCollector::Shard::grow() {
  slots.assign(std::max<std::size_t>(64, 2 * slots.size()), 0);
  for (std::uint32_t i = 0; i < digests.size(); ++i) {
    std::size_t slot = slot_of(digests[i], slots.size());
    while (slots[slot]) slot = (slot + 1) & (slots.size() - 1);
    slots[slot] = i + 1;
  }
}

std::uint32_t DigestCollector::Shard::place_of(const Digest& digest) {
  if (2 * digests.size() >= slots.size()) grow();
  std::size_t slot = slot_of(digest, slots.size());
  for (; slots[slot]; slot = (slot + 1) & (slots.size() - 1)) {
    if (digests[slots[slot] - 1] == digest) return slots[slot] - 1;
  }
  digests.push_back(digest);
  slots[slot] = static_cast<std::uint32_t>(digests.size());
  return slots[slot] - 1;
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

DigestCollector::Finished DigestCollector::finish() {
  std::size_t deepest = 0, total = 0;
  for (const Shard& shard : shards_) {
    deepest = std::max(deepest, shard.digests.size());
    total += shard.digests.size();
  }
  Finished finished{.place = std::vector<DigestId>(deepest * kShards)};
  std::vector<Digest> sorted;
  sorted.reserve(total);
  for (std::size_t s = 0; s < kShards; ++s) {
    const std::vector<Digest> digests = std::move(shards_[s].digests);  // each table's memory goes before the next
    shards_[s].slots = {};
    std::vector<std::uint32_t> order(digests.size());
    std::iota(order.begin(), order.end(), 0);
    std::sort(order.begin(), order.end(), [&](auto a, auto b) { return digests[a] < digests[b]; });
    for (const std::uint32_t i : order) {
      finished.place[i * kShards + s] = static_cast<DigestId>(sorted.size());
      sorted.push_back(digests[i]);
    }
  }
  finished.set = DigestSet(std::move(sorted));
  return finished;
}

}  // namespace regctl
