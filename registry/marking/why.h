// Why something is alive, as a value.
#pragma once

#include <cstdint>

namespace regctl {

// Why something is alive. The first group are good reasons; what only a reason of the second holds,
// together with all it refers to, is kept although nothing needs it.
enum class Why : std::uint8_t {
  nothing,    // it is not
  tagged,     // a tag points to it, or did where its own link cannot be read
  listed,     // --roots
  revision,   // a revision link names it, and untagged manifests are kept
  returned,   // a link was written after it had been quarantined
  referrer,   // its subject is kept in this repository
  reference,  // something alive refers to it

  is_protected,  // --protect
  tags_unknown,  // its repository has no tags, nor a place for them: all is pulled by digest
  outside_tags,  // newer than anything tagged: something else may be tagging
  young,         // too young to be judged
  arrived,       // modified long ago, but in its place for too short a time to be judged
  pinned,        // its repository is in doubt
  beginning,     // a young directory without a link yet: something may be being pushed
};
inline constexpr Why kIndulgences[] = {Why::is_protected, Why::tags_unknown, Why::outside_tags,
                                       Why::young,        Why::arrived,      Why::pinned,
                                       Why::beginning};

// Of the second group.
inline bool is_indulgence(Why why) { return why >= Why::is_protected; }

}  // namespace regctl
