#include "gc/doing/sweep.h"

#include <algorithm>
#include <chrono>
#include <mutex>

#include "gc/deciding/tolerances.h"
#include "gc/doing/removals.h"
#include "registry/layout.h"

namespace regctl::gc {
namespace {

using layout::join;
using report::Code;
using Outcome = Writer::Outcome;

// The directory that holds the copy, and the object it is a copy of. REQUIRES: it is no tag.
std::string directory_of(Quarantined::Kind kind, const std::string& repository,
                         const Digest& digest) {
  switch (kind) {
    case Quarantined::Kind::blob:
      return layout::blob(digest);
    case Quarantined::Kind::layer_link:
      return join(layout::repository(repository),
                  join(layout::kLayers, layout::digest_path(digest)));
    case Quarantined::Kind::revision_link:
      return join(layout::repository(repository),
                  join(layout::kManifests, join(layout::kRevisions, layout::digest_path(digest))));
    case Quarantined::Kind::tag:
      break;
  }
  return {};
}

std::string original_of(Quarantined::Kind kind) {
  return std::string(kind == Quarantined::Kind::blob ? layout::kData : layout::kLink);
}

// The directory of a tag in quarantine.
std::string place_of_tag(const Copy& copy) {
  return layout::quarantined_tag(copy.repository, copy.tag, {copy.taken, copy.run});
}

std::string quarantine_name(const Copy& copy) {
  return layout::quarantine_name({original_of(copy.kind), copy.taken, copy.run});
}

class Sweep {
 public:
  Sweep(const Errand& errand, const LockedStore& store, const Crew& crew)
      : errand_(errand), storage_(store.storage), writer_(store.writer), crew_(crew) {}

  void give_back(const Plan& plan) {
    if (plan.restore.empty()) return;
    crew_.progress.phase("give back", {plan.restore.size()}, "objects");
    using Kind = Quarantined::Kind;
    for (const auto kind : {Kind::blob, Kind::layer_link, Kind::revision_link, Kind::tag})
      each(
          plan.restore, [&](const Restoration& one) { return one.copy.kind == kind; },
          [&](const Restoration& one) { give_back(one.copy); });
    sync();
  }

  void take(const Plan& plan) {
    crew_.progress.phase(
        "quarantine",
        {plan.tags.size() + plan.manifests.size() + plan.layer_links.size() + plan.blobs.size()},
        "objects");
    put_up_sign();
    each(plan.tags, all, [&](const TagRemoval& one) { take_tag(one); });
    std::set<Digest> needed = needed_by_what_stays();
    each(plan.manifests, all, [&](const ManifestRemoval& one) {
      if (needed.contains(one.digest)) return skip();
      take_link(Quarantined::Kind::revision_link, one.repository, one.digest, one.link);
    });
    needed = needed_by_what_stays();
    each(plan.layer_links, all, [&](const LayerLinkRemoval& one) {
      if (needed.contains(one.digest) || (one.blob && needed.contains(*one.blob))) return skip();
      take_link(Quarantined::Kind::layer_link, one.repository, one.digest, one.link);
    });
    needed = needed_by_what_stays();
    each(
        plan.blobs, [](const BlobRemoval& one) { return one.verified.has_value(); },
        [&](const BlobRemoval& one) {
          if (needed.contains(one.digest)) return skip();
          const auto is_verified = [&](const Identity& found) { return found == *one.verified; };
          take(Quarantined::Kind::blob, "", one.digest, is_verified, one.bytes);
        });
    sync();
    std::sort(report_.taken.begin(), report_.taken.end());
  }

  void purge(const Plan& plan) {
    if (!purges_anything(plan)) return;
    crew_.progress.phase("purge", {plan.purge.size() + plan.uploads.size()}, "objects");
    each(plan.uploads, all, [&](const UploadRemoval& one) { purge_upload(one); });
    each(plan.leftovers, all, [&](const LeftoverRemoval& one) { remove_leftover(one); });
    const auto is = [](Quarantined::Kind kind) {
      return [kind](const Purge& one) { return one.copy.kind == kind; };
    };
    each(plan.purge, is(Quarantined::Kind::tag), [&](const Purge& one) { purge_tag(one.copy); });
    each(plan.purge, is(Quarantined::Kind::layer_link), [&](const Purge& one) { purge(one); });
    each(plan.purge, is(Quarantined::Kind::revision_link),
         [&](const Purge& one) { or_else_it_stays({*one.copy.digest}, [&] { purge(one); }); });
    const std::set<Digest> needed = needed_by_what_stays();
    each(plan.purge, is(Quarantined::Kind::blob), [&](const Purge& one) {
      if (needed.contains(*one.copy.digest)) return skip();
      purge(one);
    });
    each(plan.empty_repositories, all, [&](const std::string& name) { purge_repository(name); });
    sync();
  }

