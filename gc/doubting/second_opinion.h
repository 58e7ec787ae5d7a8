// second_opinion(): is what a plan would remove really needed by nothing? Computed from Storage
// again, by other means than the plan was: one thread, its own reading of links and manifests, its
// own rules of reachability, neither scan, closure nor mark. Slow and simple; it only has to be
// right, and wrong in other ways than they are. Reads only.
#pragma once

#include <stop_token>
#include <vector>

#include "gc/doubting/objection.h"
#include "registry/storage.h"

namespace regctl::gc {

// Everything of `doomed` that something needs, or that is too young to be judged. None: the plan is
// right as far as this can see, and what is no longer there is nobody's loss. Throws StorageError
// for whatever cannot be read or hides something, and Interrupted if `stop` asks for it.
std::vector<Objection> second_opinion(const Storage& storage, const Doomed& doomed,
                                      const Circumstances& circumstances,
                                      std::stop_token stop = {});

}  // namespace regctl::gc
