// Two repositories, "app" and "other", each with a tagged image, an untagged one and a blob that
// nothing needs: what a fault in "app" may change, and what it must leave as it is in "other".
#pragma once

#include <functional>
#include <ostream>
#include <string>

#include "tests/support/looking.h"

namespace regctl::test {

struct Scene {
  RegistryBuilder registry;
  Tree& tree = registry.tree;
  Digest image = registry.image("app", {"precious"}, "v1"), layer = digest_of("precious");
  Digest untagged = registry.image("app", {"former"});
  Digest loose = registry.layer("app", "loose");
  Digest other_image = registry.image("other", {"fine"}, "v1"),
         other_untagged = registry.image("other", {"old"});
  Digest elsewhere = registry.layer("other", "garbage elsewhere");

  Scene() = default;
  Scene(const Scene&) = delete;

  // Whoever looks at it reads every layer link, as if something were in quarantine.
  void read_all() { tree.directory(std::string(layout::kQuarantineSign), registry.time()); }

  std::string revision_link() const { return RegistryBuilder::revision("app", image); }
  std::string layer_link() const { return RegistryBuilder::layer_link("app", layer); }
  std::string tag_link() const { return layout::tag_current_link("app", "v1"); }
  std::string data() const { return RegistryBuilder::data(image); }

  std::string& bytes(const std::string& key) { return tree.bytes(key); }
  void put(const std::string& key, const std::string& text) {
    tree.file(key, text, registry.time());
  }
  void replace_by_directory(const std::string& key) {
    tree.remove(key);
    tree.directory(key, registry.time());
  }
  void replace_by_file(const std::string& key) {
    tree.remove(key);
    put(key, "a file");
  }
  void replace_by_symlink(const std::string& key) {
    tree.remove(key);
    tree.symlink(key, "/elsewhere", registry.time());
  }
  void replace_by_device(const std::string& key) {
    tree.remove(key);
    tree.device(key, registry.time());
  }
};

// What is done to a scene, and the codes of the messages that must follow.
struct Case {
  const char* name;
  std::function<void(Scene&)> change;
  std::set<std::string> codes;
};

inline void PrintTo(const Case& one, std::ostream* out) { *out << one.name; }

}  // namespace regctl::test
