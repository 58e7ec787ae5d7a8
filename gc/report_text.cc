#include <algorithm>
#include <array>
#include <numeric>

#include "gc/report.h"

namespace regctl::gc {
namespace {

using cli::Align;
using cli::format_count;
using cli::format_share;
using report::Section;

constexpr Duration kDay = std::chrono::hours(24);

class TextReport : private report::Text {
 public:
  TextReport(const Report& report, const Findings& findings, const TextStyle& style)
      : Text(style.text),
        report_(report),
        run_(report.run),
        findings_(findings),
        plan_(findings.plan),
        style_(style),
        totals_(totals_of(report, findings)) {}

  std::string run() && {
    if (!style_.text.plain) head();
    types();
    spaces();
    garbage_by_repository();
    ages();
    largest();
    lists();
    if (style_.text.plain)
      upstream_line();
    else
      foot();
    return text();
  }

 private:
  void head() {
    const std::uint64_t free = report_.store.medium.free_bytes;
    line("regctl-gc {}   {}", REGCTL_VERSION,
         run_.dry_run ? "dry run: nothing will be removed" : "run " + run_.id);
    storage(report_.store);
    double seconds = 0;
    for (const Phase& phase : run_.phases) seconds += phase.seconds;
    line("Scanned    {} repositories, {} tags, {} manifests, {} blobs in {:.1f} s",
         format_count(findings_.inventory.repositories.size()), format_count(totals_.tags),
         format_count(totals_.manifests), format_count(totals_.blobs.count), seconds);
    line("Sizes      {} blobs as their manifests claim, {} seen on disk",
         format_count(totals_.claimed.count), format_count(totals_.seen.count));
    for (const std::string& mount : report_.store.medium.mounts)
      line("Mounted    {}{} is a mount point, and was read across", report_.store.shown_prefix,
           name(mount));
    // A run beside a live registry gives nothing back at once; who needs room now must hear that
    // first.
    const bool nearly_full = free < report_.store.medium.size_bytes / 20;
    say_that_redis_waits();
    if (run_.mode == Mode::online && nearly_full &&
        (totals_.garbage.count || plan_.waiting.amount.count)) {
      line("");
      line(
          "The file system is nearly full, and this mode frees nothing of today's garbage today. "
          "With the registry");
      line("stopped or read-only,  regctl-gc --offline {}  frees {} at once.",
           name(report_.store.path), size(totals_.garbage_disk_bytes + plan_.waiting.amount.bytes));
    }
  }

  // Who was promised room at once must hear first that there will be none.
  void say_that_redis_waits() {
    const Waiting& waiting = report_.swept ? report_.swept->waiting : plan_.waiting;
    if (run_.mode == Mode::offline && !waiting.gate.is_open() && plan_.blockers.empty()) {
      line("");
      line("Nothing is freed yet, only quarantined: {}",
           what_would_free(waiting, style_.text.charset));
    }
  }

