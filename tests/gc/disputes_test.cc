// What the second opinion is asked about a plan, and what it leaves of one.
#include "gc/disputes.h"

#include <gmock/gmock.h>

#include "registry/hasher.h"
#include "tests/support/printing.h"

namespace regctl::gc {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Kind = Quarantined::Kind;

const Digest kOne = digest_of("one"), kTwo = digest_of("two");

Purge purge_of(Kind kind, const std::string& repository, const Digest& digest) {
  return {.copy = {kind, repository, digest, Time(), "run"}};
}

// Something of each kind, twice.
Plan plan() {
  Plan plan;
  for (const Digest& digest : {kOne, kTwo}) {
    plan.blobs.push_back({.digest = digest});
    plan.manifests.push_back({.repository = "app", .digest = digest});
    plan.layer_links.push_back({.repository = "app", .digest = digest});
    plan.purge.push_back(purge_of(Kind::blob, "", digest));
    plan.purge.push_back(purge_of(Kind::layer_link, "app", digest));
    plan.purge.push_back(purge_of(Kind::revision_link, "app", digest));
  }
  std::sort(plan.purge.begin(), plan.purge.end());
  plan.uploads = {{.repository = "app", .uuid = "u1"}, {.repository = "app", .uuid = "u2"}};
  plan.leftovers = {{.path = "a.tmp"}, {.path = "b.tmp"}};
  plan.empty_repositories = {"empty", "hollow"};
  return plan;
}

TEST(Disputes, EachStageIsAskedAboutByItself) {
  const Doomed taken = taken_by(plan()), purged = purged_by(plan());
  EXPECT_THAT(taken.in_place.blobs, ElementsAre(kOne, kTwo));
  EXPECT_EQ(taken.in_place.revisions.size(), 2u);
  EXPECT_EQ(taken.in_place.layers.size(), 2u);
  EXPECT_THAT(taken.in_quarantine.blobs, IsEmpty());
  EXPECT_EQ(purged.in_quarantine.blobs.size(), 2u);
  EXPECT_EQ(purged.in_quarantine.revisions.size(), 2u);
  EXPECT_EQ(purged.in_quarantine.layers.size(), 2u);
  EXPECT_THAT(purged.in_place.blobs, IsEmpty());
  for (const Doomed& doomed : {taken, purged})
    EXPECT_THAT(doomed.empty_repositories, ElementsAre("empty", "hollow"));
}

TEST(Disputes, ADuplicateIsNoQuestion) {
  Plan duplicates = plan();
  for (Purge& one : duplicates.purge) one.duplicate = true;
  const Doomed doomed = purged_by(duplicates);
  EXPECT_THAT(doomed.in_quarantine.blobs, IsEmpty());
  EXPECT_THAT(doomed.in_quarantine.revisions, IsEmpty());
  EXPECT_THAT(doomed.in_quarantine.layers, IsEmpty());
}

TEST(Disputes, LinksOfARepositoryThatGoesAreNoQuestionOfTheirOwn) {
  Plan gone = plan();
  gone.empty_repositories = {"app"};
  EXPECT_THAT(taken_by(gone).in_place.layers, IsEmpty());
  EXPECT_THAT(purged_by(gone).in_quarantine.layers, IsEmpty());
  EXPECT_EQ(taken_by(gone).in_place.blobs.size(), 2u);
}

TEST(Disputes, WhatIsDisputedStaysAndNothingElse) {
  struct Case {
    Target what;
    std::size_t blobs, manifests, layer_links, purge, empty;
  };
  using What = Target::Kind;
  for (const Case& one : {Case{{What::blob, false, "", kOne}, 1, 2, 2, 6, 2},
                          Case{{What::revision, false, "app", kOne}, 2, 1, 2, 6, 2},
                          Case{{What::layer_link, false, "app", kOne}, 2, 2, 1, 6, 2},
                          Case{{What::blob, true, "", kOne}, 2, 2, 2, 5, 2},
                          Case{{What::revision, true, "app", kOne}, 2, 2, 2, 5, 2},
                          Case{{What::layer_link, true, "app", kOne}, 2, 2, 2, 5, 2},
                          Case{{What::layer_link, true, "other", kOne}, 2, 2, 2, 6, 2},
                          Case{{.kind = What::repository, .repository = "empty"}, 2, 2, 2, 6, 1}}) {
    const Plan left = without(plan(), {one.what});
    EXPECT_EQ(left.blobs.size(), one.blobs);
    EXPECT_EQ(left.manifests.size(), one.manifests);
    EXPECT_EQ(left.layer_links.size(), one.layer_links);
    EXPECT_EQ(left.purge.size(), one.purge);
    EXPECT_EQ(left.empty_repositories.size(), one.empty);
    EXPECT_EQ(left.uploads, plan().uploads);
  }
}

// Those were not asked about one by one.
TEST(Disputes, ARepositoryThatStaysKeepsItsLinks) {
  Plan gone = plan();
  gone.empty_repositories = {"app"};
  const Plan left = without(gone, {{.kind = Target::Kind::repository, .repository = "app"}});
  EXPECT_THAT(left.layer_links, IsEmpty());
  EXPECT_THAT(left.manifests, IsEmpty());
  EXPECT_EQ(left.purge.size(), 2u);  // blobs
  EXPECT_THAT(left.empty_repositories, IsEmpty());
}

TEST(Disputes, WhatNobodyLooksAtTwiceGoesOnlyIfBothPlansSaySo) {
  Plan later = plan();
  later.purge.erase(later.purge.begin());
  later.uploads.pop_back();
  later.leftovers.clear();
  later.empty_repositories = {"hollow", "new"};
  later.blobs.clear();
  const Plan both = in_both(plan(), later);
  EXPECT_EQ(both.purge, later.purge);
  EXPECT_EQ(both.uploads, later.uploads);
  EXPECT_THAT(both.leftovers, IsEmpty());
  EXPECT_THAT(both.empty_repositories, ElementsAre("hollow"));
  EXPECT_EQ(both.blobs.size(), 2u);  // these are looked at again
}

}  // namespace
}  // namespace regctl::gc
