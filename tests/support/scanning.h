// scan() as tests call it, and what it found in their words.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>

#include "registry/scan.h"
#include "tests/support/printing.h"
#include "tests/support/registry_builder.h"

namespace regctl::test {

inline Inventory scanned(const Storage& storage, unsigned workers = 1,
                         Detail detail = Detail::where_needed) {
  NullProgress progress;
  return scan(storage, {.settle = std::chrono::milliseconds(0), .detail = detail}, Workers(workers),
              progress);
}

inline Inventory scanned(const RegistryBuilder& registry) {
  return scanned(*registry.tree.storage());
}

// Every blob visited.
inline Inventory surveyed(const Storage& storage, Inventory inventory, unsigned workers = 1) {
  NullProgress progress;
  const std::vector<DigestId> all = inventory.blob_directories;
  return survey(storage, std::move(inventory), all, Workers(workers), progress);
}

// Ids of reports, and paths.
using Places = std::vector<std::pair<std::string, std::string>>;

inline std::string id_of(TroubleClass trouble) {
  switch (trouble) {
    case TroubleClass::unread:
      return "read-error";
    case TroubleClass::symlink:
      return "symlink-in-tree";
    case TroubleClass::not_a_directory:
      return "not-a-directory";
    case TroubleClass::unknown_directory:
      return "unknown-directory";
    case TroubleClass::unstable:
      return "unstable-directory";
  }
  return "";
}

inline std::string id_of(DamageClass damage) {
  switch (damage) {
    case DamageClass::manifest_missing:
      return "manifest-missing";
    case DamageClass::manifest_mismatched:
      return "manifest-digest-mismatch";
    case DamageClass::manifest_unparsable:
      return "manifest-unparsable";
    case DamageClass::link_empty:
      return "link-empty";
    case DamageClass::link_to_another:
      return "link-name-mismatch";
    case DamageClass::link_invalid:
      return "link-invalid";
  }
  return "";
}

inline Places obstacles(const Inventory& inventory) {
  Places places;
  for (const Obstacle& obstacle : inventory.obstacles)
    places.emplace_back(id_of(class_of(obstacle.trouble)), obstacle.path);
  return places;
}

inline Places damage(const Inventory& inventory) {
  Places places;
  const auto add = [&](const Damage& one) {
    places.emplace_back(id_of(class_of(one.kind)), one.path);
  };
  for (const Repository& repository : inventory.repositories) {
    for (const Damage& one : repository.damage) add(one);
  }
  for (const Document& document : inventory.documents) {
    for (const Damage& one : document.damage) add(one);
  }
  std::sort(places.begin(), places.end());
  return places;
}

inline const Repository& repository(const Inventory& inventory, const std::string& name) {
  for (const Repository& repository : inventory.repositories) {
    if (repository.name == name) return repository;
  }
  throw std::out_of_range("no repository " + name);
}

}  // namespace regctl::test
