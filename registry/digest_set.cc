#include "registry/digest_set.h"

#include <algorithm>
#include <cstring>
#include <numeric>
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

}  // namespace

Digest DigestList::operator[](std::size_t i) const {
  if (!longer_.empty()) {
    if (const auto longer = longer_.find(static_cast<std::uint32_t>(i)); longer != longer_.end())
      return longer->second;
  }
  return Digest(Algorithm::sha256, heads_[i]);
}

bool DigestList::holds(std::size_t i, const Digest& digest) const {
  if (!std::equal(heads_[i].begin(), heads_[i].end(), digest.hash().begin())) return false;
  return longer_.empty() ? digest.algorithm() == Algorithm::sha256 : (*this)[i] == digest;
}

std::uint64_t DigestList::first_bytes(std::size_t i) const {
  std::uint64_t number = 0;
  for (std::size_t k = 0; k < sizeof number; ++k) number = number << 8 | heads_[i][k];
  return number;
}

void DigestList::push_back(const Digest& digest) {
  if (digest.algorithm() != Algorithm::sha256)
    longer_.emplace(static_cast<std::uint32_t>(size()), digest);
  Head& head = heads_.emplace_back();
  std::copy_n(digest.hash().begin(), head.size(), head.begin());
}

void DigestList::set(std::size_t place, const DigestList& from, std::size_t i) {
  heads_[place] = from.heads_[i];
  if (from.all_are_sha256()) return;
  if (const auto longer = from.longer_.find(static_cast<std::uint32_t>(i));
      longer != from.longer_.end())
    longer_.emplace(static_cast<std::uint32_t>(place), longer->second);
}

std::optional<DigestId> DigestSet::find(const Digest& digest) const {
  std::size_t place = 0;
  for (std::size_t end = size(); place < end;) {
    const std::size_t middle = place + (end - place) / 2;
    if (digests_[middle] < digest)
      place = middle + 1;
    else
      end = middle;
  }
  if (place == size() || !digests_.holds(place, digest)) return std::nullopt;
  return static_cast<DigestId>(place);
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

void DigestCollector::Shard::fetch(const Digest& digest) const {
  if (!slots.empty()) __builtin_prefetch(&slots[start_of(hash_of(digest))]);
}

std::uint32_t DigestCollector::Shard::place_of(const Digest& digest) {
  if (2 * digests.size() >= slots.size()) grow();
  const std::uint32_t hash = hash_of(digest);
  std::size_t at = start_of(hash);
  for (; slots[at].place; at = next(at)) {
    if (slots[at].hash == hash && digests.holds(slots[at].place - 1, digest))
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

// Those of one shard one after the other: its lock is taken once, and what all of them need of its
// table is on its way from memory while the first are looked up.
void DigestCollector::add(const std::vector<Digest>& digests, std::vector<DigestId>& to) {
  std::array<std::size_t, kShards + 1> begin{};  // of each shard's, in `order`
  for (const Digest& digest : digests) ++begin[shard_of(digest) + 1];
  std::partial_sum(begin.begin(), begin.end(), begin.begin());
  std::vector<std::size_t> order(digests.size());
  auto next = begin;
  for (std::size_t i = 0; i < digests.size(); ++i) order[next[shard_of(digests[i])]++] = i;
  const std::size_t before = to.size();
  to.resize(before + digests.size());
  for (std::size_t s = 0; s < kShards; ++s) {
    if (begin[s] == begin[s + 1]) continue;
    Shard& shard = shards_[s];
    const std::lock_guard lock(shard.mutex);
    for (std::size_t k = begin[s]; k < begin[s + 1]; ++k) shard.fetch(digests[order[k]]);
    for (std::size_t k = begin[s]; k < begin[s + 1]; ++k)
      to[before + order[k]] =
          static_cast<DigestId>(shard.place_of(digests[order[k]]) * kShards + s);
  }
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
  DigestList sorted;
  sorted.resize(total);
  std::mutex mutex;
  workers.for_each_index(kShards, [&](std::size_t s) {
    const DigestList digests = std::exchange(shards_[s].digests, DigestList());
    shards_[s].slots = std::vector<Slot>();
    // Eight bytes tell nearly all digests apart, and comparing numbers that lie side by side is
    // quick.
    std::vector<std::pair<std::uint64_t, std::uint32_t>> order(digests.size());
    for (std::uint32_t i = 0; i < digests.size(); ++i) order[i] = {digests.first_bytes(i), i};
    std::sort(order.begin(), order.end(), [&](const auto& a, const auto& b) {
      return a.first != b.first ? a.first < b.first : digests[a.second] < digests[b.second];
    });
    std::unique_lock one_at_a_time(mutex, std::defer_lock);
    if (!digests.all_are_sha256()) one_at_a_time.lock();
    for (std::size_t i = 0; i < order.size(); ++i) {
      finished.place[order[i].second * kShards + s] = static_cast<DigestId>(before[s] + i);
      sorted.set(before[s] + i, digests, order[i].second);
    }
  });
  finished.set = DigestSet(std::move(sorted));
  return finished;
}

}  // namespace regctl
