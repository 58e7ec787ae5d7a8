// What a pull-through cache means to expire (distribution's registry/proxy/scheduler).
#pragma once

#include <set>

#include "registry/digest.h"
#include "registry/store_facts.h"

namespace regctl {

// The digests of manifests and blobs that scheduler-state.json, beside `docker`, lists in any
// repository. None where there is no such file, or it cannot be read: nothing expires then.
std::set<Digest> scheduled_to_expire(const StoreFacts& store);

}  // namespace regctl
