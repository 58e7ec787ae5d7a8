#include "audit/explain.h"

#include <algorithm>
#include <deque>
#include <optional>

#include "audit/catalog.h"
#include "cli/failure.h"
#include "registry/closure.h"
#include "registry/marking/unreached.h"
#include "report/wording.h"

namespace regctl::audit {
namespace {

using report::Size;

[[noreturn]] void fail(const std::string& name, const std::string& what,
                       const std::string& hint = {}) {
  throw cli::UsageError("--why " + name + ": " + what, hint);
}

// The digests that begin with `text`, which may lack the algorithm.
std::vector<DigestId> begun_by(const std::string& text, const Inventory& inventory) {
  std::vector<DigestId> found;
  for (std::size_t i = 0; i < inventory.digests.size(); ++i) {
    const auto id = static_cast<DigestId>(i);
    const std::string digest = inventory.digests[id].text();
    const bool begins = digest.starts_with(text) || (text.find(':') == text.npos &&
                                                     inventory.digests[id].hex().starts_with(text));
    if (begins) found.push_back(id);
  }
  return found;
}

bool looks_like_a_digest(const std::string& text) {
  const auto colon = text.find(':');
  const std::string hex = colon == text.npos ? text : text.substr(colon + 1);
  return (colon == text.npos || algorithm_named(text.substr(0, colon))) && hex.size() >= 4 &&
         hex.find_first_not_of("0123456789abcdef") == hex.npos;
}

DigestId digest_of_name(const std::string& text, const std::string& name,
                        const Inventory& inventory) {
  const auto found = begun_by(text, inventory);
  if (found.empty()) fail(name, "no digest of this storage begins so");
  if (found.size() > 1) {
    std::string some;
    for (std::size_t i = 0; i < std::min<std::size_t>(found.size(), 3); ++i)
      some += (i ? ", " : "") + inventory.digests[found[i]].text().substr(0, 24);
    fail(name, std::to_string(found.size()) + " digests begin so", some);
  }
  return found.front();
}

DigestId subject_of(const std::string& name, const Inventory& inventory) {
  if (looks_like_a_digest(name)) return digest_of_name(name, name, inventory);
  if (const auto at = name.rfind('@'); at != name.npos) {
    if (!inventory.repository(name.substr(0, at))) fail(name, "no such repository");
    return digest_of_name(name.substr(at + 1), name, inventory);
  }
  const auto tag_name = parse_tag_name(name);
  if (!tag_name) fail(name, "neither a digest nor repository:tag nor repository@digest");
  const Tag* tag = inventory.tag(tag_name->repository, tag_name->tag);
  if (!tag || !tag->target) fail(name, "no such tag", "regctl-audit --images lists them");
  return *tag->target;
}

// Who names whom, by whom is named.
class Namers {
 public:
  explicit Namers(const Inventory& inventory) {
    for (const Document& document : inventory.documents) {
      for (const Reference& reference : document.references)
        pairs_.emplace_back(reference.to, document.digest);
    }
    const Closure closure(inventory);
    for (const auto& [name, target] : closure.aliases()) pairs_.emplace_back(target, name);
    std::sort(pairs_.begin(), pairs_.end());
  }

  template <class Visit>
  void each(DigestId named, Visit visit) const {
    for (auto at = std::lower_bound(pairs_.begin(), pairs_.end(), std::pair(named, DigestId{}));
         at != pairs_.end() && at->first == named; ++at)
      visit(at->second);
  }

 private:
  std::vector<std::pair<DigestId, DigestId>> pairs_;
};

using Chain = std::vector<DigestId>;  // from the subject up

// All chains of names that end at it, the shortest first. A digest cannot name itself, so that they
// come to an end.
std::vector<Chain> chains_to(DigestId subject, const Inventory& inventory) {
  const Namers namers(inventory);
  std::vector<Chain> chains;
  std::deque<Chain> open{{subject}};
  while (!open.empty()) {
    Chain chain = std::move(open.front());
    open.pop_front();
    namers.each(chain.back(), [&](DigestId namer) {
      if (std::ranges::find(chain, namer) != chain.end()) return;  // a damaged one can
      Chain longer = chain;
      longer.push_back(namer);
      open.push_back(std::move(longer));
    });
    chains.push_back(std::move(chain));
  }
  return chains;
}

// From the root down, the subject apart.
std::vector<Digest> via(const Chain& chain, const Sight& sight) {
  std::vector<Digest> way;
  for (auto at = chain.rbegin(); at + 1 != chain.rend(); ++at) way.push_back(sight.digest(*at));
  return way;
}

// Tags by what they point to, but for those that the next run lets go.
class Tags {
 public:
  explicit Tags(const Sight& sight) {
    for (std::uint32_t i = 0; i < sight.inventory.repositories.size(); ++i) {
      const Repository& repository = sight.inventory.repositories[i];
      for (std::uint32_t k = 0; k < repository.tags.size(); ++k) {
        const Tag& tag = repository.tags[k];
        if (tag.target && !sight.mark.repositories[i].spent[k])
          tags_.push_back({*tag.target, i, k});
      }
    }
    std::sort(tags_.begin(), tags_.end());
  }

