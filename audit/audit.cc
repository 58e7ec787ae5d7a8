#include "audit/audit.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <thread>
#include <tuple>

#include "audit/facts.h"
#include "audit/images.h"
#include "audit/rules.h"
#include "audit/scope.h"
#include "registry/marking/unreached.h"
#include "registry/scan.h"

namespace regctl::audit {
namespace {

Inventory take_stock(const Storage& storage, const Wishes& wishes, const Crew& crew) {
  Inventory inventory = scan(storage, {.settle = wishes.settle, .detail = Detail::everything},
                             crew.workers, crew.progress);
  const auto all = inventory.blob_directories;
  return survey(storage, std::move(inventory), all, crew.workers, crew.progress);
}

// Whether it can come of looking while something is being pushed, deleted or collected.
bool may_pass(const Finding& finding) {
  switch (finding.rule) {
    case Rule::upload_stale:
    case Rule::upload_malformed:
    case Rule::unexpected_file:
    case Rule::blob_misplaced:
    case Rule::owner_mixed:
      return false;
    default:
      return finding.severity != Severity::info;
  }
}

// A push makes the entry of a tag's history first, and the tag's link then.
bool may_be_getting_its_link(const Finding& finding) {
  return finding.rule == Rule::tag_dangling && !finding.digest;
}

// Old registries write blobs in place: for a moment one is empty, or short.
bool may_be_being_written(const Finding& finding, const Inventory& inventory, Time now) {
  constexpr Duration kLately = std::chrono::minutes(1);
  const auto id = finding.digest ? inventory.digests.find(*finding.digest) : std::nullopt;
  const Blob* blob = id ? inventory.blob(*id) : nullptr;
  return finding.severity == Severity::error && blob && blob->present &&
         blob->modified > now - kLately;
}

// When something was last written to the history of the finding's tag.
Time last_entry(const Finding& finding, const Inventory& inventory) {
  Time last{};
  if (!may_be_getting_its_link(finding)) return last;
  const Tag* tag = inventory.tag(finding.repository, finding.tag);
  if (!tag) return last;
  for (const TagEntry& entry : tag->history) last = std::max(last, entry.modified);
  return last;
}

// What looks found wrong, by which a later one knows it again, whatever is wrong with it then.
class Before {
 public:
  void add(const std::vector<Finding>& findings, const Inventory& inventory) {
    for (const Finding& finding : findings) {
      if (may_pass(finding)) keys_.insert(key_of(finding, inventory));
    }
  }
  bool contains(const Finding& finding, const Inventory& inventory) const {
    return keys_.contains(key_of(finding, inventory));
  }

 private:
  using Key = std::tuple<std::string, std::string, std::optional<Digest>, std::string, Time>;
  static Key key_of(const Finding& finding, const Inventory& inventory) {
    const Time entered = last_entry(finding, inventory);
    if (!finding.path.empty()) return {"", "", std::nullopt, finding.path, entered};
    return {finding.repository, finding.tag, finding.digest, "", entered};
  }

