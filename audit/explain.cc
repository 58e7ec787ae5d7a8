#include "audit/explain.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <optional>

#include "audit/catalog.h"
#include "cli/failure.h"
#include "registry/closure.h"
#include "registry/marking/unreached.h"
#include "report/wording.h"

namespace regctl::audit {
namespace {

using report::Count;
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

// Digests are written in lower case, and copied in either.
std::string lowered(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

bool looks_like_a_digest(const std::string& text) {
  const auto colon = text.find(':');
  const std::string hex = colon == text.npos ? text : text.substr(colon + 1);
  return (colon == text.npos || algorithm_named(text.substr(0, colon))) && hex.size() >= 4 &&
         hex.find_first_not_of("0123456789abcdef") == hex.npos;
}

// `text` is as lowered() gives it.
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

// The blob, where the name is that of a link to it.
DigestId behind(DigestId name, const Inventory& inventory) {
  if (inventory.has_directory(name)) return name;
  const AliasLinks aliases = aliases_in(inventory);
  const auto links = aliases_named(name, aliases);
  return links.empty() ? name : links.front().second;
}

DigestId named_subject(const std::string& name, const Inventory& inventory) {
  const auto tag_name = parse_tag_name(name);
  const Tag* tag = tag_name ? inventory.tag(tag_name->repository, tag_name->tag) : nullptr;
  if (tag && tag->target) return *tag->target;  // also "sha256:beef", which a digest begins with
  const std::string digest = lowered(name);
  if (looks_like_a_digest(digest)) return digest_of_name(digest, name, inventory);
  if (const auto at = name.rfind('@'); at != name.npos) {
    const Repository* repository = inventory.repository(name.substr(0, at));
    if (!repository) fail(name, "no such repository");
    const DigestId subject = digest_of_name(lowered(name.substr(at + 1)), name, inventory);
    const auto is_target = [&](const Tag& one) { return one.target == subject; };
    if (!link_named(repository->revisions, subject) && !link_named(repository->layers, subject) &&
        std::ranges::none_of(repository->tags, is_target))
      fail(name, "no such manifest or layer in this repository",
           "--why " + inventory.digests[subject].text() + " tells of all of them");
    return subject;
  }
  if (!tag_name) fail(name, "neither a digest nor repository:tag nor repository@digest");
  fail(name, tag ? "it is not known what the tag points to" : "no such tag",
       "regctl-audit --images lists them");
}

// Calls visit(value) for all that `pairs`, which ascend, have for `key`.
template <class Value, class Visit>
void each_of(const std::vector<std::pair<DigestId, Value>>& pairs, DigestId key, Visit visit) {
  for (auto at = std::lower_bound(pairs.begin(), pairs.end(), std::pair(key, Value{}));
       at != pairs.end() && at->first == key; ++at)
    visit(at->second);
}

// Who names whom, by whom is named.
class Namers {
 public:
  explicit Namers(const Inventory& inventory) {
    for (const Document& document : inventory.documents) {
      for (const Reference& reference : document.references)
        pairs_.emplace_back(reference.to, document.digest);
    }
    for (const auto& [name, target] : aliases_in(inventory)) pairs_.emplace_back(target, name);
    std::sort(pairs_.begin(), pairs_.end());
  }

  template <class Visit>
  void each(DigestId named, Visit visit) const {
    each_of(pairs_, named, visit);
  }

 private:
  std::vector<std::pair<DigestId, DigestId>> pairs_;
};

// The chains of names that lead to a subject, from where each ends: a step knows the one that it
// names, so that chains share what they have in common.
struct Chains {
  struct Step {
    DigestId digest;
    std::uint32_t names;   // index into steps; the first names itself
    std::uint32_t length;  // of the chain: how many steps lead from here to the first
  };
  std::vector<Step> steps;   // each ends a chain; the first is the subject, the shortest come first
  std::uint64_t others = 0;  // left out: other ways to where one of these ends

  bool leads_through(std::uint32_t step, DigestId digest) const {
    while (steps[step].digest != digest) {
      if (!step) return false;
      step = steps[step].names;
    }
    return true;
  }
  // From its end down, the subject apart.
  std::vector<Digest> via(std::uint32_t step, const Inventory& inventory) const {
    std::vector<Digest> way;
    way.reserve(steps[step].length);
    for (; step; step = steps[step].names) way.push_back(inventory.digests[steps[step].digest]);
    return way;
  }
};

// Nested indexes can make more than anybody wants to read, or can: from so many on, only the first
// way to each name is followed.
Chains chains_to(DigestId subject, const Inventory& inventory) {
  constexpr std::size_t kEveryWay = 10'000;
  const Namers namers(inventory);
  Chains chains{.steps = {{subject, 0, 0}}};
  std::vector<bool> reached(inventory.digests.size());
  reached[index_of(subject)] = true;
  for (std::uint32_t at = 0; at < chains.steps.size(); ++at) {
    const Chains::Step step = chains.steps[at];
    namers.each(step.digest, [&](DigestId namer) {
      if (reached[index_of(namer)]) {
        const bool too_many = chains.steps.size() >= kEveryWay;
        chains.others += too_many;
        if (too_many || chains.leads_through(at, namer)) return;  // a damaged one can
      }
      reached[index_of(namer)] = true;
      chains.steps.push_back({namer, at, step.length + 1});
    });
  }
  return chains;
}

// Who holds a digest by itself: the tags that point to it, but for those that the next run lets go,
// and the revision links that name it.
class Holders {
 public:
  explicit Holders(const Sight& sight) {
    for (std::uint32_t i = 0; i < sight.inventory.repositories.size(); ++i) {
      const Repository& repository = sight.inventory.repositories[i];
      for (std::uint32_t k = 0; k < repository.tags.size(); ++k) {
        const Tag& tag = repository.tags[k];
        if (tag.target && !sight.mark.repositories[i].spent[k])
          tags_.push_back({*tag.target, i, k});
      }
      for (std::uint32_t k = 0; k < repository.revisions.size(); ++k)
        revisions_.push_back({repository.revisions[k].name, i, k});
    }
    std::sort(tags_.begin(), tags_.end());
    std::sort(revisions_.begin(), revisions_.end());
  }

  // Both call visit(repository, place of the tag or the link), in the order of the repositories.
  template <class Visit>
  void each_tag(DigestId target, Visit visit) const {
    each(tags_, target, visit);
  }
  template <class Visit>
  void each_revision(DigestId name, Visit visit) const {
    each(revisions_, name, visit);
  }

 private:
  struct One {
    DigestId digest;
    std::uint32_t repository, place;

    auto operator<=>(const One&) const = default;
  };

  template <class Visit>
  static void each(const std::vector<One>& all, DigestId digest, Visit visit) {
    for (auto at = std::lower_bound(all.begin(), all.end(), One{digest, 0, 0});
         at != all.end() && at->digest == digest; ++at)
      visit(at->repository, at->place);
  }

  std::vector<One> tags_, revisions_;
};

// What each repository in doubt keeps: all that it names.
class Pins {
 public:
  explicit Pins(const Sight& sight) {
    for (std::uint32_t i = 0; i < sight.inventory.repositories.size(); ++i) {
      if (!sight.mark.repositories[i].pinned) continue;
      const Repository& repository = sight.inventory.repositories[i];
      for (const auto* links : {&repository.layers, &repository.revisions}) {
        for (const Link& link : *links)
          pins_.insert(pins_.end(), {{link.name, i}, {link.target, i}});
      }
      for (const Tag& tag : repository.tags) {
        for (const TagEntry& entry : tag.history) pins_.emplace_back(entry.digest, i);
      }
      for (const DigestId id : repository.hinted) pins_.emplace_back(id, i);
    }
    sort_unique(pins_);
  }

  // visit(repository), in their order.
  template <class Visit>
  void each(DigestId id, Visit visit) const {
    each_of(pins_, id, visit);
  }

 private:
  std::vector<std::pair<DigestId, std::uint32_t>> pins_;
};

// The file for which it is in doubt: its own, or a manifest that it leads to.
std::string doubt_of(const Repository& repository, const Inventory& inventory, Closure& closure) {
  if (!repository.damage.empty()) return repository.damage.front().path;
  std::string path;
  closure.restart();
  const auto look_below = [&](DigestId root) {
    closure.from(root, [&](DigestId id) {
      const Document* document = inventory.document(id);
      if (path.empty() && document && document->state == Document::State::damaged)
        path = document->damage.front().path;
    });
  };
  for (const auto* links : {&repository.revisions, &repository.layers}) {
    for (const Link& link : *links) look_below(link.name);
  }
  for (const Tag& tag : repository.tags) {
    if (tag.target) look_below(*tag.target);
    for (const TagEntry& entry : tag.history) look_below(entry.digest);
  }
  return path;
}

// What does not fit in is counted among the other ways: of long chains a few fill a page, and their
// length together grows with the square of their number.
AnswerTable table_of(Chains& chains, const Holders& holders, const Sight& sight,
                     const std::string& prefix) {
  constexpr std::size_t kMostSteps = 250'000;  // of all rows
  AnswerTable table{.key = "chains",
                    .title = "",
                    .columns = {{"repository", "REPOSITORY"},
                                {"tag", "TAG"},
                                {"kept_as", "KEPT AS"},
                                {"via", "VIA"},
                                {"path", "FOR"}},
                    .rows = {}};
  std::size_t steps = 0;
  const Pins pins(sight);
  std::map<std::uint32_t, std::string> doubts;  // by repository; of those that have a row
  Closure closure(sight.inventory);
  const auto doubt = [&](std::uint32_t repository) -> Cell {
    const auto [at, is_new] = doubts.try_emplace(repository);
    if (is_new)
      at->second =
          prefix + doubt_of(sight.inventory.repositories[repository], sight.inventory, closure);
    return at->second;
  };
  for (std::uint32_t at = 0; at < chains.steps.size(); ++at) {
    const DigestId end = chains.steps[at].digest;
    const auto add = [&](std::uint32_t repository, Cell tag, Why kept) {
      steps += chains.steps[at].length;
      if (steps > kMostSteps)
        ++chains.others;
      else
        table.rows.push_back({sight.inventory.repositories[repository].name, std::move(tag),
                              std::string(report::words_of(kept)), chains.via(at, sight.inventory),
                              kept == Why::pinned ? doubt(repository) : Cell()});
    };
    holders.each_tag(end, [&](std::uint32_t repository, std::uint32_t tag) {
      add(repository, sight.inventory.repositories[repository].tags[tag].name, Why::tagged);
    });
    holders.each_revision(end, [&](std::uint32_t repository, std::uint32_t link) {
      const Why kept = sight.mark.repositories[repository].revisions[link];
      if (kept != Why::nothing && kept != Why::tagged && kept != Why::reference &&
          kept != Why::pinned)
        add(repository, {}, kept);
    });
    // Once for each: a repository names most of a chain.
    pins.each(end, [&](std::uint32_t repository) {
      if (!doubts.contains(repository)) add(repository, {}, Why::pinned);
    });
  }
  return table;
}

// When the last revision link to what the chains end at was deleted, as far as its directory tells;
// empty: nobody knows.
std::optional<Time> unlinked_since(const Chains& chains, const Holders& holders,
                                   const Sight& sight) {
  std::optional<Time> since;
  for (const Chains::Step& step : chains.steps) {
    holders.each_revision(step.digest, [&](std::uint32_t repository, std::uint32_t place) {
      const Link& revision = sight.inventory.repositories[repository].revisions[place];
      if (revision.state == LinkState::pending)
        since = std::max(since.value_or(revision.modified), revision.modified);
    });
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

// Of the copy in quarantine where there is only that; empty: it is not known.
Cell size_of(DigestId subject, const Sight& sight) {
  if (sight.inventory.has_bytes(subject)) return Size{sight.size(subject)};
  if (const Quarantined* copy = sight.inventory.quarantined_blob(subject)) return Size{copy->bytes};
  return sight.inventory.has_directory(subject) ? Cell(Size{sight.size(subject)}) : Cell();
}

// What the next run does with it, and from when on: now, where that is empty.
struct Fate {
  std::string next_run;
  std::optional<Time> when;
};

Fate fate_of(DigestId subject, const Sight& sight) {
  if (!sight.inventory.has_bytes(subject)) {
    const Quarantined* copy = sight.inventory.quarantined_blob(subject);
    if (!copy) return {"nothing: its bytes are not there", {}};
    if (sight.mark.live(subject)) return {"gives it back", {}};
    const Time held = copy->taken + kUsualHold;
    return {"purges it", held > sight.now ? std::optional(held) : std::nullopt};
  }
  if (sight.mark.live(subject)) return {"keeps it", {}};
  for (const Unreached& one :
       unreached_blobs(sight.inventory, sight.mark, sight.policy, sight.now)) {
    if (one.blob->digest != subject) continue;
    if (one.kept == Why::nothing) return {"quarantines it", {}};
    const Time old_enough = one.newest + sight.policy.keep_younger_than;
    if (old_enough > sight.now) return {"quarantines it when it is old enough", old_enough};
    return {"keeps it, as something young names it", {}};
  }
  return {"keeps it", {}};
}

}  // namespace

Answer why(const Sight& sight, const std::string& name, const std::string& prefix) {
  const DigestId subject = behind(named_subject(name, sight.inventory), sight.inventory);
  Chains chains = chains_to(subject, sight.inventory);
  const Holders holders(sight);
  AnswerTable ways = table_of(chains, holders, sight, prefix);
  const Fate fate = fate_of(subject, sight);
  const auto since =
      sight.mark.live(subject) ? std::nullopt : unlinked_since(chains, holders, sight);
  AnswerTable about{.key = "about",
                    .title = "",
                    .columns = {{"digest", "DIGEST"},
                                {"kind", "KIND"},
                                {"bytes", "SIZE"},
                                {"kept_as", "KEPT AS"},
                                {"unlinked_since", "UNLINKED SINCE"},
                                {"other_ways", "OTHER WAYS"},
                                {"next_run", "THE NEXT RUN OF REGCTL-GC"},
                                {"when", "FROM"}},
                    .rows = {}};
  about.rows.push_back(
      {sight.digest(subject), kind_of(subject, sight.inventory), size_of(subject, sight),
       std::string(report::words_of(sight.mark.digests[index_of(subject)])),
       since ? Cell(*since) : Cell(), chains.others ? Cell(Count{chains.others}) : Cell(),
       fate.next_run, fate.when ? Cell(*fate.when) : Cell()});
  return answer_of(std::move(about), std::move(ways));
}

}  // namespace regctl::audit
