#include "audit/catalog.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>

#include "audit/images.h"
#include "cli/failure.h"
#include "cli/units.h"
#include "registry/closure.h"
#include "registry/marking/untagged.h"
#include "registry/pulling.h"
#include "registry/usage.h"

namespace regctl::audit {
namespace {

using report::Count;
using report::Size;
using Descriptions = std::map<DigestId, Description>;

// A manifest, or one of an index's, and for which platform it is.
struct Member {
  DigestId manifest;
  std::string platform;
};

std::vector<DigestId> children_of(DigestId manifest, const Sight& sight) {
  std::vector<DigestId> children;
  const Document* document = sight.inventory.document(manifest);
  if (!document || document->kind != ManifestKind::index) return children;
  for (const Reference& reference : document->references) {
    if (reference.role == Role::child) children.push_back(reference.to);
  }
  return children;
}

// Of `manifests` and of all that indexes among them name.
Descriptions describe(const std::vector<DigestId>& manifests, const Sight& sight,
                      const Storage& storage, const Workers& workers) {
  std::set<DigestId> known(manifests.begin(), manifests.end());
  std::vector<DigestId> all(known.begin(), known.end());
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (const DigestId child : children_of(all[i], sight)) {
      if (known.insert(child).second) all.push_back(child);
    }
  }
  return descriptions_of(std::move(all), sight.inventory, storage, workers);
}

std::string created(const Description& description) {
  return description.config ? description.config->created : "";
}

std::string platform(const Description& description) {
  return description.config ? description.config->platform.text() : "";
}

// In the order of the index.
std::vector<Member> members_of(DigestId index, const Descriptions& all, const Sight& sight) {
  std::vector<Member> members;
  const auto description = all.find(index);
  if (description == all.end()) return members;
  std::vector<DigestId> children = children_of(index, sight);
  sort_unique(children);
  for (const IndexEntry& entry : description->second.platforms) {
    const auto id = sight.inventory.digests.find(entry.digest);
    // Caches of builds are indexes of layers.
    if (!id || !std::ranges::binary_search(children, *id)) continue;
    std::string name = entry.platform.text();
    const auto own = all.find(*id);
    if (name.empty() && own != all.end()) name = platform(own->second);
    members.push_back({*id, std::move(name)});
  }
  return members;
}

// What it is in the end made of, each once: indexes may name indexes.
std::vector<Member> leaves_of(DigestId manifest, const Descriptions& all, const Sight& sight) {
  std::vector<Member> leaves, open = {{manifest, platform(all.at(manifest))}};
  std::set<DigestId> seen;
  for (std::size_t i = 0; i < open.size(); ++i) {
    if (!seen.insert(open[i].manifest).second) continue;
    std::vector<Member> members = members_of(open[i].manifest, all, sight);
    if (members.empty()) leaves.push_back(open[i]);
    std::ranges::move(members, std::back_inserter(open));
  }
  return leaves;
}

// RFC 3339 as time, anything else as it stands there.
Cell time_cell(const std::string& text) {
  if (text.empty()) return std::monostate();
  if (const auto time = parse_rfc3339(text)) return *time;
  return text;
}

// When the image was made; of an index its newest.
std::string created_of(DigestId manifest, const std::vector<Member>& members,
                       const Descriptions& all) {
  std::string newest = created(all.at(manifest));
  for (const Member& member : members) {
    const auto own = all.find(member.manifest);
    if (own != all.end()) newest = std::max(newest, created(own->second));
  }
  return newest;
}

std::string platform_words(DigestId manifest, const std::vector<Member>& members,
                           const Descriptions& all) {
  if (members.empty()) return platform(all.at(manifest));
  if (members.size() == 1) return members.front().platform;
  return cli::format_count(members.size()) + " platforms";
}

// Of each of some images: what it has, and what only it has.
class Weights {
 public:
  Weights(const Sight& sight, std::vector<DigestId> images) : images_(std::move(images)) {
    sort_unique(images_);
    std::vector<Roots> groups;
    for (const DigestId image : images_) groups.push_back({image});
    usage_ = shares_of(sight.inventory, sight.sizes, sight.mark.all_live(), groups);
  }

  std::uint64_t size(DigestId image) const { return of(image).exclusive + of(image).shared; }
  std::uint64_t unique(DigestId image) const { return of(image).exclusive; }

