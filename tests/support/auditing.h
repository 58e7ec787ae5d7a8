// audit() as tests call it: of a told registry, at kNow, without waiting and without a disk.
#pragma once

#include <set>
#include <stop_token>
#include <string>
#include <utility>

#include "audit/audit.h"
#include "registry/hasher.h"
#include "tests/support/printing.h"
#include "tests/support/registry_builder.h"

namespace regctl::audit {

inline void PrintTo(Rule rule, std::ostream* out) { *out << info_of(rule).id; }

}  // namespace regctl::audit

namespace regctl::test {

struct Audit {
  audit::Wishes wishes = {.settle = std::chrono::milliseconds(0)};
  StoreFacts store;
  unsigned jobs = 1;
  std::stop_token stop = {};

  Audit& quick() {
    wishes.subset.kind = audit::Subset::Kind::nothing;
    return *this;
  }

  audit::Verdict of(const Storage& storage) const {
    const Workers workers(jobs, stop);
    Pace pace(0, Pace::Clock::time_point::max());
    NullProgress progress;
    return audit::audit(storage, store, wishes, {workers, pace, progress}, {nullptr, kNow});
  }
  audit::Verdict of(const RegistryBuilder& registry) const { return of(*registry.tree.storage()); }
};

inline std::vector<audit::Finding> all_findings(const audit::Verdict& verdict) {
  std::vector<audit::Finding> findings;
  each_finding(verdict, [&](const audit::Finding& finding) { findings.push_back(finding); });
  return findings;
}

inline std::set<audit::Rule> rules_of(const std::vector<audit::Finding>& findings) {
  std::set<audit::Rule> found;
  for (const audit::Finding& finding : findings) found.insert(finding.rule);
  return found;
}

inline std::set<audit::Rule> rules_of(const audit::Verdict& verdict) {
  return rules_of(all_findings(verdict));
}

// What a rule says of digests, with their repositories.
inline std::set<std::pair<std::string, Digest>> found_by(audit::Rule rule,
                                                         const audit::Verdict& verdict) {
  std::set<std::pair<std::string, Digest>> found;
  for (const audit::Finding& finding : all_findings(verdict)) {
    if (finding.rule == rule && finding.digest) found.emplace(finding.repository, *finding.digest);
  }
  return found;
}

}  // namespace regctl::test
