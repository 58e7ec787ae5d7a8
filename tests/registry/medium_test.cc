// What a Medium is taken for; what mounts are seen is tested with mounts (tests/system/disk_test).
#include "registry/medium.h"

#include <gtest/gtest.h>

#include "tests/support/temporary_directory.h"

namespace regctl {
namespace {

TEST(Medium, KnowsLocalFileSystems) {
  for (const char* name : {"ext4", "xfs", "btrfs", "zfs", "tmpfs", "overlay"})
    EXPECT_TRUE(Medium{.name = name}.is_local()) << name;
  for (const char* name : {"nfs", "nfs4", "cifs", "smb3", "9p", "ceph", "glusterfs", "lustre",
                           "fuse.s3fs", "virtiofs", "unknown", ""})
    EXPECT_FALSE(Medium{.name = name}.is_local()) << name;
  EXPECT_TRUE((Medium{.name = "ext4", .mounts = {{"blobs", "xfs"}}}.is_local()));
  EXPECT_FALSE((Medium{.name = "ext4", .mounts = {{"a", "ext4"}, {"b", "nfs4"}}}.is_local()));
}

TEST(Medium, IsAskedForMoreAtOnceWhereItIsFurtherAway) {
  EXPECT_GE(Medium{.name = "ext4"}.jobs(0), 16u);
  EXPECT_EQ(Medium{.name = "nfs4"}.jobs(0), 64u);
  EXPECT_EQ((Medium{.name = "ext4", .mounts = {{"blobs", "nfs4"}}}.jobs(0)), 64u);
  EXPECT_EQ(Medium{.name = "nfs4"}.jobs(3), 3u);
}

TEST(Medium, KnowsFuse) {
  for (const char* name : {"fuse", "fuse.s3fs", "fuseblk"}) EXPECT_TRUE(is_fuse(name)) << name;
  EXPECT_FALSE(is_fuse("xfs"));
}

TEST(Medium, KnowsObjectStoresBehindMounts) {
  for (const std::string name : {"fuse.blobfuse", "fuse.blobfuse2", "fuse.gcsfuse", "fuse.geesefs",
                                 "fuse.goofys", "fuse.mountpoint-s3", "fuse.rclone", "fuse.s3fs"}) {
    EXPECT_EQ(Medium{.name = name}.object_store(), name);
    EXPECT_EQ((Medium{.name = "ext4", .mounts = {{"a", "xfs"}, {"blobs", name}}}.object_store()),
              name);
  }
  for (const char* name : {"fuse", "fuseblk", "fuse.mergerfs", "fuse.glusterfs", "fuse.juicefs",
                           "fuse.bindfs", "virtiofs", "s3fs", "ext4"})
    EXPECT_EQ(Medium{.name = name}.object_store(), "") << name;
}

TEST(Medium, IsThatOfADirectory) {
  const test::TemporaryDirectory directory;
  const Medium medium = medium_of(directory.path());
  EXPECT_NE(medium.name, "");
  EXPECT_GT(medium.size_bytes, 0u);
  EXPECT_GE(medium.size_bytes, medium.free_bytes);
  EXPECT_TRUE(medium.mounts.empty());
  EXPECT_EQ(medium_of(directory.path() / "nowhere").size_bytes, 0u);
}

}  // namespace
}  // namespace regctl
