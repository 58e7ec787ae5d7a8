// What the store itself says must stay, and why. Each pass takes what was read, and what earlier
// passes found, as values, and returns what it finds.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "gc/doubting/facts.h"
#include "gc/doubting/objection.h"
#include "gc/doubting/reading.h"

namespace regctl::gc::second {

// Under what something was reached: 1 + an index into the causes; 0: it was not.
using Label = std::uint32_t;
using Labels = std::vector<Label>;  // by Id

struct Needs {
  Labels needed;  // by what stays
  Labels begun;   // by a push that may have begun: that will upload what it does not find
  Labels recent;  // named by something young that nothing needs
  std::vector<Cause> causes;
  // To doomed revisions: what keeps one is known only while its repository is looked at.
  std::vector<Objection> to_revisions;

  // By one of the labels above. Null: no cause; an empty `id` has none.
  const Cause* why(const Labels& labels, std::optional<Id> id) const {
    if (!id || *id >= labels.size() || labels[*id] == 0) return nullptr;
    return &causes[labels[*id] - 1];
  }
};

Needs find_needs(const Facts& facts);

}  // namespace regctl::gc::second