  SweepReport report() && {
    std::sort(report_.failures.begin(), report_.failures.end(),
              [](const auto& a, const auto& b) { return a.path < b.path; });
    return std::move(report_);
  }

 private:
  static constexpr auto all = [](const auto&) { return true; };

  // act(item) for every item that is wanted. What fails is noted; nothing further begins once the
  // stage has stopped.
  template <class T, class Wanted, class Act>
  void each(const std::vector<T>& items, Wanted wanted, Act act) {
    try {
      crew_.workers.for_each_index(items.size(), [&](std::size_t i) {
        if (!wanted(items[i]) || has_stopped()) return;
        attempt([&] { act(items[i]); });
        crew_.progress.advance({1});
      });
    } catch (const Interrupted&) {
      stop();
    }
  }

  template <class Act>
  void attempt(Act act) {
    try {
      act();
    } catch (const StorageError& error) {
      fail(Code::not_removed, error.key(), {report::reason_of(error)});
    } catch (const NotSynced& error) {
      fail(Code::not_synced, "", {error.key(), report::SystemReason{error.error()}});
      stop();
    } catch (const StorageRefuses& error) {
      fail(Code::storage_refuses, "", {error.key(), report::SystemReason{error.error()}});
      stop();
    }
  }

  // act(), which makes what names `digests` go.
  template <class Act>
  void or_else_it_stays(const std::vector<Digest>& digests, Act act) {
    try {
      act();
    } catch (const Error&) {
      stay(digests);
      throw;
    }
  }
  void stay(const std::vector<Digest>& digests) {
    const std::lock_guard lock(mutex_);
    staying_.insert(staying_.end(), digests.begin(), digests.end());
  }
  std::set<Digest> needed_by_what_stays() const {
    return staying_.empty() ? std::set<Digest>() : errand_.needs(staying_);
  }

  void skip() {
    const std::lock_guard lock(mutex_);
    ++report_.skipped;
  }

  void sync() {
    attempt([&] { writer_.sync(); });
  }

  // Tells dry runs that there is something in quarantine. Without it they may overlook that; a full
  // disk, which has no room for it, is to be collected all the same.
  void put_up_sign() {
    try {
      writer_.make_directory(layout::kQuarantineSign);
    } catch (const Error&) {
    }
  }

  // Only the link that was judged. One that was written since says that somebody wants what it
  // names.
  void take_link(Quarantined::Kind kind, const std::string& repository, const Digest& digest,
                 const LinkVersion& judged) {
    const auto is_judged = [&](const Identity& found) {
      return LinkVersion{found.modified, found.inode} == judged;
    };
    or_else_it_stays({digest}, [&] { take(kind, repository, digest, is_judged, 0); });
  }

  // Only with the current link that was judged. One that is written while the directory moves goes
  // with it, and the second look finds it.
  void take_tag(const TagRemoval& one) {
    or_else_it_stays(one.names, [&] {
      const std::string from = layout::tag(one.repository, one.tag);
      const auto found = storage_.stat(layout::tag_current_link(one.repository, one.tag));
      const bool is_judged =
          found ? one.link == LinkVersion{found->modified, found->inode} : !one.link;
      if (!found && one.link) insist_that_it_is_gone(join(from, "current"));
      const bool may_go = is_judged && !holds_a_stranger(from, storage_);
      const Copy copy = taken_now(Quarantined::Kind::tag, one.repository, std::nullopt, one.tag);
      if (!may_go || writer_.move_directory(from, place_of_tag(copy)) != Outcome::done) {
        stay(one.names);
        return skip();
      }
      const std::lock_guard lock(mutex_);
      report_.taken.push_back(copy);
      ++report_.tags;
    });
  }

  // REQUIRES: the rename that it names follows at once.
  Copy taken_now(Quarantined::Kind kind, const std::string& repository,
                 const std::optional<Digest>& digest, const std::string& tag = {}) const {
    return {kind,        repository, digest, std::chrono::floor<std::chrono::seconds>(now()),
            errand_.run, tag};
  }

