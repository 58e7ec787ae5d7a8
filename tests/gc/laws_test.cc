// Laws that hold on every registry: properties over random stores, and over random stores with
// random damage.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <random>

#include "tests/support/looking.h"
#include "tests/support/random_store.h"

namespace regctl::gc {
namespace {

using namespace test;

bool is_subset(const Digests& part, const Digests& whole) {
  return std::includes(whole.begin(), whole.end(), part.begin(), part.end());
}

RC_GTEST_PROP(Laws, WhatIsPlannedIsExactlyTheGarbage, (std::uint32_t seed)) {
  const RandomStore store = random_store(seed);
  const Looked findings = Look().at(store.registry);
  RC_ASSERT(planned(findings) == store.garbage);
  RC_ASSERT(findings.plan.manifests.empty());
  RC_ASSERT(findings.plan.warnings.empty());
}

RC_GTEST_PROP(Laws, WithDeleteUntaggedToo, (std::uint32_t seed)) {
  const RandomStore store = random_store(seed);
  const Looked findings = Look().delete_untagged().at(store.registry);
  RC_ASSERT(planned(findings) == store.garbage_untagged);
  RC_ASSERT(planned_manifests(findings) == store.untagged);
}

RC_GTEST_PROP(Laws, ThreadsChangeNothing, (std::uint32_t seed)) {
  const RandomStore store = random_store(seed);
  Look one, many;
  many.jobs = 8;
  const Looked a = one.delete_untagged().at(store.registry),
               b = many.delete_untagged().at(store.registry);
  RC_ASSERT(a.inventory == b.inventory);
  RC_ASSERT(a.mark == b.mark);
  RC_ASSERT(a.plan == b.plan);
}

RC_GTEST_PROP(Laws, UsageAddsUp, (std::uint32_t seed)) {
  const RandomStore store = random_store(seed);
  const Looked findings = Look().at(store.registry);
  std::uint64_t shares = 0, live = 0;
  for (const Usage& usage : findings.usage.repositories) shares += usage.fair_share;
  for (const Blob& blob : findings.inventory.blobs) {
    if (findings.mark.live(blob.digest)) live += *findings.sizes[index_of(blob.digest)];
  }
  RC_ASSERT(shares == live);
}

// One thing broken at random below repositories/, or one manifest's bytes.
void damage(RegistryBuilder& registry, std::mt19937& random) {
  std::vector<std::string> files;
  for (const auto& [path, node] : registry.tree.nodes()) {
    const bool link = path.starts_with("repositories/") && node.kind == EntryKind::file;
    if (link || (path.starts_with("blobs/") && node.kind == EntryKind::file &&
                 node.bytes.starts_with("{\"schemaVersion")))
      files.push_back(path);
  }
  const std::string path = files[random() % files.size()];
  const bool is_blob = path.starts_with("blobs/");
  std::string& bytes = registry.tree.bytes(path);
  switch (random() % 6) {
    case 0:
      bytes.clear();
      break;
    case 1:
      bytes = bytes.substr(0, bytes.size() / 2);
      break;
    case 2:
      if (!bytes.empty()) bytes[random() % bytes.size()] ^= 1;
      break;
    case 3:
      bytes += '\n';
      break;
    case 4:
      registry.tree.remove(path);
      if (!is_blob) registry.tree.directory(path, kNow - 30 * kDay);
      break;
    case 5:
      bytes = std::string(5000, 'x');
      break;
  }
}

RC_GTEST_PROP(Laws, P3DamageNeverMakesAnythingElseCollectable,
              (std::uint32_t seed, bool untagged)) {
  RandomStore store = random_store(seed);
  const Digests& garbage = untagged ? store.garbage_untagged : store.garbage;
  std::mt19937 random(seed);
  for (int i = 0; i < 3; ++i) {
    damage(store.registry, random);
    Look look;
    if (untagged) look.delete_untagged();
    const Looked findings = look.at(store.registry);
    RC_ASSERT(is_subset(planned(findings), garbage));
  }
}

RC_GTEST_PROP(Laws, ADigestInAnyLinkOrManifestOfAPinnedRepositoryStays, (std::uint32_t seed)) {
  RandomStore store = random_store(seed);
  std::mt19937 random(seed);
  damage(store.registry, random);
  const Looked findings = Look().at(store.registry);
  const Digests gone = planned(findings);
  for (std::size_t i = 0; i < findings.inventory.repositories.size(); ++i) {
    if (!findings.mark.repositories[i].pinned) continue;
    for (const Link& link : findings.inventory.repositories[i].layers) {
      RC_ASSERT(!gone.contains(findings.inventory.digests[link.name]));
      RC_ASSERT(!gone.contains(findings.inventory.digests[link.target]));
    }
  }
}

}  // namespace
}  // namespace regctl::gc