 private:
  const Usage& of(DigestId image) const {
    const auto at = std::lower_bound(images_.begin(), images_.end(), image);
    return usage_.at(static_cast<std::size_t>(at - images_.begin()));
  }

  std::vector<DigestId> images_;
  std::vector<Usage> usage_;
};

// Every manifest that a tag points to, and every one that no tag reaches; each once.
std::vector<DigestId> images_in(const Sight& sight) {
  std::vector<DigestId> images;
  Closure closure(sight.inventory);
  for (const Repository& repository : sight.inventory.repositories) {
    for (const Tag& tag : repository.tags) {
      if (!tag.target) continue;
      images.push_back(*tag.target);
      closure.from(*tag.target, [](DigestId) {});
    }
  }
  for (const Repository& repository : sight.inventory.repositories) {
    for (const Link& link : repository.revisions) {
      if (is_there(link) && !closure.reached(link.name)) images.push_back(link.name);
    }
  }
  sort_unique(images);
  return images;
}

// Images, and those of indexes one by one.
std::vector<DigestId> leaves_in(const Sight& sight) {
  std::vector<DigestId> leaves;
  for (const DigestId image : images_in(sight)) {
    const auto children = children_of(image, sight);
    if (children.empty()) leaves.push_back(image);
    leaves.insert(leaves.end(), children.begin(), children.end());
  }
  return leaves;
}

}  // namespace

std::optional<TagName> parse_tag_name(const std::string& text) {
  const auto colon = text.rfind(':');
  if (colon == 0 || colon == text.npos || colon + 1 == text.size() ||
      text.find('/', colon) != text.npos || text.find('@') != text.npos)
    return std::nullopt;
  return TagName{text.substr(0, colon), text.substr(colon + 1)};
}

Answer images(const Sight& sight, const Storage& storage, const Workers& workers,
              bool each_platform) {
  AnswerTable table{.key = "images",
                    .title = "",
                    .columns = {{"repository", "REPOSITORY"},
                                {"tag", "TAG"},
                                {"digest", "DIGEST"},
                                {"platform", "PLATFORM"},
                                {"created", "CREATED"},
                                {"bytes", "SIZE"},
                                {"unique_bytes", "UNIQUE"}},
                    .rows = {}};
  std::vector<DigestId> tagged;
  for (const Repository& repository : sight.inventory.repositories) {
    for (const Tag& tag : repository.tags) {
      if (tag.target) tagged.push_back(*tag.target);
    }
  }
  const Descriptions all = describe(tagged, sight, storage, workers);
  const Weights weights(sight, images_in(sight));
  std::optional<Weights> own;
  if (each_platform) own.emplace(sight, leaves_in(sight));
  const Pulling pulling(sight.inventory, {std::vector<bool>(sight.inventory.digests.size()), {}});
  std::map<DigestId, std::vector<Member>> known;
  for (const Repository& repository : sight.inventory.repositories) {
    std::set<DigestId> told;
    for (const Tag& tag : repository.tags) {
      if (!tag.target) {
        table.rows.push_back({repository.name, tag.name, {}, {}, {}, {}, {}});
        continue;
      }
      const auto [at, is_new] = known.try_emplace(*tag.target);
      std::vector<Member>& members = at->second;
      if (is_new) members = members_of(*tag.target, all, sight);
      table.rows.push_back({repository.name, tag.name, sight.digest(*tag.target),
                            platform_words(*tag.target, members, all),
                            time_cell(created_of(*tag.target, members, all)),
                            Size{weights.size(*tag.target)}, Size{weights.unique(*tag.target)}});
      // Beneath the first of its tags: there may be many of both.
      if (!each_platform || !told.insert(*tag.target).second) continue;
      std::uint64_t never_pushed = 0;
      for (const Member& member : members) {
        if (pulling.was_never_pushed(repository, member.manifest))
          ++never_pushed;
        else
          table.rows.push_back({repository.name, tag.name, sight.digest(member.manifest),
                                member.platform, time_cell(created(all.at(member.manifest))),
                                Size{own->size(member.manifest)},
                                Size{own->unique(member.manifest)}});
      }
      if (never_pushed)
        table.rows.push_back({repository.name,
                              tag.name,
                              {},
                              cli::format_count(never_pushed) + " never pushed here",
                              {},
                              {},
                              {}});
    }
  }
  return answer_of(std::move(table));
}

