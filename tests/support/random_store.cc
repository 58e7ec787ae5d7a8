#include "tests/support/random_store.h"

#include <map>
#include <random>

#include "registry/hasher.h"

namespace regctl::test {
namespace {

// What the teller remembers of a manifest.
struct Told {
  std::set<Digest> blobs;        // configuration and layers
  std::vector<Digest> children;  // of an index
  std::optional<Digest> subject;
};

struct ToldRepository {
  std::set<Digest> revisions;
  std::map<std::string, Digest> tags;
  bool has_tags_directory = false;
};

class Teller {
 public:
  explicit Teller(std::uint32_t seed) : random_(seed) {}

  RandomStore run() && {
    const int repositories = pick(1, 6);
    for (int i = 0; i < repositories; ++i) tell_repository(names_[i]);
    if (!any_tag()) tag(store_.registry, names_[0], "latest", push_image(names_[0]));
    for (const auto& [name, repository] : repositories_) {
      // Every repository of a sound store has _layers, and upstream stops at one without
      // `revisions`.
      const std::string top = layout::repository(name);
      if (!store_.registry.tree.has(top + "/_layers"))
        store_.registry.layer(name, "only layer of " + name);
      store_.registry.tree.directory(top + "/_manifests/revisions", store_.registry.time());
    }
    for (int i = pick(0, 5); i > 0; --i) store_.registry.blob(bytes());
    judge();
    return std::move(store_);
  }

 private:
  int pick(int least, int most) { return std::uniform_int_distribution<int>(least, most)(random_); }
  bool chance(int percent) { return pick(1, 100) <= percent; }
  template <class T>
  const T& one_of(const std::vector<T>& items) {
    return items[static_cast<std::size_t>(pick(0, static_cast<int>(items.size()) - 1))];
  }

  // Some content is common, so that layers are shared within and across repositories.
  std::string bytes() {
    return chance(50) ? "common " + std::to_string(pick(0, 9))
                      : "content " + std::to_string(random_());
  }

  bool any_tag() const {
    for (const auto& [name, repository] : repositories_) {
      if (!repository.tags.empty()) return true;
    }
    return false;
  }

  void tag(RegistryBuilder& registry, const std::string& repository, const std::string& name,
           const Digest& digest) {
    registry.tag(repository, name, digest);
    repositories_[repository].tags.insert_or_assign(name, digest);
    repositories_[repository].has_tags_directory = true;
  }

  Digest push_image(const std::string& repository, std::optional<Digest> subject = {}) {
    std::vector<std::string> layers;
    for (int i = pick(0, 4); i > 0; --i) layers.push_back(bytes());
    const std::string config = R"({"n":)" + std::to_string(random_()) + '}';
    const Digest digest = store_.registry.image(repository, layers, "", subject, config);
    Told told{.subject = subject};
    told.blobs.insert(digest_of(config));
    for (const std::string& layer : layers) told.blobs.insert(digest_of(layer));
    told_[digest] = told;
    repositories_[repository].revisions.insert(digest);
    return digest;
  }

  // The same manifest in another repository, with all it needs.
  void copy(const std::string& to, const Digest& digest) {
    const Told& told = told_.at(digest);
    for (const Digest& blob : told.blobs) store_.registry.link_layer(to, blob);
    for (const Digest& child : told.children) copy(to, child);
    store_.registry.link_revision(to, digest);
    repositories_[to].revisions.insert(digest);
  }

