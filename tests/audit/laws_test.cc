// Laws that hold on every store: of sound ones, and of such with one thing damaged at random.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <random>

#include "audit/facts.h"
#include "tests/support/auditing.h"
#include "tests/support/looking.h"
#include "tests/support/random_store.h"

namespace regctl::audit {
namespace {

using namespace test;

Digests unreferenced(const Verdict& verdict) {
  Digests digests;
  for (const auto& [repository, digest] : found_by(Rule::blob_unreferenced, verdict))
    digests.insert(digest);
  return digests;
}

std::vector<Finding> worth_acting_on(const Verdict& verdict) {
  std::vector<Finding> findings = all_findings(verdict);
  std::erase_if(findings, [](const Finding& one) { return one.severity == Severity::info; });
  return findings;
}

RC_GTEST_PROP(AuditLaws, ASoundStoreIsCleanAndItsGarbageKnown, (std::uint32_t seed)) {
  const RandomStore store = random_store(seed);
  const Verdict verdict = Audit().of(store.registry);
  RC_ASSERT(worth_acting_on(verdict).empty());
  RC_ASSERT(verdict.harm.tags == 0u);
  RC_ASSERT(unreferenced(verdict) == store.garbage);
  const auto untagged = found_by(Rule::manifest_untagged, verdict);  // of whole repositories, too
  RC_ASSERT(std::ranges::includes(untagged, store.untagged));
}

// A file of a store, and what is wrong with it now.
struct Damaged {
  std::string path;
  const char* how;
};

Damaged damage(RegistryBuilder& registry, std::mt19937& random) {
  std::vector<std::string> files;
  for (const auto& [path, node] : registry.tree.nodes()) {
    const bool is_history = path.find("/index/") != path.npos;  // nothing is read from those
    if (node.kind == EntryKind::file && !is_history) files.push_back(path);
  }
  const std::string path = files[random() % files.size()];
  std::string& bytes = registry.tree.bytes(path);
  switch (random() % 5) {
    case 0:
      bytes[random() % bytes.size()] ^= static_cast<char>(1u << random() % 7);
      return {path, "flipped"};
    case 1:
      bytes.resize(random() % bytes.size());
      return {path, "cut off"};
    case 2:
      bytes += static_cast<char>(random());
      return {path, "appended to"};
    case 3:
      bytes[random() % bytes.size()] = '\0';
      return {path, "zeroed"};
    default:
      registry.tree.remove(path);
      return {path, "removed"};
  }
}

// As after a run that was killed, before the next gives back what is needed.
void quarantine(RegistryBuilder& registry, std::mt19937& random) {
  std::vector<std::string> files;
  for (const auto& [path, node] : registry.tree.nodes()) {
    const std::string_view name = layout::name_of(path);
    const bool is_of_tags = path.find("/tags/") != path.npos;
    if ((name == "data" || name == "link") && !is_of_tags) files.push_back(path);
  }
  registry.quarantine(files[random() % files.size()], kNow - kDay);
}

// The digest by which the place of a blob or a link is known.
std::optional<Digest> digest_in(const std::string& path) {
  const std::string_view above = layout::parent_of(path);
  return Digest::from_hex(Algorithm::sha256, layout::name_of(above));
}

RC_GTEST_PROP(AuditLaws, OneDamagedFileIsFoundAndNothingElse, (std::uint32_t seed)) {
  RandomStore store = random_store(seed);
  std::mt19937 random(seed);
  const Damaged damaged = damage(store.registry, random);
  RC_LOG() << damaged.path << " is " << damaged.how << '\n';
  const Verdict verdict = Audit().of(store.registry);
  const auto digest = digest_in(damaged.path);
  const bool is_garbage = digest && store.garbage.contains(*digest);
  const bool may_be_gone = std::string_view(damaged.how) == "removed";
  RC_TAG(worth_acting_on(verdict).empty() ? "not told" : damaged.how);
  for (const Finding& finding : worth_acting_on(verdict)) {
    RC_LOG() << info_of(finding.rule).id << ' ' << finding.path << ' '
             << (finding.digest ? finding.digest->text() : "") << '\n';
    RC_ASSERT(finding.path == damaged.path || layout::is_at_or_below(damaged.path, finding.path) ||
              (digest && finding.digest == digest));
  }
  RC_ASSERT(!worth_acting_on(verdict).empty() || may_be_gone || is_garbage);
}

// "Alive" and "pullable" have one meaning. What is unreferenced is what regctl-gc would take, and
// every tag that cannot be pulled is named by a finding that says why; no other is.
RC_GTEST_PROP(AuditLaws, TheCollectorAndTheFindingsAgreeOnWhatIsAliveAndPullable,
              (std::uint32_t seed)) {
  RandomStore store = random_store(seed);
  std::mt19937 random(seed);
  for (unsigned i = random() % 4; i > 0; --i) damage(store.registry, random);
  for (unsigned i = random() % 4; i > 0; --i) quarantine(store.registry, random);
  const Verdict verdict = Audit().of(store.registry);
  // With the sign of a quarantine the collector reads every layer link as well.
  store.registry.tree.directory(std::string(layout::kQuarantineSign), kNow - 30 * kDay);
  const gc::Looked looked = Look().keep_younger_than(Duration(0)).at(store.registry);
  RC_ASSERT(unreferenced(verdict) == planned(looked));

  using Tags = std::set<std::pair<std::string, std::string>>;
  Tags unpullable, named;
  const StoreFacts none;
  const Facts facts = facts_of(verdict.inventory, none, verdict.verification.contents, kNow);
  for (const Unpullable& one : facts.unpullable) {
    const Repository& repository = verdict.inventory.repositories[one.repository];
    for (const std::uint32_t tag : one.tags)
      unpullable.emplace(repository.name, repository.tags[tag].name);
  }
  for (const Finding& finding : worth_acting_on(verdict)) {
    for (const UsedBy& user : finding.used_by) {
      for (const std::string& tag : user.tags) named.emplace(user.repository, tag);
    }
  }
  RC_ASSERT(named == unpullable);
  RC_TAG(unpullable.empty() ? "all can be pulled" : "some cannot");
}

}  // namespace
}  // namespace regctl::audit
