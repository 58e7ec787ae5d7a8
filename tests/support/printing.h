// How failed expectations show the vocabulary, and what cases are called.
#pragma once

#include <ostream>
#include <string>

#include "registry/digest.h"

namespace regctl {

inline void PrintTo(const Digest& digest, std::ostream* out) { *out << digest.text(); }

namespace test {

// For INSTANTIATE_TEST_SUITE_P, of cases that have a name.
inline constexpr auto name_of_case = [](const auto& info) { return std::string(info.param.name); };

}  // namespace test
}  // namespace regctl
