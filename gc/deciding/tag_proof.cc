#include "gc/deciding/tag_proof.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "registry/closure.h"

namespace regctl::gc {
namespace {

bool is_present(const Inventory& inventory, DigestId id) {
  const Blob* blob = inventory.blob(id);
  return blob && blob->present;
}

class Prover {
  using Kind = Quarantined::Kind;
  using Loss = std::pair<DigestId, Kind>;

 public:
  Prover(const Inventory& before, const Inventory& after)
      : before_(before), after_(after), closure_(before) {
    lost_.resize(before.digests.size());
    for (const Blob& blob : before.blobs) {
      const auto id = after.digests.find(before.digests[blob.digest]);
      lost_[index_of(blob.digest)] = blob.present && !(id && is_present(after, *id));
    }
    for (const Quarantined& copy : after.quarantined) {
      if (copy.kind != Kind::blob && !copy.duplicate)
        links_in_quarantine_[&after.repositories[copy.repository]].push_back(&copy);
    }
  }

  Proof run() && {
    for (const Repository& repository : before_.repositories) {
      const Repository* now = after_.repository(repository.name);
      if (!now) continue;
      const bool had_lost_links = !lost_links_.empty();
      find_lost_links(repository, *now);
      if (had_lost_links || !lost_links_.empty()) closure_.restart();
      check(repository, *now);
    }
    return std::move(proof_);
  }

 private:
  void find_lost_links(const Repository& repository, const Repository& now) {
    lost_links_.clear();
    const auto copies = links_in_quarantine_.find(&now);
    if (copies == links_in_quarantine_.end()) return;
    for (const Quarantined* copy : copies->second) {
      const auto id = before_.digests.find(after_.digests[copy->digest]);
      const Link* link =
          id ? link_named(copy->kind == Kind::layer_link ? repository.layers : repository.revisions,
                          *id)
             : nullptr;
      const Document* document = id ? before_.document(*id) : nullptr;
      const bool was_hollow = document && document->is_missing();  // nothing was pulled through it
      if (link && link->state == LinkState::present && !was_hollow)
        lost_links_.emplace(*id, copy->kind);
    }
  }

  void check(const Repository& repository, const Repository& now) {
    for (const Tag& tag : repository.tags) {
      const Tag* same = tag.target ? tag_named(now.tags, tag.name) : nullptr;
      if (!same || !same->target || after_.digests[*same->target] != before_.digests[*tag.target])
        continue;
      ++proof_.tags;
      for (const auto& [id, kind] : lost_by(*tag.target))
        proof_.broken.push_back({repository.name, tag.name, before_.digests[id], kind});
    }
  }

  // What was once reached without a loss need not be looked at again.
  std::vector<Loss> lost_by(DigestId root) {
    std::vector<Loss> found;
    closure_.from(root, [&](DigestId id) {
      if (lost_[index_of(id)]) found.emplace_back(id, Kind::blob);
      for (const Kind kind : {Kind::layer_link, Kind::revision_link}) {
        if (!lost_links_.empty() && lost_links_.contains({id, kind})) found.emplace_back(id, kind);
      }
    });
    if (!found.empty()) closure_.restart();
    return found;
  }

  const Inventory& before_;
  const Inventory& after_;
  Closure closure_;
  std::vector<bool> lost_;  // by DigestId of before_: was there, and is not
  std::map<const Repository*, std::vector<const Quarantined*>> links_in_quarantine_;  // of after_
  std::set<Loss> lost_links_;  // of the repository at hand: were there, and are in quarantine
  Proof proof_;
};

}  // namespace

Proof broken_tags(const Inventory& before, const Inventory& after) {
  return Prover(before, after).run();
}

}  // namespace regctl::gc
