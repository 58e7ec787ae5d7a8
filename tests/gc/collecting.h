// A run that changes a registry, from the first look to the second, on a disk (contract 3.2).
#pragma once

#include <gmock/gmock.h>

#include "tests/support/scene.h"
#include "tests/support/sweeping.h"
#include "tests/support/troubled_storage.h"

namespace regctl::test {

class Collect : public testing::Test {
 protected:
  Scene scene;
  std::optional<Sweeping> written;
  bool renamed = false;

  // The scene on a disk, from the first use on.
  Sweeping& store() {
    if (!written) written.emplace(scene.registry);
    return *written;
  }
  std::string data(const Digest& digest) const { return RegistryBuilder::data(digest); }

  // Once something was taken, a directory of blobs cannot be read.
  void second_look_fails() {
    store().meddle = [&](Verb verb, const std::string&) { renamed |= verb == Verb::set_aside; };
    store().wrap = [&](std::unique_ptr<Storage> storage) {
      const std::string shard = layout::blob_shard(scene.loose);
      const auto deny = [this, shard](Verb, const std::string& key) {
        return renamed && key == shard ? Answer::error : Answer::truth;
      };
      return std::make_unique<TroubledStorage>(std::move(storage), deny);
    };
  }

  // Everything that was there before, but for `digests`' data.
  static Files without(Files files, const std::set<Digest>& digests) {
    for (const Digest& digest : digests) files.erase(RegistryBuilder::data(digest));
    return files;
  }
};

}  // namespace regctl::test
