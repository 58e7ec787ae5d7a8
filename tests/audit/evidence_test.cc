// Checksums that somebody else computed, line by line.
#include "audit/evidence.h"

#include <gtest/gtest.h>

#include "cli/failure.h"
#include "registry/hasher.h"
#include "tests/support/printing.h"
#include "tests/support/registry_builder.h"
#include "tests/support/temporary_directory.h"

namespace regctl::audit {

void PrintTo(const Checksum& one, std::ostream* out) {
  *out << one.blob.text() << " is " << one.found.text();
}

namespace {

using namespace test;

const Digest a = digest_of("a"), b = digest_of("b"), wide = digest_of("a", Algorithm::sha512);

std::string path_of(const Digest& digest) { return RegistryBuilder::data(digest); }

std::vector<Checksum> parsed(const std::string& text) {
  return parse_evidence(text, "sums", {}, "/").checksums;
}

TEST(Evidence, WhatSha256sumWrites) {
  EXPECT_EQ(parsed(a.hex() + "  " + path_of(a) + '\n' + a.hex() + " *docker/registry/v2/" +
                   path_of(b) + "\n\n" + wide.hex() + "  ./" + path_of(wide)),
            (std::vector<Checksum>{{a, a}, {b, a}, {wide, wide}}));
}

TEST(Evidence, WhatItWritesWithTag) {
  EXPECT_EQ(parsed("SHA256 (" + path_of(a) + ") = " + a.hex() + "\r\n"),
            (std::vector<Checksum>{{a, a}}));
}

TEST(Evidence, EscapedNames) {
  EXPECT_EQ(parsed("\\" + a.hex() + "  odd\\\\dir\\n/" + path_of(a)),
            (std::vector<Checksum>{{a, a}}));
}

std::string batch(const std::string& key, const std::string& message,
                  const std::string& status = "succeeded") {
  return "bucket," + key + ",," + status + ",200,,\"" + message + "\"\n";
}

TEST(Evidence, TheReportOfABatchJob) {
  const std::string kind = R"(""checksumAlgorithm"":""SHA256"",""checksumType"":""FULL_OBJECT"",)";
  EXPECT_EQ(parsed(batch("docker/registry/v2/" + path_of(a),
                         "{" + kind + R"(""checksumHex"":"")" + a.hex() + R"(""})") +
                   batch("docker%2Fregistry%2Fv2%2F" + path_of(b),
                         "{" + kind + R"(""checksum_hex"":"")" + a.hex() + R"(""})")),
            (std::vector<Checksum>{{a, a}, {b, a}}));
}

// Nor does what was computed on another storage speak for this one.
TEST(Evidence, AnAbsolutePathMustLeadHere) {
  const TemporaryDirectory work;
  const std::filesystem::path here = work.path() / "here", there = work.path() / "there";
  for (const auto& top : {here, there}) std::filesystem::create_directories(top / "blobs");
  std::filesystem::create_directory_symlink(here, work.path() / "other name");
  const auto sum = [](const std::string& top, const Digest& of) {
    return of.hex() + "  " + top + '/' + path_of(of) + '\n';
  };
  const Evidence evidence = parse_evidence(sum(here, a) + sum(work.path() / "other name", b) +
                                               sum(there, b) + sum(work.path() / "nowhere", b),
                                           "sums", {}, here);
  EXPECT_EQ(evidence.checksums, (std::vector<Checksum>{{a, a}, {b, b}}));
  EXPECT_EQ(evidence.elsewhere, 2u);
  EXPECT_EQ(parse_evidence(sum(there, b), "sums", {}, here).elsewhere, 1u);
}

TEST(Evidence, CopiesInQuarantineAreLeftOut) {
  const std::string copy = layout::blob(b) + "/" + layout::quarantine_name({"data", kTaken, "0a"});
  EXPECT_EQ(parsed(b.hex() + "  " + copy + '\n' + a.hex() + "  " + path_of(a)),
            (std::vector<Checksum>{{a, a}}));
}

TEST(Evidence, WhatIsNotUnderstoodIsRefusedByItsLine) {
  const std::string good = a.hex() + "  " + path_of(a) + '\n';
  const std::string kind = R"(""checksumAlgorithm"":""CRC32"",)";
  const std::vector<std::string> all = {
      std::string("sha256sum: blobs/x: Permission denied"),
      a.hex() + "  repositories/app/_layers/sha256/" + a.hex() + "/link",
      a.hex() + "  " + layout::blob(a) + "/other",
      a.hex() + "  " + path_of(wide),
      a.hex() + "  my" + path_of(a),
      a.hex() + "  blobs/sha256/xx/" + a.hex() + "/data",
      a.hex().substr(1) + "  " + path_of(a),
      std::string(64, 'g') + "  " + path_of(a),
      a.hex() + " " + path_of(a),
      batch(path_of(a), "denied", "failed"),
      batch(path_of(a), "{" + kind + R"(""checksumHex"":""6D2F5339""})"),
      batch(path_of(a), "{}"),
      "a,b,\"c"};
  for (const std::string& bad : all) {
    try {
      parsed(good + bad);
      ADD_FAILURE() << bad;
    } catch (const cli::UsageError& error) {
      EXPECT_NE(std::string(error.what()).find("sums: line 2"), std::string::npos) << error.what();
    }
  }
  EXPECT_THROW(parsed(""), cli::UsageError);
}

}  // namespace
}  // namespace regctl::audit
