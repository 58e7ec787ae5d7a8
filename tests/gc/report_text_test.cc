// What scripts in the field rely on in the text report, and which plan it tells of.
#include <gmock/gmock.h>

#include "gc/report.h"
#include "tests/support/scene.h"

namespace regctl::gc {
namespace {

using namespace test;
using testing::HasSubstr;

std::string text_of(const Report& report, Lists lists = Lists::none) {
  return report_text(report, {.top = 0}, lists);
}

// Distribution's own line, to the letter, alone on its line.
TEST(ReportText, HasTheUpstreamLine) {
  Scene scene;
  Report report;
  report.run.dry_run = true;
  report.findings = Look().delete_untagged().at(scene.registry);
  EXPECT_THAT(text_of(report),
              HasSubstr("\n6 blobs marked, 8 blobs and 2 manifests eligible for deletion\n"));
}

// Sums, tables, lists and the upstream line are all of the plan that was carried out.
TEST(ReportText, TellsOfThePlanThatWasCarriedOut) {
  Scene scene;
  Report report;
  report.findings = Look().at(scene.registry);
  ASSERT_EQ(report.findings->plan.blobs.size(), 2u);
  report.swept.emplace().plan = report.findings->plan;
  const Digest dropped = report.swept->plan.blobs.back().digest;
  report.swept->plan.blobs.pop_back();
  report.swept->plan = without_links_to_what_stays(std::move(report.swept->plan));
  report.findings->usage = usage_of(*report.findings, report.swept->plan);
  EXPECT_EQ(totals_of(report).garbage.count, 1u);
  const std::string text = text_of(report, Lists::all);
  EXPECT_THAT(text, HasSubstr(" 1 blobs and 0 manifests eligible for deletion\n"));
  EXPECT_THAT(text, testing::Not(HasSubstr(dropped.hex().substr(0, 12))));
}

TEST(ReportText, ScannedIsWhatTheScanOfTheFirstLookTook) {
  Scene scene;
  Report report;
  report.findings = Look().at(scene.registry);
  report.run.phases = {{"scan", 1},  {"mark", 20},    {"scan", 2}, {"survey", 40},
                       {"plan", 80}, {"verify", 500}, {"scan", 3}};
  EXPECT_THAT(text_of(report), HasSubstr("blobs in 3.0 s\n"));
}

}  // namespace
}  // namespace regctl::gc