  std::set<Key> keys_;
};

UsageReport usage_of(const Facts& facts) {
  return usage(facts.inventory, known_sizes(facts.inventory), facts.mark.all_live(),
               garbage_of(facts.inventory, facts.unreached));
}

// Hashes what was asked for. Where evidence and our own eyes differ, these decide.
Verification verify(const Inventory& inventory, const Storage& storage, const Wishes& wishes,
                    const Crew& crew, const Diary& diary) {
  Known known = known_of(inventory, diary, wishes.evidence);
  const Choice choice{wishes.subset, Scope(inventory, wishes.repositories).blobs(), wishes.max_age};
  const auto blobs = to_be_read(choice, inventory, known, diary.now);
  Verification verification = verify_blobs(blobs, inventory, storage, crew, known, diary);
  verification.subset = wishes.subset;
  verification.strangers = known.strangers;
  verification.outdated = known.outdated;
  verification.known = share_of(known, inventory, diary.now);
  for (const auto& [digest, found] : known.accused) {
    const LastSeen& last = known.blobs[index_of(*inventory.digests.find(digest))];
    if (last.is_still_right())
      verification.disputed.push_back(digest);
    else
      verification.contents.wrong[digest] = found;
  }
  return verification;
}

// After hashing: the second where the first saw what none did before.
constexpr int kMostLooks = 2;

}  // namespace

Verdict audit(const Storage& storage, const StoreFacts& store, const Wishes& wishes,
              const Crew& crew, const Diary& diary) {
  const Time now = diary.now;
  Verdict verdict;
  Contents& contents = verdict.verification.contents;
  std::optional<Facts> facts;
  const auto judge = [&] {
    facts.emplace(facts_of(verdict.inventory, store, contents, now));
    verdict.findings = check(*facts);
  };
  const auto forget = [&] {
    facts.reset();
    verdict.findings = Findings();
  };
  const auto look = [&](const Workers& workers) {
    forget();
    verdict.inventory = {};  // two stocks at once would be twice the memory
    verdict.inventory = take_stock(storage, wishes, {workers, crew.pace, crew.progress});
    judge();
  };
  Before before;
  const auto look_once_more = [&](const Workers& workers) {
    Contents again = look_again(contents, verdict.inventory, storage, crew, diary);
    before.add(verdict.findings, verdict.inventory);
    const auto wants_time = [&](const Finding& finding) {
      return may_be_getting_its_link(finding) ||
             may_be_being_written(finding, verdict.inventory, now);
    };
    if (std::ranges::any_of(verdict.findings, wants_time))
      std::this_thread::sleep_for(wishes.settle);
    contents = std::move(again);
    look(workers);
  };
  const auto is_new = [&](const Finding& finding) {
    return may_pass(finding) && !before.contains(finding, verdict.inventory);
  };

  look(crew.workers);
  // A signal ends what is read, but not a look that has begun: it is soon over, and without it all
  // would be lost.
  const Workers steadfast(crew.workers.count());
  // Before hours of hashing, which a signal may end.
  if (std::ranges::any_of(verdict.findings, may_pass)) look_once_more(steadfast);
  const bool hashes =
      wishes.subset.kind != Subset::Kind::nothing || diary.state || !wishes.evidence.empty();
  if (hashes) forget();
  verdict.verification = verify(verdict.inventory, storage, wishes, crew, diary);
  if (hashes) judge();
  bool& is_interrupted = verdict.verification.is_interrupted;
  // What is gone was perhaps needed, and what was missing before the hashing may have come.
  const auto is_open = [&](const Finding& finding) {
    return hashes ? may_pass(finding) : is_new(finding);
  };
  bool is_settled = is_interrupted ||
                    (!verdict.verification.gone && std::ranges::none_of(verdict.findings, is_open));
  try {
    for (int looks = 0; !is_settled && looks < kMostLooks; ++looks) {
      look_once_more(steadfast);
      is_settled = std::ranges::none_of(verdict.findings, is_new);
    }
  } catch (const Interrupted&) {
    is_interrupted = true;
  }
  is_interrupted |= crew.workers.stopping();
  // Told is what two looks saw. But what one did not see is not seen, and what was read was read.
  std::erase_if(verdict.findings, [&](const Finding& finding) {
    const bool was_read = finding.rule == Rule::blob_digest_mismatch ||
                          (finding.rule == Rule::link_name_mismatch && !contents.misnamed.empty());
    return is_new(finding) && !hides(finding) && !(is_interrupted && was_read);
  });
  const Scope scope(verdict.inventory, wishes.repositories);
  verdict.idle_globs = scope.idle_globs();
  verdict.unreferenced = unreferenced(*facts);
  scope.keep_wanted(verdict.findings, verdict.unreferenced);
  if (!is_interrupted) name_platforms(verdict.findings, verdict.inventory, storage, steadfast);
  verdict.harm = harm_of(*facts, verdict.findings);
  verdict.usage = usage_of(*facts);
  return verdict;
}

}  // namespace regctl::audit
