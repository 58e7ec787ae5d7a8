#include "registry/names.h"

#include <gtest/gtest.h>

#include <string>

namespace regctl {
namespace {

TEST(RepositoryName, LegalOnes) {
  for (const char* name : {"a",
                           "0",
                           "ab",
                           "a/b",
                           "a/b/c/d/e",
                           "a.b",
                           "a_b",
                           "a__b",
                           "a-b",
                           "a--b",
                           "a-----b",
                           "a.b_c-d__e",
                           "library/ubuntu",
                           "a/tags/list",
                           "a/manifests",
                           "blobs/uploads",
                           "Host/a",
                           "HOST.example.com/a",
                           "my-host/a",
                           "1.2.3.4/a"})
    EXPECT_TRUE(is_repository_name(name)) << name;
  EXPECT_TRUE(is_repository_name(std::string(300, 'a')));
}

TEST(RepositoryName, IllegalOnes) {
  for (const char* name :
       {"",     "/",       "a/",       "/a",      "a//b",    ".",         "..",
        "a/..", "a/../b",  "A",        "aB",      "a/B",     "a/Host/b",  "-a",
        "a-",   ".a",      "a.",       "_a",      "a_",      "a..b",      "a___b",
        "a.-b", "a-.b",    "a._b",     "a_.b",    "_layers", "a/_layers", "a b",
        "a\n",  "a\tb",    "a:5000/b", "a@b",     "a+b",     "\xC3\xA4",  "\xFF",
        "Host", "Host./a", ".Host/a",  "-Host/a", "Host-/a", "Ho_st/a",   "a\\b"})
    EXPECT_FALSE(is_repository_name(name)) << name;
  EXPECT_FALSE(is_repository_name(std::string_view("a\0b", 3)));
}

TEST(TagName, LegalOnes) {
  for (const char* name :
       {"a", "A", "0", "_", "_x", "v1.2.3-rc.1_x", "latest", "a..b", "a--", "a.", "Thumbs.db"})
    EXPECT_TRUE(is_tag_name(name)) << name;
  EXPECT_TRUE(is_tag_name(std::string(128, 'a')));
  EXPECT_TRUE(is_tag_name("sha256-" + std::string(64, 'a')));
}

TEST(TagName, IllegalOnes) {
  for (const char* name :
       {"", ".", "..", ".a", "-a", "a/b", "a b", "a:b", "a\n", "a+b", "\xC3\xA4"})
    EXPECT_FALSE(is_tag_name(name)) << name;
  EXPECT_FALSE(is_tag_name(std::string(129, 'a')));
  EXPECT_FALSE(is_tag_name(std::string_view("a\0", 2)));
}

TEST(ForeignName, IsNeverWhatARegistryMakes) {
  for (const char* name : {"lost+found",
                           ".snapshot",
                           ".zfs",
                           "@eaDir",
                           "#recycle",
                           ".DS_Store",
                           ".directory",
                           ".nfs0000000000012345",
                           ".fuse_hidden0001",
                           "._data",
                           "~tmp",
                           "a b",
                           "a~",
                           "caf\u00e9",
                           "\xFF",
                           "a\n",
                           "a,b",
                           "a=b",
                           "a(1)",
                           "a%2Fb",
                           ".",
                           "..",
                           ".x"}) {
    EXPECT_TRUE(is_foreign_name(name)) << name;
    EXPECT_FALSE(is_tag_name(name)) << name;
    EXPECT_FALSE(is_repository_name(name)) << name;
    EXPECT_FALSE(is_repository_name(std::string(name) + "/app")) << name;
  }
  EXPECT_TRUE(is_foreign_name(std::string_view("a\0", 2)));
  for (const char* name : {"data",
                           "link",
                           "_layers",
                           "_manifests",
                           "_uploads",
                           "sha256",
                           "current",
                           "index",
                           "app",
                           "Upper",
                           "a.b-c__d",
                           "v1.2.3-rc",
                           "_x",
                           "localhost:5000",
                           "[::1]:5000",
                           "Thumbs.db",
                           "a._b",
                           "-n",
                           "_",
                           "a..b",
                           "sha256-ab.sig",
                           "data.regctl-gc.1795231813.3f1c9b0e"})
    EXPECT_FALSE(is_foreign_name(name)) << name;
}

}  // namespace
}  // namespace regctl
