// A run that changes a registry, from the first look to the second, on a disk (contract 3.2).
#pragma once

#include <gmock/gmock.h>

#include "tests/support/scanning.h"
#include "tests/support/scene.h"
#include "tests/support/sweeping.h"

namespace regctl::test {

inline const Time kTaken = kNow - 10 * kDay;

class Collect : public testing::Test {
 protected:
  Scene scene;
  std::optional<Sweeping> written;
  bool renamed = false;
  std::unique_ptr<Storage> inner;

  // The scene on a disk, from the first use on.
  Sweeping& store() {
    if (!written) written.emplace(scene.registry);
    return *written;
  }
  std::string data(const Digest& digest) const { return RegistryBuilder::data(digest); }

  // Once something was taken, a directory of blobs cannot be read.
  void second_look_fails() {
    store().meddle = [&](std::string_view verb, const std::string&) { renamed |= verb == "sync"; };
    store().wrap = [&](std::unique_ptr<Storage> storage) {
      inner = std::move(storage);
      return std::make_unique<Meddled>(*inner, [&](std::string_view, const std::string& key) {
        if (renamed && key == "blobs/sha256/" + scene.loose.hex().substr(0, 2))
          throw StorageError(Trouble::unreadable, key, EIO);
        return false;
      });
    };
  }

  // Everything that was there before, but for `digests`' data.
  static Files without(Files files, const std::set<Digest>& digests) {
    for (const Digest& digest : digests) files.erase(RegistryBuilder::data(digest));
    return files;
  }
};

}  // namespace regctl::test
