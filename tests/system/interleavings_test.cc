// Dangerous orders of what a client, the registry and the collector do, played step by step with
// the real registry, or with the very file operations it does; the state is looked at after each
// step (P9).
#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <unistd.h>

#include <fstream>
#include <future>

#include "registry/hasher.h"
#include "tests/support/pusher.h"
#include "tests/support/store_on_disk.h"
#include "tests/support/sweeping.h"

namespace regctl {
namespace {

using namespace test;
namespace fs = std::filesystem;

class Interleavings : public StoreOnDisk {
 protected:
  const LocalImage image = local_image({"doomed layer"}, R"({"os":"linux"})");
  const Digest layer = digest_of(image.blobs[0]), config = digest_of(image.blobs[1]);
  std::optional<DockerRegistry> registry_process;
  std::atomic<int> port{0};
  Client client{port};

  // Something stays alive throughout; the doomed image's blobs are there, linked, and nobody's.
  Interleavings() {
    registry.image("app", {"alive"}, "v1");
    for (const std::string& blob : image.blobs) registry.layer("app", blob);
  }
  void serve(const Orders& orders = {}) {
    if (!fs::exists(v2())) write();
    registry_process.reset();
    registry_process.emplace(root.path(), orders);
    port = registry_process->port();
  }
  // A registry that stops itself, in the middle of a PUT, as soon as it has made that directory.
  void serve_and_stop_at(const fs::path& directory) {
    serve({.wrapper = {"strace", "-D", "-f", "-qq", "-o", "/dev/null", "-P", directory, "-e",
                       "trace=mkdirat", "-e", "inject=mkdirat:signal=STOP:when=1"}});
  }
  static std::string directory_of(const std::string& key) { return key.substr(0, key.rfind('/')); }
  fs::path revision_directory(const Digest& digest) const {
    return v2() / directory_of(RegistryBuilder::revision("app", digest));
  }

  std::future<int> put_meanwhile(const std::string& tag, const LocalImage& what) {
    return std::async(std::launch::async, [this, tag, what] {
      return Client(port).put_manifest("app", tag, what).status;
    });
  }
  bool stands_at(const fs::path& directory) const {
    return becomes_true(
        [&] { return fs::exists(directory) && registry_process->program().is_held(); });
  }
  void go_on() const { registry_process->program().send(SIGCONT); }

  void collect(std::vector<std::string> options = {}) const {
    options.insert(options.begin(),
                   {regctl_gc(), "-q", "--keep-younger-than", "0s", "--max-delete", "100%"});
    options.push_back(root.path());
    const Ran ran = run(options);
    EXPECT_LE(ran.status, 1) << ran.err;
  }
  void heal() const { collect({"--heal"}); }
  void purge() const { collect({"--hold", "0s", "--registry-cache", "none"}); }