  void take(Quarantined::Kind kind, const std::string& repository, const Digest& digest,
            const Writer::Expected& expected, std::uint64_t bytes) {
    const Copy copy = taken_now(kind, repository, digest);
    const std::string directory = directory_of(kind, repository, digest);
    const Outcome outcome =
        writer_.set_aside(directory, original_of(kind), quarantine_name(copy), expected);
    if (outcome != Outcome::done) {
      if (outcome != Outcome::absent) stay({digest});
      return skip();
    }
    if (now() - copy.taken > kLongestRename &&
        writer_.put_back(directory, quarantine_name(copy), original_of(kind)) == Outcome::done) {
      stay({digest});
      return fail(Code::slow_storage, join(directory, original_of(kind)));
    }
    const std::lock_guard lock(mutex_);
    report_.taken.push_back(copy);
    if (kind == Quarantined::Kind::blob)
      report_.quarantined += bytes;
    else
      ++(kind == Quarantined::Kind::revision_link ? report_.manifests : report_.layer_links);
  }

  // Throws StorageError if `directory` still lists a link.
  void insist_that_it_is_gone(const std::string& directory) const {
    const auto listing = storage_.list(directory);
    const auto is_link = [](const Entry& entry) { return entry.name == layout::kLink; };
    if (listing && std::any_of(listing->entries.begin(), listing->entries.end(), is_link))
      throw StorageError(Trouble::unstable, join(directory, layout::kLink));
  }

  void give_back(const Copy& copy) {
    if (copy.kind == Quarantined::Kind::tag) return give_back_tag(copy);
    const std::string directory = directory_of(copy.kind, copy.repository, *copy.digest);
    const auto stat = storage_.stat(join(directory, quarantine_name(copy)));
    const Outcome outcome =
        writer_.put_back(directory, quarantine_name(copy), original_of(copy.kind));
    if (outcome == Outcome::absent && !storage_.stat(join(directory, original_of(copy.kind))))
      return fail(Code::copy_vanished, join(directory, quarantine_name(copy)));
    const std::lock_guard lock(mutex_);
    if (outcome != Outcome::done)
      ++report_.skipped;  // uploaded again meanwhile, or given back by hand
    else if (copy.kind == Quarantined::Kind::blob)
      report_.restored += stat ? stat->bytes : 0;
    else
      ++report_.links_restored;
  }

  void give_back_tag(const Copy& copy) {
    const std::string from = place_of_tag(copy), to = layout::tag(copy.repository, copy.tag);
    const Outcome outcome = writer_.move_directory(from, to);
    if (outcome == Outcome::absent && !storage_.stat(to)) return fail(Code::copy_vanished, from);
    if (outcome != Outcome::done) return skip();  // given again meanwhile, or back by hand
    writer_.remove_directory(from.substr(0, from.rfind('/')));
    const std::lock_guard lock(mutex_);
    ++report_.links_restored;
  }

  // Whether the object whose copy is about to go is what it should be: then the copy is not needed.
  // Empty: it has gone, is being written, or could not be read in time.
  std::optional<bool> original_is_sound(const Copy& copy) const {
    const std::string directory = directory_of(copy.kind, copy.repository, *copy.digest),
                      key = join(directory, original_of(copy.kind));
    if (copy.kind == Quarantined::Kind::blob) {
      const auto reader = storage_.open(key);
      if (!reader) return std::nullopt;
      const auto digest = hash(*reader, {copy.digest->algorithm()}, crew_);
      return digest ? std::optional(digest->front() == copy.digest) : std::nullopt;
    }
    const auto link = storage_.read(key, layout::kLongestLink);
    if (!link || link->bytes.empty())
      return std::nullopt;  // old registries empty a link before they write it again
    if (copy.kind == Quarantined::Kind::revision_link)
      return Digest::parse(link->bytes) == copy.digest;
    const auto content =
        storage_.read(join(directory, quarantine_name(copy)), layout::kLongestLink);
    return content && content->bytes == link->bytes;  // a layer link may be another name
  }

  void purge(const Purge& one) {
    const Copy& copy = one.copy;
    const std::string directory = directory_of(copy.kind, copy.repository, *copy.digest),
                      name = quarantine_name(copy);
    if (one.duplicate) {
      const auto sound = original_is_sound(copy);
      if (!sound) return skip();
      if (!*sound) return fail(Code::duplicate_kept, join(directory, name));
    }
    for (const std::string& tag : one.former_tags) {
      const std::string entry =
          join(layout::tag(copy.repository, tag), join("index", layout::digest_path(*copy.digest)));
      const auto entered = storage_.stat(join(entry, layout::kLink));
      if (!entered || entered->modified >= copy.taken) continue;  // somebody is tagging it again
      writer_.remove_file(entry, layout::kLink);
      writer_.remove_directory(entry);
    }
    const bool is_blob = copy.kind == Quarantined::Kind::blob;
    const auto stat = is_blob ? storage_.stat(join(directory, name)) : std::nullopt,
               around = storage_.stat(directory);
    if (writer_.remove_file(directory, name) == Outcome::done)
      count_purged(one, stat);
    else
      skip();
    // Nobody wrote here since the copy was taken: then nobody is about to.
    if (around && around->modified < copy.taken + kClocksDiffer)
      writer_.remove_directory(directory);
  }

