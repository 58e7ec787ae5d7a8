// look() as the tests of gc call it: at a told registry, at kNow, without waiting and without a
// disk.
#pragma once

#include <gtest/gtest.h>

#include <set>

#include "gc/look.h"
#include "registry/hasher.h"
#include "tests/support/printing.h"
#include "tests/support/registry_builder.h"

namespace regctl::test {

struct Look {
  gc::Wishes wishes;
  gc::Looking looking;
  StoreFacts store;
  unsigned jobs = 1;

  Look() {
    looking.now = kNow;
    looking.settle = std::chrono::milliseconds(0);
    wishes.margins.max_delete = {gc::MaxDelete::Unit::percent, 100};
    wishes.margins.max_damage = 100;
    store.path = "/store";
    store.v2 = "/store/docker/registry/v2";
    store.medium.name = "ext4";
  }
  Look& delete_untagged() {
    wishes.policy.delete_untagged = true;
    return *this;
  }
  Look& keep_younger_than(Duration limit) {
    wishes.policy.keep_younger_than = limit;
    return *this;
  }
  Look& offline() {
    wishes.mode = gc::Mode::offline;
    wishes.margins.hold = Duration(0);
    return *this;
  }

  gc::Looked at(const Storage& storage) const {
    NullProgress progress;
    return gc::look(storage, store, wishes, looking, Workers(jobs), progress);
  }
  gc::Looked at(const RegistryBuilder& registry) const { return at(*registry.tree.storage()); }
};

using Codes = std::set<std::string>;
using Digests = std::set<Digest>;
using Manifests = std::set<std::pair<std::string, Digest>>;  // with their repositories

inline Digests planned(const gc::Looked& findings) {
  Digests digests;
  for (const auto& blob : findings.plan.blobs) digests.insert(blob.digest);
  return digests;
}

inline Manifests planned_manifests(const gc::Looked& findings) {
  Manifests manifests;
  for (const auto& removal : findings.plan.manifests)
    manifests.emplace(removal.repository, removal.digest);
  return manifests;
}

// Their ids.
inline Codes codes(const std::vector<report::Message>& messages) {
  Codes found;
  for (const auto& message : messages) found.emplace(report::info_of(message.code).id);
  return found;
}

}  // namespace regctl::test
