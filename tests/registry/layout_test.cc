#include "registry/layout.h"

#include <gtest/gtest.h>

#include "registry/names.h"
#include "tests/support/printing.h"

namespace regctl::layout {
namespace {

const std::string kHex = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
const Digest kDigest = *Digest::from_hex(Algorithm::sha256, kHex);

TEST(Layout, PlacesOfADistributionTree) {
  EXPECT_EQ(blob(kDigest), "blobs/sha256/ba/" + kHex);
  EXPECT_EQ(blob_shard(kDigest), "blobs/sha256/ba");
  EXPECT_EQ(digest_path(kDigest), "sha256/" + kHex);
  EXPECT_EQ(repository("team/app"), "repositories/team/app");
  EXPECT_EQ(layer_link("team/app", kDigest),
            "repositories/team/app/_layers/sha256/" + kHex + "/link");
  EXPECT_EQ(revision_link("app", kDigest),
            "repositories/app/_manifests/revisions/sha256/" + kHex + "/link");
  EXPECT_EQ(tag("app", "v1"), "repositories/app/_manifests/tags/v1");
  EXPECT_EQ(tag_current_link("app", "v1"), "repositories/app/_manifests/tags/v1/current/link");
  const Digest longer = *Digest::from_hex(Algorithm::sha512, kHex + kHex);
  EXPECT_EQ(blob(longer), "blobs/sha512/ba/" + kHex + kHex);
}

TEST(Layout, JoinsKeys) {
  EXPECT_EQ(join("a", "b/c"), "a/b/c");
  EXPECT_EQ(join("", "b"), "b");
}

TEST(Layout, TellsTheTagOfAPath) {
  for (const char* below : {"", "/current/link", "/index/sha256"}) {
    const std::string path = "repositories/team/app/_manifests/tags/v1" + std::string(below);
    const auto place = tag_at(path);
    ASSERT_TRUE(place) << path;
    EXPECT_EQ(place->repository, "team/app");
    EXPECT_EQ(place->tag, "v1");
  }
  for (const char* path : {"", "repositories/app/_manifests/tags", "repositories/app/_layers/tags",
                           "repositories/_manifests/tags/v1", "blobs/app/_manifests/tags/v1"})
    EXPECT_FALSE(tag_at(path)) << path;
}

TEST(QuarantineName, IsRead) {
  const auto name = parse_quarantine_name("data.regctl-gc.1795231813.3f1c9b0e");
  ASSERT_TRUE(name);
  EXPECT_EQ(name->original, "data");
  EXPECT_EQ(name->taken, Time(std::chrono::seconds(1'795'231'813)));
  EXPECT_EQ(name->run, "3f1c9b0e");
  EXPECT_EQ(parse_quarantine_name("link.regctl-gc.0.a-z")->original, "link");
  EXPECT_TRUE(parse_quarantine_name("data.regctl-gc.9223372035.x"));
  EXPECT_TRUE(parse_quarantine_name("data.regctl-gc.1." + std::string(64, 'x')));
}

TEST(QuarantineName, IsExact) {
  for (const std::string name :
       {"", "data", "link", "data.regctl-gc", "data.regctl-gc.", "data.regctl-gc.1",
        "data.regctl-gc.1.", "data.regctl-gc..x", "data.regctl-gc.x.x", "data.regctl-gc.1x.x",
        "data.regctl-gc.-1.x", "data.regctl-gc.+1.x", "data.regctl-gc. 1.x", "data.regctl-gc.0x1.x",
        "data.regctl-gc.1.X", "data.regctl-gc.1.x.y", "data.regctl-gc.1.x ", "data.regctl-gc.1.x/y",
        "data.regctl-gc.9223372036.x", "data.regctl-gc.99999999999999999999.x",
        "Data.regctl-gc.1.x", "xdata.regctl-gc.1.x", "data.tmp.regctl-gc.1.x",
        "startedat.regctl-gc.1.x", ".regctl-gc.1.x", "data.regctl-gd.1.x", "data.REGCTL-GC.1.x",
        // Not as we write it: two names must never mean the same.
        "data.regctl-gc.01.x", "data.regctl-gc.0001795231813.x", "data.regctl-gc.00.x"})
    EXPECT_FALSE(parse_quarantine_name(name)) << name;
  EXPECT_FALSE(parse_quarantine_name("data.regctl-gc.1." + std::string(65, 'x')));
  EXPECT_FALSE(parse_quarantine_name(std::string("data.regctl-gc.1.x\0", 19)));
}

TEST(Temporary, HasAFileAUuidAndTmp) {
  const std::string uuid = "b1a5f0e8-6d1c-4a6e-9a5e-0d6f6b1c2d3e";
  EXPECT_TRUE(is_temporary("link." + uuid + ".tmp"));
  EXPECT_TRUE(is_temporary("data." + uuid + ".tmp"));
  for (const std::string& name : {std::string("link"), std::string(".tmp"), "link." + uuid,
                                  uuid + ".tmp", '.' + uuid + ".tmp", "link" + uuid + ".tmp",
                                  "link." + uuid + ".tmp2", "link." + uuid.substr(1) + ".tmp"})
    EXPECT_FALSE(is_temporary(name)) << name;
}

}  // namespace
}  // namespace regctl::layout
