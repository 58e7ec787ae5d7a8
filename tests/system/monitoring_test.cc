// What scripts/monitoring makes of the metrics of both programs.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <regex>

#include "tests/support/store_on_disk.h"

namespace regctl {
namespace {

using namespace test;
using Lines = std::vector<std::string>;
using Names = std::set<std::string>;
namespace fs = std::filesystem;

const fs::path kMonitoring = fs::path(REGCTL_TEST_SCRIPTS) / "monitoring";

Names metrics_in(const std::string& text) {
  static const std::regex kName("regctl_[a-z_]+");
  return {std::sregex_token_iterator(text.begin(), text.end(), kName),
          std::sregex_token_iterator()};
}

class Monitoring : public StoreOnDisk {
 protected:
  // Of a run that took, purged and left something, and of an audit with a state.
  Names written() {
    registry.image("app", {"layer"}, "v1");
    registry.layer("app", "garbage");
    registry.quarantine(RegistryBuilder::data(registry.blob("taken")), kTaken);
    write();
    const fs::path gc = work.path() / "gc.prom", audit = work.path() / "audit.prom";
    for (const auto& argv : {Lines{regctl_gc(), "--trust-times", "--max-delete", "100%"},
                             Lines{regctl_audit(), "--state", work.path() / "state"}}) {
      Lines command = argv;
      command.insert(command.end(), {"--quiet", "--fail-on", "never", "--metrics",
                                     argv[0] == regctl_gc() ? gc : audit, root.path()});
      const Ran ran = run(command);
      EXPECT_EQ(ran.status, 0) << ran.err;
    }
    for (const fs::path& file : {gc, audit}) {
      const Ran checked = run({"sh", "-c", "promtool check metrics <\"$1\" >&2", "sh", file});
      EXPECT_EQ(checked.status, 0) << checked.err;
    }
    return metrics_in(read_all(gc) + read_all(audit));
  }
  TemporaryDirectory work;
};

TEST_F(Monitoring, AlertsAreRaisedWhereTheyShould) {
  for (const auto& argv :
       {std::vector<std::string>{"promtool", "check", "rules", kMonitoring / "regctl.rules.yml"},
        {"promtool", "test", "rules", kMonitoring / "alerts_test.yml"}}) {
    const Ran ran = run(argv);
    EXPECT_EQ(ran.status, 0) << ran.out << ran.err;
  }
}

TEST_F(Monitoring, EveryAlertHasATest) {
  const std::string rules = read_all(kMonitoring / "regctl.rules.yml"),
                    tests = read_all(kMonitoring / "alerts_test.yml");
  static const std::regex kAlert("- alert: ([A-Za-z]+)");
  for (auto at = std::sregex_iterator(rules.begin(), rules.end(), kAlert);
       at != std::sregex_iterator(); ++at)
    EXPECT_THAT(tests, testing::HasSubstr("alertname: " + (*at)[1].str() + "\n"));
}

TEST_F(Monitoring, AlertsAndTheDashboardNameOnlyMetricsThatExist) {
  const Names known = written();
  const std::string dashboard = read_all(kMonitoring / "grafana-dashboard.json");
  Names named = metrics_in(dashboard);
  for (const std::string& metric : metrics_in(read_all(kMonitoring / "regctl.rules.yml")))
    named.insert(metric);
  EXPECT_GT(named.size(), 10u);
  for (const std::string& metric : named) EXPECT_TRUE(known.contains(metric)) << metric;
  std::set<int> panels;
  for (const auto& panel : nlohmann::json::parse(dashboard).at("panels")) {
    EXPECT_TRUE(panels.insert(panel.at("id").get<int>()).second);
    EXPECT_FALSE(panel.at("targets").empty()) << panel.at("title");
  }
}

}  // namespace
}  // namespace regctl
