#include "report/usage_table.h"

#include <algorithm>

namespace regctl::report {
namespace {

using cli::Align;
using cli::format_count;

struct Row {
  std::string label;
  std::uint64_t tags = 0, manifests = 0, exclusive = 0, fair_share = 0;
  std::string shared;
};

// Descending by fair share, in the order of names where that is equal.
std::vector<std::size_t> largest_first(const std::vector<Usage>& usage) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < usage.size(); ++i) {
    if (usage[i].fair_share) order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return usage[a].fair_share > usage[b].fair_share;
  });
  return order;
}

Row& operator+=(Row& sum, const Row& row) {
  sum.tags += row.tags;
  sum.manifests += row.manifests;
  sum.exclusive += row.exclusive;
  sum.fair_share += row.fair_share;
  return sum;
}

}  // namespace

Section usage_table(const Inventory& inventory, const UsageReport& usage, const Text& text) {
  const auto order = largest_first(usage.repositories);
  const std::size_t shown = text.shown(order.size());
  std::vector<Row> rows;
  Row rest{.label = format_count(order.size() - shown) + " more", .shared = "-"},
      all{.label = "in use"};
  for (std::size_t i = 0; i < order.size(); ++i) {
    const Repository& repository = inventory.repositories[order[i]];
    const Usage& used = usage.repositories[order[i]];
    const Row row{.label = text.name(repository.name),
                  .tags = repository.tags.size(),
                  .manifests = repository.count_manifests(),
                  .exclusive = used.exclusive,
                  .fair_share = used.fair_share,
                  .shared = text.size(used.shared)};
    all += row;
    if (i < shown)
      rows.push_back(row);
    else
      rest += row;
  }
  if (order.size() > shown) rows.push_back(rest);
  if (!order.empty()) {
    all.tags = all.manifests = 0;  // of those too that hold nothing
    for (const Repository& repository : inventory.repositories) {
      all.tags += repository.tags.size();
      all.manifests += repository.count_manifests();
    }
    all.shared = text.size(all.fair_share - all.exclusive);
    rows.push_back(all);
  }
  Section section{
      .record = "repository",
      .title = "WHERE THE SPACE GOES",
      .note = "exclusive: freed if only this repository went; fair share: adds up to the total",
      .heads = {"REPOSITORY", "TAGS", "MANIFESTS", "EXCLUSIVE", "SHARED", "FAIR SHARE", ""},
      .aligns = {Align::left, Align::right, Align::right, Align::right, Align::right, Align::right,
                 Align::right},
      .rows = {}};
  for (const Row& row : rows) {
    section.rows.push_back({row.label, format_count(row.tags), format_count(row.manifests),
                            text.size(row.exclusive), row.shared, text.size(row.fair_share),
                            cli::format_share(row.fair_share, all.fair_share)});
    section.bars.push_back(cli::share(row.fair_share, all.fair_share));
  }
  section.sums = rows.size() - std::min(shown, rows.size());
  return section;
}

}  // namespace regctl::report