  void types() {
    Section section{.record = "type",
                    .title = "",
                    .heads = {"TYPE", "TOTAL", "ACTIVE", "SIZE", "RECLAIMABLE", ""},
                    .aligns = {Align::left, Align::right, Align::right, Align::right, Align::right,
                               Align::left},
                    .rows = {}};
    const auto add = [&](const char* type, std::uint64_t total, std::uint64_t active,
                         const std::string& bytes, const std::string& reclaimable,
                         const std::string& note) {
      section.rows.push_back(
          {type, format_count(total), format_count(active), bytes, reclaimable, note});
    };
    const Inventory& inventory = findings_.inventory;
    add("Blobs", totals_.blobs.count, totals_.reachable.count, size(totals_.blobs.bytes),
        size(totals_.garbage.bytes),
        "(" + format_share(totals_.garbage.bytes, totals_.blobs.bytes) + ")");
    add("Layer links", totals_.layer_links, totals_.layer_links - plan_.layer_links.size(), "-",
        format_count(plan_.layer_links.size()) + " links", "");
    const bool takes_untagged = !plan_.manifests.empty();
    add("Untagged manifests", findings_.untagged_manifests,
        findings_.untagged_manifests - plan_.manifests.size(), size(findings_.untagged_bytes),
        takes_untagged ? format_count(plan_.manifests.size()) + " manifests" : "0",
        option("delete_untagged") || !findings_.untagged_manifests
            ? ""
            : "(kept: no --delete-untagged)");
    Amount uploads, purged;
    std::uint64_t empty = 0;
    for (const Repository& repository : inventory.repositories) {
      for (const Upload& upload : repository.uploads) uploads += upload.bytes;
      empty += repository.is_empty();
    }
    for (const UploadRemoval& upload : plan_.uploads) purged += upload.bytes;
    add("Unfinished uploads", uploads.count, uploads.count - purged.count, size(uploads.bytes),
        size(purged.bytes),
        option("purge_uploads_seconds") || !uploads.count ? "" : "(kept: no --purge-uploads)");
    add("Empty repositories", empty, empty - plan_.empty_repositories.size(), "-",
        format_count(plan_.empty_repositories.size()),
        option("prune_empty_repositories") || !empty ? ""
                                                     : "(kept: no --prune-empty-repositories)");
    const auto is_leftover = [](const Stray& stray) {
      return stray.kind == Stray::Kind::temporary;
    };
    const auto leftovers = static_cast<std::uint64_t>(
        std::count_if(inventory.strays.begin(), inventory.strays.end(), is_leftover));
    if (leftovers) {
      add("Temporary files", leftovers, leftovers - plan_.leftovers.size(), "-",
          format_count(plan_.leftovers.size()),
          option("purge_uploads_seconds") ? "" : "(kept: no --purge-uploads)");
    }
    if (!inventory.quarantined.empty()) {
      add("In quarantine", inventory.quarantined.size(), plan_.restore.size(),
          size(totals_.quarantined.bytes), size(totals_.purged.bytes),
          plan_.restore.empty() ? "" : "(" + format_count(plan_.restore.size()) + " to give back)");
    }
    show(std::move(section));
  }

  // A flag that is on, or a value that was given.
  bool option(const std::string& name) const {
    for (const auto& [key, value] : run_.options) {
      if (key != name) continue;
      if (const bool* flag = std::get_if<bool>(&value)) return *flag;
      return true;
    }
    return false;
  }

  // Indices of `values` in descending order, ties by name; zeros left out.
  std::vector<std::size_t> by_size(const std::vector<std::uint64_t>& values) const {
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (values[i]) order.push_back(i);
    }
    std::stable_sort(order.begin(), order.end(),
                     [&](auto a, auto b) { return values[a] > values[b]; });
    return order;
  }

