// SpentTags: tags that the policy lets go because nobody can pull them, or nobody does; those in
// quarantine that come back; and revisions that are left of images that are gone. Pure.
#pragma once

#include <span>
#include <vector>

#include "registry/inventory.h"
#include "registry/marking/listed.h"
#include "registry/marking/mark.h"
#include "registry/marking/policy.h"
#include "registry/marking/this_run.h"
#include "registry/marking/why.h"
#include "registry/remains.h"

namespace regctl {

class SpentTags {
 public:
  // All must outlive it.
  SpentTags(const Inventory& inventory, const Policy& policy, Time now, const ThisRun& this_run,
            const Listed& listed)
      : inventory_(inventory),
        policy_(policy),
        now_(now),
        this_run_(this_run),
        listed_(listed),
        orphans_(inventory) {}

  // REQUIRES: the repository is not pinned.
  bool is_spent(const Repository& repository, const Tag& tag) const;

  // Why one in quarantine, of a repository of which `mark` knows whether it is pinned, comes back
  // by itself; Why::nothing: it stays there. What was taken comes back if it is alive again, or
  // somebody wrote to it, unless its name has been given again.
  Why why_back(const QuarantinedTag& copy, const RepositoryMark& mark) const;

  // Of the repository at `place`, in the order of its revisions: what tags held that went or go
  // (`spent`, in the order of its tags) as orphans, and what refers to images that are gone.
  std::vector<bool> orphans_of(std::size_t place, const std::vector<bool>& spent) const;

  // The tags in quarantine of the repository at `place`.
  std::span<const QuarantinedTag> in_quarantine(std::size_t place) const;

  // In a pull-through cache: since then neither requested nor fetched for as long as the policy
  // says.
  bool is_unused(Time time) const;

 private:
  bool is_young(Time time) const;
  bool is_old(const Tag& tag) const;
  bool is_beginning(const Repository& repository, DigestId id) const;
  bool is_unused(const Repository& repository, const Tag& tag) const;
  bool asks_for_a_copy(const Repository& repository, const Tag& tag) const;
  bool is_old_orphan(const Repository& repository, const Tag& tag) const;
  bool is_alive(const Repository& repository, const Tag& tag) const;
  bool waits_for_its_subject(const Repository& repository, const Link& revision) const;

  const Inventory& inventory_;
  const Policy& policy_;
  Time now_;
  const ThisRun& this_run_;
  const Listed& listed_;
  const Orphans orphans_;
};

}  // namespace regctl
