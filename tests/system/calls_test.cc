// What a run asks the kernel for, by what is there: a guard against asking twice, and for what
// changes nothing. Seconds differ from machine to machine; system calls do not.
#include <gtest/gtest.h>

#include <fstream>

#include "registry/hasher.h"
#include "tests/support/store_on_disk.h"

namespace regctl {
namespace {

using namespace test;

class Calls : public StoreOnDisk {
 protected:
  static constexpr int kMore = 100;

  // A blob for every shard, so that no more of these come with what is told later; and a repository
  // of one image.
  Calls() {
    for (int i = 0; i < 256; ++i) {
      const std::array<std::uint8_t, 32> hash{static_cast<std::uint8_t>(i)};
      registry.blob_at(Digest(Algorithm::sha256, hash), "garbage");
    }
    registry.image("app", {"layer", "layer of another image"}, "v1");
    image_ = registry.image("app", {"layer"}, "v2");
  }

  // Calls about something below the store that `program_` makes.
  int count() {
    std::filesystem::remove_all(v2());
    write();
    const std::filesystem::path trace = work.path() / "trace";
    std::vector<std::string> argv = {"strace", "-f", "-qq", "-y", "-o", trace};
    argv.insert(argv.end(), program_.begin(), program_.end());
    const Ran ran = run(argv);
    EXPECT_EQ(ran.status, 0) << ran.err;
    std::ifstream in(trace);
    int calls = 0;
    for (std::string line; std::getline(in, line);) calls += line.find(v2().string()) != line.npos;
    EXPECT_GT(calls, 0) << ran.err;
    return calls;
  }

  // What each of kMore more things costs.
  template <class Tell>
  double cost_of(Tell tell) {
    const int before = count();
    for (int i = 0; i < kMore; ++i) tell(std::to_string(i));
    return (count() - before) / double{kMore};
  }

  std::vector<std::string> program_ = dry_run_of(root.path(), {"-j", "1"});
  Digest image_;
};

// Their listings grow: a read of a directory now and then.
constexpr double kListings = 0.2;

TEST_F(Calls, OfALink) {
  // openat2, statx, read, close
  EXPECT_LE(cost_of([&](const std::string& i) { registry.tag("app", "more" + i, image_); }),
            4 + kListings);
}

TEST_F(Calls, OfARevisionWithItsManifest) {
  const auto tell = [&](const std::string& i) {
    registry.manifest("app",
                      RegistryBuilder::image_json(digest_of("layer"), 5 + std::stoul(i), {}));
  };
  EXPECT_LE(cost_of(tell), 4 + 4 + kListings);
}

TEST_F(Calls, OfALiveBlobWithItsLinkThereAreNone) {
  std::vector<std::pair<Digest, std::uint64_t>> layers;
  const int before = count();
  for (int i = 0; i < kMore; ++i)
    layers.emplace_back(registry.layer("app", "more" + std::to_string(i)), 5);
  registry.manifest("app", RegistryBuilder::image_json(layers[0].first, 5, layers));
  EXPECT_LE((count() - before) / double{kMore}, (4 + 4) / double{kMore} + kListings);
}

TEST_F(Calls, OfABlobThatNothingNeeds) {
  // statx of its directory; openat2, statx of its data, close
  EXPECT_LE(cost_of([&](const std::string& i) { registry.blob("more" + i); }), 4 + kListings);
}

TEST_F(Calls, OfItsLayerLink) {
  EXPECT_LE(cost_of([&](const std::string& i) { registry.layer("app", "more" + i); }),
            4 + 4 + kListings);
}

TEST_F(Calls, OfBothInAnAudit) {
  // Of the blob's directory openat2, statx, two getdents64, statx of its data, close.
  program_ = audit_of(root.path());
  program_.insert(program_.end() - 1, {"-j", "1"});
  EXPECT_LE(cost_of([&](const std::string& i) { registry.layer("app", "more" + i); }),
            6 + 4 + kListings);
}

TEST_F(Calls, OfBothWhereTheyAreCollected) {
  // Three looks and a hash, a rename of each, two second opinions, and their end.
  program_ = {regctl_gc(),
              "--offline",
              "--trust-times",
              "--remove-mismatched",
              "--insist",
              "registry-in-doubt",
              "--max-delete",
              "100%",
              "-j",
              "1",
              root.path()};
  EXPECT_LE(cost_of([&](const std::string& i) { registry.layer("app", "more" + i); }),
            165 + kListings);
}

}  // namespace
}  // namespace regctl
