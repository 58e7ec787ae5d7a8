// What the second opinion goes by: what was read, what is asked, and what follows from both at
// once.
#pragma once

#include <map>
#include <set>
#include <string>

#include "gc/doubting/doubts.h"
#include "gc/doubting/objection.h"
#include "gc/doubting/reading.h"

namespace regctl::gc::second {

using IdsByRepository = std::map<std::string, std::set<Id>>;
inline bool has(const IdsByRepository& sets, const std::string& name, Id id) {
  const auto set = sets.find(name);
  return set != sets.end() && set->second.contains(id);
}

// All that there is to judge by. Nothing of it changes any more.
struct Facts {
  const CarefulStorage& storage;
  const Reading& reading;
  const Doubts& doubts;
  const Doomed& doomed;
  const Circumstances& circumstances;

  // What follows from these.
  std::set<Id> given_up;          // as doubts.h says
  IdsByRepository taken, purged;  // doomed revisions; the links of the former count as gone
  std::set<Doomed::Tag> taken_tags, purged_tags;  // the same of tags
  IdsByRepository listed;                         // by --roots; "": in every repository
  std::set<Id> linked;  // by a revision link of any repository, in quarantine or not
  std::set<Id> lately;  // named by a young link of any kind
  Time newest_tag;      // of those that are not of the future; 0: there is none
};

// Everything handed over must outlive the result. REQUIRES: `reading` opened all of policy.roots.
Facts make_facts(const CarefulStorage& storage, const Reading& reading, const Doubts& doubts,
                 const Doomed& doomed, const Circumstances& circumstances);

bool is_young(const Facts& facts, Time time);
// By --roots.
bool is_listed(const Facts& facts, const std::string& repository, Id id);
bool is_protected(const Facts& facts, const std::string& repository);
// A revision without a link that is there: one that is being pushed now.
bool is_awaited(const Facts& facts, const Revision& revision);
// Of a time of use in a pull-through cache.
bool is_unused_since(const Facts& facts, Time time);
// What the tag points to and has pointed to, as far as that is young.
std::set<Id> lately_tagged(const Facts& facts, const Tag& tag);
// By its bytes and their directory; where they are only in quarantine, and were opened, by those of
// the copy. False also where there is nothing.
bool is_young_blob(const Facts& facts, const Digest& digest);
// Written into after it had been taken by another run; the clock of a file system may lag.
bool came_back(const Facts& facts, const layout::QuarantineName& copy, Time written);

}  // namespace regctl::gc::second
