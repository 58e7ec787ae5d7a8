// audit(): reads a store, hashes what was asked for, checks, and tells who uses what.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "audit/check.h"
#include "audit/finding.h"
#include "audit/verification.h"
#include "registry/inventory.h"
#include "registry/storage.h"
#include "registry/store_facts.h"
#include "registry/usage.h"

namespace regctl::audit {

struct Wishes {
  Subset subset;                          // to be hashed
  std::vector<std::string> repositories;  // globs: the findings of, and the blobs reached by, these
                                          // only; empty: all
  std::optional<Duration> max_age;  // blobs verified no longer ago are not read; empty: all are
  std::vector<Evidence> evidence;
  std::chrono::milliseconds settle{2000};  // as ScanOptions::settle
};

// What the audit found out.
struct Verdict {
  Inventory inventory;
  Verification verification;
  std::vector<Finding> findings;           // as check() orders them
  std::vector<Unreferenced> unreferenced;  // the others
  Harm harm;
  std::vector<std::string> idle_globs;  // of the wishes, that match no repository
  UsageReport usage;
};

// Calls visit(finding) for all of them, by severity, then rule, then place.
template <class Visit>
void each_finding(const Verdict& verdict, Visit visit) {
  const auto others = std::ranges::partition_point(verdict.findings, [](const Finding& finding) {
    return std::pair(finding.severity, finding.rule) <
           std::pair(Severity::info, Rule::blob_unreferenced);
  });
  std::for_each(verdict.findings.begin(), others, visit);
  for (const Unreferenced& one : verdict.unreferenced) visit(finding_of(one, verdict.inventory));
  std::for_each(others, verdict.findings.end(), visit);
}

// May run beside a registry and beside regctl-gc: what looks wrong is looked at again, and is a
// finding only if two of at most three looks saw it, or the last could not see everything.
// Manifests are always hashed, whatever the wishes. The diary's state may be null; what was
// verified is noted there. Throws StorageError where not even the top can be read, and Interrupted
// (see Workers).
Verdict audit(const Storage& storage, const StoreFacts& store, const Wishes& wishes,
              const Crew& crew, const Diary& diary);

}  // namespace regctl::audit
