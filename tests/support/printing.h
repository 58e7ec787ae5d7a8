// How failed expectations show the vocabulary.
#pragma once

#include <ostream>

#include "registry/digest.h"

namespace regctl {

inline void PrintTo(const Digest& digest, std::ostream* out) { *out << digest.text(); }

}  // namespace regctl
