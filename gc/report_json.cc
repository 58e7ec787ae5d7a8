#include "gc/report.h"
#include "report/json.h"
#include "report/wording.h"

namespace regctl::gc {
namespace {

using report::Json;
using report::JsonDocument;
using report::set_name;

Json amount(const Amount& amount) { return {{"count", amount.count}, {"bytes", amount.bytes}}; }

const char* name_of(Reason reason) {
  switch (reason) {
    case Reason::unreferenced:
      return "unreferenced";
    case Reason::untagged:
      return "untagged";
    case Reason::broken:
      return "broken";
    case Reason::dead:
      return "dead";
    case Reason::orphaned:
      return "orphaned";
    case Reason::unused:
      return "unused";
  }
  return "";
}

const char* name_of(Quarantined::Kind kind) {
  switch (kind) {
    case Quarantined::Kind::blob:
      return "blob";
    case Quarantined::Kind::layer_link:
      return "layer-link";
    case Quarantined::Kind::revision_link:
      return "revision-link";
    case Quarantined::Kind::tag:
      return "tag";
  }
  return "";
}

const char* name_of(Mode mode) {
  switch (mode) {
    case Mode::online:
      return "online";
    case Mode::offline:
      return "offline";
    case Mode::heal:
      return "heal";
    case Mode::restore:
      return "restore";
  }
  return "";
}

const char* name_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::complete:
      return "complete";
    case Outcome::warnings:
      return "warnings";
    case Outcome::refused:
      return "refused";
    case Outcome::incomplete:
      return "incomplete";
    case Outcome::interrupted:
      return "interrupted";
  }
  return "";
}

Json run_json(const Run& run, const StoreFacts& store) {
  Json options = Json::object();
  for (const auto& [name, value] : run.options)
    std::visit([&, &key = name](const auto& v) { options[key] = v; }, value);
  Json phases = Json::array();
  for (const Phase& phase : run.phases)
    phases.push_back({{"name", phase.name}, {"seconds", phase.seconds}});
  Json json = {{"id", run.id}, {"host", run.host}};
  set_name(json, "root", store.path);
  json["started_at"] = format_rfc3339(run.started_at);
  json["finished_at"] = format_rfc3339(run.finished_at);
  json["dry_run"] = run.dry_run;
  json["mode"] = name_of(run.wishes.mode);
  json["options"] = std::move(options);
  json["phases"] = std::move(phases);
  json["outcome"] = name_of(run.outcome);
  json["exit_status"] = static_cast<int>(run.exit_status);
  return json;
}

// Null where nothing was hashed: then nobody knows.
Json mismatched_json(const Report& report) {
  if (!report.swept || !report.swept->kept_mismatched) return nullptr;
  return amount(*report.swept->kept_mismatched);
}

Json swept_json(const Swept& swept) {
  const SweepReport& total = swept.total;
  return {{"verified", amount(swept.verification.read)},
          {"quarantined", amount(total.quarantined)},
          {"purged", amount(total.purged)},
          {"restored", amount(total.restored)},
          {"purged_disk_bytes", total.purged_disk_bytes},
          {"tags", total.tags},
          {"manifests", total.manifests},
          {"layer_links", total.layer_links},
          {"links_purged", total.links_purged},
          {"links_restored", total.links_restored},
          {"uploads", total.uploads},
          {"temporary_files", total.leftovers},
          {"empty_repositories", total.empty_repositories},
          {"skipped", total.skipped + swept.verification.changed},
          {"left", swept.verification.left},
          {"tags_proved", swept.tags_proved},
          {"second_look", swept.looked_again},
          {"failed", total.failures.size() + swept.verification.unread.size()}};
}

Json totals_json(const Report& report) {
  const Looked& findings = *report.findings;
  const Totals totals = totals_of(report);
  const Plan& plan = findings.plan;
  Json blobs = amount(totals.blobs), garbage = amount(totals.garbage);
  blobs["disk_bytes"] = totals.blobs_disk_bytes;
  blobs["size_seen"] = amount(totals.seen);
  blobs["size_claimed"] = amount(totals.claimed);
  garbage["disk_bytes"] = totals.garbage_disk_bytes;
  return {{"repositories", findings.inventory.repositories.size()},
          {"tags", totals.tags},
          {"manifests", totals.manifests},
          {"layer_links", totals.layer_links},
          {"untagged_manifests", findings.untagged.count},
          {"dead_tags", amount(findings.dead)},
          {"broken_manifests", amount(findings.broken)},
          {"orphaned_referrers", amount(findings.orphaned)},
          {"blobs", std::move(blobs)},
          {"reachable", amount(totals.reachable)},
          {"garbage", std::move(garbage)},
          {"kept",
           {{"young", amount(plan.kept_young)},
            {"arrived", amount(plan.kept_arrived)},
            {"pinned", amount(plan.kept_pinned)},
            {"protected", amount(plan.kept_protected)},
            {"mismatched", mismatched_json(report)}}},
          {"kept_manifests_newer_than_tags", plan.kept_outside_tags},
          {"quarantined", amount(totals.quarantined)},
          {"filesystem",
           {{"type", report.store.medium.name},
            {"size_bytes", report.store.medium.size_bytes},
            {"free_bytes", report.store.medium.free_bytes},
            {"free_after_bytes", report.store.medium.free_bytes + totals.freed_bytes}}}};
}

