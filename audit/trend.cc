#include "audit/trend.h"

#include <algorithm>
#include <cstdlib>
#include <map>

namespace regctl::audit {
namespace {

std::int64_t more(std::uint64_t now, std::uint64_t before) {
  return static_cast<std::int64_t>(now) - static_cast<std::int64_t>(before);
}

}  // namespace

Trend trend_of(const Snapshot& before, const Snapshot& now) {
  Trend trend{.since = before.at,
              .blobs = more(now.blobs, before.blobs),
              .bytes = more(now.bytes, before.bytes),
              .garbage_bytes = more(now.garbage_bytes, before.garbage_bytes)};
  std::map<std::string, std::int64_t> changes;
  for (const Snapshot::Share& one : now.repositories) changes[one.repository] += more(one.bytes, 0);
  for (const Snapshot::Share& one : before.repositories)
    changes[one.repository] -= more(one.bytes, 0);
  for (const auto& [repository, bytes] : changes) {
    if (bytes != 0) trend.repositories.push_back({repository, bytes});
  }
  std::ranges::stable_sort(trend.repositories, std::ranges::greater{},
                           [](const Trend::Change& one) { return std::abs(one.bytes); });
  return trend;
}

}  // namespace regctl::audit
