#include "registry/scheduler_state.h"

#include <boost/filesystem.hpp>
#include <boost/filesystem/fstream.hpp>
#include <iterator>
#include <string>

#include "registry/digest_scan.h"

namespace regctl {

std::set<Digest> scheduled_to_expire(const StoreFacts& store) {
  namespace fs = boost::filesystem;
  fs::ifstream file(fs::path(store.top) / "scheduler-state.json", std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  std::set<Digest> digests;
  each_digest_in_text(text, [&](const Digest& digest) { digests.insert(digest); });
  return digests;
}

}  // namespace regctl
