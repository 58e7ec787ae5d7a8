// Laws that hold on every registry: properties over random stores, and over random stores with
// random damage.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <random>

#include "tests/support/looking.h"
#include "tests/support/random_store.h"
#include "tests/support/troubled_storage.h"

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
  for (const DigestId id : findings.inventory.blob_directories) {
    if (findings.mark.live(id)) live += *findings.sizes[index_of(id)];
  }
  RC_ASSERT(shares == live);
}

// A listing of each directory, and one look at each link, manifest and blob: a dry run's, and that
// of a run that changes something.
RC_GTEST_PROP(Laws, NothingIsAskedForTwice, (std::uint32_t seed, bool changes, bool untagged)) {
  const RandomStore store = random_store(seed);
  std::map<std::pair<Verb, std::string>, int> asked;
  const TroubledStorage storage(store.registry.tree.storage(),
                                [&](Verb verb, const std::string& key) {
                                  if (verb != Verb::below) ++asked[{verb, key}];
                                  return Answer::truth;
                                });
  Look look;
  if (changes) look.looking.sizes = Sizes::seen;
  if (untagged) look.delete_untagged();
  look.at(storage);
  RC_ASSERT(!asked.empty());
  for (const auto& [what, times] : asked) {
    if (times > 1) RC_FAIL(std::string(word_for(what.first)) + ' ' + what.second);
  }
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

// What is told of a store by one that reads every layer link. What only the damage of one that
// matters to nothing keeps goes in a look that does not read it (contract P3).
Looked complete(Look look, RegistryBuilder registry) {
  registry.tree.directory(std::string(layout::kQuarantineSign), kNow - 30 * kDay);
  return look.at(registry);
}

// Also of a tag's history, which is read where a repository is in doubt.
bool may_stay_unseen(const Damage& damage) {
  return damage.path.find("/_layers/") != std::string::npos ||
         damage.path.find("/index/") != std::string::npos;
}

// Damage that a look did not see, because it was in the layer links of live blobs.
bool has_seen_less(const Inventory& some, const Inventory& all) {
  for (std::size_t i = 0; i < all.repositories.size(); ++i) {
    const auto &seen = some.repositories[i].damage, &there = all.repositories[i].damage;
    if (!std::ranges::equal(seen, there, {}, &Damage::path, &Damage::path)) return true;
  }
  return some.obstacles != all.obstacles;
}

RC_GTEST_PROP(Laws, ALookThatReadsOnlyWhatMattersPlansAsOneThatReadsAll,
              (std::uint32_t seed, bool untagged, bool empty)) {
  RandomStore store = random_store(seed);
  std::mt19937 random(seed);
  Look look;
  if (untagged) look.delete_untagged();
  look.wishes.margins.prune_empty_repositories = empty;
  for (int i = 0; i < 4; ++i) {
    const Looked some = look.at(store.registry), all = complete(look, store.registry);
    if (!has_seen_less(some.inventory, all.inventory)) {
      RC_ASSERT(some.plan == all.plan);
      RC_ASSERT(some.mark == all.mark);
    } else {
      RC_ASSERT(is_subset(planned(all), planned(some)));
      RC_ASSERT(is_subset(planned(some), untagged ? store.garbage_untagged : store.garbage));
      for (std::size_t k = 0; k < all.inventory.repositories.size(); ++k) {
        for (const Damage& one : all.inventory.repositories[k].damage) {
          const auto& seen = some.inventory.repositories[k].damage;
          const bool is_seen = std::ranges::count(seen, one.path, &Damage::path) > 0;
          if (!is_seen && !may_stay_unseen(one)) RC_FAIL(one.path);
        }
      }
    }
    damage(store.registry, random);
  }
}

RC_GTEST_PROP(Laws, ADigestInAnyLinkOrManifestOfAPinnedRepositoryStays, (std::uint32_t seed)) {
  RandomStore store = random_store(seed);
  store.registry.tree.directory(std::string(layout::kQuarantineSign), kNow - 30 * kDay);
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
