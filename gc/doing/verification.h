// Verification: what of a plan hashes to its name. Only that, and only as it was judged, may go;
// what does not is damage, and kept.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "gc/deciding/plan.h"
#include "registry/verify.h"

namespace regctl::gc {

struct Verification {
  std::map<Digest, Identity> sound;       // bytes hash to the name
  std::map<Digest, Identity> mismatched;  // they do not
  std::vector<report::Message> unread;    // what could not be read, and why
  Amount read;                            // blobs hashed to their end
  std::uint64_t changed = 0;  // gone or written to since they were judged: no longer candidates
  std::uint64_t left = 0;     // not begun when the time was up
};

// Hashes the blobs of `plan`: see verify(). Throws Interrupted (see Workers).
Verification verify_blobs(const Plan& plan, const Storage& storage, const Crew& crew);

// What to do with blobs whose bytes do not match their name.
enum class Mismatched { keep, take };

// `plan` with those of its blobs only that were verified, each with the identity that was.
Plan only_verified(Plan plan, const Verification& verification, Mismatched mismatched);

}  // namespace regctl::gc
