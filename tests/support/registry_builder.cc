#include "tests/support/registry_builder.h"

#include "registry/hasher.h"

namespace regctl::test {

RegistryBuilder& RegistryBuilder::ago(Duration age) {
  time_ = kNow - age;
  return *this;
}

Digest RegistryBuilder::blob_at(const Digest& digest, const std::string& bytes) {
  if (!tree.has(data(digest))) tree.file(data(digest), bytes, time_);
  return digest;
}

Digest RegistryBuilder::blob(const std::string& bytes) { return blob_at(digest_of(bytes), bytes); }

void RegistryBuilder::link_layer(const std::string& repository, const Digest& digest,
                                 std::optional<Digest> target) {
  tree.file(layer_link(repository, digest), target.value_or(digest).text(), time_);
}

void RegistryBuilder::link_revision(const std::string& repository, const Digest& digest) {
  tree.file(revision(repository, digest), digest.text(), time_);
}

void RegistryBuilder::tag(const std::string& repository, const std::string& tag,
                          const Digest& digest) {
  const std::string place = layout::tag(repository, tag);
  tree.file(place + "/index/" + layout::digest_path(digest) + "/link", digest.text(), time_);
  tree.file(place + "/current/link", digest.text(), time_);
}

Digest RegistryBuilder::layer(const std::string& repository, const std::string& bytes) {
  const Digest digest = blob(bytes);
  link_layer(repository, digest);
  return digest;
}

Digest RegistryBuilder::manifest(const std::string& repository, const std::string& json,
                                 const std::string& name) {
  const Digest digest = blob(json);
  link_revision(repository, digest);
  if (!name.empty()) tag(repository, name, digest);
  return digest;
}

Digest RegistryBuilder::image(const std::string& repository, const std::vector<std::string>& layers,
                              const std::string& name, std::optional<Digest> subject,
                              const std::string& config) {
  std::vector<std::pair<Digest, std::uint64_t>> descriptors;
  std::string text = config.empty() ? R"({"os":"linux","layers":")" : config;
  for (const std::string& bytes : layers) {
    descriptors.emplace_back(layer(repository, bytes), bytes.size());
    if (config.empty()) text += digest_of(bytes).hex().substr(0, 8);
  }
  if (config.empty()) text += "\"}";
  return manifest(repository,
                  image_json(layer(repository, text), text.size(), descriptors, subject), name);
}

Digest RegistryBuilder::index(const std::string& repository, const std::vector<Digest>& children,
                              const std::string& name) {
  std::vector<std::uint64_t> sizes;
  for (const Digest& child : children)
    sizes.push_back(tree.has(data(child)) ? tree.bytes(data(child)).size() : 2);
  return manifest(repository, index_json(children, sizes), name);
}

std::string RegistryBuilder::descriptor(const std::string& media_type, const Digest& digest,
                                        std::uint64_t size) {
  return R"({"mediaType":")" + media_type + R"(","digest":")" + digest.text() + R"(","size":)" +
         std::to_string(size) + "}";
}

std::string RegistryBuilder::image_json(const Digest& config, std::uint64_t config_size,
                                        const std::vector<std::pair<Digest, std::uint64_t>>& layers,
                                        std::optional<Digest> subject) {
  std::string json = std::string(R"({"schemaVersion":2,"mediaType":")") + kOciManifest +
                     R"(","config":)" + descriptor(kOciConfig, config, config_size) +
                     R"(,"layers":[)";
  for (std::size_t i = 0; i < layers.size(); ++i)
    json += (i ? "," : "") + descriptor(kOciLayer, layers[i].first, layers[i].second);
  json += "]";
  if (subject) json += R"(,"subject":)" + descriptor(kOciManifest, *subject, 2);
  return json + "}";
}

std::string RegistryBuilder::index_json(const std::vector<Digest>& children,
                                        const std::vector<std::uint64_t>& sizes) {
  std::string json =
      std::string(R"({"schemaVersion":2,"mediaType":")") + kOciIndex + R"(","manifests":[)";
  for (std::size_t i = 0; i < children.size(); ++i)
    json += (i ? "," : "") + descriptor(kOciManifest, children[i], i < sizes.size() ? sizes[i] : 2);
  return json + "]}";
}

void RegistryBuilder::quarantine(const std::string& key, Time taken, const std::string& run) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(taken).time_since_epoch().count();
  tree.rename(key, key + ".regctl-gc." + std::to_string(seconds) + '.' + run);
  tree.directory(std::string(layout::kQuarantineSign), taken);
}

}  // namespace regctl::test
