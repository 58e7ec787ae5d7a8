// The kernel's cache of a file, left as it was found: what was cached before a file is read through
// stays, what was not goes again. A registry that serves from this machine keeps its working set,
// however much is read beside it.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace regctl {

// Of an open file of `bytes`, before anything of it is read. Where the kernel does not tell what is
// cached (to those who may not write the file it says that everything is), nothing is dropped.
class PageCache {
 public:
  PageCache(int file, std::uint64_t bytes);
  // Drops what was read, and read ahead, meanwhile.
  ~PageCache();
  PageCache(const PageCache&) = delete;
  PageCache& operator=(const PageCache&) = delete;

  // Everything before `offset` was read: drops it, now and then.
  void was_read_to(std::uint64_t offset);

 private:
  void drop_to(std::uint64_t offset);

  const int file_;
  const std::uint64_t bytes_;
  // Ranges that were not cached, ascending; the first `next_` of them have been dropped.
  std::vector<std::pair<std::uint64_t, std::uint64_t>> absent_;
  std::size_t next_ = 0;
  std::uint64_t dropped_to_ = 0;
};

}  // namespace regctl
