#include "audit/checks.h"

#include <algorithm>
#include <map>
#include <set>

#include "registry/closure.h"
#include "registry/layout.h"

namespace regctl::audit {
namespace {

using report::Code;
using report::Part;

class Checks {
 public:
  Checks(const Inventory& inventory, const StoreFacts& store, Time now)
      : inventory_(inventory), store_(store), now_(now), closure_(inventory) {}

  std::vector<Finding> run() && {
    check_obstacles();
    check_damage();
    check_documents();
    for (const Repository& repository : inventory_.repositories) {
      find_needs(repository);
      check_tags(repository);
      check_untagged(repository);
      check_layer_links(repository);
      check_uploads(repository);
      check_empty(repository);
    }
    check_unreferenced();
    check_strays();
    check_quarantine();
    name_users();
    const auto key = [](const Finding& finding) {
      return std::tie(finding.severity, finding.rule, finding.repository, finding.tag,
                      finding.digest, finding.path);
    };
    std::sort(findings_.begin(), findings_.end(),
              [&](const Finding& a, const Finding& b) { return key(a) < key(b); });
    return std::move(findings_);
  }

 private:
  Finding& add(Rule rule, std::optional<DigestId> id = {}) {
    Finding finding{.rule = rule, .severity = info_of(rule).severity};
    if (id) finding.digest = inventory_.digests[*id];
    findings_.push_back(std::move(finding));
    return findings_.back();
  }

  Part about(Code code, DigestId id) const { return {code, {inventory_.digests[id].text()}}; }

  bool is_revision_somewhere(DigestId id) const {
    return std::any_of(
        inventory_.repositories.begin(), inventory_.repositories.end(),
        [&](const Repository& repository) { return has_link(repository.revisions, id); });
  }

  static bool has_link(const std::vector<Link>& links, DigestId id) {
    const Link* link = link_named(links, id);
    return link && is_there(*link);
  }

  // In a cache, what has not been asked for yet is missing, and nothing is wrong.
  Severity unless_cache(Severity severity) const {
    return store_.pull_through_cache ? Severity::info : severity;
  }

  void check_obstacles() {
    for (const Obstacle& obstacle : inventory_.obstacles) {
      const bool unread =
          obstacle.trouble == Trouble::unreadable || obstacle.trouble == Trouble::unstable ||
          obstacle.trouble == Trouble::vanished || obstacle.trouble == Trouble::unlockable;
      Finding& finding = add(unread ? Rule::read_error : Rule::symlink_in_tree);
      finding.path = obstacle.path;
      finding.found = report::reason_of(obstacle.trouble, obstacle.error);
    }
  }

  void add_damage(const Damage& damage, const std::string& repository) {
    Finding& finding = add(rule_of(damage.kind), damage.digest);
    finding.repository = repository;
    finding.path = damage.path;
    finding.found = report::found_by(damage, inventory_);
  }

  void check_damage() {
    for (const Repository& repository : inventory_.repositories) {
      for (const Damage& damage : repository.damage) add_damage(damage, repository.name);
    }
  }

  void check_documents() {
    for (const Document& document : inventory_.documents) {
      for (const Damage& damage : document.damage) add_damage(damage, "");
      if (document.state != Document::State::sound) continue;
      if (document.kind == ManifestKind::schema1) add(Rule::manifest_schema1, document.digest);
      if (document.kind == ManifestKind::unknown) add(Rule::media_type_unknown, document.digest);
      for (const Reference& reference : document.references) check_reference(document, reference);
      for (const DigestId subject : document.subjects) {
        if (inventory_.has_bytes(subject)) continue;
        add(Rule::subject_missing, subject).found = about(Code::subject_of, document.digest);
        add(Rule::referrer_orphaned, document.digest).bytes = document.bytes;
      }
    }
  }

