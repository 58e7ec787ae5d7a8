// Space: where it goes, by repository and tag; what is stored more than once under other digests;
// and what each option of regctl-gc is worth.
#pragma once

#include "audit/answer.h"
#include "audit/sight.h"
#include "registry/parallel.h"
#include "registry/storage.h"

namespace regctl::audit {

// REQUIRES: all blobs were looked at.
Answer usage_of(const Sight& sight, const Storage& storage, const Workers& workers);

}  // namespace regctl::audit