  void spaces() {
    const auto& repositories = findings_.inventory.repositories;
    const auto& usage = findings_.usage.repositories;
    std::vector<std::uint64_t> shares;
    shares.reserve(usage.size());
    for (const Usage& one : usage) shares.push_back(one.fair_share);
    const auto order = by_size(shares);
    const std::uint64_t total = std::accumulate(shares.begin(), shares.end(), std::uint64_t{0});
    Section section{
        .record = "repository",
        .title =
            "WHERE THE SPACE GOES     exclusive: freed if only this repository went; fair share: "
            "adds up to the total",
        .heads = {"REPOSITORY", "TAGS", "MANIFESTS", "EXCLUSIVE", "SHARED", "FAIR SHARE", "", ""},
        .aligns = {Align::left, Align::right, Align::right, Align::right, Align::right,
                   Align::right, Align::right, Align::left},
        .rows = {},
        .has_bars = true};
    std::uint64_t tags = 0, manifests = 0, exclusive = 0, left = total;
    const auto row = [&](const std::string& label, std::uint64_t tag_count,
                         std::uint64_t manifest_count, std::uint64_t own, const std::string& shared,
                         std::uint64_t share) {
      section.rows.push_back({label, format_count(tag_count), format_count(manifest_count),
                              size(own), shared, size(share), format_share(share, total),
                              bar(share, total)});
    };
    for (std::size_t i = 0; i < shown(order.size()); ++i) {
      const std::size_t r = order[i];
      row(name(repositories[r].name), repositories[r].tags.size(),
          repositories[r].count_manifests(), usage[r].exclusive, size(usage[r].shared),
          usage[r].fair_share);
      left -= usage[r].fair_share;
    }
    for (std::size_t i = shown(order.size()); i < order.size(); ++i) {
      tags += repositories[order[i]].tags.size();
      manifests += repositories[order[i]].count_manifests();
      exclusive += usage[order[i]].exclusive;
    }
    if (order.size() > shown(order.size()))
      row(format_count(order.size() - shown(order.size())) + " more", tags, manifests, exclusive,
          "-", left);
    if (!order.empty()) {
      std::uint64_t all = 0;
      for (const Usage& one : usage) all += one.exclusive;
      row("in use", totals_.tags, totals_.manifests, all, size(total - all), total);
    }
    show(std::move(section));
  }

  void garbage_by_repository() {
    const UsageReport& usage = findings_.usage;
    struct Row {
      std::string name;
      std::uint64_t blobs, bytes;
    };
    std::vector<Row> rows;
    for (std::size_t i = 0; i < usage.repositories.size(); ++i) {
      if (usage.garbage_blobs[i])
        rows.push_back({name(findings_.inventory.repositories[i].name), usage.garbage_blobs[i],
                        usage.repositories[i].garbage});
    }
    if (usage.blobs_of_several)
      rows.push_back({"(several)", usage.blobs_of_several, usage.garbage_of_several});
    if (usage.blobs_of_none) rows.push_back({"(none)", usage.blobs_of_none, usage.garbage_of_none});
    std::stable_sort(rows.begin(), rows.end(),
                     [](const Row& a, const Row& b) { return a.bytes > b.bytes; });
    Section section{
        .record = "garbage",
        .title = "GARBAGE BY REPOSITORY    repositories that still link the blob; one row per blob",
        .heads = {"REPOSITORY", "BLOBS", "SIZE", "SHARE", ""},
        .aligns = {Align::left, Align::right, Align::right, Align::right, Align::left},
        .rows = {},
        .has_bars = true};
    const auto add = [&](const Row& row) {
      section.rows.push_back({row.name, format_count(row.blobs), size(row.bytes),
                              format_share(row.bytes, totals_.garbage.bytes),
                              bar(row.bytes, totals_.garbage.bytes)});
    };
    Row more{"", 0, 0};
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (i < shown(rows.size())) {
        add(rows[i]);
      } else {
        more.blobs += rows[i].blobs;
        more.bytes += rows[i].bytes;
      }
    }
    if (rows.size() > shown(rows.size())) {
      more.name = format_count(rows.size() - shown(rows.size())) + " more";
      add(more);
    }
    if (!rows.empty()) {
      add({"total", totals_.garbage.count, totals_.garbage.bytes});
      section.rows.back().back().clear();
    }
    show(std::move(section));
  }

