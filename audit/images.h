// Images: what manifests and configurations say for people, read from the storage when it is asked
// for. What cannot be read, or is not what it should be, says nothing.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "audit/finding.h"
#include "registry/image.h"
#include "registry/inventory.h"
#include "registry/manifest.h"
#include "registry/parallel.h"
#include "registry/storage.h"

namespace regctl::audit {

// A manifest that was opened, and what it and its configuration say.
struct Description {
  std::vector<Descriptor> layers;     // lowest first; of an index those it names itself
  std::vector<IndexEntry> platforms;  // of an index
  std::optional<ImageConfig> config;  // empty: there is none, or it is no image's
};

Description description_of(DigestId manifest, const Inventory& inventory, const Storage& storage);

// Calls visit(place, description) for each of `manifests`, by one thread at a time. Of large ones
// no two are in memory at once.
void describe_each(const std::vector<DigestId>& manifests, const Inventory& inventory,
                   const Storage& storage, const Workers& workers,
                   const std::function<void(std::size_t place, Description description)>& visit);

// Of several at once, each once; without their layers and histories, which are long.
std::map<DigestId, Description> descriptions_of(std::vector<DigestId> manifests,
                                                const Inventory& inventory, const Storage& storage,
                                                const Workers& workers);

// Says for which platforms the images are that `findings` break.
void name_platforms(std::vector<Finding>& findings, const Inventory& inventory,
                    const Storage& storage, const Workers& workers);

}  // namespace regctl::audit
