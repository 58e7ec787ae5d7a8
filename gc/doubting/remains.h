// What the second opinion takes for left of images that are gone, by rules of its own.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "gc/doubting/facts.h"

namespace regctl::gc::second {

// Why a doomed tag of the repository `name` must stay; empty: nobody can pull it, and it is old.
std::optional<Cause> why_tag_stays(const Facts& facts, const std::string& name, const Tag& tag);

// Why one in quarantine must not be purged; empty: it is as dead as it was.
std::optional<Cause> why_tag_comes_back(const Facts& facts, const std::string& name,
                                        const TagCopy& copy);

// It is doomed, and nothing keeps it: then it keeps nothing.
bool is_let_go(const Facts& facts, const std::string& name, const Tag& tag);

// Revisions of the repository `name` that the policy lets go because they refer to images that are
// gone, or because tags held them that did.
std::set<Id> orphans_of(const Facts& facts, const std::string& name);

}  // namespace regctl::gc::second
