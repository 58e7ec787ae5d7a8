#include "gc/doing/verify.h"

#include <algorithm>
#include <mutex>

#include "registry/layout.h"

namespace regctl::gc {
namespace {

class Verifier {
 public:
  Verifier(const Storage& storage, Pace& pace, const Workers& workers)
      : storage_(storage), pace_(pace), workers_(workers) {}

  void check(const BlobRemoval& blob) {
    try {
      look_at(blob);
    } catch (const StorageError& error) {
      const std::lock_guard lock(mutex_);
      result_.unread.push_back({.code = report::Code::unread_candidate,
                                .path = error.key(),
                                .digest = blob.digest,
                                .arguments = {report::reason_of(error)}});
    }
  }

  Verification result() && { return std::move(result_); }

 private:
  void look_at(const BlobRemoval& blob) {
    const auto reader = storage_.open(layout::blob(blob.digest) + '/' + std::string(layout::kData));
    if (!reader) return note(result_.changed);
    const Identity before = reader->identity();
    if (before.bytes != blob.bytes || before.modified != blob.written_at)
      return note(result_.changed);
    const auto found = pace_.hash(*reader, blob.digest.algorithm(), workers_);
    if (!found) return note(result_.left);
    const bool sound = *found == blob.digest;
    if (reader->identity() != before) return note(result_.changed);
    const std::lock_guard lock(mutex_);
    result_.read += before.bytes;
    (sound ? result_.sound : result_.mismatched).emplace(blob.digest, before);
  }

  void note(std::uint64_t& count) {
    const std::lock_guard lock(mutex_);
    ++count;
  }

  const Storage& storage_;
  Pace& pace_;
  const Workers& workers_;
  std::mutex mutex_;
  Verification result_;
};

}  // namespace

Plan only_verified(Plan plan, const Verification& verification, Mismatched mismatched) {
  for (BlobRemoval& blob : plan.blobs) {
    if (const auto sound = verification.sound.find(blob.digest); sound != verification.sound.end())
      blob.verified = sound->second;
    if (mismatched == Mismatched::keep) continue;
    if (const auto wrong = verification.mismatched.find(blob.digest);
        wrong != verification.mismatched.end())
      blob.verified = wrong->second;
  }
  std::erase_if(plan.blobs, [](const BlobRemoval& blob) { return !blob.verified; });
  return plan;
}

Verification verify(const Plan& plan, const Storage& storage, Pace& pace, const Workers& workers,
                    Progress& progress) {
  progress.phase("verify", plan.blobs.size(), "blobs");
  Verifier verifier(storage, pace, workers);
  // The largest first keep all threads busy to the end; the smallest first get something done
  // before a deadline.
  const bool hurried = pace.has_deadline();
  workers.for_each_index(plan.blobs.size(), [&](std::size_t i) {
    verifier.check(plan.blobs[hurried ? plan.blobs.size() - 1 - i : i]);
    progress.advance(1);
  });
  Verification result = std::move(verifier).result();
  std::sort(result.unread.begin(), result.unread.end(),
            [](const auto& a, const auto& b) { return a.path < b.path; });
  return result;
}

}  // namespace regctl::gc
