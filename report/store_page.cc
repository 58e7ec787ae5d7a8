#include "report/store_page.h"

#include <algorithm>
#include <map>

#include "report/blob_tables.h"
#include "report/usage_table.h"

namespace regctl::report {
namespace {

constexpr std::size_t kLargest = 20;
constexpr double kSmallest = 0.003;  // of all: what is less is drawn together

std::uint64_t held(const Usage& usage) { return usage.exclusive + usage.garbage; }

std::string about(const Repository& repository, const Usage& usage, const Text& text) {
  return fmt::format("{}: {} exclusive, {} shared, {} fair share, {} garbage; {} tags",
                     text.name(repository.name), text.size(usage.exclusive),
                     text.size(usage.shared), text.size(usage.fair_share), text.size(usage.garbage),
                     cli::format_count(repository.tags.size()));
}

std::string plain(const std::string& label, std::uint64_t bytes, const Text& text) {
  return label + ": " + text.size(bytes);
}

Area& operator+=(Area& sum, const Area& more) {
  sum.kept += more.kept;
  sum.garbage += more.garbage;
  return sum;
}

// "ml" of "ml/training"; all of a name that has no other part.
std::string first_part(const std::string& name) { return name.substr(0, name.find('/')); }

// What is too small to see, as one.
class Rest {
 public:
  explicit Rest(double limit) : limit_(limit) {}

  bool takes(const Area& area) {
    if (static_cast<double>(area.bytes()) >= limit_) return false;
    ++count_;
    sum_ += area;
    return true;
  }
  void add_to(std::vector<Area>& areas, const Text& text) && {
    if (!count_) return;
    sum_.label = cli::format_count(count_) + " more";
    sum_.about = plain(sum_.label, sum_.bytes(), text);
    areas.push_back(std::move(sum_));
  }

 private:
  const double limit_;
  std::size_t count_ = 0;
  Area sum_;
};

std::vector<AreaGroup> groups_of_repositories(const StoreView& view, double limit,
                                              const Text& text) {
  std::map<std::string, AreaGroup> by_name;
  const auto& repositories = view.inventory.repositories;
  for (std::size_t i = 0; i < repositories.size(); ++i) {
    const Usage& usage = view.usage.repositories[i];
    if (!held(usage)) continue;
    AreaGroup& group = by_name[first_part(repositories[i].name)];
    group.areas.push_back({.label = text.name(repositories[i].name),
                           .about = about(repositories[i], usage, text),
                           .kept = usage.exclusive,
                           .garbage = usage.garbage});
  }
  std::vector<AreaGroup> groups;
  Rest others(limit);
  for (auto& [name, group] : by_name) {
    Rest own(limit);
    Rest& rest = static_cast<double>(group.bytes()) < limit ? others : own;
    std::erase_if(group.areas, [&](const Area& area) { return rest.takes(area); });
    std::move(own).add_to(group.areas, text);
    groups.push_back({text.name(name), std::move(group.areas)});
  }
  AreaGroup last;
  std::move(others).add_to(last.areas, text);
  groups.push_back(std::move(last));
  return groups;
}

std::vector<AreaGroup> groups_of(const StoreView& view, const Text& text) {
  std::uint64_t fair = 0, exclusive = 0, all_live = 0, garbage = 0;
  for (const Usage& usage : view.usage.repositories) {
    fair += usage.fair_share;
    exclusive += usage.exclusive;
    garbage += usage.garbage;
  }
  for (const DigestId id : view.inventory.blob_directories) {
    if (view.live[index_of(id)] && view.inventory.has_bytes(id))
      all_live += view.sizes[index_of(id)].value_or(0);
  }
  const std::uint64_t unowned = all_live > fair ? all_live - fair : 0;
  garbage += view.usage.garbage_of_several + view.usage.garbage_of_none;
  const std::uint64_t quarantined = quarantined_bytes(view.inventory);
  const double all = static_cast<double>(fair + unowned + garbage + quarantined);
  auto groups = groups_of_repositories(view, all * kSmallest, text);
  const auto add = [&](const char* label, Area::Kind kind, std::uint64_t kept,
                       std::uint64_t waste) {
    const Area area{label, plain(label, kept + waste, text), kind, kept, waste};
    groups.push_back({label, {area}});
  };
  add("shared between repositories", Area::Kind::shared, fair - exclusive,
      view.usage.garbage_of_several);
  add("linked by no repository", Area::Kind::unowned, 0, view.usage.garbage_of_none);
  add("kept, in no repository", Area::Kind::unowned, unowned, 0);
  add("in quarantine", Area::Kind::quarantine, quarantined, 0);
  return groups;
}

}  // namespace

TextStyle page_style() {
  return {.top = kLargest, .truncate_digests = false, .charset = cli::Charset::utf8};
}

std::string minute_of(Time time) {
  const std::string text = format_rfc3339(time);
  return text.substr(0, 10) + ' ' + text.substr(11, 5);
}

std::uint64_t quarantined_bytes(const Inventory& inventory) {
  std::uint64_t sum = 0;
  for (const Quarantined& copy : inventory.quarantined)
    sum += copy.kind == Quarantined::Kind::blob ? copy.bytes : 0;
  return sum;
}

std::vector<Labelled> origin_of(const StoreFacts& store, Time began, Time ended) {
  const TextStyle style = page_style();
  const Text text(style);
  return {{"storage", text.name(store.path) + " (" + text.name(store.medium.name) + ")"},
          {"began", format_rfc3339(began)},
          {"ended", format_rfc3339(ended)}};
}

void show_space(const StoreView& view, Page& page) {
  const TextStyle style = page_style();
  const Text text(style);
  page.section("Where the space goes");
  page.areas(groups_of(view, text));
  page.facts({{"exclusive", "blobs that no other repository reaches: freed if it alone went"},
              {"shared", "reached by others too, and counted in full for each"},
              {"fair share", "each blob divided by the repositories that reach it: adds up"},
              {"garbage", "of a repository: what it alone still links"}});
}

void show_tables(const StoreView& view, Page& page) {
  const TextStyle style = page_style();
  const Text text(style);
  Sizes sizes;
  for (const DigestId id : view.inventory.blob_directories) {
    if (view.inventory.has_bytes(id))
      sizes.add(view.sizes[index_of(id)].value_or(0), !view.live[index_of(id)]);
  }
  page.show(sizes.table(text));
  page.show(largest_in_use(view.inventory, view.sizes, view.live, text));
  TextStyle long_table = style;
  long_table.top = kRepositoriesOfAPage;
  Section repositories = usage_table(view.inventory, view.usage, Text(long_table));
  repositories.title = "Repositories";
  page.show(repositories);
}

std::string saved_by_sharing(const UsageReport& usage) {
  std::uint64_t each = 0, fair = 0;
  for (const Usage& one : usage.repositories) {
    each += one.exclusive + one.shared;
    fair += one.fair_share;
  }
  return fmt::format("{:.2f} times",
                     fair ? static_cast<double>(each) / static_cast<double>(fair) : 1);
}

}  // namespace regctl::report
