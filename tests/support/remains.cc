#include "tests/support/remains.h"

#include <functional>

namespace regctl::test {
namespace {

class Remover {
 public:
  Remover(RegistryBuilder& registry, std::mt19937& random) : told_(registry), random_(random) {}

  void run() {
    switch (pick(4)) {
      case 0:
        return remove(a_file("/_manifests/revisions/", "/link"));
      case 1:
        return remove(a_file("blobs/", "/data"));
      case 2:
        return told_.tag(pick(2) ? "app" : "z",
                         "sha256-" + any_digest().hex() + (pick(2) ? ".sig" : ""), any_digest());
      case 3:
        return quarantine_a_tag();
    }
  }

 private:
  int pick(int below) { return static_cast<int>(random_() % static_cast<unsigned>(below)); }

  // Empty: there is none.
  std::string one_of(const std::function<bool(const std::string&, const Tree::Node&)>& wanted) {
    std::vector<std::string> keys;
    for (const auto& [key, node] : told_.tree.nodes()) {
      if (wanted(key, node)) keys.push_back(key);
    }
    return keys.empty() ? "" : keys[random_() % keys.size()];
  }
  std::string a_file(const std::string& within, const std::string& end) {
    return one_of([&](const std::string& key, const Tree::Node& node) {
      return node.kind == EntryKind::file && key.find(within) != std::string::npos &&
             key.ends_with(end);
    });
  }
  Digest any_digest() {
    const std::string key = one_of([](const std::string& at, const Tree::Node&) {
      return at.starts_with("blobs/") &&
             Digest::from_hex(Algorithm::sha256, at.substr(at.rfind('/') + 1)).has_value();
    });
    return *Digest::from_hex(Algorithm::sha256, key.substr(key.rfind('/') + 1));
  }

  void remove(const std::string& key) {
    if (!key.empty()) told_.tree.remove(key);
  }

  void quarantine_a_tag() {
    const std::string in = "/_manifests/tags/", end = "/current/link", link = a_file(in, end);
    if (link.empty()) return;
    const auto tags = link.find(in);
    const std::string top = layout::repository(""), tag = link.substr(0, link.size() - end.size()),
                      place = layout::quarantined_tag(link.substr(top.size(), tags - top.size()),
                                                      tag.substr(tags + in.size()),
                                                      {kNow - pick(12) * kDay, "0123456789abcdef"});
    for (const auto& [key, node] : std::map(told_.tree.nodes())) {
      if (key.starts_with(tag + '/') && node.kind == EntryKind::file)
        told_.tree.file(place + key.substr(tag.size()), node.bytes, node.modified);
    }
    if (pick(4)) told_.tree.remove(tag);
  }

  RegistryBuilder& told_;
  std::mt19937& random_;
};

}  // namespace

void leave_remains(RegistryBuilder& registry, std::mt19937& random) {
  Remover(registry, random).run();
}

}  // namespace regctl::test
