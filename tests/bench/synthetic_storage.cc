#include "tests/bench/synthetic_storage.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "registry/hasher.h"
#include "registry/layout.h"
#include "tests/support/registry_builder.h"

namespace regctl::bench {
namespace {

const Time kWritten = test::kNow - 30 * test::kDay;
constexpr std::uint64_t kLayerBytes = 10'000'000, kConfigBytes = 2'000;

enum class Kind : std::uint64_t { config, layer, shared };

// The name of what is number `n` of its kind. The first byte is the lowest of `n`, so that what
// stands in a shard can be counted up.
Digest name_of_blob(Kind kind, std::uint64_t n) {
  std::array<std::uint8_t, 32> bytes;
  std::uint64_t state = n * 4 + static_cast<std::uint64_t>(kind);
  for (std::size_t i = 0; i < bytes.size(); i += 8) {  // splitmix64
    std::uint64_t z = (state += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    z ^= z >> 31;
    std::memcpy(&bytes[i], &z, 8);
  }
  bytes[0] = static_cast<std::uint8_t>(n);
  return Digest(Algorithm::sha256, bytes);
}

std::uint64_t first_bytes(const Digest& digest) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < 8; ++i) number = number << 8 | digest.hash()[i];
  return number;
}

Stat stat_of(EntryKind kind, std::uint64_t bytes = 0) {
  return {.kind = kind, .bytes = bytes, .disk_bytes = bytes, .modified = kWritten};
}

Listing directories(const std::vector<std::string>& names) {
  Listing listing{.stat = stat_of(EntryKind::directory)};
  for (const std::string& name : names) listing.entries.push_back({name, EntryKind::directory});
  return listing;
}

Content file(std::string bytes) {
  return {.stat = stat_of(EntryKind::file, bytes.size()), .bytes = std::move(bytes)};
}

std::vector<std::string> parts_of(std::string_view key) {
  std::vector<std::string> parts;
  while (!key.empty()) {
    const auto slash = key.find('/');
    parts.emplace_back(key.substr(0, slash));
    key.remove_prefix(slash == key.npos ? key.size() : slash + 1);
  }
  return parts;
}

std::uint32_t number_of(const std::string& name) {
  return static_cast<std::uint32_t>(std::stoul(name.substr(1)));
}

class View final : public Storage {
 public:
  View(const Storage& whole, std::string prefix) : whole_(whole), prefix_(std::move(prefix)) {}
  std::optional<Listing> list(std::string_view key) const override {
    return whole_.list(layout::join(prefix_, key));
  }
  std::optional<Stat> stat(std::string_view key) const override {
    return whole_.stat(layout::join(prefix_, key));
  }
  std::optional<Content> read(std::string_view key, std::size_t limit) const override {
    return whole_.read(layout::join(prefix_, key), limit);
  }
  std::unique_ptr<Storage> below(std::string_view prefix) const override {
    return whole_.below(layout::join(prefix_, prefix));
  }

 private:
  const Storage& whole_;
  const std::string prefix_;
};

}  // namespace

SyntheticStorage::SyntheticStorage(const Shape& shape) : shape_(shape) {
  manifests_.reserve(shape_.images());
  for (std::uint32_t image = 0; image < shape_.images(); ++image)
    manifests_.emplace_back(first_bytes(digest_of_manifest(image)), image);
  std::sort(manifests_.begin(), manifests_.end());
}

std::string SyntheticStorage::manifest(std::uint32_t image) const {
  std::vector<std::pair<Digest, std::uint64_t>> layers;
  const std::uint32_t repository = image / shape_.tags, shared = shape_.layers - shape_.own;
  for (std::uint32_t i = 0; i < shared; ++i)
    layers.emplace_back(name_of_blob(Kind::shared, std::uint64_t{repository} * shared + i),
                        kLayerBytes);
  for (std::uint32_t i = 0; i < shape_.own; ++i)
    layers.emplace_back(name_of_blob(Kind::layer, std::uint64_t{image} * shape_.own + i),
                        kLayerBytes);
  return test::RegistryBuilder::image_json(name_of_blob(Kind::config, image), kConfigBytes, layers);
}

Digest SyntheticStorage::digest_of_manifest(std::uint32_t image) const {
  return digest_of(manifest(image));
}

std::optional<std::uint32_t> SyntheticStorage::image_of(const Digest& manifest) const {
  const auto at =
      std::lower_bound(manifests_.begin(), manifests_.end(), std::pair(first_bytes(manifest), 0u));
  if (at == manifests_.end() || at->first != first_bytes(manifest)) return std::nullopt;
  return at->second;
}

