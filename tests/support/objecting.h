// second_opinion() as tests ask for it, and plans as the question to ask.
#pragma once

#include <map>

#include "gc/second_opinion.h"
#include "tests/support/looking.h"

namespace regctl::test {

using Objections = std::map<std::string, std::string>;  // what -> why

inline Objections opinion(const Storage& storage, const gc::Doomed& doomed, const gc::Policy& policy = {},
                          const std::string& run = {}) {
  Objections objections;
  const gc::Circumstances circumstances{policy, kNow, run, std::chrono::milliseconds(0)};
  for (const auto& objection : gc::second_opinion(storage, doomed, circumstances)) objections.emplace(objection.what, objection.why);
  return objections;
}

inline Objections opinion(const RegistryBuilder& registry, const gc::Doomed& doomed, const gc::Policy& policy = {},
                          const std::string& run = {}) {
  return opinion(*registry.tree.storage(), doomed, policy, run);
}

inline gc::Doomed doomed_by(const gc::Plan& plan) {
  gc::Doomed doomed;
  for (const auto& blob : plan.blobs) doomed.in_place.blobs.push_back(blob.digest);
  for (const auto& manifest : plan.manifests) doomed.in_place.revisions.push_back({manifest.repository, manifest.digest});
  for (const auto& link : plan.layer_links) doomed.in_place.layers.push_back({link.repository, link.digest});
  for (const auto& copy : plan.purge) {
    auto& purged = doomed.in_quarantine;
    switch (copy.kind) {
      case Quarantined::Kind::blob: purged.blobs.push_back(copy.digest); break;
      case Quarantined::Kind::revision_link: purged.revisions.push_back({copy.repository, copy.digest}); break;
      case Quarantined::Kind::layer_link: purged.layers.push_back({copy.repository, copy.digest}); break;
    }
  }
  doomed.empty_repositories = plan.empty_repositories;
  return doomed;
}

// What objections to all of it would be called.
inline std::set<std::string> everything_in(const gc::Doomed& doomed) {
  std::set<std::string> names;
  const auto add = [&](const gc::Doomed::Objects& objects, const std::string& where) {
    for (const Digest& blob : objects.blobs) names.insert(where + "blob " + blob.text());
    for (const auto& link : objects.revisions) names.insert(where + "revision " + link.digest.text() + " of " + link.repository);
    for (const auto& link : objects.layers) names.insert(where + "layer link " + link.digest.text() + " of " + link.repository);
  };
  add(doomed.in_place, "");
  add(doomed.in_quarantine, "quarantined ");
  for (const std::string& repository : doomed.empty_repositories) names.insert("repository " + repository);
  return names;
}

inline std::set<std::string> names_of(const Objections& objections) {
  std::set<std::string> names;
  for (const auto& [what, why] : objections) names.insert(what);
  return names;
}

}  // namespace regctl::test
