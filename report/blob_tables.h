// Tables of blobs: by age, by size, and the largest that are in use, with what would free them.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "registry/inventory.h"
#include "registry/time.h"
#include "report/text.h"

namespace regctl::report {

struct BlobCount {
  std::uint64_t count = 0, bytes = 0;

  void add(std::uint64_t more) {
    ++count;
    bytes += more;
  }
};

// How long ago garbage was written.
class Ages {
 public:
  explicit Ages(Time now) : now_(now) {}

  void add(std::uint64_t bytes, Time written_at);
  // Without rows where nothing was added.
  Section table(const Text& text) const;

 private:
  const Time now_;
  std::array<BlobCount, 5> classes_;
};

// How large blobs are.
class Sizes {
 public:
  void add(std::uint64_t bytes, bool is_garbage);
  Section table(const Text& text) const;

 private:
  struct Class {
    BlobCount in_use, garbage;
  };
  std::array<Class, 7> classes_;
};

// As many of the largest blobs in use as `text` shows, manifests apart. `live` is by DigestId;
// sizes are as known_sizes() gives them.
Section largest_in_use(const Inventory& inventory, const std::vector<KnownSize>& sizes,
                       const std::vector<bool>& live, const Text& text);

}  // namespace regctl::report
