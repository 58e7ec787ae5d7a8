// What deleting, losing and collecting leave behind, at random.
#pragma once

#include <random>

#include "tests/support/registry_builder.h"

namespace regctl::test {

// One thing: a revision's directory without its link, a blob's without its data, a tag for the
// signatures of some image, or a tag in quarantine, with or without another of its name.
void leave_remains(RegistryBuilder& registry, std::mt19937& random);

}  // namespace regctl::test
