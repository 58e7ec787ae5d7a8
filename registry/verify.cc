#include "registry/verify.h"

#include <mutex>

#include "registry/layout.h"

namespace regctl {
namespace {

Verified look_at(const Suspect& suspect, const Storage& storage, const Crew& crew) {
  const auto reader = storage.open(layout::join(layout::blob(suspect.digest), layout::kData));
  if (!reader) return {.soundness = Soundness::changed};
  const Identity before = reader->identity();
  const auto& seen = suspect.seen;
  if (seen && (before.bytes != seen->bytes || before.modified != seen->modified))
    return {.soundness = Soundness::changed};
  const auto found = hash(*reader, suspect.digest.algorithm(), crew);
  if (!found) return {.soundness = Soundness::left};
  if (reader->identity() != before) return {.soundness = Soundness::changed};
  return {.soundness = *found == suspect.digest ? Soundness::sound : Soundness::mismatched,
          .identity = before};
}

Verified verified(const Suspect& suspect, const Storage& storage, const Crew& crew) {
  try {
    return look_at(suspect, storage, crew);
  } catch (const StorageError& error) {
    return {.soundness = Soundness::unread, .error = error};
  }
}

}  // namespace

void verify(const std::vector<Suspect>& suspects, const Storage& storage, const Crew& crew,
            const OnVerified& on_verified) {
  Work total{.units = suspects.size()};
  for (const Suspect& suspect : suspects) total.bytes += suspect.seen ? suspect.seen->bytes : 0;
  crew.progress.phase("verify", total, "blobs");
  std::mutex mutex;
  const bool hurried = crew.pace.has_deadline();
  crew.workers.for_each_index(suspects.size(), [&](std::size_t i) {
    const Suspect& suspect = suspects[hurried ? suspects.size() - 1 - i : i];
    const Verified result = verified(suspect, storage, crew);
    {
      const std::lock_guard lock(mutex);
      on_verified(suspect, result);
    }
    crew.progress.advance({1});
  });
}

}  // namespace regctl
