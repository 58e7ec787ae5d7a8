// look(): the store as it is now, judged: scan, mark and plan, each asked again until it has seen
// what the others need to know. Reads storage, changes nothing.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gc/deciding/cache_gate.h"
#include "gc/deciding/make_plan.h"
#include "gc/deciding/mark.h"
#include "gc/deciding/plan.h"
#include "gc/deciding/policy.h"
#include "registry/inventory.h"
#include "registry/parallel.h"
#include "registry/progress.h"
#include "registry/storage.h"
#include "registry/store_facts.h"
#include "registry/usage.h"

namespace regctl::gc {

enum class Mode { online, offline, heal, restore };

// Where the size of a referenced blob comes from. A dry run believes the descriptor, and asks the
// disk only about what nothing refers to; a run that changes something looks into every blob's
// directory.
enum class Sizes { claimed, seen };

struct Request {
  Mode mode = Mode::online;
  Sizes sizes = Sizes::claimed;
  Policy policy;
  Margins margins;
  GateEvidence gate;
  std::string processes;  // where the kernel shows them, to find registries for `gate` anew; empty:
                          // it is as it is
  std::string only_run;   // of Mode::restore: give back what this run took; empty: everything
  std::chrono::milliseconds settle{2000};  // ScanOptions::settle
  bool explains = true;  // also finds out what only a report needs: Findings from `usage` on
};

struct Phase {
  std::string name;
  double seconds;
};

// What an option would change, with its price.
struct Advice {
  report::Code code;  // whose hint is the option
  std::uint64_t count, bytes;
};

// What the run found out. Absent where it was interrupted before: an unknown is not an empty
// registry.
struct Findings {
  Inventory inventory;
  Mark mark;
  Plan plan;
  std::vector<std::optional<std::uint64_t>> sizes;  // known_sizes()
  UsageReport usage;
  std::uint64_t untagged_manifests = 0;  // that --delete-untagged takes, or would take
  std::uint64_t untagged_bytes = 0;      // blobs that only these keep alive
  std::vector<Advice> advice;
};

// Throws Interrupted (see Workers) and nothing about storage: that is in the plan's blockers.
// Appends to `phases`.
Findings look(const Storage& storage, const StoreFacts& store, const Request& request, Time now,
              const Workers& workers, Progress& progress, std::vector<Phase>& phases);

}  // namespace regctl::gc
