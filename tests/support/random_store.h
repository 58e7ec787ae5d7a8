// Random stores from a seed, together with the truth about them: what must stay and what is
// garbage, known from how the store was told and not from reading it.
#pragma once

#include <cstdint>
#include <set>

#include "tests/support/registry_builder.h"

namespace regctl::test {

struct RandomStore {
  RegistryBuilder registry;
  std::set<Digest> garbage;                           // with every manifest kept
  std::set<Digest> garbage_untagged;                  // with --delete-untagged
  std::set<std::pair<std::string, Digest>> untagged;  // manifests that --delete-untagged takes
};

// Sound (contract, section 6): hashes right, index children and tag targets are revisions of their
// repository, every repository has _layers, no alias links; everything is 30 days old. There is at
// least one tag.
RandomStore random_store(std::uint32_t seed);

}  // namespace regctl::test