// repositories/r7/_layers/sha256/HEX/link, .../_manifests/revisions/sha256/HEX/link,
// .../_manifests/tags/t3/current/link, blobs/sha256/XX/HEX/data.
std::optional<Listing> SyntheticStorage::list(std::string_view key) const {
  const std::vector<std::string> parts = parts_of(key);
  if (parts.empty()) return directories({"blobs", "repositories"});
  const std::size_t depth = parts.size();
  std::vector<std::string> names;
  if (parts[0] == "blobs") {
    if (depth == 1) return directories({"sha256"});
    if (depth == 2) {
      for (int i = 0; i < 256; ++i) names.push_back(fmt::format("{:02x}", i));
      return directories(names);
    }
    if (depth == 4) {
      Listing listing{.stat = stat_of(EntryKind::directory)};
      listing.entries.push_back({"data", EntryKind::file});
      return listing;
    }
    const std::uint64_t shard = std::stoul(parts[2], nullptr, 16);
    const std::pair<Kind, std::uint64_t> kinds[] = {
        {Kind::config, shape_.images()},
        {Kind::layer, shape_.images() * shape_.own},
        {Kind::shared, std::uint64_t{shape_.repositories} * (shape_.layers - shape_.own)}};
    for (const auto& [kind, count] : kinds) {
      for (std::uint64_t n = shard; n < count; n += 256)
        names.push_back(name_of_blob(kind, n).hex());
    }
    auto at = std::lower_bound(manifests_.begin(), manifests_.end(), std::pair(shard << 56, 0u));
    for (; at != manifests_.end() && at->first >> 56 == shard; ++at)
      names.push_back(digest_of_manifest(at->second).hex());
    return directories(names);
  }
  if (depth == 1) {
    for (std::uint32_t i = 0; i < shape_.repositories; ++i) names.push_back(fmt::format("r{}", i));
    return directories(names);
  }
  const std::uint32_t first = number_of(parts[1]) * shape_.tags;
  const auto is_deleted = [&](std::uint32_t i) {
    return i % shape_.one_deleted == shape_.one_deleted - 1;
  };
  if (depth == 2) return directories({"_layers", "_manifests"});
  if (depth == 3 && parts[2] == "_layers") return directories({"sha256"});
  if (depth == 3) return directories({"revisions", "tags"});
  if (parts[2] == "_layers" && depth == 4) {
    const std::uint32_t shared = shape_.layers - shape_.own;
    for (std::uint32_t i = 0; i < shared; ++i)
      names.push_back(
          name_of_blob(Kind::shared, std::uint64_t{number_of(parts[1])} * shared + i).hex());
    for (std::uint32_t image = first; image < first + shape_.tags; ++image) {
      names.push_back(name_of_blob(Kind::config, image).hex());
      for (std::uint32_t i = 0; i < shape_.own; ++i)
        names.push_back(name_of_blob(Kind::layer, std::uint64_t{image} * shape_.own + i).hex());
    }
    return directories(names);
  }
  if (depth == 4 && parts[3] == "revisions") return directories({"sha256"});
  if ((depth == 4 && parts[3] == "tags") || (depth == 5 && parts[3] == "revisions")) {
    for (std::uint32_t image = first; image < first + shape_.tags; ++image) {
      if (is_deleted(image)) continue;
      names.push_back(depth == 4 ? fmt::format("t{}", image - first)
                                 : digest_of_manifest(image).hex());
    }
    return directories(names);
  }
  return std::nullopt;
}

std::optional<Stat> SyntheticStorage::stat(std::string_view key) const {
  const std::vector<std::string> parts = parts_of(key);
  if (parts.size() < 5) return stat_of(EntryKind::directory);
  if (parts[0] == "blobs") return stat_of(EntryKind::file, kLayerBytes);
  const auto content = read(key, layout::kLongestLink);
  return content ? std::optional(content->stat) : std::nullopt;
}

std::optional<Content> SyntheticStorage::read(std::string_view key, std::size_t) const {
  const std::vector<std::string> parts = parts_of(key);
  if (parts[0] == "blobs") {
    const auto digest = Digest::from_hex(Algorithm::sha256, parts[3]);
    const auto image = digest ? image_of(*digest) : std::nullopt;
    return image ? std::optional(file(manifest(*image))) : std::nullopt;
  }
  if (parts.back() != "link") return std::nullopt;
  if (parts[3] != "tags") return file("sha256:" + parts[parts.size() - 2]);
  const std::uint32_t image = number_of(parts[1]) * shape_.tags + number_of(parts[4]);
  return file(digest_of_manifest(image).text());
}

std::unique_ptr<Storage> SyntheticStorage::below(std::string_view prefix) const {
  return std::make_unique<View>(*this, std::string(prefix));
}

}  // namespace regctl::bench
