// prove_renames(): whether the writer's renames do what the sweep relies on, tried on a file of our
// own.
#pragma once

#include "gc/doing/writer.h"
#include "registry/store.h"

namespace regctl::gc {

// The facts of `store` with the answer: untried, unless FUSE programs serve a part of it. Each part
// is tried in its top directory, where the file is gone afterwards. REQUIRES: the lock is held.
StoreFacts prove_renames(const Store& store, Writer& writer);

}  // namespace regctl::gc
