// Graph: who shares which layers with whom, as Graphviz DOT. Pure.
#pragma once

#include <cstddef>
#include <string>

#include "audit/sight.h"

namespace regctl::audit {

// Up to so many images are drawn one by one, with their layers; of more stores the repositories
// are, with what each pair of them shares.
inline constexpr std::size_t kMostImagesDrawn = 30, kMostNamesDrawn = 10;  // each with its names
// Of repositories and of pairs: the largest. The legend says how many are left out.
inline constexpr std::size_t kMostRepositoriesDrawn = 40, kMostPairsDrawn = 80;

// One digraph, with a legend. Names are inert in it.
std::string graph_of(const Sight& sight);

}  // namespace regctl::audit
