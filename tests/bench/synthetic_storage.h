// A store of any size that no disk holds: repositories of tagged images, made up as they are asked
// for. Layers have names and sizes, and no bytes.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "registry/digest.h"
#include "registry/storage.h"

namespace regctl::bench {

// What there is: every repository has `tags` tags, each of an image of its own with a configuration
// and `layers` layers, `own` of them its own and the rest of all images of the repository. Of every
// `one_deleted`th image the tag and the revision are gone.
struct Shape {
  std::uint32_t repositories = 1, tags = 50, layers = 6, own = 5, one_deleted = 10;

  std::uint64_t images() const { return std::uint64_t{repositories} * tags; }
  std::uint64_t manifests() const { return images() - images() / one_deleted; }
  std::uint64_t blobs() const {
    return images() * (2 + own) + std::uint64_t{repositories} * (layers - own);
  }
  std::uint64_t references() const { return manifests() * (1 + layers); }
};

class SyntheticStorage final : public Storage {
 public:
  explicit SyntheticStorage(const Shape& shape);

  std::optional<Listing> list(std::string_view key) const override;
  std::optional<Stat> stat(std::string_view key) const override;
  std::optional<Content> read(std::string_view key, std::size_t limit) const override;
  std::unique_ptr<Storage> below(std::string_view prefix) const override;

 private:
  // Of all images, with the first bytes of their manifest's digest: ascending.
  using Index = std::vector<std::pair<std::uint64_t, std::uint32_t>>;

  std::string manifest(std::uint32_t image) const;
  Digest digest_of_manifest(std::uint32_t image) const;
  std::optional<std::uint32_t> image_of(const Digest& manifest) const;

  Shape shape_;
  Index manifests_;
};

}  // namespace regctl::bench
