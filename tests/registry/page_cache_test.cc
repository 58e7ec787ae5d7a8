// Reading a file through leaves the kernel's cache of it as it was.
#include "registry/page_cache.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "registry/beneath.h"
#include "tests/support/store_at.h"
#include "tests/support/temporary_directory.h"

namespace regctl {
namespace {

using namespace test;
using beneath::Descriptor;

constexpr std::size_t kPage = 4096, kPages = 4096;  // 16 MiB: more than is dropped at once

class PageCacheTest : public testing::Test {
 protected:
  PageCacheTest() {
    std::ofstream(path_, std::ios::binary) << std::string(kPages * kPage, 'x');
    file_ = Descriptor(open(path_.c_str(), O_RDONLY));
    fsync(file_.get());  // only what is clean can be dropped
    posix_fadvise(file_.get(), 0, 0, POSIX_FADV_RANDOM);
    posix_fadvise(file_.get(), 0, 0, POSIX_FADV_DONTNEED);
  }
  void SetUp() override {
    if (cached() != std::vector<bool>(kPages))
      GTEST_SKIP() << "files here never leave the cache (tmpfs?)";
  }

  std::vector<bool> cached() const {
    void* const map = mmap(nullptr, kPages * kPage, PROT_READ, MAP_SHARED, file_.get(), 0);
    std::vector<unsigned char> pages(kPages);
    EXPECT_EQ(mincore(map, kPages * kPage, pages.data()), 0);
    munmap(map, kPages * kPage);
    std::vector<bool> are(kPages);
    for (std::size_t i = 0; i < kPages; ++i) are[i] = pages[i] & 1;
    return are;
  }
  void touch(std::size_t first, std::size_t count) const {
    std::string bytes(kPage, '\0');
    for (std::size_t i = first; i < first + count; ++i)
      ASSERT_EQ(pread(file_.get(), bytes.data(), kPage, static_cast<off_t>(i * kPage)),
                static_cast<ssize_t>(kPage));
  }
  // As a verification does.
  std::size_t read(std::size_t most = ~std::size_t{0}) const {
    const auto storage = storage_at(work_.path());
    const auto reader = storage->open("file");
    std::size_t bytes = 0;
    while (bytes < most) {
      const std::string_view some = reader->next(100'000);
      if (some.empty()) break;
      bytes += some.size();
    }
    return bytes;
  }

  TemporaryDirectory work_;
  const std::filesystem::path path_ = work_.path() / "file";
  Descriptor file_;
};

TEST_F(PageCacheTest, WhatWasNotCachedIsNot) {
  EXPECT_EQ(read(), kPages * kPage);
  EXPECT_EQ(cached(), std::vector<bool>(kPages));
}

TEST_F(PageCacheTest, WhatWasCachedStays) {
  touch(0, kPages);
  const auto before = cached();
  ASSERT_EQ(before, std::vector<bool>(kPages, true));
  EXPECT_EQ(read(), kPages * kPage);
  EXPECT_EQ(cached(), before);
}

TEST_F(PageCacheTest, OfAPartThatPart) {
  touch(100, 50);
  touch(3000, 3);
  const auto before = cached();
  EXPECT_EQ(read(), kPages * kPage);
  EXPECT_EQ(cached(), before);
}

// What was read ahead goes too.
TEST_F(PageCacheTest, AlsoWhereReadingEndsEarly) {
  touch(10, 10);
  const auto before = cached();
  read(1'000'000);
  EXPECT_EQ(cached(), before);
}

}  // namespace
}  // namespace regctl