  void ages() {
    struct Class {
      const char* name;
      Duration below;
      Amount amount;
    };
    std::array<Class, 5> classes = {{{"under 1 day", kDay, {}},
                                     {"1 to 7 days", 7 * kDay, {}},
                                     {"7 to 30 days", 30 * kDay, {}},
                                     {"30 to 90 days", 90 * kDay, {}},
                                     {"over 90 days", Duration::max(), {}}}};
    for (const BlobRemoval& blob : plan_.blobs) {
      const Duration age = run_.started_at - blob.written_at;
      std::find_if(classes.begin(), classes.end(), [&](const Class& one) {
        return age < one.below;
      })->amount += blob.bytes;
    }
    Section section{.record = "age",
                    .title = "AGE OF THE GARBAGE       time since the blob was written",
                    .heads = {"AGE", "BLOBS", "SIZE", "SHARE", ""},
                    .aligns = {Align::left, Align::right, Align::right, Align::right, Align::left},
                    .rows = {},
                    .has_bars = true};
    for (const Class& one : classes) {
      if (plan_.blobs.empty()) break;
      section.rows.push_back({one.name, format_count(one.amount.count), size(one.amount.bytes),
                              format_share(one.amount.bytes, totals_.garbage.bytes),
                              bar(one.amount.bytes, totals_.garbage.bytes)});
    }
    show(std::move(section));
  }

  void largest() {
    const std::size_t count = shown(plan_.blobs.size());
    Section section{
        .record = "blob",
        .title = fmt::format("LARGEST BLOBS TO REMOVE  ({} of {}; --top N, --list blobs for all)",
                             format_count(count), format_count(plan_.blobs.size())),
        .heads = {"DIGEST", "SIZE", "WRITTEN", "LAST SEEN IN"},
        .aligns = {Align::left, Align::right, Align::left, Align::left},
        .rows = {}};
    for (std::size_t i = 0; i < count; ++i) {
      const BlobRemoval& blob = plan_.blobs[i];
      section.rows.push_back({digest(blob.digest), size(blob.bytes),
                              format_rfc3339(blob.written_at).substr(0, 10),
                              blob.last_repository.empty() ? "-" : name(blob.last_repository)});
    }
    show(std::move(section));
  }

  void lists() {
    const auto wants = [&](Lists which) {
      return style_.lists == which || style_.lists == Lists::all;
    };
    if (style_.lists != Lists::none && !style_.text.plain) line("");
    if (wants(Lists::manifests)) {
      for (const ManifestRemoval& removal : plan_.manifests)
        line("{}: manifest eligible for deletion: {}", name(removal.repository),
             removal.digest.text());
    }
    if (wants(Lists::blobs)) {
      for (const BlobRemoval& removal : plan_.blobs)
        line("blob eligible for deletion: {}", removal.digest.text());
    }
    if (wants(Lists::links)) {
      for (const LayerLinkRemoval& removal : plan_.layer_links)
        line("{}: layer link eligible for deletion: {}", name(removal.repository),
             removal.digest.text());
    }
  }

  // Scripts in the field look for this line: it is distribution's own, to the letter.
  void upstream_line() {
    line("{} blobs marked, {} blobs and {} manifests eligible for deletion",
         totals_.reachable.count, plan_.blobs.size(), plan_.manifests.size());
  }

  void foot() {
    line("");
    if (plan_.kept_young.count)
      line("Kept for now: {} younger than the limit", blobs(plan_.kept_young));
    if (plan_.kept_pinned.count)
      line("Kept in doubt: {} that only damaged repositories link", blobs(plan_.kept_pinned));
    if (plan_.kept_protected.count) line("Kept by --protect: {}", blobs(plan_.kept_protected));
    if (plan_.kept_outside_tags)
      line("Kept: {} manifests newer than any tag; something else may be tagging here",
           format_count(plan_.kept_outside_tags));
    upstream_line();
    if (report_.swept) return result(*report_.swept);
    const Waiting& waiting = plan_.waiting;
    if (!plan_.blockers.empty()) {
      line("Refused: as things are, a real run takes nothing. The reasons are on standard error.");
      return;
    }
    if (!plan_.restore.empty())
      line("Given back by a real run: {} objects in quarantine",
           format_count(plan_.restore.size()));
    if (!plan_.uploads.empty() || !plan_.leftovers.empty() || !plan_.empty_repositories.empty())
      line(
          "Removed by a real run, and not to be restored: {} unfinished uploads, {} temporary "
          "files, {} empty repositories",
          format_count(plan_.uploads.size()), format_count(plan_.leftovers.size()),
          format_count(plan_.empty_repositories.size()));
    if (run_.mode == Mode::online &&
        (totals_.garbage.count || waiting.amount.count || totals_.purged.count)) {
      line("Quarantined by a real run: {}, to be freed by a run after the hold",
           blobs(totals_.garbage));
      line("Freed by a real run: {} of what earlier runs quarantined", size(totals_.purged.bytes));
    }
    if (waiting.until) {
      line("Waiting in quarantine: {}{}", blobs(waiting.amount), until(waiting));
      gate(waiting);
    }
    line("Free now {}; after a real run about {}",
         cli::format_bytes(report_.store.medium.free_bytes),
         cli::format_bytes(report_.store.medium.free_bytes + totals_.freed_bytes));
  }

