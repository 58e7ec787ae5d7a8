#include "gc/report_tables.h"

#include <algorithm>

#include "report/blob_tables.h"

namespace regctl::gc {
namespace {

using cli::Align;
using cli::format_count;
using cli::format_share;
using report::Section;
using report::Text;

// Adds rows of one type of object each.
class Types {
 public:
  Types(const Report& report, const Totals& totals, const Text& text)
      : inventory_(report.findings->inventory),
        plan_(plan_of(report)),
        wishes_(report.run.wishes),
        totals_(totals),
        text_(text) {}

  void blobs() {
    add("Blobs", totals_.blobs.count, totals_.reachable.count, text_.size(totals_.blobs.bytes),
        text_.size(totals_.garbage.bytes),
        "(" + format_share(totals_.garbage.bytes, totals_.blobs.bytes) + ")");
  }

  void layer_links() {
    const std::size_t go = plan_.layer_links.size();
    add("Layer links", totals_.layer_links, totals_.layer_links - go, "-",
        format_count(go) + " links", "");
  }

  void manifests(const char* type, const Amount& price, Reason reason, bool asked_for,
                 const char* option) {
    const std::uint64_t go = manifests_that_go(reason);
    add(type, price.count, price.count - go, text_.size(price.bytes),
        go ? format_count(go) + " manifests" : "0", kept(price.count, asked_for, option));
  }

  void untagged_manifests(const Amount& price) {
    manifests("Untagged manifests", price, Reason::untagged, wishes_.policy.delete_untagged,
              "--delete-untagged");
  }

  void dead_tags(const Amount& price) {
    const std::uint64_t go = tags_that_go(Reason::dead);
    if (price.count)
      add("Dead tags", price.count, price.count - go, text_.size(price.bytes),
          go ? format_count(go) + " tags" : "0",
          kept(price.count, wishes_.policy.prune_dead_tags, "--prune-dead-tags"));
  }

  // Of a cache.
  void unused() {
    const std::uint64_t go = tags_that_go(Reason::unused) + manifests_that_go(Reason::unused);
    std::uint64_t bytes = 0;
    for (const BlobRemoval& blob : plan_.blobs)
      bytes += blob.reason == Reason::unused ? blob.bytes : 0;
    if (wishes_.policy.cache_unused)
      add("Unused in the cache", go, 0, text_.size(bytes), format_count(go) + " tags and manifests",
          "");
  }

  void orphaned_referrers(const Amount& price) {
    const std::uint64_t go = tags_that_go(Reason::orphaned) + manifests_that_go(Reason::orphaned);
    if (price.count)
      add("Orphaned referrers", price.count, price.count - go, text_.size(price.bytes),
          go ? format_count(go) + " tags and manifests" : "0",
          kept(price.count, wishes_.policy.prune_orphaned_referrers, "--prune-orphaned-referrers"));
  }

  void broken_manifests(const Amount& price) {
    if (price.count)
      manifests("Broken manifests", price, Reason::broken, wishes_.policy.prune_broken_manifests,
                "--prune-broken-manifests");
  }

  void uploads() {
    Amount uploads, purged;
    for (const Repository& repository : inventory_.repositories) {
      for (const Upload& upload : repository.uploads) uploads += upload.bytes;
    }
    for (const UploadRemoval& upload : plan_.uploads) purged += upload.bytes;
    add("Unfinished uploads", uploads.count, uploads.count - purged.count,
        text_.size(uploads.bytes), text_.size(purged.bytes),
        kept(uploads.count, wishes_.margins.purge_uploads.has_value(), "--purge-uploads"));
  }

  void empty_repositories() {
    std::uint64_t empty = 0;
    for (const Repository& repository : inventory_.repositories) empty += repository.is_empty();
    const std::size_t go = plan_.empty_repositories.size();
    add("Empty repositories", empty, empty - go, "-", format_count(go),
        kept(empty, wishes_.margins.prune_empty_repositories, "--prune-empty-repositories"));
  }

  void leftovers() {
    const auto is_leftover = [](const Stray& stray) {
      return stray.kind == Stray::Kind::temporary;
    };
    const auto count = static_cast<std::uint64_t>(
        std::count_if(inventory_.strays.begin(), inventory_.strays.end(), is_leftover));
    const std::size_t go = plan_.leftovers.size();
    if (count)
      add("Temporary files", count, count - go, "-", format_count(go),
          kept(count, wishes_.margins.purge_uploads.has_value(), "--purge-uploads"));
  }

  void quarantine() {
    const std::size_t back = plan_.restore.size(),
                      all = inventory_.quarantined.size() + inventory_.quarantined_tags.size();
    if (all)
      add("In quarantine", all, back, text_.size(totals_.quarantined.bytes),
          text_.size(totals_.purged.bytes),
          back ? "(" + format_count(back) + " to give back)" : "");
  }

  std::vector<std::vector<std::string>> rows() && { return std::move(rows_); }

 private:
  void add(const char* type, std::uint64_t total, std::uint64_t active, const std::string& bytes,
           const std::string& reclaimable, const std::string& note) {
    rows_.push_back({type, format_count(total), format_count(active), bytes, reclaimable, note});
  }

