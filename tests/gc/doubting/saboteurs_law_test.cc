// All saboteurs, and none, on random stores with whatever can befall them.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <functional>
#include <random>

#include "tests/gc/doubting/saboteurs.h"
#include "tests/support/objecting.h"
#include "tests/support/random_store.h"
#include "tests/support/remains.h"

namespace regctl::gc {
namespace {

using namespace test;

// A store in which some things are young, in quarantine, aliased or damaged.
class Weather {
 public:
  explicit Weather(std::uint32_t seed) : random_(seed), store_(random_store(seed)) {
    for (int i = pick(3); i > 0; --i) push_something_odd();
    for (int i = pick(4); i > 0; --i) quarantine();
    for (int i = pick(3); i > 0; --i) alias();
    for (int i = pick(3); i > 0; --i) remove_link();
    for (int i = pick(4); i > 0; --i) leave_remains(store_.registry, random_);
    for (int i = pick(6); i > 0; --i) touch();
    if (pick(2) == 0) damage();
    if (pick(4) == 0) registry().tree.symlink("repositories/also", "app", kNow);
  }

  RegistryBuilder& registry() { return store_.registry; }

  Look look() {
    Look look = asking();
    if (pick(2)) look.delete_untagged();
    if (pick(2)) look.offline();
    if (pick(4) == 0) look.keep_younger_than(Duration(0));
    look.wishes.margins.prune_empty_repositories = pick(2);
    look.wishes.policy.prune_broken_manifests = pick(2);
    look.wishes.policy.prune_dead_tags = pick(2);
    look.wishes.policy.prune_orphaned_referrers = pick(2);
    if (pick(5) == 0) look.wishes.policy.cache_unused = (1 + pick(12)) * kDay;
    look.store.pull_through_cache = look.wishes.policy.cache_unused.has_value();
    if (pick(4) == 0) look.wishes.policy.protect = {pick(2) ? "app*" : "also*"};
    if (pick(3) == 0)
      look.wishes.policy.roots = {
          {std::nullopt, any_digest()}, {"app", any_digest()}, {"also", any_digest()}};
    return look;
  }

 private:
  int pick(int below) { return static_cast<int>(random_() % static_cast<unsigned>(below)); }

  std::vector<std::string> keys(
      const std::function<bool(const std::string&, const Tree::Node&)>& wanted) const {
    std::vector<std::string> found;
    for (const auto& [key, node] : store_.registry.tree.nodes()) {
      if (wanted(key, node)) found.push_back(key);
    }
    return found;
  }
  // Empty: there is none.
  std::string one_of(const std::vector<std::string>& keys) {
    return keys.empty() ? "" : keys[random_() % keys.size()];
  }
  std::string file_ending(std::string_view end) {
    return one_of(keys([&](const std::string& key, const Tree::Node& node) {
      return node.kind == EntryKind::file && key.ends_with(end);
    }));
  }
  Digest any_digest() {
    const std::string key = one_of(keys([](const std::string& at, const Tree::Node&) {
      return at.starts_with("blobs/") &&
             Digest::from_hex(Algorithm::sha256, at.substr(at.rfind('/') + 1)).has_value();
    }));
    return *Digest::from_hex(Algorithm::sha256, key.substr(key.rfind('/') + 1));
  }

  void touch() {
    const Duration ages[] = {kHour, -kHour, 2 * kDay, 9 * kDay, 10 * kDay, 11 * kDay};
    const std::string key = one_of(keys([](const std::string& at, const Tree::Node&) {
      return at.find('/') != std::string::npos;
    }));
    store_.registry.tree.touch(key, kNow - ages[random_() % std::size(ages)]);
  }

  void quarantine() {
    const std::string key = pick(2) ? file_ending("/data") : file_ending("/link");
    if (key.empty() || key.find("/tags/") != std::string::npos) return;
    const std::string bytes = store_.registry.tree.bytes(key);
    store_.registry.quarantine(key, kNow - pick(12) * kDay,
                               pick(2) ? "0123456789abcdef" : "fedcba9876543210");
    if (pick(4) == 0) store_.registry.tree.file(key, bytes, kNow - pick(30) * kDay);
  }

  // A layer that was pushed by its sha512, and an image that names it so.
  void alias() {
    const std::string bytes = "pushed by sha512 " + std::to_string(pick(3));
    const Digest name = digest_of(bytes, Algorithm::sha512);
    store_.registry.link_layer(pick(2) ? "app" : "z", name,
                               pick(4) ? store_.registry.blob(bytes) : any_digest());
    if (pick(2))
      store_.registry.manifest("app", RegistryBuilder::image_json(digest_of(bytes), 2, {{name, 2}}),
                               pick(2) ? "sha512" : "");
  }

