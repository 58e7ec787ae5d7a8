// second_opinion() as tests ask for it, and plans as the question to ask.
#pragma once

#include <map>

#include "gc/collect.h"
#include "tests/support/looking.h"

namespace regctl::test {

using Objections = std::map<std::string, std::string>;  // what -> why

inline Objections opinion(const Storage& storage, const gc::Doomed& doomed,
                          const gc::Policy& policy = {}, const std::string& run = {}) {
  Objections objections;
  const gc::Circumstances circumstances{policy, kNow, run, std::chrono::milliseconds(0)};
  for (const auto& objection : gc::second_opinion(storage, doomed, circumstances))
    objections.emplace(objection.what, objection.why);
  return objections;
}

inline Objections opinion(const RegistryBuilder& registry, const gc::Doomed& doomed,
                          const gc::Policy& policy = {}, const std::string& run = {}) {
  return opinion(*registry.tree.storage(), doomed, policy, run);
}

inline gc::Doomed doomed_by(const gc::Plan& plan) {
  gc::Doomed doomed = gc::taken_by(plan);
  doomed.in_quarantine = gc::purged_by(plan).in_quarantine;
  return doomed;
}

// What objections to all of it would be called.
inline std::set<std::string> everything_in(const gc::Doomed& doomed) {
  std::set<std::string> names;
  const auto add = [&](const gc::Doomed::Objects& objects, const std::string& where) {
    for (const Digest& blob : objects.blobs) names.insert(where + "blob " + blob.text());
    for (const auto& link : objects.revisions)
      names.insert(where + "revision " + link.digest.text() + " of " + link.repository);
    for (const auto& link : objects.layers)
      names.insert(where + "layer link " + link.digest.text() + " of " + link.repository);
  };
  add(doomed.in_place, "");
  add(doomed.in_quarantine, "quarantined ");
  for (const std::string& repository : doomed.empty_repositories)
    names.insert("repository " + repository);
  return names;
}

inline std::set<std::string> names_of(const Objections& objections) {
  std::set<std::string> names;
  for (const auto& [what, why] : objections) names.insert(what);
  return names;
}

}  // namespace regctl::test