Answer untagged(const Sight& sight, const Storage& storage, const Workers& workers) {
  AnswerTable table{.key = "untagged",
                    .title = "",
                    .columns = {{"repository", "REPOSITORY"},
                                {"digest", "DIGEST"},
                                {"platform", "PLATFORM"},
                                {"created", "CREATED"},
                                {"pushed", "PUSHED"},
                                {"bytes", "SIZE"},
                                {"unique_bytes", "UNIQUE"}},
                    .rows = {}};
  const auto found = untagged_revisions(sight.inventory, sight.now);
  std::vector<DigestId> manifests;
  manifests.reserve(found.size());
  for (const auto& [repository, link] : found) manifests.push_back(link->name);
  const Descriptions all = describe(manifests, sight, storage, workers);
  std::vector<DigestId> weighed = images_in(sight);
  weighed.insert(weighed.end(), manifests.begin(), manifests.end());
  const Weights weights(sight, std::move(weighed));
  for (const auto& [repository, link] : found) {
    const auto members = members_of(link->name, all, sight);
    table.rows.push_back({repository->name, sight.digest(link->name),
                          platform_words(link->name, members, all),
                          time_cell(created_of(link->name, members, all)), link->modified,
                          Size{weights.size(link->name)}, Size{weights.unique(link->name)}});
  }
  return answer_of(std::move(table));
}

namespace {

// How many images, of those that stand by themselves, have each digest.
std::vector<std::uint32_t> images_with(const Sight& sight) {
  std::vector<std::uint32_t> counts(sight.inventory.digests.size());
  Closure closure(sight.inventory);
  for (const DigestId image : images_in(sight)) {
    closure.restart();
    closure.from(image, [&](DigestId id) { ++counts[index_of(id)]; });
  }
  return counts;
}

// A step with the layer that it made; either may be missing.
struct Step {
  const HistoryStep* history = nullptr;
  const Descriptor* layer = nullptr;
};

// Lowest first. Where the configuration tells fewer or more steps that made layers than there are
// layers, the layers count.
std::vector<Step> steps_of(const Description& image) {
  std::vector<Step> steps;
  std::size_t next = 0;
  if (image.config) {
    for (const HistoryStep& history : image.config->history) {
      const bool has_layer = !history.empty_layer && next < image.layers.size();
      if (!has_layer && !history.empty_layer) continue;
      steps.push_back({&history, has_layer ? &image.layers[next++] : nullptr});
    }
  }
  for (; next < image.layers.size(); ++next) steps.push_back({nullptr, &image.layers[next]});
  return steps;
}

void add_history(const Member& member, const Description& image, const Sight& sight,
                 const std::vector<std::uint32_t>& images, AnswerTable& table) {
  const auto steps = steps_of(image);
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
    const Descriptor* layer = step->layer;
    const auto id = layer ? sight.inventory.digests.find(layer->digest) : std::nullopt;
    const auto others = id && images[index_of(*id)] ? images[index_of(*id)] - 1 : 0;
    table.rows.push_back(
        {sight.digest(member.manifest), member.platform, layer ? Cell(layer->digest) : Cell(),
         step->history ? time_cell(step->history->created) : Cell(),
         layer ? Cell(Size{layer->bytes.value_or(id ? sight.size(*id) : 0)}) : Cell(),
         layer ? Cell(Count{others}) : Cell(),
         step->history ? Cell(step->history->created_by) : Cell()});
  }
}

}  // namespace

Answer history(const Sight& sight, const Storage& storage, const Workers& workers,
               const TagName& name) {
  const Tag* tag = sight.inventory.tag(name.repository, name.tag);
  if (!tag || !tag->target)
    throw cli::UsageError("--history " + name.repository + ':' + name.tag + ": no such tag",
                          "regctl-audit --images lists them");
  AnswerTable table{.key = "history",
                    .title = "",
                    .columns = {{"manifest", "MANIFEST"},
                                {"platform", "PLATFORM"},
                                {"layer", "LAYER"},
                                {"created", "CREATED"},
                                {"bytes", "SIZE"},
                                {"other_images", "OTHER IMAGES"},
                                {"created_by", "CREATED BY"}},
                    .rows = {}};
  const Descriptions all = describe({*tag->target}, sight, storage, workers);
  const auto images = images_with(sight);
  for (const Member& member : leaves_of(*tag->target, all, sight))
    add_history(member, description_of(member.manifest, sight.inventory, storage), sight, images,
                table);
  return answer_of(std::move(table));
}

}  // namespace regctl::audit
