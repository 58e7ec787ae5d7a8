// Evidence: digests that somebody else computed, so that blobs need not be read again.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cli/output_file.h"
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
  cli::Written written;  // no checksum was computed before it was begun, but of a copy that looks
                         // like an original, or after it ended
  std::vector<Checksum> checksums;
  std::uint64_t elsewhere = 0;  // checksums of blobs of another directory, left out
};

// Lines of sha256sum(1), sha512sum(1) and their like (plain, or with --tag), and of the completion
// report of an S3 Batch Operations job "Compute checksum" (Bucket, Key, VersionId, TaskStatus,
// ErrorCode, HTTPStatusCode, ResultMessage); blank ones mean nothing. A path may begin anywhere
// above blobs/; an absolute one must lead to `v2`, the storage's directory. Copies in quarantine
// are left out. Throws cli::UsageError, naming the file and the line, where one names no blob or no
// checksum of its algorithm, or there is none at all: a checksum that was not understood must not
// read as one that was right.
Evidence parse_evidence(std::string_view text, const std::string& file, const cli::Written& written,
                        const std::string& v2);

// Reads a file of either kind. Throws cli::UsageError.
Evidence read_evidence(const std::string& file, const std::string& v2);

}  // namespace regctl::audit
