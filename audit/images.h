// Images: what manifests and configurations say for people, read from the storage when it is asked
// for. What cannot be read, or is not what it should be, says nothing.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "audit/finding.h"
#include "registry/image.h"
#include "registry/inventory.h"
#include "registry/storage.h"

namespace regctl::audit {

// One thread at a time; remembers indexes it has read.
class Images {
 public:
  // Both must outlive it.
  Images(const Inventory& inventory, const Storage& storage)
      : inventory_(inventory), storage_(storage) {}

  // Empty: there is none, or it is no image's.
  std::optional<ImageConfig> config_of(DigestId manifest);
  // Of a manifest, as the index says that names it, or else its own configuration.
  Platform platform_of(DigestId manifest, std::optional<DigestId> named_by);

 private:
  const std::vector<IndexEntry>& entries_of(DigestId index);
  std::string bytes_of(DigestId id) const;  // empty: they cannot be read

  const Inventory& inventory_;
  const Storage& storage_;
  std::map<DigestId, std::vector<IndexEntry>> entries_;
};

// Says for which platforms the images are that `findings` break.
void name_platforms(std::vector<Finding>& findings, const Inventory& inventory,
                    const Storage& storage);

}  // namespace regctl::audit
