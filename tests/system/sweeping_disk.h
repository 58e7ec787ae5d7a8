// A store with much garbage on a disk of this host, collected by the program.
#pragma once

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "registry/hasher.h"
#include "tests/support/store_on_disk.h"
#include "tests/support/sweeping.h"

namespace regctl::test {

// What a file or directory is, but for the time of its last change.
struct Node {
  mode_t mode;
  uid_t user;
  gid_t group;
  ino_t inode;
  nlink_t names;
  std::uint64_t modified;  // of files only
  std::string bytes;

  bool operator==(const Node&) const = default;
};
inline void PrintTo(const Node& node, std::ostream* out) {
  *out << std::oct << node.mode << std::dec << ' ' << node.user << ':' << node.group << " inode "
       << node.inode << " at " << node.modified;
}
using Nodes = std::map<std::string, Node>;

inline Nodes nodes_below(const std::filesystem::path& directory) {
  Nodes nodes;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    struct stat st;
    if (lstat(entry.path().c_str(), &st) != 0) continue;
    const bool file = S_ISREG(st.st_mode);
    const auto time = static_cast<std::uint64_t>(st.st_mtim.tv_sec) * 1'000'000'000 +
                      static_cast<std::uint64_t>(st.st_mtim.tv_nsec);
    nodes[entry.path().lexically_relative(directory)] = {st.st_mode,
                                                         st.st_uid,
                                                         st.st_gid,
                                                         st.st_ino,
                                                         file ? st.st_nlink : 0,
                                                         file ? time : 0,
                                                         file ? read_all(entry.path()) : ""};
  }
  return nodes;
}

class SweepDisk : public StoreOnDisk {
 protected:
  SweepDisk() {
    const Digest amd = registry.image("team/app", {"amd64", "shared"}),
                 arm = registry.image("team/app", {"arm64", "shared"});
    const Digest index = registry.index("team/app", {amd, arm}, "latest"),
                 other = registry.image("other", {"fine", "shared"}, "v1");
    registry.image("other", {"former"});
    for (int i = 0; i < 6; ++i)
      garbage.push_back(
          registry.layer("team/app", "garbage " + std::string(10'000 * (i + 1), 'x')));
    garbage.push_back(registry.blob("garbage without a link"));
    for (const Digest& manifest : {amd, arm, index})
      alive.push_back(RegistryBuilder::revision("team/app", manifest));
    alive.push_back(RegistryBuilder::revision("other", other));
    alive.push_back(layout::tag_current_link("team/app", "latest"));
    alive.push_back(layout::tag_current_link("other", "v1"));
    for (const Digest& blob : {amd, arm, index, other, digest_of("amd64"), digest_of("arm64"),
                               digest_of("shared"), digest_of("fine")})
      alive.push_back(RegistryBuilder::data(blob));
  }

  static std::vector<std::string> collector(const std::filesystem::path& root,
                                            std::vector<std::string> options = {}) {
    options.insert(options.begin(), {regctl_gc(), "--json", "--trust-times", "--insist",
                                     "registry-in-doubt", "--max-delete", "100%"});
    options.push_back(root);
    return options;
  }
  static Ran collect(const std::filesystem::path& root,
                     std::vector<std::string> options = {"--offline"}) {
    return run(collector(root, std::move(options)));
  }
  static std::filesystem::path v2_of(const std::filesystem::path& store) {
    return store / "docker/registry/v2";
  }
  void write_to(const std::filesystem::path& store) const {
    std::filesystem::create_directories(v2_of(store));
    registry.tree.write_to(v2_of(store));
  }
  static bool has(const std::filesystem::path& store, const Digest& digest) {
    return std::filesystem::exists(v2_of(store) / RegistryBuilder::data(digest));
  }
  std::size_t garbage_left(const std::filesystem::path& store) const {
    return static_cast<std::size_t>(std::count_if(
        garbage.begin(), garbage.end(), [&](const Digest& one) { return has(store, one); }));
  }
  void expect_alive(const Files& files, const std::string& when) const {
    for (const std::string& key : alive)
      EXPECT_TRUE(files.contains(key)) << key << " is gone, " << when;
  }
  static bool is_done(const Ran& ran) { return ran.status == 0; }
  // What the store comes to when nothing disturbs the runs.
  static Files settle(const std::filesystem::path& root,
                      const std::vector<std::string>& options = {"--offline", "-m"}) {
    for (int i = 0; i < 3; ++i) {
      const Ran ran = collect(root, options);
      EXPECT_TRUE(is_done(ran)) << ran.err;
    }
    return files_below(v2_of(root));
  }
  // Candidates are opened for that only; a look opens manifests.
  bool is_verifying(const Program& running) const {
    const std::filesystem::path store = v2_of(std::filesystem::canonical(root.path()));
    std::error_code gone;
    for (const auto& fd : std::filesystem::directory_iterator(
             "/proc/" + std::to_string(running.pid()) + "/fd", gone)) {
      const std::filesystem::path target = std::filesystem::read_symlink(fd.path(), gone);
      const auto is_open = [&](const Digest& one) {
        return target == store / RegistryBuilder::data(one);
      };
      if (std::any_of(garbage.begin(), garbage.end(), is_open)) return true;
    }
    return false;
  }
  // The program that strace runs. Killing strace would set it free.
  static pid_t traced_by(const Program& strace) {
    const std::string pid = std::to_string(strace.pid());
    return std::stoi(read_all("/proc/" + pid + "/task/" + pid + "/children"));
  }
  // Owners and modes of every kind.
  void mix_owners() const {
    unsigned n = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root.path())) {
      ++n;
      EXPECT_EQ(lchown(entry.path().c_str(), 1000 + n % 3, 2000 + n % 2), 0) << entry.path();
      std::filesystem::permissions(entry.path(), entry.is_directory()
                                                     ? std::filesystem::perms(0750)
                                                     : std::filesystem::perms(n % 2 ? 0640 : 0404));
    }
  }

  std::vector<Digest> garbage;
  std::vector<std::string> alive;  // keys
};

}  // namespace regctl::test
