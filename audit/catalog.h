// Catalog: the images of a store, for people: all that are tagged, those that are not, and the
// history of one.
#pragma once

#include <optional>
#include <string>

#include "audit/answer.h"
#include "audit/sight.h"
#include "registry/parallel.h"
#include "registry/storage.h"

namespace regctl::audit {

// "repository:tag". The repository may hold a colon of its own (of a host's port), the tag none.
struct TagName {
  std::string repository, tag;
};
// Empty: it is no such name.
std::optional<TagName> parse_tag_name(const std::string& text);

// One row a tag; with `each_platform` those of an index below it.
Answer images(const Sight& sight, const Storage& storage, const Workers& workers,
              bool each_platform);

// One row a manifest that no tag reaches, as regctl-gc --delete-untagged judges.
Answer untagged(const Sight& sight, const Storage& storage, const Workers& workers);

// The layers of the image that `tag` points to, of every platform; the topmost first. Throws
// cli::UsageError where there is no such tag, or what it points to is not there.
Answer history(const Sight& sight, const Storage& storage, const Workers& workers,
               const TagName& tag);

}  // namespace regctl::audit