  // The end of the hold, while that is to come.
  std::string until(const Waiting& waiting) const {
    return waiting.until && *waiting.until > run_.started_at
               ? ", until " + format_rfc3339(*waiting.until) + " at least"
               : "";
  }

  // What stands against a purge, besides the hold.
  void gate(const Waiting& waiting) {
    if (!waiting.gate.is_open())
      line("  Not purged yet: {}", what_would_free(waiting, style_.text.charset));
  }

  std::string blobs(const Amount& amount) const {
    return fmt::format("{} ({} {})", size(amount.bytes), format_count(amount.count),
                       amount.count == 1 ? "blob" : "blobs");
  }

  // What was done, where something was.
  void result(const Swept& swept) {
    const SweepReport& total = swept.total;
    const auto say = [&](const char* what, const Amount& amount, const std::string& more) {
      if (amount.count || !more.empty()) line("{:<12}{}{}", what, blobs(amount), more);
    };
    const auto and_links = [](std::uint64_t links) {
      return links ? fmt::format(" and {} links", format_count(links)) : "";
    };
    if (!plan_.blockers.empty())
      line("Refused: nothing was taken or purged. The reasons are on standard error.");
    say("Given back", total.restored, and_links(total.links_restored));
    say("Verified", swept.verification.read, "");
    say("Quarantined", total.quarantined, and_links(total.manifests + total.layer_links));
    say("Freed", total.purged, and_links(total.links_purged));
    if (total.uploads) line("{:<12}{} unfinished uploads", "Removed", format_count(total.uploads));
    if (total.leftovers) line("{:<12}{} temporary files", "Removed", format_count(total.leftovers));
    if (total.empty_repositories)
      line("{:<12}{} empty repositories", "Removed", format_count(total.empty_repositories));
    if (swept.kept_mismatched && swept.kept_mismatched->count)
      line("{:<12}{} whose bytes do not match their digests", "Kept",
           blobs(*swept.kept_mismatched));
    if (swept.verification.left)
      line("{:<12}{} blobs were not verified in time", "Left",
           format_count(swept.verification.left));
    if (swept.looked_again)
      line("{:<12}{} tags still resolve to what they did", "Proved",
           format_count(swept.tags_proved));
    if (run_.mode == Mode::restore && total.restored.count + total.links_restored)
      line(
          "A run takes it again once it is older than --keep-younger-than, unless something refers "
          "to it or the options change.");
    if (swept.quarantined_now.count) {
      line("{:<12}{} in quarantine{}", "Waiting", blobs(swept.quarantined_now),
           until(swept.waiting));
      gate(swept.waiting);
    }
  }

  const Report& report_;
  const Run& run_;
  const Findings& findings_;
  const Plan& plan_;
  const TextStyle& style_;
  const Totals totals_;
};

}  // namespace

std::string report_text(const Report& report, const TextStyle& style) {
  if (!report.findings) return "";
  return TextReport(report, *report.findings, style).run();
}

}  // namespace regctl::gc
