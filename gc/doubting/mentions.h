// The second opinion's own reading of a manifest's bytes. It obeys the same rule as
// registry/digest_scan.h and shares no line with it: a mistake would have to be made twice before a
// referenced blob went unnoticed.
#pragma once

#include <string_view>
#include <vector>

#include "registry/digest.h"

namespace regctl::gc {

struct Mention {
  Digest digest;
  bool child = false;  // as an index names its children: may be a manifest itself
};

struct Mentions {
  // The bytes are one JSON object. If not, every digest-shaped substring is a mention, and no
  // child.
  bool is_object = false;
  std::vector<Mention> all;
  std::vector<Digest> subjects;  // digests inside members called exactly "subject"
};

// Never throws on any input, needs time linear in it and no recursion.
Mentions mentions_in(std::string_view bytes);

// Every digest-shaped substring, hex in either case.
std::vector<Digest> digests_within(std::string_view bytes);

}  // namespace regctl::gc
