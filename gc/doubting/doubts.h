// Which repositories the second opinion cannot judge, because something in them is damaged or
// because they reach what is.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "gc/doubting/objection.h"
#include "gc/doubting/reading.h"

namespace regctl::gc::second {

// A repository of which not everything can be understood. All it links stays.
struct DoubtfulRepository {
  Cause why;
  std::vector<Id> linked;  // in any way, and its hints
};

using Doubts = std::map<std::string, DoubtfulRepository>;  // by name

// Manifests without bytes that the policy lets go: every link to one is old and says what it
// should. They are nobody's damage.
std::set<Id> given_up(const Reading& reading, const Circumstances& circumstances);

// Lists the layer links of repositories that may be doubtful, which `reading` does not know, and
// gives them numbers. Empty: everything can be understood.
Doubts doubts_about(const CarefulStorage& storage, Reading& reading,
                    const Circumstances& circumstances);

}  // namespace regctl::gc::second
