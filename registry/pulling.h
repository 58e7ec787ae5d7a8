// Pulling: what a registry would not hand out to a client that pulls by tag, and so which tags, and
// which platforms of them, nobody can pull. Pure; the counterpart of marking, which asks what must
// stay.
//
// A registry hands out a manifest if a revision link of the repository names it (or, as registries
// of 2.1 wrote them, a layer link), and a blob if a layer link does, and the bytes are there
// (distribution, registry/storage/linkedblobstore.go, registry.go). A client believes no bytes that
// do not hash to the name by which it asked.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "registry/inventory.h"
#include "registry/shared_list.h"

namespace regctl {

// Why the registry does not hand something out, or no client takes it.
enum class Lack : std::uint8_t {
  nothing,      // it does, or what would say so was not seen
  link,         // its repository has no link to it that can be read
  bytes,        // they are nowhere, or only in quarantine
  right_bytes,  // others stand there, more or fewer than the manifest says, or no manifest
  platforms,    // of an index that names some, none was ever pushed
};

struct Lacking {
  DigestId digest;
  Lack lack;

  auto operator<=>(const Lacking&) const = default;
};

// An image, or an index as such, that cannot be pulled by the tags that lead to it, all in the same
// way.
struct Unpullable {
  std::uint32_t repository;          // index into the inventory's
  std::optional<DigestId> manifest;  // empty: it is not known what the tags point to
  std::optional<DigestId> named_by;  // the index that names it; empty: the tags point to it
  std::vector<Lacking> lacks;        // by digest; empty where `manifest` is
  SharedList<std::uint32_t> tags;    // indices into the repository's, newest first

  bool operator==(const Unpullable&) const = default;
};

class Pulling {
 public:
  // What an obstacle hides: is it taken to be there?
  enum class Hidden : std::uint8_t { is_there, is_lacking };

  // What is known not to hash to its name.
  struct Wrong {
    std::vector<bool> blobs;                        // by DigestId
    std::set<std::pair<DigestId, DigestId>> links;  // by another name, to a blob: (name, target)
  };

  // `inventory` must outlive it. REQUIRES: the blobs were surveyed; what was not visited counts as
  // there.
  Pulling(const Inventory& inventory, Wrong wrong, Hidden hidden = Hidden::is_there);

  Lack of_manifest(const Repository& repository, DigestId id) const;
  Lack of_blob(const Repository& repository, const Reference& reference) const;
  // The bytes that `repository` hands out for it are as many as the manifest says, or not there.
  bool is_of_its_size(const Repository& repository, const Reference& reference) const;

  // The file at `key`, which was not found, counts as there all the same.
  bool is_excused(const std::string& key) const;

  // An index of `repository` names `child`, which was never pushed there: it is not handed out, has
  // no revision link, nor the directory of one that was deleted, and if it has bytes they are
  // another repository's, and this one does not link all that it consists of.
  bool was_never_pushed(const Repository& repository, DigestId child) const;

  // Of the platforms that `index` names, without the attestations of their making.
  struct Platforms {
    std::uint64_t all = 0;
    std::uint64_t never_pushed = 0;  // and not there either
    std::uint64_t handed_out = 0;
  };
  Platforms platforms_of(const Repository& repository, const Document& index) const;

  // By repository, then manifest, then the index that names it. What was never pushed is left out:
  // nobody misses one platform of several.
  std::vector<Unpullable> unpullable() const;

 private:
  Lack of_bytes(DigestId id) const;
  Lack of_manifest_bytes(DigestId id) const;
  // Its configuration and layers, of which there are some.
  bool links_all_of(const Repository& repository, DigestId manifest) const;

  const Inventory& inventory_;
  Wrong wrong_;
  Hidden hidden_;
  std::vector<bool> linked_;  // by DigestId: some repository has a revision link to it
};

}  // namespace regctl