  std::uint64_t manifests_that_go(Reason reason) const {
    return static_cast<std::uint64_t>(
        std::ranges::count(plan_.manifests, reason, &ManifestRemoval::reason));
  }
  std::uint64_t tags_that_go(Reason reason) const {
    return static_cast<std::uint64_t>(std::ranges::count(plan_.tags, reason, &TagRemoval::reason));
  }

  static std::string kept(std::uint64_t count, bool asked_for, const char* option) {
    return count && !asked_for ? fmt::format("(kept: no {})", option) : "";
  }

  const Inventory& inventory_;
  const Plan& plan_;
  const Wishes& wishes_;
  const Totals& totals_;
  const Text& text_;
  std::vector<std::vector<std::string>> rows_;
};

struct GarbageRow {
  std::string name;
  Amount amount;
};

// Of each repository that alone links some, and of the others together; the largest first.
std::vector<GarbageRow> garbage_rows(const Looked& findings, const Text& text) {
  const UsageReport& usage = findings.usage;
  std::vector<GarbageRow> rows;
  const auto add = [&](const std::string& name, std::uint64_t blobs, std::uint64_t bytes) {
    if (blobs) rows.push_back({name, {blobs, bytes}});
  };
  for (std::size_t i = 0; i < usage.repositories.size(); ++i)
    add(text.name(findings.inventory.repositories[i].name), usage.garbage_blobs[i],
        usage.repositories[i].garbage);
  add("(several)", usage.blobs_of_several, usage.garbage_of_several);
  add("(none)", usage.blobs_of_none, usage.garbage_of_none);
  std::stable_sort(rows.begin(), rows.end(), [](const GarbageRow& a, const GarbageRow& b) {
    return a.amount.bytes > b.amount.bytes;
  });
  return rows;
}

// The rows that `text` has no room for as one.
void fold(std::vector<GarbageRow>& rows, const Text& text) {
  const std::size_t shown = text.shown(rows.size());
  if (shown == rows.size()) return;
  GarbageRow rest{format_count(rows.size() - shown) + " more", {}};
  for (std::size_t i = shown; i < rows.size(); ++i) {
    rest.amount.count += rows[i].amount.count;
    rest.amount.bytes += rows[i].amount.bytes;
  }
  rows.resize(shown);
  rows.push_back(std::move(rest));
}

}  // namespace

Section types_table(const Report& report, const Totals& totals, const Text& text) {
  Types types(report, totals, text);
  types.blobs();
  types.layer_links();
  types.untagged_manifests(report.findings->untagged);
  types.dead_tags(report.findings->dead);
  types.broken_manifests(report.findings->broken);
  types.orphaned_referrers(report.findings->orphaned);
  types.unused();
  types.uploads();
  types.empty_repositories();
  types.leftovers();
  types.quarantine();
  return {
      .record = "type",
      .title = "",
      .heads = {"TYPE", "TOTAL", "ACTIVE", "SIZE", "RECLAIMABLE", ""},
      .aligns = {Align::left, Align::right, Align::right, Align::right, Align::right, Align::left},
      .rows = std::move(types).rows()};
}

Section garbage_table(const Report& report, const Totals& totals, const Text& text) {
  Section section{.record = "garbage",
                  .title = "GARBAGE BY REPOSITORY",
                  .note = "repositories that still link the blob; one row per blob",
                  .heads = {"REPOSITORY", "BLOBS", "SIZE", "SHARE"},
                  .aligns = {Align::left, Align::right, Align::right, Align::right},
                  .rows = {}};
  auto rows = garbage_rows(*report.findings, text);
  fold(rows, text);
  const auto add = [&](const std::string& name, const Amount& amount, double bar) {
    section.rows.push_back({name, format_count(amount.count), text.size(amount.bytes),
                            format_share(amount.bytes, totals.garbage.bytes)});
    section.bars.push_back(bar);
  };
  for (const auto& [name, amount] : rows)
    add(name, amount, cli::share(amount.bytes, totals.garbage.bytes));
  if (!rows.empty()) add("total", totals.garbage, 0);
  section.sums = 1;
  return section;
}

Section ages_table(const Report& report, const Text& text) {
  report::Ages ages(report.run.started_at);
  for (const BlobRemoval& blob : plan_of(report).blobs) ages.add(blob.bytes, blob.written_at);
  return ages.table(text);
}

Section largest_table(const Report& report, const Text& text) {
  const auto& blobs = plan_of(report).blobs;
  const std::size_t count = text.shown(blobs.size());
  Section section{.record = "blob",
                  .title = "LARGEST BLOBS TO REMOVE",
                  .note = fmt::format("({} of {}; --top N, --list blobs for all)",
                                      format_count(count), format_count(blobs.size())),
                  .heads = {"DIGEST", "SIZE", "WRITTEN", "LAST SEEN IN"},
                  .aligns = {Align::left, Align::right, Align::left, Align::left},
                  .rows = {}};
  for (std::size_t i = 0; i < count; ++i) {
    const BlobRemoval& blob = blobs[i];
    section.rows.push_back({text.digest(blob.digest), text.size(blob.bytes),
                            format_rfc3339(blob.written_at).substr(0, 10),
                            blob.last_repository.empty() ? "-" : text.name(blob.last_repository)});
  }
  return section;
}

}  // namespace regctl::gc
