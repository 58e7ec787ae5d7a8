#include "audit/reconcile.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "audit/catalog.h"
#include "cli/failure.h"
#include "cli/lines.h"
#include "registry/closure.h"

namespace regctl::audit {
namespace {

using report::Count;
using report::Size;

std::vector<std::string_view> fields_of(std::string_view line) {
  std::vector<std::string_view> fields;
  for (auto tab = line.find('\t'); tab != line.npos; tab = line.find('\t')) {
    fields.push_back(line.substr(0, tab));
    line.remove_prefix(tab + 1);
  }
  fields.push_back(line);
  return fields;
}

// A record of --images: key, repository, tag, digest, ...
std::optional<Belief> of_record(std::string_view line) {
  const auto fields = fields_of(line);
  if (fields.size() < 4 || fields[0] != "images") return std::nullopt;
  const auto digest = Digest::parse(fields[3]);
  if (!digest) return std::nullopt;
  return Belief{std::string(fields[1]), std::string(fields[2]), *digest};
}

std::optional<Belief> of_words(std::string_view line) {
  if (const auto digest = Digest::parse(line)) return Belief{{}, {}, *digest};
  const auto space = line.find_first_of(" \t");
  if (space != line.npos) {
    const auto name = parse_tag_name(std::string(line.substr(0, space)));
    const auto digest = Digest::parse(cli::trimmed(line.substr(space)));
    if (!name || !digest) return std::nullopt;
    return Belief{name->repository, name->tag, *digest};
  }
  const auto at = line.rfind('@');
  const auto digest = at == line.npos ? std::nullopt : Digest::parse(line.substr(at + 1));
  if (!digest || at == 0) return std::nullopt;
  return Belief{std::string(line.substr(0, at)), {}, *digest};
}

bool is_record_without_digest(std::string_view line) {
  const auto fields = fields_of(line);
  return fields.size() >= 4 && fields[0] == "images" && fields[3] == "-";
}

// What is believed in, by what it is compared with.
class Beliefs {
 public:
  Beliefs(const Sight& sight, const std::vector<Belief>& all)
      : inventory_(sight.inventory), reached_(sight.inventory) {
    for (const Belief& one : all) {
      const Repository* repository = inventory_.repository(one.repository);
      const std::string& name = repository ? repository->name : one.repository;
      if (!one.tag.empty()) tags_.emplace(name, one.tag);
      const auto id = inventory_.digests.find(one.digest);
      if (!id) continue;
      believe(name, *id);
      reached_.from(*id, [](DigestId) {});
    }
  }

  bool has_tags() const { return !tags_.empty(); }
  bool names(const std::string& repository, const std::string& tag) const {
    return tags_.contains({repository, tag});
  }
  // Itself, or by what names it: a child of an index.
  bool covers(const std::string& repository, DigestId manifest) const {
    return manifests_.contains({"", manifest}) || manifests_.contains({repository, manifest});
  }
  bool reaches(DigestId id) const { return reached_.reached(id); }

 private:
  // And all that may be manifests below.
  void believe(const std::string& repository, DigestId manifest) {
    std::vector<DigestId> open = {manifest};
    while (!open.empty()) {
      const DigestId id = open.back();
      open.pop_back();
      const Document* document = inventory_.document(id);
      if (!manifests_.emplace(repository, id).second || !document) continue;
      for (const Reference& reference : document->references) {
        if (reference.child) open.push_back(reference.to);
      }
    }
  }

