#include "audit/answer.h"
#include "audit/report.h"
#include "report/json.h"
#include "report/wording.h"

namespace regctl::audit {
namespace {

using report::Json;
using report::JsonDocument;
using report::set_name;

Json finding_json(const Finding& finding, const std::string& prefix) {
  Json json = {{"rule", info_of(finding.rule).id}, {"severity", name_of(finding.severity)}};
  if (finding.digest) json["digest"] = finding.digest->text();
  if (!finding.repository.empty()) set_name(json, "repository", finding.repository);
  if (!finding.tag.empty()) set_name(json, "tag", finding.tag);
  if (!finding.path.empty()) set_name(json, "path", prefix + finding.path);
  if (finding.expected) json["expected"] = text_of(*finding.expected, cli::Charset::utf8);
  if (finding.found) json["found"] = text_of(*finding.found, cli::Charset::utf8);
  if (finding.bytes) json["bytes"] = finding.bytes;
  json["used_by"] = Json::array();
  for (const UsedBy& user : finding.used_by) {
    Json item;
    set_name(item, "repository", user.repository);
    item["tags"] = Json::array();
    for (const std::string& tag : user.tags) item["tags"].push_back(report::json_of_name(tag));
    if (user.manifest) item["manifest"] = user.manifest->text();
    if (!user.platform.empty()) set_name(item, "platform", user.platform);
    json["used_by"].push_back(std::move(item));
  }
  json["advice"] = finding.advice;
  return json;
}

void write_usage(const Verdict& verdict, JsonDocument& json) {
  std::uint64_t in_use = 0;
  json.begin_object("usage");
  json.begin_list("repositories");
  for (std::size_t i = 0; i < verdict.inventory.repositories.size(); ++i) {
    const Usage& usage = verdict.usage.repositories[i];
    json.item(report::json_of(verdict.inventory.repositories[i], usage));
    in_use += usage.fair_share;
  }
  json.end();
  json.member("totals", {{"in_use_bytes", in_use}});
  json.end();
}

Json summary_json(const Verdict& verdict) {
  return {{"error", count(verdict, Severity::error)},
          {"warning", count(verdict, Severity::warning)},
          {"info", count(verdict, Severity::info)},
          {"unpullable_tags", verdict.harm.tags},
          {"bytes_at_risk", verdict.harm.bytes}};
}

Json verification_json(const Report& report) {
  const Verification verification =
      report.verdict ? report.verdict->verification : Verification{.subset = report.subset};
  Json json;
  switch (verification.subset.kind) {
    case Subset::Kind::nothing:
      json["mode"] = "quick";
      break;
    case Subset::Kind::all:
      json["mode"] = "all";
      break;
    case Subset::Kind::slice:
      json["mode"] = "slice";
      json["slice"] = verification.subset.number;
      json["of"] = verification.subset.of;
      break;
    case Subset::Kind::share:
      json["mode"] = "share";
      json["share"] = verification.subset.share;
      break;
  }
  json["blobs"] = verification.blobs;
  json["bytes"] = verification.bytes;
  json["unread"] = verification.contents.unread.size();
  json["left"] = verification.left;
  json["outdated_checksums"] = verification.outdated;
  json["seconds"] = verification.seconds;
  Json known = {{"blobs", verification.known.blobs}, {"bytes", verification.known.bytes}};
  if (verification.known.oldest) known["oldest_at"] = format_rfc3339(*verification.known.oldest);
  json["known"] = std::move(known);
  return json;
}

Json trend_json(const Trend& trend) {
  Json repositories = Json::array();
  for (const Trend::Change& change : trend.repositories) {
    Json item;
    set_name(item, "name", change.repository);
    item["bytes"] = change.bytes;
    repositories.push_back(std::move(item));
  }
  return {{"since", format_rfc3339(trend.since)},
          {"blobs", trend.blobs},
          {"bytes", trend.bytes},
          {"garbage_bytes", trend.garbage_bytes},
          {"repositories", std::move(repositories)}};
}

Json rule_json(const RuleInfo& info) {
  return {{"id", info.id}, {"severity", name_of(info.severity)}, {"summary", info.summary}};
}

std::string_view name_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::complete:
      return "complete";
    case Outcome::incomplete:
      return "incomplete";
    case Outcome::interrupted:
      break;
  }
  return "interrupted";
}

struct ToJson {
  Json& object;
  const std::string& key;

  void operator()(std::monostate) const { object[key] = nullptr; }
  void operator()(const std::string& name) const { set_name(object, key, name); }
  void operator()(report::Count count) const { object[key] = count.count; }
  void operator()(report::Size size) const { object[key] = size.bytes; }
  void operator()(const Digest& digest) const { object[key] = digest.text(); }
  void operator()(const std::vector<Digest>& way) const {
    object[key] = Json::array();
    for (const Digest& digest : way) object[key].push_back(digest.text());
  }
  void operator()(Time time) const { object[key] = format_rfc3339(time); }
};

void write_answer(const Answer& answer, const std::string& root, const cli::Sink& sink) {
  Json head = report::head("regctl-audit", "answer");
  set_name(head, "root", root);
  JsonDocument json(sink, head);
  for (const AnswerTable& table : answer) {
    json.list(table.key, table.rows, [&](const auto& row) {
      Json item = Json::object();
      for (std::size_t i = 0; i < row.size(); ++i)
        std::visit(ToJson{item, table.columns[i].key}, row[i]);
      return item;
    });
  }
  json.finish();
}

void write_report(const Report& report, const cli::Sink& sink) {
  Json run;
  set_name(run, "root", report.store.path);
  run["started_at"] = format_rfc3339(report.started_at);
  run["finished_at"] = format_rfc3339(report.finished_at);
  run["outcome"] = name_of(report.outcome);
  run["exit_status"] = static_cast<int>(report.exit_status);
  run["verification"] = verification_json(report);
  JsonDocument json(sink, report::head("regctl-audit"));
  json.member("run", run);
  json.member("state", name_of(condition_of(report)));
  const std::string& prefix = report.store.shown_prefix;
  if (const auto& verdict = report.verdict) {
    write_usage(*verdict, json);
    json.begin_list("findings");
    each_finding(*verdict,
                 [&](const Finding& finding) { json.item(finding_json(finding, prefix)); });
    json.end();
    json.member("summary", summary_json(*verdict));
  } else {
    for (const char* key : {"usage", "findings", "summary"}) json.member(key, nullptr);
  }
  json.list("trend", report.trends, trend_json);
  json.begin_list("rules");
  for (const RuleInfo& info : rules()) json.item(rule_json(info));
  json.end();
  json.list("warnings", report.warnings, prefix);
  json.list("errors", report.errors, prefix);
  json.finish();
}

}  // namespace

cli::Text answer_json(const Answer& answer, const std::string& root) {
  return [&](const cli::Sink& sink) { write_answer(answer, root, sink); };
}

cli::Text report_json(const Report& report) {
  return [&report](const cli::Sink& sink) { write_report(report, sink); };
}

}  // namespace regctl::audit
