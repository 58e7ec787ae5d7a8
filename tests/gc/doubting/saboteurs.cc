#include "tests/gc/doubting/saboteurs.h"

#include <algorithm>
#include <utility>

#include "gc/deciding/make_plan.h"
#include "tests/support/objecting.h"

namespace regctl::test {
namespace {

using namespace gc;

const Time kTaken = kNow - 10 * kDay;

// -- what they do

template <class Change>
void each_document(Mind& mind, Change change) {
  for (Document& document : mind.inventory.documents) change(document);
}
template <class Change>
void each_repository(Mind& mind, Change change) {
  for (Repository& repository : mind.inventory.repositories) change(repository);
}
template <class Change>
void each_link(Mind& mind, Change change) {
  each_repository(mind, [&](Repository& repository) {
    for (Link& link : repository.layers) change(link);
    for (Link& link : repository.revisions) change(link);
  });
}

template <class Change>
void each_of_some_age(Mind& mind, Change change) {
  each_link(mind, change);
  each_repository(mind, [&](Repository& repository) {
    for (Tag& tag : repository.tags) {
      change(tag);
      for (TagEntry& entry : tag.history) change(entry);
    }
  });
  for (Blob& blob : mind.inventory.blobs) change(blob);
  each_document(mind, change);
}

template <class Picks>
void drop_references(Mind& mind, Picks picks) {
  each_document(mind, [&](Document& document) {
    auto& references = document.references;
    references.erase(std::remove_if(references.begin(), references.end(),
                                    [&](const Reference& one) { return picks(document, one); }),
                     references.end());
  });
}

bool is_index(const Document& document) { return document.kind == ManifestKind::index; }

// Of all but "zoo": in a store without a tag nothing counts as untagged.
void forget_tags(Mind& mind) {
  each_repository(mind, [](Repository& repository) {
    if (repository.name != "zoo") repository.tags.clear();
  });
}
void forget_revision_links(Mind& mind) {
  each_repository(mind, [](Repository& repository) { repository.revisions.clear(); });
}
void forget_a_repository(Mind& mind) {
  // The last: no other's place changes, and Quarantined::repository stays right.
  Repository& last = mind.inventory.repositories.back();
  last = Repository{.name = last.name};
}
void forget_children_of_indexes(Mind& mind) {
  drop_references(mind,
                  [](const Document& document, const Reference&) { return is_index(document); });
}
void forget_indexes_in_indexes(Mind& mind) {
  const Inventory& inventory = mind.inventory;
  drop_references(mind, [&](const Document& document, const Reference& one) {
    const Document* child = inventory.document(one.to);
    return is_index(document) && child && is_index(*child);
  });
}
void forget_configurations(Mind& mind) {
  drop_references(mind,
                  [](const Document&, const Reference& one) { return one.role == Role::config; });
}
void forget_all_layers_but_one(Mind& mind) {
  each_document(mind, [](Document& document) {
    bool one = false;
    auto& references = document.references;
    references.erase(std::remove_if(references.begin(), references.end(),
                                    [&](const Reference& reference) {
                                      return reference.role == Role::layer &&
                                             std::exchange(one, true);
                                    }),
                     references.end());
  });
}
void believe_only_a_strict_parser(Mind& mind) {
  drop_references(mind, [](const Document&, const Reference& one) { return !one.role; });
}
void open_only_revisions(Mind& mind) {
  std::set<DigestId> revisions;
  each_repository(mind, [&](Repository& repository) {
    for (const Link& link : repository.revisions) revisions.insert(link.name);
  });
  each_document(mind, [&](Document& document) {
    if (!revisions.contains(document.digest)) document.references.clear();
  });
}
void forget_aliases(Mind& mind) {
  each_repository(mind, [](Repository& repository) {
    for (Link& link : repository.layers) link.target = link.name;
  });
}
void forget_subjects(Mind& mind) {
  each_document(mind, [](Document& document) { document.subjects.clear(); });
}
void take_subjects_for_references_turned_round(Mind& mind) {
  // Referrers keep their subjects; subjects keep no referrers.
  each_document(mind, [](Document& document) {
    for (const DigestId subject : document.subjects)
      document.references.push_back({.to = subject, .child = true});
    document.subjects.clear();
    std::sort(document.references.begin(), document.references.end(),
              [](const Reference& a, const Reference& b) { return a.to < b.to; });
  });
}
void think_everything_old(Mind& mind) {
  each_of_some_age(mind, [](auto& one) { one.modified = Time{}; });
  for (Blob& blob : mind.inventory.blobs) blob.directory_modified = Time{};
}
void ignore_arrival(Mind& mind) {
  each_of_some_age(mind, [](auto& one) { one.arrived = Time{}; });
}
void think_links_old(Mind& mind) {
  each_link(mind, [](Link& link) { link.modified = Time{}; });
}
void ignore_damage_of_links(Mind& mind) {
  each_repository(mind, [](Repository& repository) { repository.damage.clear(); });
}
void ignore_damage_of_manifests(Mind& mind) {
  each_document(mind, [](Document& document) {
    if (document.state == Document::State::damaged) document.state = Document::State::sound;
    document.damage.clear();
  });
}
void pin_only_where_the_damage_is(Mind& mind) {
  // What reaches damage is not in doubt: only links that name it are left.
  std::set<DigestId> damaged;
  each_document(mind, [&](const Document& document) {
    if (document.state == Document::State::damaged) damaged.insert(document.digest);
  });
  drop_references(mind,
                  [&](const Document&, const Reference& one) { return damaged.contains(one.to); });
}
void forget_hints(Mind& mind) {
  each_repository(mind, [](Repository& repository) { repository.hinted.clear(); });
}
void do_not_read_through_quarantine(Mind& mind) {
  each_document(mind, [](Document& document) {
    if (!document.from_quarantine) return;
    document.state = Document::State::absent;
    document.references.clear();
    document.subjects.clear();
  });
}
void forget_what_is_in_quarantine(Mind& mind) { mind.inventory.quarantined.clear(); }
void take_quarantined_revisions_for_nothing(Mind& mind) {
  each_repository(mind, [](Repository& repository) {
    std::erase_if(repository.revisions,
                  [](const Link& link) { return link.state == LinkState::quarantined; });
  });
}
void forget_history(Mind& mind) {
  each_repository(mind, [](Repository& repository) {
    for (Tag& tag : repository.tags) tag.history.clear();
  });
}
void forget_roots(Mind& mind) { mind.policy.roots.clear(); }
void forget_protection(Mind& mind) { mind.policy.protect.clear(); }
void forget_other_names(Mind& mind) {
  each_repository(mind, [](Repository& repository) { repository.other_names.clear(); });
}
void think_that_every_repository_tells_its_tags(Mind& mind) {
  each_repository(mind, [](Repository& repository) {
    repository.has_tags = true;
    std::erase_if(repository.tags, [](const Tag& tag) { return tag.state != LinkState::present; });
  });
}
void think_that_a_tag_is_new(Mind& mind) {
  each_repository(mind, [](Repository& repository) {
    for (Tag& tag : repository.tags) tag.modified = kNow - 2 * kDay;
  });
}

void think_that_every_manifest_was_deleted(Mind& mind) {
  each_repository(mind, [](Repository& repository) {
    for (Link& revision : repository.revisions) revision.state = LinkState::pending;
  });
}
void think_that_every_manifest_has_lost_its_bytes(Mind& mind) {
  each_document(mind, [](Document& document) {
    document.state = Document::State::damaged;
    document.damage = {{.kind = DamageKind::manifest_missing, .path = ""}};
  });
}
void believe_that_tags_know_what_they_point_to(Mind& mind) {
  each_repository(mind, [](Repository& repository) {
    for (Tag& tag : repository.tags) {
      if (tag.target) tag.history.push_back({*tag.target, tag.modified});
    }
  });
}
void forget_what_is_signed(Mind& mind) {
  std::set<DigestId> signers;
  each_document(mind, [&](const Document& document) {
    if (!document.subjects.empty()) signers.insert(document.digest);
  });
  each_repository(mind, [&](Repository& repository) {
    std::erase_if(repository.revisions,
                  [&](const Link& link) { return !signers.contains(link.name); });
  });
}
void forget_quarantined_tags(Mind& mind) { mind.inventory.quarantined_tags.clear(); }

// -- what they are set upon

void tell_untagged(Look& look, RegistryBuilder& registry) {
  look.delete_untagged();
  registry.image("zoo", {"of another repository"}, "v1");
}

const std::vector<Saboteur> kSaboteurs{
    {"ForgetsTags",
     [](RegistryBuilder& registry, Look& look) {
       tell_untagged(look, registry);
       registry.image("app", {"layer"}, "v1");
     },
     forget_tags},
    {"ForgetsTagsOfDeletedRevisions",
     [](RegistryBuilder& registry, Look&) {
       registry.tree.remove(
           RegistryBuilder::revision("app", registry.image("app", {"layer"}, "v1")));
       registry.image("zoo", {"another"}, "v1");
     },
     forget_tags},
    {"ForgetsRevisionLinks",
     [](RegistryBuilder& registry, Look&) {
       registry.image("app", {"tagged"}, "v1");
       registry.image("app", {"untagged"});
     },
     forget_revision_links},
    {"ForgetsARepository",
     [](RegistryBuilder& registry, Look&) {
       registry.image("app", {"layer"}, "v1");
       registry.image("zoo", {"forgotten"}, "v1");
     },
     forget_a_repository},
    {"ForgetsChildrenOfIndexes",
     [](RegistryBuilder& registry, Look& look) {
       look.delete_untagged();
       registry.index("app", {registry.image("app", {"amd64"}), registry.image("app", {"arm64"})},
                      "v1");
     },
     forget_children_of_indexes},
    {"ForgetsIndexesInIndexes",
     [](RegistryBuilder& registry, Look& look) {
       look.delete_untagged();
       registry.index("app",
                      {registry.index("app", {registry.image("app", {"deep"})}),
                       registry.image("app", {"flat"})},
                      "v1");
     },
     forget_indexes_in_indexes},
    {"ForgetsConfigurations",
     [](RegistryBuilder& registry, Look&) { registry.image("app", {"layer"}, "v1"); },
     forget_configurations},
    {"ForgetsAllLayersButOne",
     [](RegistryBuilder& registry, Look&) {
       registry.image("app", {"one", "two", "three"}, "v1");
     },
     forget_all_layers_but_one},
    {"BelievesOnlyAStrictParser",
     [](RegistryBuilder& registry, Look&) {
       registry.manifest(
           "app", R"({"things":[{"digest":")" + registry.blob("odd").text() + R"("}]})", "v1");
       registry.image("app", {"usual"}, "v2");
     },
     believe_only_a_strict_parser},
    {"OpensOnlyRevisions",
     [](RegistryBuilder& registry, Look&) {
       const Digest plain = registry.blob(
           RegistryBuilder::image_json(registry.blob("{}"), 2, {{registry.blob("layer"), 5}}));
       registry.index("app", {plain}, "v1");
     },
     open_only_revisions},
    {"ForgetsAliases",
     [](RegistryBuilder& registry, Look&) {
       const Digest alias = digest_of("layer", Algorithm::sha512);
       registry.link_layer("app", alias, registry.blob("layer"));
       registry.manifest("app", RegistryBuilder::image_json(registry.blob("{}"), 2, {{alias, 5}}),
                         "v1");
     },
     forget_aliases},
    {"ForgetsSubjects",
     [](RegistryBuilder& registry, Look& look) {
       look.delete_untagged();
       registry.image("app", {"signature"}, "", registry.image("app", {"layer"}, "v1"));
     },
     forget_subjects},
    {"TurnsSubjectsRound",
     [](RegistryBuilder& registry, Look& look) {
       look.delete_untagged();
       const Digest image = registry.image("app", {"layer"}, "v1"),
                    signature = registry.image("app", {"signature"}, "", image);
       registry.image("app", {"signature of the signature"}, "", signature);
     },
     take_subjects_for_references_turned_round},
    {"ThinksEverythingOld",
     [](RegistryBuilder& registry, Look&) {
       registry.image("app", {"layer"}, "v1");
       registry.ago(kHour).layer("app", "being pushed");
     },
     think_everything_old},
    {"ThinksLinksOld",
     [](RegistryBuilder& registry, Look&) {
       registry.image("app", {"layer"}, "v1");
       const Digest mounted = registry.blob("mounted a minute ago");
       registry.ago(kHour).link_layer("app", mounted);
     },
     think_links_old},
    {"IgnoresWhenBlobsArrived",
     [](RegistryBuilder& registry, Look&) {
       registry.image("app", {"layer"}, "v1");
       const Digest loose = registry.layer("app", "copied here just now");
       registry.tree.arrive(RegistryBuilder::data(loose), kNow - kHour);
     },
     ignore_arrival},
    {"IgnoresWhenLinksArrived",
     [](RegistryBuilder& registry, Look& look) {
       look.wishes.policy.arrival = Arrival::birth_or_change;
       tell_untagged(look, registry);
       registry.image("app", {"tagged"}, "v1");
       const Digest former = registry.image("app", {"former"});
       registry.tree.arrive(RegistryBuilder::revision("app", former), std::nullopt, kNow - kHour);
       const Digest loose = registry.layer("app", "loose");
       registry.tree.arrive(RegistryBuilder::layer_link("app", loose), kNow - kHour);
     },
     ignore_arrival},
    {"ThinksYoungManifestsOld",
     [](RegistryBuilder& registry, Look& look) {
       tell_untagged(look, registry);
       const Digest child = registry.image("app", {"child"});
       registry.image("app", {"tagged"}, "v1");
       registry.ago(kHour).tag("app", "latest", registry.index("app", {child}));
       registry.tag("app", "latest", registry.image("app", {"newer"}));
     },
     think_everything_old},
    {"IgnoresDamagedLinks",
     [](RegistryBuilder& registry, Look&) {
       registry.image("app", {"tagged"}, "v1");
       registry.tree
           .bytes(RegistryBuilder::layer_link("app", registry.layer("app", "half written")))
           .clear();
       registry.layer("app", "loose");
     },
     ignore_damage_of_links},
    {"IgnoresDamagedManifests",
     [](RegistryBuilder& registry, Look&) {
       const Digest image = registry.image("app", {"layer"}, "v1");
       registry.tree.bytes(RegistryBuilder::data(image)) = "{}";
     },
     ignore_damage_of_manifests},
    {"PinsOnlyWhereTheDamageIs",
     [](RegistryBuilder& registry, Look&) {
       const Digest image = registry.image("app", {"layer"}, "v1");
       registry.index("reaching", {image}, "v1");
       registry.layer("reaching", "loose");
       registry.tree.bytes(RegistryBuilder::data(image)) = "{}";
     },
     pin_only_where_the_damage_is},
    {"ForgetsHints",
     [](RegistryBuilder& registry, Look&) {
       registry.image("app", {"layer"}, "v1");
       const Digest image = registry.blob(
           RegistryBuilder::image_json(registry.blob("{}"), 2, {{registry.blob("hidden"), 6}}));
       registry.tree.file("repositories/app/_layers/odd/link", image.text(), registry.time());
     },
     forget_hints},
    {"DoesNotReadThroughQuarantine",
     [](RegistryBuilder& registry, Look&) {
       registry.quarantine(RegistryBuilder::data(registry.image("app", {"layer"}, "v1")), kTaken);
     },
     do_not_read_through_quarantine},
    {"ForgetsWhatIsInQuarantine",
     [](RegistryBuilder& registry, Look&) {
       registry.image("app", {"layer"}, "v1");
       registry.quarantine(RegistryBuilder::data(registry.layer("app", "loose")), kTaken);
     },
     forget_what_is_in_quarantine},
    {"TakesQuarantinedRevisionsForNothing",
     [](RegistryBuilder& registry, Look& look) {
       look.delete_untagged().offline();
       const Digest image = registry.image("app", {"layer"}, "v1"),
                    signature = registry.image("app", {"signature"}, "", image);
       registry.quarantine(RegistryBuilder::revision("app", signature), kTaken);
     },
     take_quarantined_revisions_for_nothing},
    {"PurgesWhatATagNeeds",
     [](RegistryBuilder& registry, Look& look) {
       look.offline();
       const Digest image = registry.image("app", {"layer"}, "v1");
       registry.image("zoo", {"another"}, "v1");
       registry.quarantine(RegistryBuilder::revision("app", image), kTaken);
       for (const Digest& digest : {image, digest_of("layer")})
         registry.quarantine(RegistryBuilder::data(digest), kTaken);
       registry.quarantine(RegistryBuilder::layer_link("app", digest_of("layer")), kTaken);
     },
     forget_tags},
    {"PurgesWhatWasLinkedSince",
     [](RegistryBuilder& registry, Look& look) {
       look.offline().keep_younger_than(Duration(0));
       registry.image("app", {"layer"}, "v1");
       const Digest loose = registry.layer("app", "loose");
       registry.quarantine(RegistryBuilder::data(loose), kTaken);
       registry.ago(kDay).link_layer("app", loose);
     },
     think_links_old},
    {"ForgetsHistory",
     [](RegistryBuilder& registry, Look&) {
       const Digest image = registry.image("app", {"layer"}, "v1");
       registry.image("zoo", {"another"}, "v1");
       registry.tree.remove(RegistryBuilder::revision("app", image));
       registry.tree.remove(layout::tag_current_link("app", "v1"));
     },
     forget_history},
    {"ForgetsRoots",
     [](RegistryBuilder& registry, Look& look) {
       tell_untagged(look, registry);
       look.wishes.policy.roots = {{"app", registry.image("app", {"running in a cluster"})}};
       registry.image("app", {"tagged"}, "v1");
     },
     forget_roots},
    {"ForgetsProtection",
     [](RegistryBuilder& registry, Look& look) {
       tell_untagged(look, registry);
       look.wishes.policy.protect = {"prod/*"};
       registry.image("prod/app", {"untagged"});
       registry.image("prod/app", {"tagged"}, "v1");
     },
     forget_protection},
    {"ForgetsOtherNames",
     [](RegistryBuilder& registry, Look& look) {
       tell_untagged(look, registry);
       look.wishes.policy.protect = {"prod/*"};
       registry.tree.symlink("repositories/prod", "team", kNow);
       registry.image("team/app", {"untagged"});
       registry.image("team/app", {"tagged"}, "v1");
     },
     forget_other_names},
    {"ThinksThatEveryRepositoryTellsItsTags",
     [](RegistryBuilder& registry, Look& look) {
       tell_untagged(look, registry);
       registry.image("harbor", {"tagged in a database"});
     },
     think_that_every_repository_tells_its_tags},
    {"ThinksThatATagIsNew",
     [](RegistryBuilder& registry, Look& look) {
       tell_untagged(look, registry);
       registry.image("app", {"tagged"}, "v1");
       registry.ago(5 * kDay).image("app", {"after the last tag"});
     },
     think_that_a_tag_is_new},
    {"ThinksThatEveryManifestWasDeleted",
     [](RegistryBuilder& registry, Look& look) {
       look.wishes.policy.prune_dead_tags = true;
       registry.image("app", {"tagged"}, "v1");
     },
     think_that_every_manifest_was_deleted},
    {"ThinksThatEveryManifestHasLostItsBytes",
     [](RegistryBuilder& registry, Look& look) {
       look.wishes.policy.prune_broken_manifests = true;
       registry.image("app", {"fine"});
     },
     think_that_every_manifest_has_lost_its_bytes},
    {"BelievesThatTagsKnowWhatTheyPointTo",
     [](RegistryBuilder& registry, Look& look) {
       tell_untagged(look, registry);
       look.wishes.policy.prune_dead_tags = true;
       registry.image("app", {"meant"}, "v1");
       char& bit = registry.tree.bytes(layout::tag_current_link("app", "v1")).back();
       bit = bit == '0' ? '1' : '0';
     },
     believe_that_tags_know_what_they_point_to},
    {"ForgetsWhatIsSigned",
     [](RegistryBuilder& registry, Look& look) {
       look.wishes.policy.prune_orphaned_referrers = true;
       registry.image("app", {"signature"}, "", registry.image("app", {"image"}));
     },
     forget_what_is_signed},
    {"ForgetsQuarantinedTags",
     [](RegistryBuilder& registry, Look& look) {
       tell_untagged(look, registry);
       const Digest image = registry.image("app", {"pushed again"});
       registry.image("app", {"tagged"}, "v1");
       registry.tree.file(
           layout::quarantined_tag("app", "v0", {kTaken, "0123456789abcdef"}) + "/current/link",
           image.text(), registry.time());
     },
     forget_quarantined_tags},
};

}  // namespace

const std::vector<Saboteur>& saboteurs() { return kSaboteurs; }

Look asking() {
  Look look;
  look.looking.sizes = Sizes::seen;
  return look;
}

Doomed doomed_without_sabotage(const RegistryBuilder& registry, const Look& look) {
  return doomed_by(look.at(registry).plan);
}

Doomed doomed_by_sabotage(const Saboteur& saboteur, const RegistryBuilder& registry,
                          const Look& look) {
  Mind mind{look.at(registry).inventory, look.wishes.policy};
  saboteur.spoil(mind);
  const Mark marked = mark(mind.inventory, mind.policy, kNow);
  const auto sizes = known_sizes(mind.inventory);
  const GateEvidence gate{.offline = look.wishes.mode == Mode::offline};
  return doomed_by(make_plan({mind.inventory, marked, sizes, look.store, look.wishes.policy,
                              look.wishes.margins, gate, kNow}));
}

std::set<std::string> all_but(std::set<std::string> all, const std::set<std::string>& these) {
  for (const std::string& one : these) all.erase(one);
  return all;
}

}  // namespace regctl::test
