// second_opinion(): is what a plan would remove really needed by nothing? Computed from Storage
// again, by other means than the plan was: one thread, its own reading of links and manifests, its
// own rules of reachability, neither scan, closure nor mark. Slow and simple; it only has to be
// right, and wrong in other ways than they are. Reads only.
#pragma once

#include <chrono>
#include <stop_token>
#include <string>
#include <vector>

#include "gc/deciding/policy.h"
#include "registry/digest.h"
#include "registry/storage.h"

namespace regctl::gc {

// What is about to go. Everything of one stage belongs into one question: a revision link that goes
// is what makes its blobs garbage.
struct Doomed {
  struct Link {
    std::string repository;
    Digest digest;  // the link's own name

    bool operator==(const Link&) const = default;
  };
  struct Objects {
    std::vector<Digest> blobs;
    std::vector<Link> revisions, layers;

    bool empty() const { return blobs.empty() && revisions.empty() && layers.empty(); }
  };
  Objects in_place;       // to be taken
  Objects in_quarantine;  // copies, to be purged: their age does not count any more
  std::vector<std::string> empty_repositories;  // to be removed with all their layer links

  bool empty() const {
    return in_place.empty() && in_quarantine.empty() && empty_repositories.empty();
  }
};

// Why one of them must stay.
struct Objection {
  std::string what;  // "blob sha256:...", "revision sha256:... of app"
  std::string why;   // completes "stays because ...": "app:v1 needs it"

  bool operator==(const Objection&) const = default;
};

struct Circumstances {
  Policy policy;
  Time now;
  // Copies of this run are not given back for a link written just before: its own second look
  // judges that better, by inodes. Empty: none are.
  std::string run;
  std::chrono::milliseconds settle{2000};  // for links that read short; all in all
};

// Everything of `doomed` that something needs, or that is too young to be judged. None: the plan is
// right as far as this can see, and what is no longer there is nobody's loss. Throws StorageError
// for whatever cannot be read or hides something, and Interrupted if `stop` asks for it.
std::vector<Objection> second_opinion(const Storage& storage, const Doomed& doomed,
                                      const Circumstances& circumstances,
                                      std::stop_token stop = {});

}  // namespace regctl::gc
