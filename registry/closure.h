// What is reachable from some digests: documents' references, and alias links of every repository.
// Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "registry/inventory.h"

namespace regctl {

// (name, target) of alias links, ascending.
using AliasLinks = std::vector<std::pair<DigestId, DigestId>>;

AliasLinks aliases_in(const Inventory& inventory);
// All that bear that name.
std::span<const AliasLinks::value_type> aliases_named(DigestId name, const AliasLinks& aliases);

// Walks one inventory, as often as asked. Not for several threads at once; it keeps marks. Time is
// linear in what is reached, memory in the number of digests; there is no recursion.
class Closure {
 public:
  enum class Parents : bool { forgotten, remembered };

  // `inventory` must outlive it. To remember parents takes as much memory again.
  explicit Closure(const Inventory& inventory, Parents parents = Parents::forgotten);

  // Forgets everything reached so far.
  void restart() { ++round_; }
  bool reached(DigestId id) const {
    return !round_of_.empty() && round_of_[index_of(id)] == round_;
  }

  // From which `id` was reached first since restart(): a chain of these ends at a root. Empty: it
  // is one, or was not reached. REQUIRES: parents are remembered.
  std::optional<DigestId> parent(DigestId id) const;

  // Calls visit(id) for `root` and everything reachable from it that was not reached since
  // restart().
  template <class Visit>
  void from(DigestId root, Visit visit);

  // As aliases_in() gives them.
  const AliasLinks& aliases() const { return aliases_; }

 private:
  void reach(DigestId id, DigestId parent) {
    if (reached(id)) return;
    if (round_of_.empty()) round_of_.resize(inventory_.digests.size());
    round_of_[index_of(id)] = round_;
    if (!parents_.empty()) parents_[index_of(id)] = parent;
    open_.push_back(id);
  }

  const Inventory& inventory_;
  AliasLinks aliases_;
  std::vector<std::uint32_t> round_of_;  // empty: nothing was reached so far
  std::uint32_t round_ = 1;
  std::vector<DigestId> parents_;  // a root is its own; empty: they are not remembered
  std::vector<DigestId> open_;
};

template <class Visit>
void Closure::from(DigestId root, Visit visit) {
  reach(root, root);
  while (!open_.empty()) {
    const DigestId id = open_.back();
    open_.pop_back();
    visit(id);
    if (const Document* document = inventory_.document(id)) {
      for (const Reference& reference : document->references) reach(reference.to, id);
    }
    if (aliases_.empty()) continue;  // as in most storages
    for (const auto& [name, target] : aliases_named(id, aliases_)) reach(target, id);
  }
}

}  // namespace regctl
