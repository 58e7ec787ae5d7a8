#include "registry/page_cache.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>

namespace regctl {
namespace {

constexpr std::uint64_t kStep = std::uint64_t{8} << 20;    // read before it is dropped
constexpr std::uint64_t kWindow = std::uint64_t{1} << 30;  // asked about at once

// Whether each page of [begin, begin + bytes) is cached. Empty: the kernel does not tell.
std::vector<unsigned char> residents(int file, std::uint64_t begin, std::uint64_t bytes,
                                     std::uint64_t page) {
  void* const map = mmap(nullptr, bytes, PROT_READ, MAP_SHARED, file, static_cast<off_t>(begin));
  if (map == MAP_FAILED) return {};
  std::vector<unsigned char> pages((bytes + page - 1) / page);
  if (mincore(map, bytes, pages.data()) != 0) pages.clear();
  munmap(map, bytes);
  return pages;
}

}  // namespace

PageCache::PageCache(int file, std::uint64_t bytes) : file_(file), bytes_(bytes) {
  const auto page = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  for (std::uint64_t begin = 0; begin < bytes; begin += kWindow) {
    const auto pages = residents(file, begin, std::min(kWindow, bytes - begin), page);
    for (std::size_t i = 0; i < pages.size(); ++i) {
      if (pages[i] & 1) continue;
      const std::uint64_t at = begin + i * page;
      if (!absent_.empty() && absent_.back().second == at)
        absent_.back().second += page;
      else
        absent_.emplace_back(at, at + page);
    }
  }
}

PageCache::~PageCache() { drop_to(bytes_); }

void PageCache::was_read_to(std::uint64_t offset) {
  if (offset - dropped_to_ >= kStep) drop_to(offset);
}

// From where a range begins, however often: the kernel drops only such blocks of pages as lie
// wholly in what it is told.
void PageCache::drop_to(std::uint64_t offset) {
  for (; next_ < absent_.size() && absent_[next_].first < offset; ++next_) {
    const auto [begin, end] = absent_[next_];
    const std::uint64_t until = offset == bytes_ ? end : std::min(end, offset);
    posix_fadvise(file_, static_cast<off_t>(begin), static_cast<off_t>(until - begin),
                  POSIX_FADV_DONTNEED);
    if (until < end) break;
  }
  dropped_to_ = offset;
}

}  // namespace regctl