  bool is_there(const std::string& key) const { return fs::exists(v2() / key); }
  bool is_there(const Digest& digest) const { return is_there(RegistryBuilder::data(digest)); }
  bool is_quarantined(const std::string& key) const {
    std::error_code gone;
    for (const auto& entry : fs::directory_iterator(v2() / directory_of(key), gone)) {
      if (entry.path().string().starts_with((v2() / key).string() + ".regctl-gc.")) return true;
    }
    return false;
  }
  bool is_quarantined(const Digest& digest) const {
    return is_quarantined(RegistryBuilder::data(digest));
  }
  void expect_taken(const Digest& digest) const {
    EXPECT_FALSE(is_there(digest)) << digest.text();
    EXPECT_TRUE(is_quarantined(digest)) << digest.text();
  }
  void expect_pullable(const std::string& reference = "new") {
    EXPECT_EQ(client.lacks("app", reference), "");
  }
};

TEST_F(Interleavings, HeadThenQuarantineThenPut) {
  serve();
  EXPECT_TRUE(client.has_blob("app", layer));
  collect();
  expect_taken(layer);
  EXPECT_EQ(client.put_manifest("app", "new", image).status,
            400);  // MANIFEST_BLOB_UNKNOWN: push again
  EXPECT_FALSE(client.has_blob("app", layer));
  EXPECT_TRUE(client.push_blobs("app", image));
  EXPECT_EQ(client.put_manifest("app", "new", image).status, 201);
  expect_pullable();
  collect();
  expect_pullable();
}

TEST_F(Interleavings, PutVerifiedThenQuarantineThenLink) {
  write();
  serve_and_stop_at(revision_directory(image.digest));
  auto put = put_meanwhile("new", image);
  ASSERT_TRUE(stands_at(revision_directory(image.digest)));
  EXPECT_FALSE(is_there(RegistryBuilder::revision("app", image.digest)));
  collect();
  expect_taken(layer);
  expect_taken(image.digest);
  go_on();
  EXPECT_EQ(put.get(), 201);
  EXPECT_NE(client.lacks("app", "new"), "");
  heal();
  expect_pullable();
}

TEST_F(Interleavings, QuarantineThenUploadThenPurge) {
  serve();
  collect();
  expect_taken(layer);
  EXPECT_TRUE(client.push_blobs("app", image));
  EXPECT_TRUE(is_there(layer) && is_quarantined(layer));
  EXPECT_EQ(client.put_manifest("app", "new", image).status, 201);
  purge();
  EXPECT_TRUE(is_there(layer) && !is_quarantined(layer));
  expect_pullable();
}

// What stands beside the copy is not what its name says: the copy is the last one.
TEST_F(Interleavings, QuarantineThenABadUploadThenPurge) {
  write();
  collect();
  std::ofstream(v2() / RegistryBuilder::data(layer)) << "half of it";
  const Ran ran = run({regctl_gc(), "-q", "--hold", "0s", "--registry-cache", "none", root.path()});
  EXPECT_EQ(ran.status, 13) << ran.err;
  EXPECT_TRUE(is_quarantined(layer));
}

TEST_F(Interleavings, AMountOfADoomedBlob) {
  serve();
  const std::string mount = "/v2/fresh/blobs/uploads/?from=app&mount=" + layer.text();
  EXPECT_EQ(client.request("POST", mount).status, 201);
  collect();
  expect_taken(layer);  // no manifest names it: a push that has only begun
  EXPECT_FALSE(client.has_blob("fresh", layer));
  EXPECT_EQ(client.request("POST", mount).status, 202);  // upload it yourself
  EXPECT_TRUE(client.push_blobs("fresh", image, "app"));
  EXPECT_EQ(client.put_manifest("fresh", "v1", image).status, 201);
  purge();
  EXPECT_EQ(client.lacks("fresh", "v1"), "");
}

// Layers alive through another image; only the manifest was nobody's.
TEST_F(Interleavings, ATagMovedOntoAQuarantinedManifest) {
  registry.manifest("app", image.json);
  registry.manifest("app", image.json + "\n", "sibling");
  serve();
  collect({"-m"});
  expect_taken(image.digest);
  EXPECT_TRUE(is_quarantined(RegistryBuilder::revision("app", image.digest)));
  EXPECT_TRUE(is_there(layer));
  EXPECT_EQ(client.request("HEAD", "/v2/app/manifests/" + image.digest.text()).status, 404);
  EXPECT_EQ(client.put_manifest("app", "sibling", image).status, 201);
  expect_pullable("sibling");
  collect({"-m"});
  expect_pullable("sibling");
  collect({"-m", "--hold", "0s", "--registry-cache", "none"});
  EXPECT_FALSE(is_quarantined(image.digest));
  expect_pullable("sibling");
}

// The revision link was written before the quarantine, the tag's only after it.
TEST_F(Interleavings, RevisionLinkThenQuarantineThenTagLink) {
  registry.manifest("app", image.json);
  write();
  collect({"-m"});
  for (const Digest& digest : {image.digest, layer, config}) expect_taken(digest);
  const fs::path tag = v2() / layout::tag_current_link("app", "new");
  fs::create_directories(tag.parent_path());
  std::ofstream(tag) << image.digest.text();
  serve();
  EXPECT_NE(client.lacks("app", "new"), "");
  heal();
  for (const Digest& digest : {image.digest, layer, config}) EXPECT_TRUE(is_there(digest));
  expect_pullable();
  collect({"-m"});
  expect_pullable();
}

TEST_F(Interleavings, AnIndexPushedOverADoomedChild) {
  registry.manifest("app", image.json);
  write();
  const LocalImage index = local_index({image});
  serve_and_stop_at(revision_directory(index.digest));
  auto put = put_meanwhile("new", index);
  ASSERT_TRUE(stands_at(revision_directory(index.digest)));
  collect({"-m"});
  for (const Digest& digest : {image.digest, layer, config, index.digest}) expect_taken(digest);
  go_on();
  EXPECT_EQ(put.get(), 201);
  EXPECT_NE(client.lacks("app", "new"), "");
  heal();
  expect_pullable();
  EXPECT_EQ(client.lacks("app", image.digest.text()), "");
  collect({"-m"});
  expect_pullable();
}

// Registries before 3.1 write links in place: into the very file that is being renamed away.
TEST_F(Interleavings, ALayerLinkRewrittenWhileItIsTaken) {
  const std::string link = RegistryBuilder::layer_link("app", layer),
                    data = RegistryBuilder::data(layer);
  registry.tree.remove(directory_of(data));
  write();
  const int open_link = open((v2() / link).c_str(), O_WRONLY);
  ASSERT_GE(open_link, 0);
  collect();
  EXPECT_TRUE(is_quarantined(link));
  ASSERT_EQ(ftruncate(open_link, 0), 0);  // the end of an upload
  ASSERT_EQ(::write(open_link, layer.text().data(), layer.text().size()), 71);
  close(open_link);
  fs::create_directories(v2() / directory_of(data));
  std::ofstream(v2() / data) << image.blobs[0];

  serve();
  EXPECT_TRUE(client.push_blobs("app", image));  // HEAD says no, so it is pushed again
  EXPECT_EQ(client.put_manifest("app", "new", image).status, 201);
  expect_pullable();
  purge();
  purge();
  expect_pullable();
}

// The same where a manifest was verified before: the link must come back for it.
TEST_F(Interleavings, ALayerLinkTakenUnderAManifest) {
  registry.manifest("app", image.json, "new");
  registry.quarantine(RegistryBuilder::layer_link("app", layer), kTaken);
  serve();
  EXPECT_NE(client.lacks("app", "new"), "");
  heal();
  expect_pullable();
}

// A registry that remembers says 201 without looking: all that the manifest needs is in quarantine,
// itself included.
TEST_F(Interleavings, AStaleCacheAcceptsWhatIsInQuarantine) {
  serve(kInmemory);
  EXPECT_TRUE(client.push_blobs("app", image));
  EXPECT_EQ(client.put_manifest("app", "new", image).status, 201);
  expect_pullable();
  EXPECT_EQ(client.request("DELETE", "/v2/app/manifests/" + image.digest.text()).status, 202);
  collect();
  for (const Digest& digest : {layer, config, image.digest}) expect_taken(digest);
  EXPECT_TRUE(client.push_blobs("app", image));
  expect_taken(layer);  // nothing was uploaded
  EXPECT_EQ(client.put_manifest("app", "new", image).status, 201);
  EXPECT_NE(client.lacks("app", "new"), "");
  heal();
  for (const Digest& digest : {layer, config, image.digest})
    EXPECT_TRUE(is_there(digest)) << digest.text();
  expect_pullable();
  serve();
  expect_pullable();
}

// It has read the blob from the disk after its start, which is after the time in the name: five
// seconds are the margin.
TEST_F(Interleavings, ARestartBetweenTheNameAndTheRename) {
  for (const std::string& key :
       {RegistryBuilder::data(config), RegistryBuilder::layer_link("app", config)})
    registry.tree.remove(directory_of(key));  // so that one blob goes, and nothing else
  write();
  Program collector({"strace",
                     "-D",
                     "-f",
                     "-qq",
                     "-o",
                     "/dev/null",
                     "-e",
                     "trace=renameat2",
                     "-e",
                     "inject=renameat2:delay_enter=2000000:when=1",
                     regctl_gc(),
                     "-q",
                     "-j",
                     "1",
                     "--keep-younger-than",
                     "0s",
                     "--max-delete",
                     "100%",
                     "--prune-layer-links",
                     "no",
                     root.path()});
  ASSERT_TRUE(becomes_true([&] { return collector.is_held() || collector.has_ended(); }));
  ASSERT_FALSE(collector.has_ended()) << collector.err();
  EXPECT_TRUE(is_there(layer));
  serve(kInmemory);
  const std::time_t restarted =
      std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  EXPECT_TRUE(client.has_blob("app", layer));
  EXPECT_LE(collector.wait().status, 1);
  expect_taken(layer);
  EXPECT_TRUE(client.has_blob("app", layer)) << "it does not remember: this order is no danger";
  collect({"--hold", "0s"});
  EXPECT_TRUE(is_quarantined(layer));
  collect({"--hold", "0s", "--registry-restarted-at", std::to_string(restarted)});
  EXPECT_TRUE(is_quarantined(layer));
  collect({"--hold", "0s", "--registry-cache", "none"});  // which is not so
  EXPECT_TRUE(is_quarantined(layer));
}

// Longer than the margin: then what was renamed has its name again.
TEST_F(Interleavings, ARenameThatTakesTooLong) {
  write();
  const Ran ran = run({"strace",
                       "-D",
                       "-f",
                       "-qq",
                       "-o",
                       "/dev/null",
                       "-e",
                       "trace=renameat2",
                       "-e",
                       "inject=renameat2:delay_enter=4500000:when=1",
                       regctl_gc(),
                       "--json",
                       "-j",
                       "1",
                       "--keep-younger-than",
                       "0s",
                       "--max-delete",
                       "100%",
                       "--prune-layer-links",
                       "no",
                       root.path()});
  EXPECT_EQ(ran.status, 13) << ran.err;
  EXPECT_TRUE(codes_of(ran, "errors").contains("slow-storage")) << ran.out;
  EXPECT_EQ(is_there(layer) + is_there(config), 1);
}

}  // namespace
}  // namespace regctl
