// Remains: what is left of images that are gone, so that nobody can pull it. Pure; how old it is,
// and whether it may go, is not said here.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "registry/inventory.h"

namespace regctl {

// No client can pull the tag: the manifest it points to was deleted (deleting through the
// registry's API leaves the directory of the revision link behind), or has no bytes anywhere, or
// nothing but directories is left of the tag. Where neither link nor directory of the revision is
// there, the bytes must be nowhere and the tag's history must know the manifest: else something was
// lost, or a bit of the link has flipped.
bool is_dead(const Inventory& inventory, const Repository& repository, const Tag& tag);

// As is_dead(), but for the history, which was not read: it is to be.
bool may_be_dead(const Inventory& inventory, const Repository& repository, const Tag& tag);

// The image whose signatures, attestations or SBOMs a tag of this name holds: cosign's
// sha256-HEX.sig, and sha256-HEX of the referrers tag schema (OCI distribution specification).
// Empty: no image's.
std::optional<Digest> subject_named_by(std::string_view tag);

// What refers to images that are gone.
class Orphans {
 public:
  // `inventory` must outlive it.
  explicit Orphans(const Inventory& inventory);

  // No longer in `repository`: deleted there, or in no repository at all. Signatures may be kept in
  // a repository of their own, apart from what they sign.
  bool is_gone(const Repository& repository, DigestId manifest) const;
  // By its name, that of an image that is gone.
  bool is_orphan(const Repository& repository, const Tag& tag) const;
  // In the order of the repository's revisions: those whose every subject is gone or itself one of
  // them, `orphans` to begin with.
  std::vector<bool> revisions(const Repository& repository,
                              const std::vector<DigestId>& orphans) const;

 private:
  const Inventory& inventory_;
  std::vector<bool> linked_;  // by DigestId: some repository has a revision link, if in quarantine
};

}  // namespace regctl