  const Inventory& inventory_;
  std::set<std::pair<std::string, std::string>> tags_;
  std::set<std::pair<std::string, DigestId>> manifests_;  // of no repository: of any
  Closure reached_;
};

bool is_here(const Belief& belief, const Sight& sight) {
  const auto id = sight.inventory.digests.find(belief.digest);
  if (!id || !sight.inventory.has_bytes(*id)) return false;
  const Repository* repository = sight.inventory.repository(belief.repository);
  return belief.repository.empty() || (repository && has_link(repository->revisions, *id));
}

}  // namespace

std::vector<Belief> parse_beliefs(std::string_view text, const std::string& file) {
  std::vector<Belief> beliefs;
  std::optional<Belief> last;  // that a record told of
  cli::each_line(text, [&](std::size_t number, std::string_view whole) {
    const std::string_view line = cli::entry_of(whole);
    if (line.empty() || is_record_without_digest(line)) return;
    auto belief = of_record(line);
    // Beneath a tag stand its platforms.
    const bool is_platform =
        belief && last && belief->repository == last->repository && belief->tag == last->tag;
    last = belief;
    if (is_platform) belief->tag.clear();
    if (!belief) belief = of_words(line);
    if (!belief)
      throw cli::UsageError(
          fmt::format("--reconcile {}: line {} names no digest", file, number),
          "write sha256:..., repository@sha256:... or repository:tag sha256:..., one a line");
    beliefs.push_back(std::move(*belief));
  });
  if (beliefs.empty())
    throw cli::UsageError("--reconcile " + file + ": there is no digest in it",
                          "a list without a line is not an empty registry");
  return beliefs;
}

Answer reconcile(const Sight& sight, const std::vector<Belief>& beliefs) {
  AnswerTable lacks{.key = "lacks",
                    .title = "LACKS     believed, and not here",
                    .columns = {{"repository", "REPOSITORY"}, {"tag", "TAG"}, {"digest", "DIGEST"}},
                    .rows = {}},
      differs{.key = "differs",
              .title = "DIFFERS     tags that point to something else",
              .columns = {{"repository", "REPOSITORY"},
                          {"tag", "TAG"},
                          {"believed", "BELIEVED"},
                          {"digest", "HERE"}},
              .rows = {}},
      beyond{.key = "beyond",
             .title = "BEYOND     here, and nobody believes in it; freed: what nothing else has",
             .columns = {{"repository", "REPOSITORY"},
                         {"tag", "TAG"},
                         {"digest", "DIGEST"},
                         {"freed_bytes", "FREED"}},
             .rows = {}};
  for (const Belief& one : beliefs) {
    const Tag* tag = one.tag.empty() ? nullptr : sight.inventory.tag(one.repository, one.tag);
    if (!is_here(one, sight) || (!one.tag.empty() && !tag))
      lacks.rows.push_back({one.repository, one.tag, one.digest});
    if (tag && (!tag->target || sight.digest(*tag->target) != one.digest))
      differs.rows.push_back({one.repository, one.tag, one.digest,
                              tag->target ? Cell(sight.digest(*tag->target)) : Cell()});
  }
  const Beliefs believed(sight, beliefs);
  std::uint64_t freed = 0;
  Closure counted(sight.inventory), told(sight.inventory);
  const auto freed_by = [&](DigestId root) {
    std::uint64_t bytes = 0;
    counted.from(root, [&](DigestId id) {
      if (!believed.reaches(id) && sight.inventory.has_bytes(id)) bytes += sight.size(id);
    });
    freed += bytes;
    return Size{bytes};
  };
  const auto add = [&](const Repository& repository, const std::string& tag, DigestId manifest) {
    beyond.rows.push_back({repository.name, tag, sight.digest(manifest),
                           believed.reaches(manifest) ? Size{0} : freed_by(manifest)});
    told.from(manifest, [](DigestId) {});
  };
  const auto tell_below = [&](DigestId manifest) {
    const Document* document = sight.inventory.document(manifest);
    if (!document) return;
    for (const Reference& reference : document->references)
      told.from(reference.to, [](DigestId) {});
  };
  for (const Repository& repository : sight.inventory.repositories) {
    told.restart();
    for (const Tag& tag : repository.tags) {
      if (!tag.target || !believed.has_tags() || believed.names(repository.name, tag.name))
        continue;
      add(repository, tag.name, *tag.target);
    }
    std::vector<DigestId> untagged;
    for (const Link& link : repository.revisions) {
      if (link.state == LinkState::present && !believed.covers(repository.name, link.name))
        untagged.push_back(link.name);
    }
    for (const DigestId manifest : untagged) tell_below(manifest);
    for (const DigestId manifest : untagged) {
      if (!told.reached(manifest)) add(repository, {}, manifest);
    }
  }
  AnswerTable totals{.key = "reconciled",
                     .title = "",
                     .columns = {{"what", "WHAT"}, {"count", "COUNT"}, {"bytes", "SIZE"}},
                     .rows = {}};
  totals.rows.push_back({std::string("lacks"), Count{lacks.rows.size()}, {}});
  totals.rows.push_back({std::string("differs"), Count{differs.rows.size()}, {}});
  totals.rows.push_back({std::string("beyond"), Count{beyond.rows.size()}, Size{freed}});
  return answer_of(std::move(totals), std::move(lacks), std::move(differs), std::move(beyond));
}

}  // namespace regctl::audit
