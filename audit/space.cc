#include "audit/space.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "audit/images.h"
#include "registry/closure.h"
#include "registry/marking/price.h"
#include "registry/marking/unreached.h"
#include "registry/usage.h"

namespace regctl::audit {
namespace {

using report::Count;
using report::Size;

struct Amount {
  std::uint64_t blobs = 0, bytes = 0;
  std::optional<std::uint64_t> disk_bytes = 0;  // empty: not all of them were looked at

  void add(std::uint64_t more, std::optional<std::uint64_t> more_on_disk) {
    ++blobs;
    bytes += more;
    if (disk_bytes && more_on_disk)
      *disk_bytes += *more_on_disk;
    else
      disk_bytes.reset();
  }
};

// By DigestId: what is kept, and not only because it is too young to be judged.
std::vector<bool> in_use(const Sight& sight) {
  std::vector<bool> in_use;
  in_use.reserve(sight.mark.digests.size());
  for (const Why why : sight.mark.digests)
    in_use.push_back(why != Why::nothing && why != Why::young && why != Why::arrived &&
                     why != Why::beginning);
  return in_use;
}

AnswerTable totals(const Sight& sight, const std::vector<bool>& used,
                   const std::vector<Unreached>& unreached) {
  Amount live, garbage, young, quarantined, all;
  for (const DigestId id : sight.inventory.blob_directories) {
    if (!sight.inventory.has_bytes(id)) continue;
    const Blob* blob = sight.inventory.blob(id);
    const auto on_disk = blob ? std::optional(blob->disk_bytes) : std::nullopt;
    all.add(sight.size(id), on_disk);
    if (sight.mark.live(id)) (used[index_of(id)] ? live : young).add(sight.size(id), on_disk);
  }
  for (const Unreached& one : unreached)
    (one.kept == Why::nothing ? garbage : young).add(one.blob->bytes, one.blob->disk_bytes);
  for (const Quarantined& copy : sight.inventory.quarantined) {
    if (copy.kind == Quarantined::Kind::blob) quarantined.add(copy.bytes, copy.disk_bytes);
  }
  AnswerTable table{
      .key = "totals",
      .title = all.disk_bytes ? "" : "ALLOCATED of what is kept: -v, which looks at every file",
      .columns = {{"state", "BLOBS"},
                  {"blobs", "COUNT"},
                  {"bytes", "SIZE"},
                  {"allocated_bytes", "ALLOCATED"}},
      .rows = {}};
  const std::pair<const char*, Amount> rows[] = {{"in use", live},
                                                 {"garbage", garbage},
                                                 {"too young to tell", young},
                                                 {"all", all},
                                                 {"in quarantine", quarantined}};
  for (const auto& [name, amount] : rows)
    table.rows.push_back({std::string(name), Count{amount.blobs}, Size{amount.bytes},
                          amount.disk_bytes ? Cell(Size{*amount.disk_bytes}) : Cell()});
  return table;
}

void largest_first(AnswerTable& table, std::size_t column) {
  std::ranges::stable_sort(table.rows, std::ranges::greater{},
                           [&](const auto& row) { return std::get<Size>(row[column]).bytes; });
}

AnswerTable repositories(const Sight& sight, const std::vector<bool>& used,
                         const std::vector<Unreached>& unreached) {
  const UsageReport usage =
      regctl::usage(sight.inventory, sight.sizes, used, garbage_of(sight.inventory, unreached));
  AnswerTable table{.key = "repositories",
                    .title =
                        "REPOSITORIES     exclusive: freed if only this one went; fair share: "
                        "adds up to what is in use",
                    .columns = {{"repository", "REPOSITORY"},
                                {"tags", "TAGS"},
                                {"manifests", "MANIFESTS"},
                                {"exclusive_bytes", "EXCLUSIVE"},
                                {"shared_bytes", "SHARED"},
                                {"fair_share_bytes", "FAIR SHARE"},
                                {"garbage_bytes", "GARBAGE"}},
                    .rows = {}};
  for (std::size_t i = 0; i < sight.inventory.repositories.size(); ++i) {
    const Repository& repository = sight.inventory.repositories[i];
    const Usage& its = usage.repositories[i];
    table.rows.push_back({repository.name, Count{repository.tags.size()},
                          Count{repository.count_manifests()}, Size{its.exclusive},
                          Size{its.shared}, Size{its.fair_share}, Size{its.garbage}});
  }
  largest_first(table, 5);
  return table;
}

// What a repository keeps besides its tags' images stands in a row without a tag.
AnswerTable tags(const Sight& sight, const std::vector<bool>& used) {
  struct Group {
    const Repository* repository;
    const Tag* tag;
  };
  std::vector<Group> groups;
  std::vector<Roots> roots;
  Closure closure(sight.inventory);
  for (const Repository& repository : sight.inventory.repositories) {
    closure.restart();
    for (const Tag& tag : repository.tags) {
      if (!tag.target) continue;
      groups.push_back({&repository, &tag});
      roots.push_back({*tag.target});
      closure.from(*tag.target, [](DigestId) {});
    }
    Roots others;
    for (const Link& link : repository.revisions) {
      if (link.state != LinkState::quarantined && !closure.reached(link.target))
        others.push_back(link.target);
    }
    if (others.empty()) continue;
    groups.push_back({&repository, nullptr});
    roots.push_back(std::move(others));
  }
  const auto shares = shares_of(sight.inventory, sight.sizes, used, roots);
  AnswerTable table{.key = "tags",
                    .title = "TAGS     - : what no tag of the repository reaches",
                    .columns = {{"repository", "REPOSITORY"},
                                {"tag", "TAG"},
                                {"exclusive_bytes", "EXCLUSIVE"},
                                {"shared_bytes", "SHARED"},
                                {"fair_share_bytes", "FAIR SHARE"}},
                    .rows = {}};
  for (std::size_t i = 0; i < groups.size(); ++i)
    table.rows.push_back(
        {groups[i].repository->name, groups[i].tag ? Cell(groups[i].tag->name) : Cell(),
         Size{shares[i].exclusive}, Size{shares[i].shared}, Size{shares[i].fair_share}});
  largest_first(table, 4);
  return table;
}

// Layers that are one when unpacked: of another compression, or built again.
AnswerTable duplicates(const Sight& sight, const Storage& storage, const Workers& workers) {
  std::vector<DigestId> manifests;
  for (const Document& document : sight.inventory.documents) {
    const bool is_image =
        document.state == Document::State::sound && document.kind == ManifestKind::image;
    if (is_image && sight.mark.live(document.digest)) manifests.push_back(document.digest);
  }
  std::map<Digest, std::set<DigestId>> copies;
  const auto add = [&](std::size_t, const Description& image) {
    if (!image.config || image.config->diff_ids.size() != image.layers.size()) return;
    for (std::size_t i = 0; i < image.layers.size(); ++i) {
      const auto layer = sight.inventory.digests.find(image.layers[i].digest);
      if (image.config->diff_ids[i] && layer && sight.inventory.has_bytes(*layer))
        copies[*image.config->diff_ids[i]].insert(*layer);
    }
  };
  describe_each(manifests, sight.inventory, storage, workers, add);
  AnswerTable table{.key = "duplicates",
                    .title = "THE SAME LAYERS UNDER OTHER DIGESTS     costs: all but the largest",
                    .columns = {{"diff_id", "UNPACKED"},
                                {"copies", "COPIES"},
                                {"bytes", "SIZE"},
                                {"costs_bytes", "COSTS"}},
                    .rows = {}};
  for (const auto& [diff_id, layers] : copies) {
    if (layers.size() < 2) continue;
    std::uint64_t bytes = 0, largest = 0;
    for (const DigestId layer : layers) {
      bytes += sight.size(layer);
      largest = std::max(largest, sight.size(layer));
    }
    table.rows.push_back({diff_id, Count{layers.size()}, Size{bytes}, Size{bytes - largest}});
  }
  largest_first(table, 3);
  return table;
}

AnswerTable options(const Sight& sight, const Workers& workers) {
  static const std::vector<std::pair<const char*, bool Policy::*>> kOptions = {
      {"--delete-untagged", &Policy::delete_untagged},
      {"--prune-dead-tags", &Policy::prune_dead_tags},
      {"--prune-broken-manifests", &Policy::prune_broken_manifests},
      {"--prune-orphaned-referrers", &Policy::prune_orphaned_referrers}};
  AnswerTable table{.key = "options",
                    .title = "WHAT MORE REGCTL-GC WOULD FREE",
                    .columns = {{"option", "OPTION"},
                                {"manifests_and_tags", "MANIFESTS, TAGS"},
                                {"bytes", "SIZE"}},
                    .rows = {}};
  table.rows = parallel_map(workers, kOptions, [&](const auto& one) -> std::vector<Cell> {
    Policy policy = sight.policy;
    policy.*one.second = true;
    const Price price = price_of(sight.inventory, sight.sizes, sight.mark,
                                 mark(sight.inventory, policy, sight.now));
    return {std::string(one.first), Count{price.count}, Size{price.bytes}};
  });
  return table;
}

}  // namespace

Answer usage_of(const Sight& sight, const Storage& storage, const Workers& workers) {
  const auto unreached = unreached_blobs(sight.inventory, sight.mark, sight.policy, sight.now);
  const std::vector<bool> used = in_use(sight);
  return answer_of(totals(sight, used, unreached), repositories(sight, used, unreached),
                   tags(sight, used), duplicates(sight, storage, workers), options(sight, workers));
}

}  // namespace regctl::audit
