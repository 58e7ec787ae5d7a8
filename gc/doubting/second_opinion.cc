#include "gc/doubting/second_opinion.h"

#include <algorithm>
#include <set>

#include "gc/doubting/careful_storage.h"
#include "gc/doubting/doubts.h"
#include "gc/doubting/facts.h"
#include "gc/doubting/needs.h"
#include "gc/doubting/reading.h"
#include "gc/doubting/remains.h"

namespace regctl::gc {
namespace {

using namespace second;
using layout::join;
using State = Link::State;

// Every function called why... answers with empty, or null, where there is no reason.

std::optional<Cause> because(Ground ground) { return Cause{.ground = ground}; }
std::optional<Cause> because(const Cause* why) { return why ? std::optional(*why) : std::nullopt; }

// Why something needs what may be in quarantine. What a push that has begun finds missing it
// uploads.
const Cause* why_needed(const Facts& facts, const Needs& needs, const Digest& digest) {
  return needs.why(needs.needed, facts.reading.names.find(digest));
}

// Why something needs, or is about to rely on, what is in its place.
const Cause* why_used(const Facts& facts, const Needs& needs, const Digest& digest) {
  const Cause* need = why_needed(facts, needs, digest);
  return need ? need : needs.why(needs.begun, facts.reading.names.find(digest));
}

const Cause* why_doubted(const Facts& facts, const std::string& repository) {
  const auto doubt = facts.doubts.find(repository);
  return doubt == facts.doubts.end() ? nullptr : &doubt->second.why;
}

// --- Blobs --------------------------------------------------------------------------------------

std::optional<Cause> why_blob_stays(const Facts& facts, const Needs& needs, const Digest& digest) {
  facts.storage.pause();
  if (const Cause* use = why_used(facts, needs, digest)) return *use;
  const auto id = facts.reading.names.find(digest);
  if (id && facts.lately.contains(*id)) return because(Ground::young_link);
  if (is_young_blob(facts, digest)) return because(Ground::young);
  return because(needs.why(needs.recent, id));
}

// A copy beside new data is one too many.
std::optional<Cause> why_copy_stays(const Facts& facts, const Needs& needs, const Digest& digest) {
  facts.storage.pause();
  if (facts.storage.plain().stat(layout::blob_data(digest))) return std::nullopt;
  const auto copies = facts.storage.copies_of_data(digest);
  if (const Cause* need = why_needed(facts, needs, digest)) return *need;
  const auto linked = facts.reading.last_linked.find(digest);
  if (linked == facts.reading.last_linked.end()) return std::nullopt;
  for (const std::string& copy : copies) {
    if (came_back(facts, *layout::parse_quarantine_name(copy), linked->second))
      return because(Ground::link_since);
  }
  return std::nullopt;
}

// --- Layer links --------------------------------------------------------------------------------

std::optional<Link> layer_link(const Facts& facts, const Doomed::Link& link) {
  const std::string key = layout::layer_link(link.repository, link.digest);
  return facts.storage.link(key.substr(0, key.rfind('/')));
}

// That are not let go with the link.
bool has_bytes(const Facts& facts, const Digest& digest, const std::set<Digest>& let_go) {
  const bool stays =
      !let_go.contains(digest) && facts.storage.plain().stat(layout::blob_data(digest));
  return stays || !facts.storage.copies_of_data(digest).empty();
}

// `let_go`: blobs that nothing has been said against.
std::optional<Cause> why_layer_link_stays(const Facts& facts, const Needs& needs,
                                          const std::set<Digest>& let_go,
                                          const Doomed::Link& which) {
  const auto link = layer_link(facts, which);
  if (!link || link->state != State::in_place) return std::nullopt;
  const Digest target = link->holds.value_or(which.digest);
  if (const Cause* doubt = why_doubted(facts, which.repository)) return *doubt;
  if (is_young(facts, link->latest)) return because(Ground::young);
  if (const Cause* use = why_used(facts, needs, which.digest)) return *use;
  if (const Cause* use = why_used(facts, needs, target)) return *use;
  if (has_bytes(facts, which.digest, let_go) ||
      (target != which.digest && has_bytes(facts, target, let_go)))
    return because(Ground::bytes_there);
  return std::nullopt;
}

std::optional<Cause> why_copy_of_layer_link_stays(const Facts& facts, const Needs& needs,
                                                  const Doomed::Link& which) {
  const Cause* need = why_needed(facts, needs, which.digest);
  if (!need) return std::nullopt;
  const auto link = layer_link(facts, which);
  if (!link || link->state != State::quarantined) return std::nullopt;
  return *need;
}

// --- Repositories -------------------------------------------------------------------------------

// A layer link that holds another name of its blob, where either name is in use.
bool has_needed_alias(const Facts& facts, const Needs& needs, const std::string& name) {
  for (const Digest& digest : layers_of(facts.storage, name)) {
    const auto link = layer_link(facts, {name, digest});
    if (!link || !link->holds || *link->holds == digest) continue;
    if (why_used(facts, needs, digest) || why_used(facts, needs, *link->holds)) return true;
  }
  return false;
}

// For the sake of uploads, or of young directories of any other kind.
std::optional<Cause> why_directories_stay(const Facts& facts, const std::string& name) {
  const auto is_part = [](std::string_view part) {
    return part == layout::kLayers || part == layout::kManifests;
  };
  std::vector<std::string> keys{layout::repository(name)};
  for (const std::string& part : facts.storage.directories(keys[0], is_part)) {
    if (!part.starts_with('_')) continue;
    const std::string key = join(layout::repository(name), part);
    const auto below = facts.storage.directories(key);
    if (part == layout::kUploads && !below.empty()) return because(Ground::has_uploads);
    keys.push_back(key);
    for (const std::string& one : below) keys.push_back(join(key, one));
  }
  for (const std::string& key : keys) {
    const auto stat = facts.storage.plain().stat(key);
    if (stat && is_young(facts, stat->modified)) return because(Ground::young_directory);
  }
  return std::nullopt;
}

std::optional<Cause> why_repository_stays(const Facts& facts, const Needs& needs,
                                          const std::string& name) {
  const auto at = facts.reading.repositories.find(name);
  if (at == facts.reading.repositories.end()) return std::nullopt;
  const Repository& repository = at->second;
  const auto counts = [&](const Revision& revision) {
    return revision.state != State::absent || is_young(facts, revision.latest);
  };
  if (const Cause* doubt = why_doubted(facts, name)) return *doubt;
  if (!repository.tags.empty() || !repository.tag_copies.empty()) return because(Ground::has_tags);
  if (std::any_of(repository.revisions.begin(), repository.revisions.end(), counts))
    return because(Ground::has_manifests);
  if (!repository.lately.empty()) return because(Ground::holds_young_link);
  if (has_needed_alias(facts, needs, name)) return because(Ground::needed_alias);
  return why_directories_stay(facts, name);
}

// --- Everything ---------------------------------------------------------------------------------

std::vector<Objection> objections_to_all(const Facts& facts, Needs needs) {
  const Doomed& doomed = facts.doomed;
  using Kind = Target::Kind;
  std::vector<Objection> objections = std::move(needs.to_revisions);
  const auto judge = [&](const Target& what, const std::optional<Cause>& why) {
    if (why) objections.push_back({what, *why});
  };
  for (const auto& [name, repository] : facts.reading.repositories) {
    for (const Tag& tag : repository.tags) {
      if (facts.taken_tags.contains({name, tag.name}))
        judge({Kind::tag, false, name, {}, tag.name}, why_tag_stays(facts, name, tag));
    }
    for (const TagCopy& copy : repository.tag_copies) {
      if (facts.purged_tags.contains({name, copy.tag.name}))
        judge({Kind::tag, true, name, {}, copy.tag.name}, why_tag_comes_back(facts, name, copy));
    }
  }
  std::set<Digest> let_go;
  for (const Digest& blob : doomed.in_place.blobs) {
    const auto why = why_blob_stays(facts, needs, blob);
    judge({Kind::blob, false, {}, blob}, why);
    if (!why) let_go.insert(blob);
  }
  for (const Digest& blob : doomed.in_quarantine.blobs)
    judge({Kind::blob, true, {}, blob}, why_copy_stays(facts, needs, blob));
  for (const Doomed::Link& link : doomed.in_place.layers)
    judge({Kind::layer_link, false, link.repository, link.digest},
          why_layer_link_stays(facts, needs, let_go, link));
  for (const Doomed::Link& link : doomed.in_quarantine.layers)
    judge({Kind::layer_link, true, link.repository, link.digest},
          why_copy_of_layer_link_stays(facts, needs, link));
  for (const std::string& name : doomed.empty_repositories)
    judge({Kind::repository, false, name, {}}, why_repository_stays(facts, needs, name));
  return objections;
}

Question question_about(const Doomed& doomed, const Circumstances& circumstances) {
  const Policy& policy = circumstances.policy;
  Question question{.now = circumstances.now, .settle = circumstances.settle};
  question.is_young = [&circumstances](Time time) {
    return regctl::is_young(time, circumstances.policy.keep_younger_than, circumstances.now);
  };
  question.watched = {doomed.in_quarantine.blobs.begin(), doomed.in_quarantine.blobs.end()};
  for (const Doomed::Link& link : doomed.in_quarantine.revisions)
    question.watched.insert(link.digest);
  for (const RootDigest& root : policy.roots) question.roots.push_back(root.digest);
  if (policy.takes_manifests() || policy.takes_tags()) question.histories = Histories::all;
  return question;
}

}  // namespace

std::vector<Objection> second_opinion(const Storage& storage, const Doomed& doomed,
                                      const Circumstances& circumstances, std::stop_token stop) {
  if (doomed.empty()) return {};
  const CarefulStorage careful(storage, circumstances.policy.arrival, std::move(stop));
  Question question = question_about(doomed, circumstances);
  Reading reading = read_store(careful, question);
  Doubts doubts = doubts_about(careful, reading, circumstances);
  if (!doubts.empty() && question.histories == Histories::where_needed) {
    // Where anything is in doubt, what tags ever pointed to may be all that is known of it.
    question.histories = Histories::all;
    reading = read_store(careful, question);
    doubts = doubts_about(careful, reading, circumstances);
  }
  const Facts facts = make_facts(careful, reading, doubts, doomed, circumstances);
  return objections_to_all(facts, find_needs(facts));
}

}  // namespace regctl::gc
