#include "registry/remains.h"

#include <gtest/gtest.h>

#include "registry/hasher.h"

namespace regctl {
namespace {

TEST(Remains, ATagNamesASubjectByItsWholeDigest) {
  const Digest image = digest_of("an image");
  const std::string name = "sha256-" + image.hex();
  EXPECT_EQ(subject_named_by(name), image);
  for (const char* suffix : {".sig", ".att", ".sbom", ".", ".sig.2"})
    EXPECT_EQ(subject_named_by(name + suffix), image) << suffix;
  for (const std::string& other :
       {std::string(), std::string("v1"), std::string("sha256-"), name.substr(0, 70), name + "0",
        name + "-sig", "x" + name, "sha512-" + image.hex(), "SHA256-" + image.hex(),
        "sha256-" + std::string(64, 'A'), "sha256:" + image.hex()})
    EXPECT_EQ(subject_named_by(other), std::nullopt) << other;
}

}  // namespace
}  // namespace regctl