  void tell_repository(const std::string& name) {
    RegistryBuilder& registry = store_.registry;
    std::vector<Digest> pushed;
    for (int i = pick(0, 6); i > 0; --i) {
      const int kind = pick(1, 100);
      if (kind <= 55 || pushed.empty()) {
        pushed.push_back(push_image(name));
      } else if (kind <= 75) {
        std::set<Digest> children;
        for (int k = pick(1, 3); k > 0; --k) children.insert(one_of(pushed));
        Told told{.children = {children.begin(), children.end()}};
        pushed.push_back(registry.index(name, told.children));
        repositories_[name].revisions.insert(pushed.back());
        told_[pushed.back()] = told;
      } else if (kind <= 88) {
        pushed.push_back(push_image(name, one_of(pushed)));
      } else if (!everything_.empty()) {
        pushed.push_back(one_of(everything_));
        copy(name, pushed.back());
      }
    }
    for (int i = pick(0, 4); i > 0 && !pushed.empty(); --i)
      tag(registry, name, one_of(tag_names_), one_of(pushed));
    for (int i = pick(0, 2); i > 0; --i) registry.layer(name, bytes());
    everything_.insert(everything_.end(), pushed.begin(), pushed.end());
    // A manifest deleted through the API: its link goes, its directory stays. Children must stay
    // revisions.
    for (const Digest& digest : pushed) {
      if (!chance(15) || is_needed(name, digest)) continue;
      registry.tree.remove(RegistryBuilder::revision(name, digest));
      repositories_[name].revisions.erase(digest);
    }
    repositories_[name];
  }

  bool is_needed(const std::string& name, const Digest& digest) const {
    const ToldRepository& repository = repositories_.at(name);
    for (const auto& [tag, target] : repository.tags) {
      if (target == digest) return true;
    }
    for (const Digest& revision : repository.revisions) {
      for (const Digest& child : told_.at(revision).children) {
        if (child == digest) return true;
      }
    }
    return false;
  }

  // Everything that a kept manifest needs, itself included.
  void need(const Digest& digest, std::set<Digest>& needed) const {
    if (!needed.insert(digest).second) return;
    const auto told = told_.find(digest);
    if (told == told_.end()) return;
    needed.insert(told->second.blobs.begin(), told->second.blobs.end());
    for (const Digest& child : told->second.children) need(child, needed);
  }

  void judge() {
    std::set<Digest> needed, needed_untagged;
    for (const auto& [name, repository] : repositories_) {
      for (const Digest& revision : repository.revisions) need(revision, needed);
      std::set<Digest> kept;
      if (!repository.has_tags_directory) {
        for (const Digest& revision : repository.revisions) need(revision, kept);
      }
      for (const auto& [tag, target] : repository.tags) need(target, kept);
      for (bool grown = true; grown;) {
        grown = false;
        for (const Digest& revision : repository.revisions) {
          const auto& subject = told_.at(revision).subject;
          if (kept.contains(revision) || !subject || !kept.contains(*subject)) continue;
          need(revision, kept);
          grown = true;
        }
      }
      for (const Digest& revision : repository.revisions) {
        if (!kept.contains(revision)) store_.untagged.emplace(name, revision);
      }
      needed_untagged.insert(kept.begin(), kept.end());
    }
    for (const auto& [path, node] : store_.registry.tree.nodes()) {
      if (!path.starts_with("blobs/") || !path.ends_with("/data")) continue;
      const std::string directory = path.substr(0, path.size() - 5);
      const Digest digest =
          *Digest::from_hex(Algorithm::sha256, directory.substr(directory.rfind('/') + 1));
      if (!needed.contains(digest)) store_.garbage.insert(digest);
      if (!needed_untagged.contains(digest)) store_.garbage_untagged.insert(digest);
    }
  }

  std::mt19937 random_;
  const std::vector<std::string> names_ = {"app",   "app/worker", "base/os", "Team.Example/x",
                                           "a-b_c", "z"};
  const std::vector<std::string> tag_names_ = {"latest", "v1", "v2", "_x", "sha256-0000"};
  RandomStore store_;
  std::map<Digest, Told> told_;
  std::map<std::string, ToldRepository> repositories_;
  std::vector<Digest> everything_;
};

}  // namespace

RandomStore random_store(std::uint32_t seed) { return Teller(seed).run(); }

}  // namespace regctl::test
