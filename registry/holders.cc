#include "registry/holders.h"

#include "registry/closure.h"

namespace regctl {
namespace {

class Search {
 public:
  Search(const Inventory& inventory, const std::vector<DigestId>& blobs)
      : inventory_(inventory), closure_(inventory), place_(inventory.digests.size()) {
    holders_.resize(blobs.size());
    for (std::size_t i = 0; i < blobs.size(); ++i)
      place_[index_of(blobs[i])] = static_cast<std::uint32_t>(i + 1);
  }

  std::vector<Holders> run() && {
    for (const Repository& repository : inventory_.repositories) {
      found_.assign(holders_.size(), false);
      for (const Tag& tag : repository.tags) {
        if (tag.target) note_tag(repository.name, tag.name, *tag.target);
      }
      note_untagged(repository);
      for (std::size_t i = 0; i < holders_.size(); ++i) holders_[i].repositories += found_[i];
    }
    return std::move(holders_);
  }

 private:
  // Calls found(holders) of each blob that `root` reaches and nothing since the restart has.
  template <class Found>
  void from(DigestId root, Found found) {
    closure_.from(root, [&](DigestId id) {
      const std::uint32_t place = place_[index_of(id)];
      if (!place) return;
      found_[place - 1] = true;
      found(holders_[place - 1]);
    });
  }

  void note_tag(const std::string& repository, const std::string& tag, DigestId target) {
    closure_.restart();
    from(target, [&](Holders& one) {
      ++one.tags;
      if (one.first.size() < Holders::kTold) one.first.emplace_back(repository, tag);
    });
  }

  void note_untagged(const Repository& repository) {
    closure_.restart();
    for (const Tag& tag : repository.tags) {
      if (tag.target) closure_.from(*tag.target, [](DigestId) {});
    }
    std::vector<DigestId> others;
    for (const Link& link : repository.revisions) {
      if (is_there(link) && !closure_.reached(link.name)) others.push_back(link.name);
    }
    closure_.restart();
    for (const DigestId root : others) from(root, [](Holders& one) { one.untagged = true; });
  }

  const Inventory& inventory_;
  Closure closure_;
  std::vector<std::uint32_t> place_;  // by DigestId: 1 + index into holders_; 0: nobody asks
  std::vector<bool> found_;           // in the repository at hand
  std::vector<Holders> holders_;
};

}  // namespace

std::vector<Holders> holders_of(const Inventory& inventory, const std::vector<DigestId>& blobs) {
  return Search(inventory, blobs).run();
}

}  // namespace regctl
