#include "gc/deciding/warnings.h"

#include <map>

#include "registry/layout.h"
#include "registry/marking/ages.h"
#include "registry/remains.h"

namespace regctl::gc {
namespace {

using report::Code;
using report::Message;
using report::Part;

using Messages = std::vector<Message>;

constexpr Duration kShortHold = std::chrono::hours(1);

Code code_of(DamageClass damage) {
  switch (damage) {
    case DamageClass::manifest_missing:
      return Code::manifest_missing;
    case DamageClass::manifest_mismatched:
      return Code::manifest_digest_mismatch;
    case DamageClass::manifest_unparsable:
      return Code::manifest_unparsable;
    case DamageClass::link_empty:
      return Code::link_empty;
    case DamageClass::link_to_another:
      return Code::link_name_mismatch;
    case DamageClass::link_invalid:
      break;
  }
  return Code::link_invalid;
}

// The repositories whose revision links name a manifest that is missing, by the manifest.
std::multimap<DigestId, const Repository*> links_to_missing(const Inventory& inventory) {
  std::multimap<DigestId, const Repository*> links;
  for (const Repository& repository : inventory.repositories) {
    for (const Link& revision : repository.revisions) {
      const Document* document = inventory.document(revision.name);
      if (is_there(revision) && document && document->is_missing())
        links.emplace(revision.name, &repository);
    }
  }
  return links;
}

void warn_of_tags_without_link(const Judged& judged, Messages& warnings) {
  for (const Repository& repository : judged.inventory.repositories) {
    for (const Tag& tag : repository.tags) {
      const bool young = is_young(newest_time(tag), judged.policy.keep_younger_than, judged.now);
      if (tag.state != LinkState::pending || tag.history.empty() || young) continue;
      warnings.push_back({.code = Code::tag_without_link,
                          .path = layout::tag(repository.name, tag.name),
                          .arguments = {tag.name, repository.name}});
    }
  }
}

void warn_of_strays(const Inventory& inventory, Messages& warnings) {
  for (const Stray& stray : inventory.strays) {
    switch (stray.kind) {
      case Stray::Kind::temporary:
      case Stray::Kind::foreign:
        break;
      case Stray::Kind::unexpected:
        warnings.push_back({.code = Code::unexpected_file, .path = stray.path});
        break;
      case Stray::Kind::misplaced_blob:
        warnings.push_back({.code = Code::blob_misplaced, .path = stray.path});
        break;
      case Stray::Kind::illegal_name:
        warnings.push_back({.code = Code::illegal_name, .path = stray.path});
        break;
    }
  }
}

// Of what the operator asked for, and is not there.
void warn_of_wishes(const Mark& mark, Messages& warnings) {
  for (const std::string& glob : mark.idle_protect)
    warnings.push_back({.code = Code::protect_idle, .arguments = {glob}});
  if (mark.roots_of_unknown_repositories)
    warnings.push_back({.code = Code::roots_repository_unknown,
                        .arguments = {mark.roots_of_unknown_repositories}});
}

// What the operator says of registries, and is not so.
std::optional<Message> contradiction(const Judged& judged) {
  if (const RegistryProcess* process = contradicts_no_cache(judged.gate))
    return Message{.code = Code::registry_has_cache, .arguments = {part_of(*process)}};
  for (const Quarantined& copy : judged.inventory.quarantined) {
    if (const RegistryProcess* process = contradicts_restart(judged.gate, copy.taken))
      return Message{
          .code = Code::registry_not_restarted,
          .arguments = {part_of(*process), *judged.gate.claims.restarted_at, process->started}};
  }
  return std::nullopt;
}

void warn_of_registries(const Judged& judged, Messages& warnings) {
  if (auto message = contradiction(judged)) warnings.push_back(std::move(*message));
  if (!judged.gate.offline && judged.margins.hold < kShortHold)
    warnings.push_back({.code = Code::hold_short});
  for (const RegistryProcess& process : judged.gate.found.processes) {
    if (process.certain || !process.collecting) continue;
    warnings.push_back({.code = Code::registry_may_collect,
                        .arguments = {static_cast<std::uint64_t>(process.pid),
                                      process.configuration, part_of(process.doubt)}});
  }
  const Blindness& blindness = judged.gate.found.blindness;
  if (judged.gate.offline && blindness && blindness.why != Blindness::Why::never_looked)
    warnings.push_back({.code = Code::processes_unseen, .arguments = {part_of(blindness)}});
}

// What --delete-untagged cannot rely on.
void warn_of_tags(const Judged& judged, Messages& warnings) {
  const auto& repositories = judged.inventory.repositories;
  for (const Repository& repository : repositories) {
    for (const Tag& tag : repository.tags) {
      if (!tag.target || is_dead(judged.inventory, repository, tag)) continue;
      const Link* revision = link_named(repository.revisions, *tag.target);
      if (revision && revision->state != LinkState::pending) continue;
      warnings.push_back({.code = Code::tag_dangling,
                          .path = layout::tag_current_link(repository.name, tag.name),
                          .arguments = {tag.name, repository.name}});
    }
  }
}

}  // namespace

std::vector<Message> damages_in(const Judged& judged, OnDamage on_damage) {
  const Inventory& inventory = judged.inventory;
  Messages damages;
  const Part then{on_damage == OnDamage::pin ? Code::repositories_are_kept : Code::repair_or_pin,
                  {}};
  const auto add = [&](const Damage& damage, const std::string& repository) {
    Message message{.code = code_of(class_of(damage.kind)),
                    .path = damage.path,
                    .repository = repository,
                    .arguments = {report::found_by(damage, inventory), then}};
    if (damage.digest) message.digest = inventory.digests[*damage.digest];
    damages.push_back(std::move(message));
  };
  for (const Repository& repository : inventory.repositories) {
    for (const Damage& damage : repository.damage) add(damage, repository.name);
  }
  // What is not there is told by the links that name it.
  const auto links = links_to_missing(inventory);
  for (const Document& document : inventory.documents) {
    if (judged.mark.given_up[index_of(document.digest)]) continue;
    const auto [first, last] = links.equal_range(document.digest);
    for (Damage damage : document.damage) {
      if (!document.is_missing()) add(damage, "");
      for (auto link = first; link != last; ++link) {
        damage.path = layout::revision_link(link->second->name, inventory.digests[document.digest]);
        add(damage, link->second->name);
      }
    }
  }
  return damages;
}

std::vector<Message> warnings_about(const Judged& judged) {
  Messages warnings;
  if (judged.margins.on_damage == OnDamage::pin) warnings = damages_in(judged, OnDamage::pin);
  warn_of_tags_without_link(judged, warnings);
  warn_of_strays(judged.inventory, warnings);
  warn_of_wishes(judged.mark, warnings);
  warn_of_registries(judged, warnings);
  if (judged.policy.delete_untagged) warn_of_tags(judged, warnings);
  return warnings;
}

}  // namespace regctl::gc
