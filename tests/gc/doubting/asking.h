// Questions for the second opinion, and what it answers.
#pragma once

#include <gmock/gmock.h>

#include "gc/doubting/second_opinion.h"
#include "tests/support/objecting.h"

namespace regctl::gc {

// No anonymous namespace: the test suite of this name is spread over several files.
class SecondOpinion : public testing::Test {
 protected:
  test::RegistryBuilder registry;
  Policy policy;
  Doomed doomed;

  void take(const Digest& blob) { doomed.in_place.blobs.push_back(blob); }
  void take_revision(const std::string& repository, const Digest& digest) {
    doomed.in_place.revisions.push_back({repository, digest});
  }
  void take_layer(const std::string& repository, const Digest& digest) {
    doomed.in_place.layers.push_back({repository, digest});
  }
  void purge(const Digest& blob) { doomed.in_quarantine.blobs.push_back(blob); }
  void purge_revision(const std::string& repository, const Digest& digest) {
    doomed.in_quarantine.revisions.push_back({repository, digest});
  }
  test::Objections answer() const { return test::opinion(registry, doomed, policy); }
  // Why the only thing asked for must stay; empty: it need not.
  std::string why() const {
    const test::Objections objections = answer();
    EXPECT_LE(objections.size(), 1u);
    return objections.empty() ? "" : objections.begin()->second;
  }
  void expect_all() const { EXPECT_EQ(test::names_of(answer()), test::everything_in(doomed)); }
  void expect_none() const { EXPECT_EQ(answer(), test::Objections{}); }
};

}  // namespace regctl::gc
