// The digests of what scan_digests() found, as its tests compare them.
#pragma once

#include <vector>

#include "registry/digest_scan.h"
#include "tests/support/printing.h"

namespace regctl::test {

using FoundDigests = std::vector<Digest>;  // in the order in which they were found

inline FoundDigests digests_of(const std::vector<FoundReference>& references) {
  FoundDigests digests;
  for (const FoundReference& reference : references) digests.push_back(reference.digest);
  return digests;
}

}  // namespace regctl::test
