#include "gc/report_tables.h"
#include "report/usage_table.h"

namespace regctl::gc {
namespace {

using cli::format_count;
using report::Text;

std::string blobs(const Amount& amount, const Text& text) {
  return fmt::format("{} ({} {})", text.size(amount.bytes), format_count(amount.count),
                     amount.count == 1 ? "blob" : "blobs");
}

// Who was promised room at once must hear first that there will be none.
void say_that_redis_waits(const Report& report, Text& text) {
  const Waiting& waiting = waiting_of(report);
  if (report.run.wishes.mode != Mode::offline || waiting.gate.is_open() ||
      !plan_of(report).blockers.empty())
    return;
  text.line("");
  text.line("Nothing is freed yet, only quarantined: {}",
            what_would_free(waiting, text.style().charset));
}

// A run beside a live registry gives nothing back at once; who needs room now must hear that first.
void say_that_nothing_is_freed_today(const Report& report, const Totals& totals, Text& text) {
  const Medium& medium = report.store.medium;
  const Amount& waiting = report.findings->plan.waiting.amount;
  const bool nearly_full = medium.free_bytes < medium.size_bytes / 20;
  if (report.run.wishes.mode != Mode::online || !nearly_full ||
      totals.garbage.count + waiting.count == 0)
    return;
  text.line("");
  text.line(
      "The file system is nearly full, and this mode frees nothing of today's garbage today. "
      "With the registry");
  text.line("stopped or read-only,  regctl-gc --offline {}  frees {} at once.",
            text.name(report.store.path), text.size(totals.garbage_disk_bytes + waiting.bytes));
}

void head(const Report& report, const Totals& totals, Text& text) {
  text.line("regctl-gc {}   {}", REGCTL_VERSION,
            report.run.dry_run ? "dry run: nothing will be removed" : "run " + report.run.id);
  text.storage(report.store);
  // Of the first look, which may scan again for what it has found to need.
  double seconds = 0;
  for (const Phase& phase : report.run.phases) {
    if (phase.name == "plan") break;
    if (phase.name == "scan") seconds += phase.seconds;
  }
  text.line("Scanned    {} repositories, {} tags, {} manifests, {} blobs in {:.1f} s",
            format_count(report.findings->inventory.repositories.size()), format_count(totals.tags),
            format_count(totals.manifests), format_count(totals.blobs.count), seconds);
  text.line("Sizes      {} blobs as their manifests claim, {} seen on disk",
            format_count(totals.claimed.count), format_count(totals.seen.count));
  for (const MountBelow& mount : report.store.medium.mounts) {
    const std::string point = report.store.shown_prefix + text.name(mount.point);
    if (mount.target.empty())
      text.line("Mounted    {} is a mount point, and was read across", point);
    else
      text.line("Followed   {} leads to {} ({})", point, text.name(mount.target), mount.name);
  }
  say_that_redis_waits(report, text);
  say_that_nothing_is_freed_today(report, totals, text);
}

void list(const Plan& plan, Lists lists, Text& text) {
  const auto wants = [&](Lists which) { return lists == which || lists == Lists::all; };
  if (lists != Lists::none && !text.style().plain) text.line("");
  if (wants(Lists::manifests)) {
    for (const TagRemoval& removal : plan.tags)
      text.line("{}: tag eligible for deletion: {}", text.name(removal.repository),
                text.name(removal.tag));
    for (const ManifestRemoval& removal : plan.manifests)
      text.line("{}: manifest eligible for deletion: {}", text.name(removal.repository),
                removal.digest.text());
  }
  if (wants(Lists::blobs)) {
    for (const BlobRemoval& removal : plan.blobs)
      text.line("blob eligible for deletion: {}", removal.digest.text());
  }
  if (wants(Lists::links)) {
    for (const LayerLinkRemoval& removal : plan.layer_links)
      text.line("{}: layer link eligible for deletion: {}", text.name(removal.repository),
                removal.digest.text());
  }
}

// Scripts in the field look for this line: it is distribution's own, to the letter.
void upstream_line(const Report& report, const Totals& totals, Text& text) {
  const Plan& plan = plan_of(report);
  text.line("{} blobs marked, {} blobs and {} manifests eligible for deletion",
            totals.reachable.count, plan.blobs.size(), plan.manifests.size());
}

void kept(const Plan& plan, Text& text) {
  if (plan.kept_young.count)
    text.line("Kept for now: {} younger than the limit", blobs(plan.kept_young, text));
  if (plan.kept_arrived.count)
    text.line("Kept for now: {} that came here lately, however old",
              blobs(plan.kept_arrived, text));
  if (plan.kept_pinned.count)
    text.line("Kept in doubt: {} that only damaged repositories link",
              blobs(plan.kept_pinned, text));
  if (plan.kept_protected.count)
    text.line("Kept by --protect: {}", blobs(plan.kept_protected, text));
  if (plan.kept_outside_tags)
    text.line("Kept: {} manifests newer than any tag; something else may be tagging here",
              format_count(plan.kept_outside_tags));
}

// The end of the hold, while that is to come.
std::string until(const Waiting& waiting, Time now) {
  return waiting.until && *waiting.until > now
             ? ", until " + format_rfc3339(*waiting.until) + " at least"
             : "";
}

// What stands against a purge, besides the hold.
void gate(const Waiting& waiting, Text& text) {
  if (!waiting.gate.is_open())
    text.line("  Not purged yet: {}", what_would_free(waiting, text.style().charset));
}

// What a real run would do.
void outlook(const Report& report, const Totals& totals, Text& text) {
  const Plan& plan = report.findings->plan;
  const Waiting& waiting = plan.waiting;
  if (!plan.blockers.empty())
    return text.line(
        "Refused: as things are, a real run takes nothing. The reasons are on standard error.");
  if (!plan.restore.empty())
    text.line("Given back by a real run: {} objects in quarantine",
              format_count(plan.restore.size()));
  if (!plan.uploads.empty() || !plan.leftovers.empty() || !plan.empty_repositories.empty())
    text.line(
        "Removed by a real run, and not to be restored: {} unfinished uploads, {} temporary "
        "files, {} empty repositories",
        format_count(plan.uploads.size()), format_count(plan.leftovers.size()),
        format_count(plan.empty_repositories.size()));
  if (report.run.wishes.mode == Mode::online &&
      totals.garbage.count + waiting.amount.count + totals.purged.count > 0) {
    text.line("Quarantined by a real run: {}, to be freed by a run after the hold",
              blobs(totals.garbage, text));
    text.line("Freed by a real run: {} of what earlier runs quarantined",
              text.size(totals.purged.bytes));
  }
  if (waiting.until) {
    text.line("Waiting in quarantine: {}{}", blobs(waiting.amount, text),
              until(waiting, report.run.started_at));
    gate(waiting, text);
  }
  const std::uint64_t free = report.store.medium.free_bytes;
  text.line("Free now {}; after a real run about {}", cli::format_bytes(free),
            cli::format_bytes(free + totals.freed_bytes));
}

void removed(const SweepReport& total, Text& text) {
  if (total.uploads)
    text.line("{:<12}{} unfinished uploads", "Removed", format_count(total.uploads));
  if (total.leftovers)
    text.line("{:<12}{} temporary files", "Removed", format_count(total.leftovers));
  if (total.empty_repositories)
    text.line("{:<12}{} empty repositories", "Removed", format_count(total.empty_repositories));
}

void verified(const Swept& swept, Text& text) {
  if (swept.kept_mismatched && swept.kept_mismatched->count)
    text.line("{:<12}{} whose bytes do not match their digests", "Kept",
              blobs(*swept.kept_mismatched, text));
  if (swept.verification.left)
    text.line("{:<12}{} blobs were not verified in time", "Left",
              format_count(swept.verification.left));
  if (swept.looked_again)
    text.line("{:<12}{} tags still resolve to what they did", "Proved",
              format_count(swept.tags_proved));
}

// What was done, where something was.
void result(const Report& report, Text& text) {
  const Swept& swept = *report.swept;
  const SweepReport& total = swept.total;
  const auto say = [&](const char* what, const Amount& amount, std::uint64_t links) {
    if (amount.count || links)
      text.line("{:<12}{}{}", what, blobs(amount, text),
                links ? fmt::format(" and {} links", format_count(links)) : "");
  };
  if (!swept.plan.blockers.empty())
    text.line("Refused: nothing was taken or purged. The reasons are on standard error.");
  say("Given back", total.restored, total.links_restored);
  say("Verified", swept.verification.read, 0);
  say("Quarantined", total.quarantined, total.tags + total.manifests + total.layer_links);
  say("Freed", total.purged, total.links_purged);
  removed(total, text);
  verified(swept, text);
  if (report.run.wishes.mode == Mode::restore && total.restored.count + total.links_restored)
    text.line(
        "A run takes it again once it is older than --keep-younger-than, unless something refers "
        "to it or the options change.");
  if (!swept.quarantined_now.count) return;
  text.line("{:<12}{} in quarantine{}", "Waiting", blobs(swept.quarantined_now, text),
            until(swept.waiting, report.run.started_at));
  gate(swept.waiting, text);
}

}  // namespace

std::string report_text(const Report& report, const report::TextStyle& style, Lists lists) {
  if (!report.findings) return "";
  const Looked& findings = *report.findings;
  const Totals totals = totals_of(report);
  Text text(style);
  if (!style.plain) head(report, totals, text);
  text.show(types_table(report, totals, text));
  text.show(usage_table(findings.inventory, findings.usage, text));
  text.show(garbage_table(report, totals, text));
  text.show(ages_table(report, text));
  text.show(largest_table(report, text));
  list(plan_of(report), lists, text);
  if (style.plain) {
    upstream_line(report, totals, text);
    return text.text();
  }
  text.line("");
  kept(findings.plan, text);
  upstream_line(report, totals, text);
  if (report.swept)
    result(report, text);
  else
    outlook(report, totals, text);
  return text.text();
}

}  // namespace regctl::gc
