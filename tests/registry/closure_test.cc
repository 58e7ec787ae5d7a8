#include "registry/closure.h"

#include <gtest/gtest.h>

#include <set>

#include "registry/hasher.h"
#include "tests/support/scanning.h"

namespace regctl {
namespace {

using namespace test;

DigestId id(const Inventory& inventory, const Digest& digest) {
  return *inventory.digests.find(digest);
}

std::multiset<Digest> reached(const Inventory& inventory, Closure& closure, const Digest& root) {
  std::multiset<Digest> digests;
  closure.from(id(inventory, root),
               [&](DigestId found) { digests.insert(inventory.digests[found]); });
  return digests;
}

using Digests = std::multiset<Digest>;

TEST(Closure, ReachesEverythingToAnyDepthOnce) {
  RegistryBuilder registry;
  const Digest image = registry.image("app", {"one", "two"}, "", {}, "{}"),
               other = registry.image("app", {"two", "three"}, "", {}, "{}");
  const Digest inner = registry.index("app", {image, other}),
               outer = registry.index("app", {inner, image}, "v1");
  const Inventory inventory = scanned(registry);
  Closure closure(inventory);
  EXPECT_EQ(reached(inventory, closure, outer),
            (Digests{outer, inner, image, other, digest_of("{}"), digest_of("one"),
                     digest_of("two"), digest_of("three")}));
  EXPECT_TRUE(closure.reached(id(inventory, other)));
  EXPECT_EQ(reached(inventory, closure, image), Digests{});  // already
  closure.restart();
  EXPECT_FALSE(closure.reached(id(inventory, other)));
  EXPECT_EQ(reached(inventory, closure, image),
            (Digests{image, digest_of("{}"), digest_of("one"), digest_of("two")}));
}

TEST(Closure, RemembersWayBackToTheRoot) {
  RegistryBuilder registry;
  const Digest image = registry.image("app", {"one"}, "", {}, "{}"),
               index = registry.index("app", {image}, "v1");
  const Inventory inventory = scanned(registry);
  Closure closure(inventory, Closure::Parents::remembered);
  const auto parent = [&](const Digest& digest) -> std::optional<Digest> {
    const auto found = closure.parent(id(inventory, digest));
    return found ? std::optional(inventory.digests[*found]) : std::nullopt;
  };
  reached(inventory, closure, index);
  EXPECT_EQ(parent(digest_of("one")), image);
  EXPECT_EQ(parent(image), index);
  EXPECT_EQ(parent(index), std::nullopt);
  closure.restart();
  EXPECT_EQ(parent(image), std::nullopt);
  reached(inventory, closure, image);
  EXPECT_EQ(parent(image), std::nullopt);
  EXPECT_EQ(parent(digest_of("one")), image);
}

TEST(Closure, ASubjectIsNotReached) {
  RegistryBuilder registry;
  const Digest subject = registry.image("app", {"one"}, "", {}, "{}");
  const Digest signature = registry.image("app", {"two"}, "", subject, "{}");
  const Inventory inventory = scanned(registry);
  Closure closure(inventory);
  EXPECT_EQ(reached(inventory, closure, signature),
            (Digests{signature, digest_of("{}"), digest_of("two")}));
}

TEST(Closure, AliasesOfEveryRepositoryLeadOn) {
  RegistryBuilder registry;
  const std::string bytes = "by sha512";
  const Digest stored = registry.layer("a", bytes), name = digest_of(bytes, Algorithm::sha512);
  registry.link_layer("a", name, stored);
  registry.link_layer("c", name, digest_of("elsewhere"));
  const Digest image =
      registry.manifest("b", R"({"layers":[{"digest":")" + name.text() + R"("}]})");
  const Inventory inventory = scanned(registry);
  Closure closure(inventory);
  EXPECT_EQ(reached(inventory, closure, image),
            (Digests{image, name, stored, digest_of("elsewhere")}));
  EXPECT_EQ(closure.aliases().size(), 2u);
}

TEST(Closure, CyclesAndLongChainsEnd) {
  // Documents that no hash would allow, written by hand.
  constexpr std::uint32_t kCount = 200'000;
  Inventory inventory;
  DigestList digests;
  for (std::uint32_t i = 0; i < kCount; ++i) {
    std::array<std::uint8_t, 64> hash{};
    for (int byte = 0; byte < 4; ++byte)
      hash[byte] = static_cast<std::uint8_t>(i >> (24 - 8 * byte));
    digests.push_back(Digest(Algorithm::sha256, hash));
    Document document{.digest = DigestId(i), .state = Document::State::sound};
    document.references = {{.to = DigestId((i + 1) % kCount), .child = true},
                           {.to = DigestId(i), .child = true}};
    inventory.documents.push_back(document);
    inventory.document_index.push_back(i + 1);
  }
  inventory.digests = DigestSet(std::move(digests));
  Closure closure(inventory);
  std::uint32_t visited = 0;
  closure.from(DigestId(7), [&](DigestId) { ++visited; });
  EXPECT_EQ(visited, kCount);
}

TEST(Closure, ARootWithoutADocumentIsItself) {
  RegistryBuilder registry;
  const Digest blob = registry.layer("app", "x");
  const Inventory inventory = scanned(registry);
  Closure closure(inventory);
  EXPECT_EQ(reached(inventory, closure, blob), Digests{blob});
}

}  // namespace
}  // namespace regctl
