// Whether the gate of the caches is open, and what keeps it shut, as a value.
#pragma once

#include <cstdint>
#include <optional>

#include "gc/serving/evidence.h"

namespace regctl::gc {

enum class Shut : std::uint8_t {
  unasked,  // nobody knows, so it is
  no,
  by_redis,          // which `who` names
  by_doubt,          // about `who`
  by_unknown_cache,  // of `who`
  by_memory,         // of `who`, which has run since before the quarantine
  not_local,         // registries of other hosts may serve this store
  not_all_seen,      // `blindness`
  none_found,        // which is no proof
  against_no_cache,  // the operator says that there is none, and `who` has one
  against_restart,   // the operator says when that was, and `who` has run since before
};

struct GateAnswer {
  Shut shut = Shut::unasked;
  std::optional<RegistryProcess> who;
  Blindness blindness{Blindness::Why::none};

  bool is_open() const { return shut == Shut::no; }
  bool operator==(const GateAnswer&) const = default;
};

}  // namespace regctl::gc
