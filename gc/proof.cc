#include "gc/proof.h"

#include <algorithm>

#include "registry/closure.h"

namespace regctl::gc {
namespace {

bool is_present(const Inventory& inventory, DigestId id) {
  const Blob* blob = inventory.blob(id);
  return blob && blob->present;
}

const Repository* repository_named(const Inventory& inventory, const std::string& name) {
  const auto at = std::lower_bound(inventory.repositories.begin(), inventory.repositories.end(), name,
                                   [](const Repository& one, const std::string& wanted) { return one.name < wanted; });
  return at != inventory.repositories.end() && at->name == name ? &*at : nullptr;
}

const Tag* tag_named(const Repository& repository, const std::string& name) {
  const auto at = std::lower_bound(repository.tags.begin(), repository.tags.end(), name,
                                   [](const Tag& one, const std::string& wanted) { return one.name < wanted; });
  return at != repository.tags.end() && at->name == name ? &*at : nullptr;
}

class Prover {
 public:
  Prover(const Inventory& before, const Inventory& after) : before_(before), after_(after), closure_(before) {
    lost_.resize(before.digests.size());
    for (const Blob& blob : before.blobs) {
      const auto id = after.digests.find(before.digests[blob.digest]);
      lost_[index_of(blob.digest)] = blob.present && !(id && is_present(after, *id));
    }
  }

  Proof run() && {
    for (const Repository& repository : before_.repositories) {
      const Repository* now = repository_named(after_, repository.name);
      if (now) check(repository, *now);
    }
    return std::move(proof_);
  }

 private:
  void check(const Repository& repository, const Repository& now) {
    for (const Tag& tag : repository.tags) {
      const Tag* same = tag.target ? tag_named(now, tag.name) : nullptr;
      if (!same || !same->target || after_.digests[*same->target] != before_.digests[*tag.target]) continue;
      ++proof_.tags;
      for (const DigestId missing : lost_by(*tag.target)) proof_.broken.push_back({repository.name, tag.name, before_.digests[missing]});
    }
  }

  // What was once reached without a loss need not be looked at again.
  std::vector<DigestId> lost_by(DigestId root) {
    std::vector<DigestId> found;
    closure_.from(root, [&](DigestId id) {
      if (lost_[index_of(id)]) found.push_back(id);
    });
    if (!found.empty()) closure_.restart();
    return found;
  }

  const Inventory& before_;
  const Inventory& after_;
  Closure closure_;
  std::vector<bool> lost_;  // by DigestId of before_: was there, and is not
  Proof proof_;
};

}  // namespace

Proof broken_tags(const Inventory& before, const Inventory& after) { return Prover(before, after).run(); }

}  // namespace regctl::gc
