#include "audit/images.h"

#include <mutex>
#include <utility>

#include "registry/layout.h"
#include "registry/manifest.h"

namespace regctl::audit {
namespace {

// Empty: they cannot be read, or are more than clients take, of configurations too.
std::string bytes_of(DigestId id, const Inventory& inventory, const Storage& storage) {
  const std::string key = layout::blob_data(inventory.digests[id]);
  try {
    auto content = storage.read(key, kLargestServedManifest);
    return content && content->whole ? std::move(content->bytes) : "";
  } catch (const StorageError&) {
    return "";
  }
}

std::string platform_of(const Digest& manifest, const Description* own, const Description* index) {
  if (index) {
    for (const IndexEntry& entry : index->platforms) {
      if (entry.digest == manifest && entry.platform != Platform()) return entry.platform.text();
    }
  }
  return own && own->config ? own->config->platform.text() : "";
}

}  // namespace

Description description_of(DigestId manifest, const Inventory& inventory, const Storage& storage) {
  Description description;
  const Document* document = inventory.document(manifest);
  if (!document || document->state != Document::State::sound) return description;
  const std::string bytes = bytes_of(manifest, inventory, storage);
  if (document->kind == ManifestKind::index) {
    if (auto entries = parse_index(bytes)) description.platforms = *entries;
  }
  const auto parsed = parse_manifest(bytes);
  if (!parsed) return description;
  for (const Descriptor& descriptor : parsed->descriptors) {
    if (descriptor.role == Role::layer || descriptor.role == Role::blob)
      description.layers.push_back(descriptor);
    if (descriptor.role != Role::config) continue;
    const auto id = inventory.digests.find(descriptor.digest);
    if (!id) continue;
    if (auto config = parse_image_config(bytes_of(*id, inventory, storage)))
      description.config = *config;
  }
  return description;
}

void describe_each(const std::vector<DigestId>& manifests, const Inventory& inventory,
                   const Storage& storage, const Workers& workers,
                   const std::function<void(std::size_t place, Description description)>& visit) {
  constexpr std::uint64_t kLarge = std::uint64_t{64} << 10;
  std::mutex large, visiting;
  workers.for_each_index(manifests.size(), [&](std::size_t place) {
    const Document* document = inventory.document(manifests[place]);
    std::unique_lock one_at_a_time(large, std::defer_lock);
    if (document && document->bytes > kLarge) one_at_a_time.lock();
    Description description = description_of(manifests[place], inventory, storage);
    const std::lock_guard lock(visiting);
    visit(place, std::move(description));
  });
}

std::map<DigestId, Description> descriptions_of(std::vector<DigestId> manifests,
                                                const Inventory& inventory, const Storage& storage,
                                                const Workers& workers) {
  sort_unique(manifests);
  std::map<DigestId, Description> all;
  describe_each(manifests, inventory, storage, workers,
                [&](std::size_t place, Description description) {
                  Description brief{.layers = {}, .platforms = std::move(description.platforms)};
                  if (description.config)
                    brief.config = {.created = std::move(description.config->created),
                                    .platform = std::move(description.config->platform)};
                  all.emplace(manifests[place], std::move(brief));
                });
  return all;
}

void name_platforms(std::vector<Finding>& findings, const Inventory& inventory,
                    const Storage& storage, const Workers& workers) {
  std::vector<DigestId> manifests;
  const auto want = [&](const std::optional<Digest>& digest) {
    const auto id = digest ? inventory.digests.find(*digest) : std::nullopt;
    if (id) manifests.push_back(*id);
  };
  for (const Finding& finding : findings) {
    for (const UsedBy& user : finding.used_by) {
      want(user.manifest);
      want(user.named_by);
    }
  }
  const auto all = descriptions_of(std::move(manifests), inventory, storage, workers);
  const auto description = [&](const std::optional<Digest>& digest) -> const Description* {
    const auto id = digest ? inventory.digests.find(*digest) : std::nullopt;
    return id ? &all.at(*id) : nullptr;
  };
  for (Finding& finding : findings) {
    for (UsedBy& user : finding.used_by) {
      if (user.manifest)
        user.platform =
            platform_of(*user.manifest, description(user.manifest), description(user.named_by));
    }
  }
}

}  // namespace regctl::audit
