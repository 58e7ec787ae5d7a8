// Wishes: what the operator wants of a run, each wish once.
#pragma once

#include <string>

#include "gc/deciding/cache_gate.h"
#include "gc/deciding/margins.h"
#include "registry/marking/policy.h"

namespace regctl::gc {

enum class Mode { online, offline, heal, restore };

struct Wishes {
  Mode mode = Mode::online;
  Policy policy;
  Margins margins;
  CacheClaims caches;
  std::string only_run;  // of Mode::restore: give back what this run took; empty: everything
};

}  // namespace regctl::gc
