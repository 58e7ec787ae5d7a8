// Which tags the second opinion lets go, by its own rules of what a client can pull.
#pragma once

#include <optional>
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

}  // namespace regctl::gc::second
