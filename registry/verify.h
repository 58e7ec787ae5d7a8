// verify(): whether blobs have the bytes that their names promise: reads and hashes them, several
// at once, and tells the results as they come.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "registry/error.h"
#include "registry/identity.h"
#include "registry/pace.h"
#include "registry/storage.h"

namespace regctl {

// A blob to be hashed.
struct Suspect {
  struct Seen {
    std::uint64_t bytes;
    Time modified;
  };

  Digest digest;
  std::optional<Seen> seen;  // when it was judged; empty: whatever stands there is hashed
};

// Links to blobs by names of another algorithm, in which they were uploaded: (blob, name).
using OtherNames = std::multimap<Digest, Digest>;

enum class Soundness : std::uint8_t {
  sound,       // its bytes hash to its name
  mismatched,  // they do not
  gone,        // there is no such file
  changed,     // written to since it was seen, or while it was read
  unread,      // it could not be read
  left,        // the time was up before its end
};

struct Verified {
  Soundness soundness;
  Identity identity;            // of what was hashed: sound or mismatched
  std::optional<Digest> found;  // mismatched: what the bytes hash to
  // Sound: (other name, what the bytes hash to), where these differ.
  std::vector<std::pair<Digest, Digest>> misnamed;
  std::optional<StorageError> error;  // unread
};

// Which of the suspects are begun first.
enum class Order : std::uint8_t {
  as_given,
  from_both_ends,  // half of the workers begin at either, so that large blobs, which stand at one
                   // of them, neither keep small ones waiting nor are left for the end
  backwards
};

// Called by one thread at a time.
using OnVerified = std::function<void(const Suspect&, const Verified&)>;

// Hashes as many at once as there are workers. Begins none that cannot end before the deadline of
// the crew's pace (see Pace::book), and ends none after it. Throws Interrupted (see Workers), and
// what `on_verified` throws.
void verify(const std::vector<Suspect>& suspects, const OtherNames& other_names, Order order,
            const Storage& storage, const Crew& crew, const OnVerified& on_verified);

}  // namespace regctl
