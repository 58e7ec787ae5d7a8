#include "audit/images.h"

#include <algorithm>

#include "registry/layout.h"

namespace regctl::audit {
namespace {

// A registry accepts no larger manifest; configurations are of that kind.
constexpr std::size_t kLargest = std::size_t{4} << 20;

}  // namespace

std::string Images::bytes_of(DigestId id) const {
  try {
    auto content =
        storage_.read(layout::join(layout::blob(inventory_.digests[id]), layout::kData), kLargest);
    return content && content->whole ? std::move(content->bytes) : "";
  } catch (const StorageError&) {
    return "";
  }
}

const std::vector<IndexEntry>& Images::entries_of(DigestId index) {
  const auto [at, is_new] = entries_.try_emplace(index);
  if (is_new) {
    if (auto entries = parse_index(bytes_of(index))) at->second = std::move(*entries);
  }
  return at->second;
}

std::optional<ImageConfig> Images::config_of(DigestId manifest) {
  const Document* document = inventory_.document(manifest);
  if (!document || document->state != Document::State::sound) return std::nullopt;
  for (const Reference& reference : document->references) {
    if (reference.role != Role::config) continue;
    if (auto config = parse_image_config(bytes_of(reference.to))) return std::move(*config);
  }
  return std::nullopt;
}

Platform Images::platform_of(DigestId manifest, std::optional<DigestId> named_by) {
  if (named_by) {
    const Digest& digest = inventory_.digests[manifest];
    for (const IndexEntry& entry : entries_of(*named_by)) {
      if (entry.digest == digest && entry.platform != Platform()) return entry.platform;
    }
  }
  const auto config = config_of(manifest);
  return config ? config->platform : Platform();
}

void name_platforms(std::vector<Finding>& findings, const Inventory& inventory,
                    const Storage& storage) {
  Images images(inventory, storage);
  std::map<std::pair<Digest, std::optional<Digest>>, std::string> known;
  const auto id_of = [&](const std::optional<Digest>& digest) {
    return digest ? inventory.digests.find(*digest) : std::nullopt;
  };
  for (Finding& finding : findings) {
    for (UsedBy& user : finding.used_by) {
      if (!user.manifest) continue;
      const auto [at, is_new] = known.try_emplace({*user.manifest, user.named_by});
      const auto manifest = id_of(user.manifest);
      if (is_new && manifest)
        at->second = images.platform_of(*manifest, id_of(user.named_by)).text();
      user.platform = at->second;
    }
  }
}

}  // namespace regctl::audit
