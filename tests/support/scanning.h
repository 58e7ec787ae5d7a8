// scan() as tests call it, and storages that make its life hard.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

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
  std::vector<DigestId> all;
  for (const Blob& blob : inventory.blobs) all.push_back(blob.digest);
  return survey(storage, std::move(inventory), all, Workers(workers), progress);
}

// Another storage, with a word to say on each call; `before` may throw, and true hides what is
// asked for.
class Meddled final : public Storage {
 public:
  using Before = std::function<bool(std::string_view verb, const std::string& key)>;
  using After = std::function<void(Listing& listing)>;

  Meddled(const Storage& inner, Before before, After after = {}, std::string prefix = {})
      : inner_(inner),
        before_(std::move(before)),
        after_(std::move(after)),
        prefix_(std::move(prefix)) {}

  std::optional<Listing> list(std::string_view key) const override {
    if (hidden("list", key)) return std::nullopt;
    auto listing = inner_.list(full(key));
    if (listing && after_) after_(*listing);
    return listing;
  }
  std::optional<Stat> stat(std::string_view key) const override {
    return hidden("stat", key) ? std::nullopt : inner_.stat(full(key));
  }
  std::optional<Content> read(std::string_view key, std::size_t limit) const override {
    return hidden("read", key) ? std::nullopt : inner_.read(full(key), limit);
  }
  std::unique_ptr<Reader> open(std::string_view key) const override {
    return hidden("open", key) ? nullptr : inner_.open(full(key));
  }
  std::unique_ptr<Storage> below(std::string_view prefix) const override {
    const std::string where = full(prefix);
    if (!hidden("below", prefix)) return std::make_unique<Meddled>(inner_, before_, after_, where);
    return std::make_unique<Meddled>(
        inner_, [](auto, const auto&) { return true; }, after_, where);
  }

 private:
  std::string full(std::string_view key) const {
    return prefix_.empty() || key.empty() ? prefix_ + std::string(key)
                                          : prefix_ + '/' + std::string(key);
  }
  bool hidden(std::string_view verb, std::string_view key) const {
    return before_ && before_(verb, full(key));
  }

  const Storage& inner_;
  Before before_;
  After after_;
  std::string prefix_;
};

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
