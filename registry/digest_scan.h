// Finds every digest of a manifest that can be a reference: what marking trusts.
//
// A registry reads manifests with Go's encoding/json, which matches keys without regard to case
// (Unicode folding included), lets duplicate keys win or leak, and accepts escaped digests, invalid
// UTF-8 and thousands of levels. Looking for the key "layers" would therefore lose live blobs. This
// scanner knows no keys to look for: every whole string, key or value, that is a digest is a
// reference, at any depth. It keeps a superset of what any registry would follow, so a mistake here
// costs disk space and never data.
#pragma once

#include <string_view>
#include <vector>

#include "registry/digest.h"

namespace regctl {

struct FoundReference {
  Digest digest;
  // Stands under a member whose name folds to "manifests", in an object whose media type, if it
  // names one, is not a layer's or a configuration's: may be a manifest itself even where no
  // repository lists it as one.
  bool child = false;

  bool operator==(const FoundReference&) const = default;
};

struct DigestScan {
  // The bytes are one JSON object in the grammar of encoding/json. If not, every digest-shaped
  // substring is a reference, none is a child, and `subjects` is empty.
  bool is_json_object = false;
  // In order of appearance, duplicates included. Digests inside the value of a member called
  // exactly "annotations" or "subject" are not references: no registry reads one there.
  std::vector<FoundReference> references;
  // Digests inside the value of a member called exactly "subject" (OCI image specification,
  // manifest.md), annotations of that name apart: the manifest this one is a referrer of.
  std::vector<Digest> subjects;
};

// `key` equals `name` as encoding/json matches field names: ASCII letters in either case, and the
// two other characters that Unicode folds onto them, U+017F (long s) and U+212A (Kelvin sign).
// `name` is lower case.
bool folds_to(std::string_view key, std::string_view name);

// Never throws on any input, needs time linear in it and no recursion. Several threads may call it.
DigestScan scan_digests(std::string_view bytes);

}  // namespace regctl