  void push_something_odd() {
    RegistryBuilder& told = store_.registry;
    const std::string where = pick(2) ? "app" : "z", tag = pick(2) ? "odd" : "",
                      bytes = "odd " + std::to_string(pick(5));
    const Digest layer = told.blob(bytes),
                 plain = told.blob(RegistryBuilder::image_json(layer, 5, {}));
    const std::string descriptor =
        RegistryBuilder::descriptor(pick(2) ? kOciLayer : "application/x-odd", plain, 5);
    switch (pick(8)) {
      case 0:
        told.index(where, {plain}, tag);
        break;  // a child without a link
      case 1:
        told.index(where, {told.index(where, {plain}), digest_of("sparse")}, tag);
        break;
      case 2:
        told.manifest(where, R"({"manifests":[)" + descriptor + "]}", tag);
        break;  // as caches do
      case 3:
        told.manifest(where, R"({"lAyers":[{"\u0064igest":")" + any_digest().text() + R"("}]})",
                      tag);
        break;
      case 4:
        told.image(where, {bytes}, tag, any_digest());
        break;  // a referrer of anything
      case 5:
        told.link_layer(where, plain);
        break;
      case 6:
        told.tree.directory(layout::tag(where, "pending"), kNow - pick(3) * kDay);
        break;
      case 7:
        told.tree.file("repositories/" + where + "/_layers/odd/link", plain.text(), told.time());
        break;
    }
  }

  void remove_link() {
    const std::string key = file_ending("/link");
    if (!key.empty()) store_.registry.tree.remove(key);
  }

  void damage() {
    const std::string key = pick(3) ? file_ending("/link") : file_ending("/data");
    if (key.empty()) return;
    std::string& bytes = store_.registry.tree.bytes(key);
    switch (pick(5)) {
      case 0:
        bytes.clear();
        break;
      case 1:
        bytes += '\n';
        break;
      case 2:
        if (!bytes.empty()) bytes[random_() % bytes.size()] ^= 1;
        break;
      case 3:
        bytes.resize(bytes.size() / 2);
        break;
      case 4:
        bytes = any_digest().text();
        break;
    }
  }

  std::mt19937 random_;
  RandomStore store_;
};

bool has_originals_beside_copies(const RegistryBuilder& registry) {
  const auto& nodes = registry.tree.nodes();
  return std::any_of(nodes.begin(), nodes.end(), [&](const auto& node) {
    const auto mark = node.first.find(".regctl-gc.");
    return mark != std::string::npos && nodes.contains(node.first.substr(0, mark));
  });
}

RC_GTEST_PROP(SecondOpinionLaws, NoFalseAlarm, (std::uint32_t seed)) {
  Weather weather(seed);
  const Look look = weather.look();
  const Doomed doomed = doomed_without_sabotage(weather.registry(), look);
  RC_CLASSIFY(!doomed.in_place.blobs.empty(), "takes blobs");
  RC_CLASSIFY(!doomed.in_place.revisions.empty(), "takes revisions");
  RC_CLASSIFY(!doomed.in_place.tags.empty(), "takes tags");
  RC_CLASSIFY(!doomed.in_quarantine.tags.empty(), "purges tags");
  RC_CLASSIFY(!doomed.in_quarantine.empty(), "purges");
  const Objections objections = opinion(weather.registry(), doomed, look.wishes.policy);
  for (const auto& [what, why] : objections) RC_LOG() << what << ": " << why << '\n';
  RC_ASSERT(objections.empty());
}

RC_GTEST_PROP(SecondOpinionLaws, WhoeverTakesTooMuchIsToldSo, (std::uint32_t seed)) {
  Weather weather(seed);
  const Look look = weather.look();
  const Saboteur& saboteur = saboteurs()[seed % saboteurs().size()];
  const Doomed right = doomed_without_sabotage(weather.registry(), look),
               wrong = doomed_by_sabotage(saboteur, weather.registry(), look);
  auto too_much = all_but(everything_in(wrong), everything_in(right));
  // The marker takes a link newer than a copy for a wish to have the object back with all it names,
  // though it is back already.
  if (has_originals_beside_copies(weather.registry())) RC_DISCARD("originals beside copies");
  // Of a repository that goes as a whole nobody asks about single links.
  for (const auto& link : wrong.in_place.layers) {
    if (std::ranges::count(right.empty_repositories, link.repository) != 0)
      too_much.erase("layer link " + link.digest.text() + " of " + link.repository);
  }
  RC_CLASSIFY(!too_much.empty(), "does harm");
  const auto objected = names_of(opinion(weather.registry(), wrong, look.wishes.policy));
  RC_LOG() << saboteur.name << '\n';
  for (const std::string& what : too_much) {
    if (!objected.contains(what)) RC_LOG() << "unnoticed: " << what << '\n';
  }
  RC_ASSERT(all_but(too_much, objected).empty());
}

}  // namespace
}  // namespace regctl::gc