  // In the order of their names.
  template <class Visit>
  void each(DigestId target, std::uint32_t repository, Visit visit) const {
    for (auto at = std::lower_bound(tags_.begin(), tags_.end(), One{target, repository, 0});
         at != tags_.end() && at->target == target && at->repository == repository; ++at)
      visit(at->tag);
  }

 private:
  struct One {
    DigestId target;
    std::uint32_t repository, tag;

    auto operator<=>(const One&) const = default;
  };
  std::vector<One> tags_;
};

AnswerTable table_of(const std::vector<Chain>& chains, const Sight& sight) {
  const Tags tags(sight);
  AnswerTable table{.key = "chains",
                    .title = "",
                    .columns = {{"repository", "REPOSITORY"},
                                {"tag", "TAG"},
                                {"kept_as", "KEPT AS"},
                                {"via", "VIA"}},
                    .rows = {}};
  for (const Chain& chain : chains) {
    for (std::uint32_t i = 0; i < sight.inventory.repositories.size(); ++i) {
      const Repository& repository = sight.inventory.repositories[i];
      tags.each(chain.back(), i, [&](std::uint32_t tag) {
        table.rows.push_back({repository.name, repository.tags[tag].name,
                              std::string(report::words_of(Why::tagged)), via(chain, sight)});
      });
      const Link* revision = link_named(repository.revisions, chain.back());
      if (!revision) continue;
      const auto place = static_cast<std::size_t>(revision - repository.revisions.data());
      const Why kept = sight.mark.repositories[i].revisions[place];
      if (kept != Why::nothing && kept != Why::tagged && kept != Why::reference)
        table.rows.push_back(
            {repository.name, {}, std::string(report::words_of(kept)), via(chain, sight)});
    }
  }
  return table;
}

// When the last revision link to what the chains end at was deleted, as far as its directory tells;
// empty: nobody knows.
std::optional<Time> unlinked_since(const std::vector<Chain>& chains, const Sight& sight) {
  std::optional<Time> since;
  for (const Chain& chain : chains) {
    for (const Repository& repository : sight.inventory.repositories) {
      const Link* revision = link_named(repository.revisions, chain.back());
      if (revision && revision->state == LinkState::pending)
        since = std::max(since.value_or(revision->modified), revision->modified);
    }
  }
  return since;
}

std::string kind_of(DigestId subject, const Inventory& inventory) {
  if (const Document* document = inventory.document(subject);
      document && document->state != Document::State::leaf) {
    switch (document->state == Document::State::sound ? document->kind : ManifestKind::unknown) {
      case ManifestKind::index:
        return "index";
      case ManifestKind::image:
      case ManifestKind::schema1:
        return "image";
      default:
        return "manifest";
    }
  }
  for (const Document& document : inventory.documents) {
    for (const Reference& reference : document.references) {
      if (reference.to == subject && reference.role == Role::config) return "configuration";
      if (reference.to == subject && reference.role == Role::layer) return "layer";
    }
  }
  return "blob";
}

// What the next run does with it, and from when on: now, where that is empty.
struct Fate {
  std::string next_run;
  std::optional<Time> when;
};

Fate fate_of(DigestId subject, const Sight& sight) {
  const Blob* blob = sight.inventory.blob(subject);
  if (!blob || !blob->has_bytes()) {
    if (!sight.inventory.has_quarantined_blob(subject))
      return {"nothing: its bytes are not there", {}};
    return {sight.mark.live(subject) ? "gives it back" : "purges it after the hold", {}};
  }
  if (sight.mark.live(subject)) return {"keeps it", {}};
  for (const Unreached& one :
       unreached_blobs(sight.inventory, sight.mark, sight.policy, sight.now)) {
    if (one.blob != blob) continue;
    if (one.kept == Why::nothing) return {"quarantines it", {}};
    const Time old_enough = one.newest + sight.policy.keep_younger_than;
    if (old_enough > sight.now) return {"quarantines it when it is old enough", old_enough};
    return {"keeps it, as something young names it", {}};
  }
  return {"keeps it", {}};
}

}  // namespace

Answer why(const Sight& sight, const std::string& name) {
  const DigestId subject = subject_of(name, sight.inventory);
  const std::vector<Chain> chains = chains_to(subject, sight.inventory);
  const Fate fate = fate_of(subject, sight);
  const Blob* blob = sight.inventory.blob(subject);
  const auto since = sight.mark.live(subject) ? std::nullopt : unlinked_since(chains, sight);
  AnswerTable about{.key = "about",
                    .title = "",
                    .columns = {{"digest", "DIGEST"},
                                {"kind", "KIND"},
                                {"bytes", "SIZE"},
                                {"kept_as", "KEPT AS"},
                                {"unlinked_since", "UNLINKED SINCE"},
                                {"next_run", "THE NEXT RUN OF REGCTL-GC"},
                                {"when", "FROM"}},
                    .rows = {}};
  about.rows.push_back({sight.digest(subject), kind_of(subject, sight.inventory),
                        blob ? Cell(Size{sight.size(subject)}) : Cell(),
                        std::string(report::words_of(sight.mark.digests[index_of(subject)])),
                        since ? Cell(*since) : Cell(), fate.next_run,
                        fate.when ? Cell(*fate.when) : Cell()});
  return {std::move(about), table_of(chains, sight)};
}

}  // namespace regctl::audit