  void check_reference(const Document& document, const Reference& reference) {
    if (!reference.role) return;
    const Part needed_by = about(Code::needed_by, document.digest);
    if (*reference.role == Role::child) {
      const Document* child = inventory_.document(reference.to);
      const bool absent =
          child ? child->state == Document::State::absent : !inventory_.has_bytes(reference.to);
      if (!absent) return;
      Finding& finding = add(Rule::index_child_missing, reference.to);
      finding.severity =
          is_revision_somewhere(reference.to) ? unless_cache(Severity::warning) : Severity::info;
      finding.found = needed_by;
      return;
    }
    const Blob* blob = blob_behind(reference.to);
    if (!blob || !blob->has_bytes()) {
      if (reference.has_urls || !missing_.insert(reference.to).second) return;
      Finding& finding = add(Rule::blob_missing, reference.to);
      finding.severity = unless_cache(Severity::error);
      finding.found = needed_by;
    } else if (reference.size && blob->visited && blob->bytes != *reference.size) {
      Finding& finding = add(Rule::blob_size_mismatch, reference.to);
      finding.path = layout::blob(inventory_.digests[blob->digest]) + "/data";
      finding.expected = *reference.size;
      finding.found = blob->bytes;
      finding.bytes = blob->bytes;
    }
  }

  // The blob itself, or the one that an alias link leads to.
  const Blob* blob_behind(DigestId id) const {
    if (const Blob* blob = inventory_.blob(id)) return blob;
    const auto& aliases = closure_.aliases();
    const auto alias = std::lower_bound(aliases.begin(), aliases.end(), std::pair(id, DigestId{}));
    return alias != aliases.end() && alias->first == id ? inventory_.blob(alias->second) : nullptr;
  }

  // closure_ then holds what the tags of this repository need.
  void find_needs(const Repository& repository) {
    closure_.restart();
    for (const Tag& tag : repository.tags) {
      if (tag.target) closure_.from(*tag.target, [](DigestId) {});
    }
  }

  void check_tags(const Repository& repository) {
    for (const Tag& tag : repository.tags) {
      const bool unknown = !tag.target && tag.state == LinkState::pending;
      if (!unknown && (!tag.target || has_link(repository.revisions, *tag.target))) continue;
      Finding& finding = add(Rule::tag_dangling, tag.target);
      finding.severity = unless_cache(Severity::error);
      finding.repository = repository.name;
      finding.tag = tag.name;
      finding.path = layout::tag_current_link(repository.name, tag.name);
      finding.found = Part{unknown ? Code::no_current_link : Code::no_manifest_here, {}};
      finding.used_by = {{repository.name, {tag.name}}};
    }
  }

  void check_untagged(const Repository& repository) {
    for (const Link& link : repository.revisions) {
      if (link.state != LinkState::present || closure_.reached(link.name)) continue;
      const Document* document = inventory_.document(link.name);
      Finding& finding = add(Rule::manifest_untagged, link.name);
      finding.repository = repository.name;
      finding.bytes = document ? document->bytes : 0;
    }
  }

  void check_layer_links(const Repository& repository) {
    for (const Link& link : repository.layers) {
      if (link.state != LinkState::present || inventory_.has_bytes(link.target)) continue;
      Finding& finding = add(Rule::layer_link_dangling, link.name);
      if (closure_.reached(link.name)) finding.severity = unless_cache(Severity::error);
      finding.repository = repository.name;
      finding.path = layout::layer_link(repository.name, inventory_.digests[link.name]);
    }
    std::set<DigestId> told;
    for (const Link& revision : repository.revisions) {
      const Document* document = inventory_.document(revision.name);
      if (!document || document->state != Document::State::sound) continue;
      for (const Reference& reference : document->references) {
        const bool is_layer = reference.role == Role::config || reference.role == Role::layer ||
                              reference.role == Role::blob;
        if (!is_layer || reference.has_urls || has_link(repository.layers, reference.to)) continue;
        if (!told.insert(reference.to).second) continue;
        Finding& finding = add(Rule::layer_link_absent, reference.to);
        if (closure_.reached(revision.name)) finding.severity = Severity::error;
        finding.severity = unless_cache(finding.severity);
        finding.repository = repository.name;
        finding.found = about(Code::needed_by, revision.name);
      }
    }
  }

