// The main marker, broken on purpose: each saboteur spoils what the marker knows, in the way a
// mistake in scan, closure, mark or plan would, on a store where that makes the plan wrong. The
// second opinion looks at the store itself and must object to exactly what the wrong plan takes too
// much, and to nothing of the right one.
#pragma once

#include <ostream>
#include <set>
#include <string>
#include <vector>

#include "gc/doubting/second_opinion.h"
#include "registry/inventory.h"
#include "tests/support/looking.h"

namespace regctl::test {

// What the marker knows and is told to do.
struct Mind {
  Inventory inventory;
  regctl::Policy policy;
};

struct Saboteur {
  const char* name;
  // Tells a store in which it matters, and how the marker is asked.
  void (*tell)(RegistryBuilder& registry, Look& look);
  void (*spoil)(Mind& mind);
};

inline void PrintTo(const Saboteur& saboteur, std::ostream* out) { *out << saboteur.name; }

// Never empty, always in the same order.
const std::vector<Saboteur>& saboteurs();

// As a run that changes something looks.
Look asking();

// What the plan takes that is made of what `look` finds; and the same after `saboteur` has been at
// it.
gc::Doomed doomed_without_sabotage(const RegistryBuilder& registry, const Look& look);
gc::Doomed doomed_by_sabotage(const Saboteur& saboteur, const RegistryBuilder& registry,
                              const Look& look);

// What is in `all` and not in `these`.
std::set<std::string> all_but(std::set<std::string> all, const std::set<std::string>& these);

}  // namespace regctl::test