  void count_purged(const Purge& one, const std::optional<Stat>& stat) {
    const std::lock_guard lock(mutex_);
    if (one.copy.kind != Quarantined::Kind::blob) {
      ++report_.links_purged;
      return;
    }
    const bool last_name = !stat || stat->names == 1;
    report_.purged += last_name ? one.bytes : 0;
    if (!last_name)
      report_.still_named += one.bytes;
    else if (stat)
      report_.purged_disk_bytes += stat->disk_bytes;
  }

  void purge_tag(const Copy& copy) {
    const std::string directory = place_of_tag(copy);
    if (!remove_tag(directory, storage_, writer_)) return fail(Code::tag_kept, directory);
    writer_.remove_directory(directory.substr(0, directory.rfind('/')));
    const std::lock_guard lock(mutex_);
    ++report_.links_purged;
  }

  void purge_upload(const UploadRemoval& upload) {
    const auto [outcome, freed] = remove_upload(upload, storage_, writer_);
    if (outcome == RemovedUpload::Outcome::changed) return skip();
    if (outcome == RemovedUpload::Outcome::kept)
      fail(Code::upload_kept, layout::upload(upload.repository, upload.uuid));
    const std::lock_guard lock(mutex_);
    report_.uploads += outcome == RemovedUpload::Outcome::gone;
    report_.purged_disk_bytes += freed;
  }

  void remove_leftover(const LeftoverRemoval& leftover) {
    const auto stat = storage_.stat(leftover.path);
    const auto slash = leftover.path.rfind('/');
    const bool same = stat && stat->kind == EntryKind::file && stat->modified == leftover.modified;
    if (!same || writer_.remove_file(leftover.path.substr(0, slash),
                                     leftover.path.substr(slash + 1)) != Outcome::done)
      return skip();
    const std::lock_guard lock(mutex_);
    ++report_.leftovers;
    report_.purged_disk_bytes += stat->disk_bytes;
  }

  void purge_repository(const std::string& repository) {
    if (!remove_repository(repository, storage_, writer_)) return skip();
    const std::lock_guard lock(mutex_);
    ++report_.empty_repositories;
  }

  void fail(Code code, std::string path, std::vector<report::Argument> arguments = {}) {
    const std::lock_guard lock(mutex_);
    report_.failures.push_back(
        {.code = code, .path = std::move(path), .arguments = std::move(arguments)});
  }

  void stop() {
    const std::lock_guard lock(mutex_);
    report_.stopped = true;
  }
  bool has_stopped() {
    const std::lock_guard lock(mutex_);
    return report_.stopped;
  }

  const Errand& errand_;
  const Storage& storage_;
  Writer& writer_;
  const Crew& crew_;
  std::mutex mutex_;
  SweepReport report_;
  std::vector<Digest> staying_;  // named by links that should go and did not, or were written since
                                 // they were judged
};

}  // namespace

SweepReport& SweepReport::operator+=(SweepReport more) {
  const auto add = [](Amount& to, const Amount& from) {
    to.count += from.count;
    to.bytes += from.bytes;
  };
  add(quarantined, more.quarantined);
  add(purged, more.purged);
  add(restored, more.restored);
  for (const auto field :
       {&SweepReport::purged_disk_bytes, &SweepReport::still_named, &SweepReport::tags,
        &SweepReport::manifests, &SweepReport::layer_links, &SweepReport::links_purged,
        &SweepReport::links_restored, &SweepReport::uploads, &SweepReport::leftovers,
        &SweepReport::empty_repositories, &SweepReport::skipped})
    this->*field += more.*field;
  failures.insert(failures.end(), more.failures.begin(), more.failures.end());
  stopped |= more.stopped;
  return *this;
}

SweepReport sweep(const Plan& plan, const Errand& errand, const LockedStore& store,
                  const Crew& crew) {
  Sweep sweep(errand, store, crew);
  switch (errand.stage) {
    case Stage::give_back:
      sweep.give_back(plan);
      break;
    case Stage::take:
      sweep.take(plan);
      break;
    case Stage::purge:
      sweep.purge(plan);
      break;
  }
  return std::move(sweep).report();
}

}  // namespace regctl::gc