Json tag_json(const TagRemoval& removal) {
  Json item;
  set_name(item, "repository", removal.repository);
  set_name(item, "tag", removal.tag);
  item["digest"] = removal.target ? Json(removal.target->text()) : Json();
  item["reason"] = name_of(removal.reason);
  return item;
}

Json manifest_json(const ManifestRemoval& removal) {
  Json item;
  set_name(item, "repository", removal.repository);
  item["digest"] = removal.digest.text();
  item["reason"] = name_of(removal.reason);
  item["former_tags"] = Json::array();
  for (const std::string& tag : removal.former_tags)
    item["former_tags"].push_back(report::json_of_name(tag));
  return item;
}

Json blob_json(const BlobRemoval& removal) {
  Json item = {{"digest", removal.digest.text()},
               {"bytes", removal.bytes},
               {"disk_bytes", removal.disk_bytes},
               {"written_at", format_rfc3339(removal.written_at)},
               {"reason", name_of(removal.reason)}};
  if (removal.last_repository.empty())
    item["last_repository"] = nullptr;
  else
    set_name(item, "last_repository", removal.last_repository);
  return item;
}

Json layer_link_json(const LayerLinkRemoval& removal) {
  Json item;
  set_name(item, "repository", removal.repository);
  item["digest"] = removal.digest.text();
  return item;
}

Json upload_json(const UploadRemoval& removal) {
  Json item;
  set_name(item, "repository", removal.repository);
  set_name(item, "uuid", removal.uuid);
  item["started_at"] = removal.started_at ? Json(format_rfc3339(*removal.started_at)) : Json();
  item["bytes"] = removal.bytes;
  return item;
}

Json leftover_json(const LeftoverRemoval& removal) {
  Json item = {{"modified_at", format_rfc3339(removal.modified)}};
  set_name(item, "path", removal.path);
  return item;
}

void set_object(Json& item, const Copy& copy) {
  item["kind"] = name_of(copy.kind);
  item["run"] = copy.run;
  if (copy.digest) item["digest"] = copy.digest->text();
  if (!copy.tag.empty()) set_name(item, "tag", copy.tag);
  if (!copy.repository.empty()) set_name(item, "repository", copy.repository);
}

Json restoration_json(const Restoration& restoration) {
  Json item = {{"reason", report::id_of(restoration.reason)}};
  set_object(item, restoration.copy);
  return item;
}

Json purge_json(const Purge& purge) {
  Json item = {{"bytes", purge.bytes}, {"disk_bytes", purge.disk_bytes}};
  set_object(item, purge.copy);
  return item;
}

void write_plan(const Plan& plan, JsonDocument& json) {
  json.begin_object("plan");
  json.list("tags", plan.tags, tag_json);
  json.list("manifests", plan.manifests, manifest_json);
  json.list("blobs", plan.blobs, blob_json);
  json.list("layer_links", plan.layer_links, layer_link_json);
  json.list("uploads", plan.uploads, upload_json);
  json.list("temporary_files", plan.leftovers, leftover_json);
  json.list("empty_repositories", plan.empty_repositories, report::json_of_name);
  json.list("restore", plan.restore, restoration_json);
  json.list("purge", plan.purge, purge_json);
  json.end();
}

Json waiting_json(const Waiting& waiting) {
  const auto time = [](const std::optional<Time>& one) {
    return one ? Json(format_rfc3339(*one)) : Json();
  };
  Json json = amount(waiting.amount);
  json["oldest"] = time(waiting.oldest);
  json["until"] = time(waiting.until);
  json["gate"] = waiting.gate.is_open() ? "open" : "closed";
  json["what_would_free_it"] = what_would_free(waiting, cli::Charset::utf8);
  return json;
}

Json advice_json(const Advice& advice) {
  return {{"code", info_of(advice.code).id},
          {"count", advice.count},
          {"bytes", advice.bytes},
          {"option", info_of(advice.code).hint}};
}

void write_repositories(const Looked& findings, JsonDocument& json) {
  json.begin_list("repositories");
  for (std::size_t i = 0; i < findings.inventory.repositories.size(); ++i) {
    Json item = report::json_of(findings.inventory.repositories[i], findings.usage.repositories[i]);
    item["pinned"] = findings.mark.repositories[i].pinned;
    json.item(item);
  }
  json.end();
}

void write_report(const Report& report, const cli::Sink& sink) {
  JsonDocument json(sink, report::head("regctl-gc"));
  json.member("run", run_json(report.run, report.store));
  const auto& findings = report.findings;
  if (findings) {
    json.member("totals", totals_json(report));
    write_plan(plan_of(report), json);
  } else {
    for (const char* key : {"totals", "plan"}) json.member(key, nullptr);
  }
  json.member("swept", report.swept ? swept_json(*report.swept) : Json());
  if (findings) {
    json.member("waiting", waiting_json(waiting_of(report)));
    write_repositories(*findings, json);
  } else {
    for (const char* key : {"waiting", "repositories"}) json.member(key, nullptr);
  }
  const std::string& prefix = report.store.shown_prefix;
  json.list("blockers", report.blockers, prefix);
  json.list("warnings", report.warnings, prefix);
  json.list("errors", report.errors, prefix);
  json.list("advice", findings ? findings->advice : std::vector<Advice>(), advice_json);
  json.finish();
}

}  // namespace

cli::Text report_json(const Report& report) {
  return [&report](const cli::Sink& sink) { write_report(report, sink); };
}

}  // namespace regctl::gc
