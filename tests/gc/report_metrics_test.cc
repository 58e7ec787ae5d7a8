// The figures for Prometheus.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "gc/report.h"
#include "tests/support/looking.h"
#include "tests/support/scene.h"

namespace regctl::gc {
namespace {

using namespace test;
using testing::HasSubstr;
using testing::Not;

const std::string kSuccess = "\nregctl_gc_last_success_timestamp_seconds{root=\"/srv/\\\"r\\\"\"} ";

Report report_of(cli::ExitStatus status) {
  Report report;
  report.store.path = "/srv/\"r\"";
  report.run.started_at = kNow;
  report.run.finished_at = kNow + 2 * kSecond;
  report.run.exit_status = status;
  return report;
}

TEST(ReportMetrics, TellTheStoreAndTheQuarantine) {
  Scene scene;
  scene.registry.quarantine(RegistryBuilder::data(scene.registry.blob("taken")), kNow - 3 * kHour);
  Look look;
  Report report = report_of(cli::ExitStatus::done);
  report.findings = look.at(scene.registry);
  const std::string text = report_metrics(report, "");
  EXPECT_THAT(text, HasSubstr("\nregctl_gc_quarantined_bytes{root=\"/srv/\\\"r\\\"\"} 5\n"));
  EXPECT_THAT(text,
              HasSubstr(fmt::format(
                  "\nregctl_gc_oldest_quarantine_timestamp_seconds{{root=\"/srv/\\\"r\\\"\"}} {}\n",
                  (kNow - 3 * kHour).time_since_epoch() / kSecond)));
  EXPECT_THAT(text, HasSubstr("\nregctl_gc_purge_gate_open{root=\"/srv/\\\"r\\\"\"} 0\n"));
  EXPECT_THAT(text,
              HasSubstr("regctl_gc_storage_blobs{root=\"/srv/\\\"r\\\"\",state=\"garbage\"} 2\n"));
  EXPECT_THAT(text, HasSubstr(",option=\"--delete-untagged\"} 2\n"));
  EXPECT_THAT(text, HasSubstr(fmt::format(",option=\"--delete-untagged\"}} {}\n",
                                          report.findings->untagged.bytes)));
  EXPECT_THAT(text, Not(HasSubstr("freed")));  // nothing was done
}

TEST(ReportMetrics, APhaseThatIsRunTwiceIsOne) {
  Report report = report_of(cli::ExitStatus::done);
  report.run.phases = {{"scan", 1}, {"mark", 8}, {"scan", 2}};
  const std::string text = report_metrics(report, "");
  EXPECT_THAT(text, HasSubstr(",phase=\"mark\"} 8\n"));
  EXPECT_THAT(text, HasSubstr(",phase=\"scan\"} 3\n"));
}

TEST(ReportMetrics, TheLastSuccessSurvivesAFailure) {
  const std::string good = report_metrics(report_of(cli::ExitStatus::warnings), "");
  const std::string line =
      kSuccess + std::to_string((kNow + 2 * kSecond).time_since_epoch() / kSecond) + '\n';
  EXPECT_THAT(good, HasSubstr(line));
  Report bad = report_of(cli::ExitStatus::refused);
  bad.run.finished_at += kDay;
  EXPECT_THAT(report_metrics(bad, good), HasSubstr(line));
  EXPECT_THAT(report_metrics(bad, report_metrics(bad, good)), HasSubstr(line));
  EXPECT_THAT(report_metrics(bad, ""), Not(HasSubstr(kSuccess)));
  for (const auto& [mode, dry_run] :
       {std::pair(Mode::heal, false), {Mode::restore, false}, {Mode::online, true}}) {
    Report other = report_of(cli::ExitStatus::done);
    other.run.finished_at += kDay;
    other.run.wishes.mode = mode;
    other.run.dry_run = dry_run;
    EXPECT_THAT(report_metrics(other, good), HasSubstr(line));  // it has collected nothing
  }
  bad.store.path = "/other";
  EXPECT_THAT(report_metrics(bad, good), Not(HasSubstr(kSuccess)));
}

}  // namespace
}  // namespace regctl::gc