  void check_uploads(const Repository& repository) {
    for (const Upload& upload : repository.uploads) {
      const bool stale = upload.is_stale(now_);
      const bool malformed = !upload.started && now_ - upload.newest > kStaleUpload;
      if (!stale && !malformed) continue;
      Finding& finding = add(stale ? Rule::upload_stale : Rule::upload_malformed);
      finding.repository = repository.name;
      finding.path = layout::upload(repository.name, upload.uuid);
      finding.bytes = upload.bytes;
    }
  }

  void check_empty(const Repository& repository) {
    if (repository.is_empty()) add(Rule::repository_empty).repository = repository.name;
  }

  void check_unreferenced() {
    closure_.restart();
    const auto reach = [&](DigestId id) { closure_.from(id, [](DigestId) {}); };
    for (const Repository& repository : inventory_.repositories) {
      for (const Link& link : repository.revisions) reach(link.name);
      for (const Tag& tag : repository.tags) {
        if (tag.target) reach(*tag.target);
      }
    }
    for (const Blob& blob : inventory_.blobs) {
      if (!blob.visited || !blob.present || closure_.reached(blob.digest)) continue;
      add(Rule::blob_unreferenced, blob.digest).bytes = blob.bytes;
    }
  }

  void check_strays() {
    for (const Stray& stray : inventory_.strays) {
      if (stray.kind == Stray::Kind::temporary) continue;
      add(stray.kind == Stray::Kind::misplaced_blob ? Rule::blob_misplaced : Rule::unexpected_file)
          .path = stray.path;
    }
  }

  void check_quarantine() {
    for (const Quarantined& copy : inventory_.quarantined) {
      Finding& finding = add(Rule::quarantined, copy.digest);
      finding.bytes = copy.bytes;
      finding.found = Part{Code::quarantined_since, {copy.taken, copy.run}};
      if (copy.kind != Quarantined::Kind::blob)
        finding.repository = inventory_.repositories[copy.repository].name;
    }
  }

  // Which tags break by what is wrong with a digest.
  void name_users() {
    std::map<Digest, std::vector<UsedBy>> users;
    for (const Finding& finding : findings_) {
      if (finding.digest && finding.severity != Severity::info) users[*finding.digest];
    }
    if (users.empty()) return;
    for (const Repository& repository : inventory_.repositories) {
      for (const Tag& tag : repository.tags) {
        if (!tag.target) continue;
        closure_.restart();
        closure_.from(*tag.target, [&](DigestId id) {
          const auto broken = users.find(inventory_.digests[id]);
          if (broken == users.end()) return;
          if (broken->second.empty() || broken->second.back().repository != repository.name)
            broken->second.push_back({repository.name, {}});
          broken->second.back().tags.push_back(tag.name);
        });
      }
    }
    for (Finding& finding : findings_) {
      if (!finding.digest || !finding.used_by.empty()) continue;
      const auto found = users.find(*finding.digest);
      if (found == users.end()) continue;
      for (const UsedBy& user : found->second) {
        if (finding.repository.empty() || finding.repository == user.repository)
          finding.used_by.push_back(user);
      }
    }
  }

  const Inventory& inventory_;
  const StoreFacts& store_;
  Time now_;
  Closure closure_;
  std::set<DigestId> missing_;
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> check(const Inventory& inventory, const StoreFacts& store, Time now) {
  return Checks(inventory, store, now).run();
}

std::uint64_t count_unpullable_tags(const std::vector<Finding>& findings) {
  std::set<std::pair<std::string, std::string>> tags;
  for (const Finding& finding : findings) {
    if (finding.severity != Severity::error) continue;
    for (const UsedBy& user : finding.used_by) {
      for (const std::string& tag : user.tags) tags.emplace(user.repository, tag);
    }
  }
  return tags.size();
}

}  // namespace regctl::audit
