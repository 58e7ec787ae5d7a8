// Tells a registry as a story: an image with layers, a tag, some damage; told into a Tree, as
// distribution would have written it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "registry/digest.h"
#include "registry/layout.h"
#include "tests/support/tree.h"

namespace regctl::test {

// 2026-06-01T00:00:00Z: the time at which tests look at a registry.
inline const Time kNow = Time(std::chrono::seconds(1'780'272'000));
inline constexpr Duration kSecond = std::chrono::seconds(1);
inline constexpr Duration kHour = std::chrono::hours(1);
inline constexpr Duration kDay = 24 * kHour;
// When an earlier run took what is in quarantine: every hold is over by kNow.
inline const Time kTaken = kNow - 10 * kDay;

inline constexpr char kOciManifest[] = "application/vnd.oci.image.manifest.v1+json";
inline constexpr char kOciIndex[] = "application/vnd.oci.image.index.v1+json";
inline constexpr char kOciLayer[] = "application/vnd.oci.image.layer.v1.tar+gzip";
inline constexpr char kOciConfig[] = "application/vnd.oci.image.config.v1+json";

class RegistryBuilder {
 public:
  Tree tree;  // relative to docker/registry/v2

  // What is told from here on happened that long before kNow; 30 days unless said otherwise.
  RegistryBuilder& ago(Duration age);
  Time time() const { return time_; }

  // Bytes below blobs/, without any link.
  Digest blob(const std::string& bytes);
  Digest blob_at(const Digest& digest, const std::string& bytes);  // whatever the bytes hash to

  void link_layer(const std::string& repository, const Digest& digest,
                  std::optional<Digest> target = {});
  void link_revision(const std::string& repository, const Digest& digest);
  void tag(const std::string& repository, const std::string& tag,
           const Digest& digest);                                         // with its history
  Digest layer(const std::string& repository, const std::string& bytes);  // blob and link
  // A manifest's bytes as blob and revision, with a tag unless that is empty.
  Digest manifest(const std::string& repository, const std::string& json,
                  const std::string& tag = "");

  // An OCI image whose layers hold these bytes, and whose configuration is told from `config`
  // (default: the layers).
  Digest image(const std::string& repository, const std::vector<std::string>& layers,
               const std::string& tag = "", std::optional<Digest> subject = {},
               const std::string& config = "");
  Digest index(const std::string& repository, const std::vector<Digest>& children,
               const std::string& tag = "");

  // The JSON texts of the above, without storing anything.
  static std::string descriptor(const std::string& media_type, const Digest& digest,
                                std::uint64_t size);
  static std::string image_json(const Digest& config, std::uint64_t config_size,
                                const std::vector<std::pair<Digest, std::uint64_t>>& layers,
                                std::optional<Digest> subject = {});
  // `sizes` are the children's; where there are fewer, they are said to have 2 bytes.
  static std::string index_json(const std::vector<Digest>& children,
                                const std::vector<std::uint64_t>& sizes = {});

  // Keys of what has been told.
  static std::string data(const Digest& digest) { return layout::blob(digest) + "/data"; }
  static std::string revision(const std::string& repository, const Digest& digest) {
    return layout::revision_link(repository, digest);
  }
  static std::string layer_link(const std::string& repository, const Digest& digest) {
    return layout::layer_link(repository, digest);
  }

  // Renames `key`, a data or link, as a run of regctl-gc would have at `taken`, and puts up its
  // sign.
  void quarantine(const std::string& key, Time taken, const std::string& run = "0123456789abcdef");

 private:
  Time time_ = kNow - 30 * kDay;
};

}  // namespace regctl::test
