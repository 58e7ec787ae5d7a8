#include "report/blob_tables.h"

#include <algorithm>

#include "registry/holders.h"

namespace regctl::report {
namespace {

using cli::Align;
using cli::format_count;
using cli::format_share;

constexpr Duration kDay = std::chrono::hours(24);

template <class Limit>
struct Bin {
  const char* name;
  Limit below;
};

constexpr std::array<Bin<Duration>, 5> kAges = {{{"under 1 day", kDay},
                                                 {"1 to 7 days", 7 * kDay},
                                                 {"7 to 30 days", 30 * kDay},
                                                 {"30 to 90 days", 90 * kDay},
                                                 {"over 90 days", Duration::max()}}};

constexpr std::uint64_t kKibi = 1024, kMebi = kKibi * kKibi, kGibi = kMebi * kKibi;
constexpr std::array<Bin<std::uint64_t>, 7> kSizes = {{{"under 1 KiB", kKibi},
                                                       {"1 to 32 KiB", 32 * kKibi},
                                                       {"32 KiB to 1 MiB", kMebi},
                                                       {"1 to 32 MiB", 32 * kMebi},
                                                       {"32 to 256 MiB", 256 * kMebi},
                                                       {"256 MiB to 1 GiB", kGibi},
                                                       {"over 1 GiB", ~std::uint64_t{0}}}};

template <class Limit, std::size_t n>
std::size_t bin_of(const std::array<Bin<Limit>, n>& bins, Limit value) {
  const auto at = std::find_if(bins.begin(), bins.end() - 1,
                               [&](const Bin<Limit>& bin) { return value < bin.below; });
  return static_cast<std::size_t>(at - bins.begin());
}

bool is_manifest(const Inventory& inventory, DigestId id) {
  const Document* document = inventory.document(id);
  return document && document->state == Document::State::sound;
}

// The largest of those in use that have a size; of equal ones in the order of their digests.
std::vector<DigestId> largest(const Inventory& inventory, const std::vector<KnownSize>& sizes,
                              const std::vector<bool>& live, const Text& text) {
  std::vector<DigestId> blobs;
  for (const DigestId id : inventory.blob_directories) {
    if (live[index_of(id)] && inventory.has_bytes(id) && sizes[index_of(id)] &&
        !is_manifest(inventory, id))
      blobs.push_back(id);
  }
  const auto end = blobs.begin() + static_cast<std::ptrdiff_t>(text.shown(blobs.size()));
  std::partial_sort(blobs.begin(), end, blobs.end(), [&](DigestId a, DigestId b) {
    const auto size = [&](DigestId id) { return *sizes[index_of(id)]; };
    return size(a) != size(b) ? size(a) > size(b) : inventory.digests[a] < inventory.digests[b];
  });
  blobs.erase(end, blobs.end());
  return blobs;
}

std::string used_by(const Holders& holders) {
  const auto so_many = [](std::uint64_t count, const char* one, const char* several) {
    return format_count(count) + ' ' + (count == 1 ? one : several);
  };
  if (!holders.repositories) return "-";
  return so_many(holders.repositories, "repository", "repositories") + ", " +
         so_many(holders.tags, "tag", "tags");
}

// The tags, if they are few enough to be told.
std::string what_frees(const Holders& holders, const Text& text) {
  if (!holders.repositories) return "no tag or manifest needs it: it is kept for another reason";
  if (!holders.tags) return "regctl-gc --delete-untagged";
  if (holders.tags > holders.first.size()) return "a base of many images";
  std::string tags;
  for (const auto& [repository, tag] : holders.first)
    tags += (tags.empty() ? "deleting " : ", ") + text.name(repository + ':' + tag);
  return tags + (holders.untagged ? ", and regctl-gc --delete-untagged" : "");
}

}  // namespace

void Ages::add(std::uint64_t bytes, Time written_at) {
  classes_[bin_of(kAges, Duration(now_ - written_at))].add(bytes);
}

Section Ages::table(const Text& text) const {
  Section section{.record = "age",
                  .title = "AGE OF THE GARBAGE",
                  .note = "time since the blob was written",
                  .heads = {"AGE", "BLOBS", "SIZE", "SHARE"},
                  .aligns = {Align::left, Align::right, Align::right, Align::right},
                  .rows = {}};
  BlobCount all;
  for (const BlobCount& one : classes_) {
    all.count += one.count;
    all.bytes += one.bytes;
  }
  for (std::size_t i = 0; all.count && i < classes_.size(); ++i) {
    const BlobCount& one = classes_[i];
    section.rows.push_back({kAges[i].name, format_count(one.count), text.size(one.bytes),
                            format_share(one.bytes, all.bytes)});
    section.bars.push_back(cli::share(one.bytes, all.bytes));
  }
  return section;
}

void Sizes::add(std::uint64_t bytes, bool is_garbage) {
  Class& one = classes_[bin_of(kSizes, bytes)];
  (is_garbage ? one.garbage : one.in_use).add(bytes);
}

Section Sizes::table(const Text& text) const {
  Section section{.record = "size",
                  .title = "SIZE OF THE BLOBS",
                  .note = "bars: bytes in use and garbage together",
                  .heads = {"SIZE", "IN USE", "BYTES", "GARBAGE", "BYTES"},
                  .aligns = {Align::left, Align::right, Align::right, Align::right, Align::right},
                  .rows = {}};
  std::uint64_t all = 0;
  for (const auto& [in_use, garbage] : classes_) all += in_use.bytes + garbage.bytes;
  for (std::size_t i = 0; i < classes_.size(); ++i) {
    const auto& [in_use, garbage] = classes_[i];
    section.rows.push_back({kSizes[i].name, format_count(in_use.count), text.size(in_use.bytes),
                            format_count(garbage.count), text.size(garbage.bytes)});
    section.bars.push_back(cli::share(in_use.bytes + garbage.bytes, all));
  }
  return section;
}

Section largest_in_use(const Inventory& inventory, const std::vector<KnownSize>& sizes,
                       const std::vector<bool>& live, const Text& text) {
  Section section{.record = "layer",
                  .title = "LARGEST LAYERS IN USE",
                  .note = "and what would free them",
                  .heads = {"DIGEST", "SIZE", "USED BY", "WHAT WOULD FREE IT"},
                  .aligns = {Align::left, Align::right, Align::left, Align::left},
                  .rows = {}};
  const std::vector<DigestId> blobs = largest(inventory, sizes, live, text);
  const std::vector<Holders> holders = holders_of(inventory, blobs);
  for (std::size_t i = 0; i < blobs.size(); ++i)
    section.rows.push_back({text.digest(inventory.digests[blobs[i]]),
                            text.size(*sizes[index_of(blobs[i])]), used_by(holders[i]),
                            what_frees(holders[i], text)});
  return section;
}

}  // namespace regctl::report
