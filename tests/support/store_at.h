// A directory opened as a store, whatever it holds.
#pragma once

#include <filesystem>

#include "registry/filesystem_storage.h"
#include "registry/store.h"

namespace regctl::test {

// `path` has no links in it; `mounts` are places below it.
inline Store store_at(const std::filesystem::path& path,
                      beneath::Resolution resolution = beneath::Resolution::best,
                      std::vector<std::string> mounts = {}) {
  StoreFacts facts{.v2 = path.string(), .medium = {.name = "ext4"}};
  for (std::string& mount : mounts) facts.medium.mounts.push_back({std::move(mount), "ext4"});
  return Store(std::move(facts), resolution);
}

inline std::unique_ptr<Storage> storage_at(
    const std::filesystem::path& path, beneath::Resolution resolution = beneath::Resolution::best) {
  return make_filesystem_storage(store_at(path, resolution).tree());
}

}  // namespace regctl::test
