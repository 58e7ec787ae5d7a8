// look(): the store as it is now, judged: scan, mark and plan, each asked again until it has seen
// what the others need to know. Reads storage, changes nothing.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "gc/deciding/plan.h"
#include "gc/serving/evidence.h"
#include "gc/wishes.h"
#include "registry/inventory.h"
#include "registry/marking/mark.h"
#include "registry/parallel.h"
#include "registry/progress.h"
#include "registry/storage.h"
#include "registry/store_facts.h"
#include "registry/usage.h"

namespace regctl::gc {

// Where the size of a referenced blob comes from. A dry run believes the descriptor, and asks the
// disk only about what nothing refers to; a run that changes something looks into every blob's
// directory.
enum class Sizes { claimed, seen };

// How to look.
struct Looking {
  Time now{};
  Sizes sizes = Sizes::claimed;
  bool explains = true;  // also finds out what only a report needs: `usage` and what follows it
  std::chrono::milliseconds settle{2000};  // ScanOptions::settle
  // Finds the registries that serve this store; empty: none are looked for.
  std::function<ProcessEvidence()> registries;
  ThisRun this_run;  // of a second look; empty: this is none
};

// What an option would change, with its price.
struct Advice {
  report::Code code;  // whose hint is the option
  std::uint64_t count, bytes;
};

// What the run found out. Absent where it was interrupted before: an unknown is not an empty
// registry.
struct Looked {
  Inventory inventory;
  Mark mark;
  Plan plan;
  std::vector<KnownSize> sizes;  // known_sizes()
  UsageReport usage;
  // What these options take, or would take: manifests or tags, and bytes of blobs that only those
  // keep alive. --delete-untagged, --prune-dead-tags, --prune-broken-manifests,
  // --prune-orphaned-referrers.
  Amount untagged, dead, broken, orphaned;
  std::vector<Advice> advice;
};

// Who uses what, with the blobs of `plan` as garbage; those that came later are nobody's.
UsageReport usage_of(const Looked& looked, const Plan& plan);

// Throws Interrupted (see Workers) and nothing about storage: that is in the plan's blockers. Its
// stages are "scan", "survey", "mark" and "plan".
Looked look(const Storage& storage, const StoreFacts& store, const Wishes& wishes,
            const Looking& looking, const Workers& workers, Progress& progress);

}  // namespace regctl::gc
