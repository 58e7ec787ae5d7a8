#include "audit/graph.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <vector>

#include "cli/text.h"
#include "cli/units.h"
#include "registry/closure.h"
#include "registry/usage.h"

namespace regctl::audit {
namespace {

// A string of DOT's grammar; lines stay lines.
std::string quoted(std::string_view text) {
  std::string all = "\"";
  for (;;) {
    const auto end = text.find('\n');
    for (const char c : cli::printable(text.substr(0, end), cli::Charset::utf8)) {
      if (c == '"' || c == '\\') all += '\\';
      all += c;
    }
    if (end == text.npos) return all + '"';
    all += "\\n";
    text.remove_prefix(end + 1);
  }
}

std::string shortened(const Digest& digest) { return digest.hex().substr(0, 12); }

constexpr char kHead[] = R"(digraph registry {
  rankdir=LR;
  node [fontname="Helvetica", fontsize=10];
  edge [color="#888888", fontname="Helvetica", fontsize=9];
)";

std::string legend(const std::string& text) {
  return fmt::format("  legend [shape=note, label={}];\n}}\n", quoted(text));
}

// The blobs that `root` reaches and that are no manifests.
std::vector<DigestId> layers_below(DigestId root, const Sight& sight, Closure& closure) {
  std::vector<DigestId> layers;
  closure.restart();
  closure.from(root, [&](DigestId id) {
    const Document* document = sight.inventory.document(id);
    const bool is_manifest = document && document->state == Document::State::sound;
    if (!is_manifest && sight.inventory.has_bytes(id)) layers.push_back(id);
  });
  std::sort(layers.begin(), layers.end());
  return layers;
}

// By what its tags point to: the names of an image.
using Images = std::map<DigestId, std::vector<std::string>>;

Images images_in(const Sight& sight) {
  Images images;
  for (const Repository& repository : sight.inventory.repositories) {
    for (const Tag& tag : repository.tags) {
      if (tag.target) images[*tag.target].push_back(repository.name + ':' + tag.name);
    }
  }
  return images;
}

std::string draw_images(const Images& images, const Sight& sight) {
  std::string text = kHead;
  Closure closure(sight.inventory);
  std::map<DigestId, std::vector<DigestId>> users;  // of layers
  for (const auto& [image, names] : images) {
    std::string label;
    for (std::size_t i = 0; i < std::min(names.size(), kMostNamesDrawn); ++i)
      label += (i ? "\n" : "") + names[i];
    if (names.size() > kMostNamesDrawn)
      label += fmt::format("\nand {} more", cli::format_count(names.size() - kMostNamesDrawn));
    text += fmt::format("  image{} [shape=box, style=filled, fillcolor=\"#dde8f7\", label={}];\n",
                        index_of(image), quoted(label));
    for (const DigestId layer : layers_below(image, sight, closure)) users[layer].push_back(image);
  }
  std::size_t own = 0;
  for (const auto& [layer, by] : users) {
    if (by.size() == 1) {
      ++own;
      continue;
    }
    text += fmt::format(
        "  layer{} [shape=ellipse, label={}];\n", index_of(layer),
        quoted(shortened(sight.digest(layer)) + "\n" + cli::format_bytes(sight.size(layer))));
    for (const DigestId image : by)
      text += fmt::format("  image{} -> layer{};\n", index_of(image), index_of(layer));
  }
  return text +
         legend(fmt::format("{} images (boxes, by their tags) and the layers that they share;\n"
                            "{} layers and configurations of one image alone are not drawn",
                            cli::format_count(images.size()), cli::format_count(own)));
}

struct Pair {
  std::size_t a, b;
  std::uint64_t bytes;
};

// Every pair of `repositories` that shares a blob, the most bytes first.
std::vector<Pair> pairs_of(const std::vector<std::size_t>& repositories, const Sight& sight) {
  std::map<DigestId, std::vector<std::size_t>> users;
  Closure closure(sight.inventory);
  for (const std::size_t i : repositories) {
    closure.restart();
    for (const Tag& tag : sight.inventory.repositories[i].tags) {
      if (tag.target) closure.from(*tag.target, [&](DigestId id) { users[id].push_back(i); });
    }
  }
  std::map<std::pair<std::size_t, std::size_t>, std::uint64_t> shared;
  for (const auto& [id, by] : users) {
    for (std::size_t i = 0; i < by.size(); ++i) {
      for (std::size_t k = i + 1; k < by.size(); ++k) shared[{by[i], by[k]}] += sight.size(id);
    }
  }
  std::vector<Pair> pairs;
  pairs.reserve(shared.size());
  for (const auto& [both, bytes] : shared) pairs.push_back({both.first, both.second, bytes});
  std::ranges::stable_sort(pairs, std::ranges::greater{}, &Pair::bytes);
  return pairs;
}

std::string draw_repositories(const Sight& sight) {
  const std::vector<bool> live = sight.mark.all_live();
  const UsageReport usage =
      regctl::usage(sight.inventory, sight.sizes, live, std::vector<bool>(live.size()));
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < usage.repositories.size(); ++i) order.push_back(i);
  std::ranges::stable_sort(order, std::ranges::greater{},
                           [&](std::size_t i) { return usage.repositories[i].fair_share; });
  const std::size_t left = order.size() - std::min(order.size(), kMostRepositoriesDrawn);
  order.resize(order.size() - left);

  std::string text = kHead;
  for (const std::size_t i : order) {
    const Repository& repository = sight.inventory.repositories[i];
    text += fmt::format(
        "  repository{} [shape=box, style=filled, fillcolor=\"#dde8f7\", label={}];\n", i,
        quoted(fmt::format("{}\n{} tags, {}", repository.name,
                           cli::format_count(repository.tags.size()),
                           cli::format_bytes(usage.repositories[i].fair_share))));
  }
  const std::vector<Pair> pairs = pairs_of(order, sight);
  const std::size_t edges = std::min(pairs.size(), kMostPairsDrawn);
  for (std::size_t i = 0; i < edges; ++i)
    text += fmt::format("  repository{} -> repository{} [dir=none, label={}];\n", pairs[i].a,
                        pairs[i].b, quoted(cli::format_bytes(pairs[i].bytes)));
  return text + legend(fmt::format(
                    "repositories with their fair share of the bytes, and what two of them share;\n"
                    "not drawn: {} smaller repositories, {} pairs that share less",
                    cli::format_count(left), cli::format_count(pairs.size() - edges)));
}

}  // namespace

std::string graph_of(const Sight& sight) {
  const Images images = images_in(sight);
  return images.size() <= kMostImagesDrawn ? draw_images(images, sight) : draw_repositories(sight);
}

}  // namespace regctl::audit
