// Evidence: digests that somebody else computed, so that blobs need not be read again.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "registry/digest.h"
#include "registry/time.h"

namespace regctl::audit {

// What the bytes at a blob's place were found to hash to.
struct Checksum {
  Digest blob;   // by its place
  Digest found;  // by its bytes

  bool operator==(const Checksum&) const = default;
};

struct Evidence {
  std::string file;
  Time date;  // when it was last written: no checksum in it is younger
  std::vector<Checksum> checksums;
};

// Lines of sha256sum(1), sha512sum(1) and their like (plain, or with --tag), and of the completion
// report of an S3 Batch Operations job "Compute checksum" (Bucket, Key, VersionId, TaskStatus,
// ErrorCode, HTTPStatusCode, ResultMessage); blank ones mean nothing. A path may begin anywhere
// above blobs/. Copies in quarantine are left out. Throws cli::UsageError, naming `file` and the
// line, where one names no blob or no checksum of its algorithm, or there is none at all: a
// checksum that was not understood must not read as one that was right.
std::vector<Checksum> parse_evidence(std::string_view text, const std::string& file);

// Reads a file of either kind. Throws cli::UsageError.
Evidence read_evidence(const std::string& file);

}  // namespace regctl::audit
