#include "gc/doubting/careful_storage.h"

#include <algorithm>

#include "registry/hasher.h"

namespace regctl::gc::second {

namespace {

// Of what stands where a directory belongs.
Trouble trouble_of(EntryKind kind) {
  if (kind == EntryKind::symlink) return Trouble::symlink;
  return kind == EntryKind::file ? Trouble::file : Trouble::neither;
}

using layout::join;

// Every byte of every legal name is one of these, and none begins with a dot.
bool may_be_a_registrys(std::string_view name) {
  return name.find_first_not_of(
             "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
             "_-.:[]") == std::string_view::npos &&
         name[0] != '.';
}

// The names of the quarantined copies of `original`, ascending.
std::vector<std::string> copies_in(const Listing& listing, std::string_view original) {
  std::vector<std::string> names;
  for (const Entry& entry : listing.entries) {
    const auto copy = layout::parse_quarantine_name(entry.name);
    if (copy && copy->original == original && entry.kind == EntryKind::file)
      names.push_back(entry.name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

Link link_of(Link::State state, Content content, const CarefulStorage& storage) {
  Link link{.state = state,
            .modified = content.stat.modified,
            .latest = storage.latest(content.stat),
            .bytes = std::move(content.bytes)};
  if (content.stat.kind == EntryKind::file) link.holds = Digest::parse(link.bytes);
  return link;
}

// The link in directory `name`. Empty: there is no directory, or it changes while we look.
std::optional<Link> look_for_link(const CarefulStorage& storage, const Storage& view,
                                  const std::string& name) {
  if (auto content = view.read(join(name, layout::kLink), layout::kLongestLink))
    return link_of(Link::State::in_place, std::move(*content), storage);
  const auto listing = view.list(name);
  if (!listing) return std::nullopt;
  const bool has_come = std::any_of(listing->entries.begin(), listing->entries.end(),
                                    [](const Entry& entry) { return entry.name == layout::kLink; });
  if (has_come) return std::nullopt;
  const auto copies = copies_in(*listing, layout::kLink);
  if (copies.empty())
    return Link{.state = Link::State::absent,
                .modified = listing->stat.modified,
                .latest = storage.latest(listing->stat)};
  auto content = view.read(join(name, copies.back()), layout::kLongestLink);
  if (!content) return std::nullopt;
  Link link = link_of(Link::State::quarantined, std::move(*content), storage);
  link.copy = layout::parse_quarantine_name(copies.back());
  return link;
}

}  // namespace

Time CarefulStorage::latest(const Stat& stat) const {
  Time latest = stat.modified;
  if (arrival_ == Arrival::ignored) return latest;
  if (stat.born)
    latest = std::max(latest, *stat.born);
  else if (arrival_ == Arrival::birth_or_change)
    latest = std::max(latest, stat.changed);
  return latest;
}

void CarefulStorage::pause() const {
  if (stop_.stop_requested()) throw Interrupted();
}

template <class Attempt>
auto CarefulStorage::insist(const std::string& key, Attempt attempt) const -> decltype(attempt()) {
  pause();
  for (int round = 0; round < 5; ++round) {
    if (auto result = attempt()) return result;
    if (is_gone(key)) return {};
  }
  throw StorageError(Trouble::unstable, key);
}

bool CarefulStorage::is_gone(std::string key) const {
  while (!key.empty()) {
    const auto slash = key.rfind('/');
    const std::string name = key.substr(slash + 1);
    key.resize(slash == std::string::npos ? 0 : slash);
    const auto listing = storage_.list(key);
    if (!listing) continue;
    return std::none_of(listing->entries.begin(), listing->entries.end(),
                        [&](const Entry& entry) { return entry.name == name; });
  }
  throw StorageError(Trouble::vanished, "docker/registry/v2");
}

std::vector<Entry> CarefulStorage::entries(const std::string& key) const {
  auto listing = insist(key, [&] { return storage_.list(key); });
  return listing ? std::move(listing->entries) : std::vector<Entry>();
}

CarefulStorage::Children CarefulStorage::directories_and_links(const std::string& key,
                                                               Belongs belongs) const {
  Children children;
  for (Entry& entry : entries(key)) {
    if (!may_be_a_registrys(entry.name)) continue;
    if (entry.kind == EntryKind::file && !(belongs && belongs(entry.name))) continue;
    if (entry.kind == EntryKind::directory)
      children.directories.push_back(std::move(entry.name));
    else if (entry.kind == EntryKind::symlink && entry.name[0] != '_')
      children.links.push_back(std::move(entry.name));
    else
      throw StorageError(trouble_of(entry.kind), join(key, entry.name));
  }
  return children;
}

std::vector<std::string> CarefulStorage::directories(const std::string& key,
                                                     Belongs belongs) const {
  Children children = directories_and_links(key, belongs);
  if (!children.links.empty())
    throw StorageError(Trouble::symlink, join(key, children.links.front()));
  return std::move(children.directories);
}

std::optional<Content> CarefulStorage::read(const std::string& key, std::size_t limit) const {
  return insist(key, [&] { return storage_.read(key, limit); });
}

std::optional<Link> CarefulStorage::link(const Storage& view, const std::string& prefix,
                                         const std::string& name) const {
  return insist(join(prefix, name), [&] { return look_for_link(*this, view, name); });
}

std::optional<Link> CarefulStorage::link(const std::string& directory) const {
  return link(storage_, "", directory);
}

std::vector<std::string> CarefulStorage::copies_of_data(const Digest& digest) const {
  const auto listing = storage_.list(layout::blob(digest));
  return listing ? copies_in(*listing, layout::kData) : std::vector<std::string>();
}

std::optional<StoredBlob> CarefulStorage::blob(const Digest& digest) const {
  const std::string directory = layout::blob(digest), data = join(directory, layout::kData);
  pause();
  for (int round = 0; round < 5; ++round) {
    if (auto content = storage_.read(data, kLargest)) return StoredBlob{std::move(*content), true};
    bool changed = false;
    for (const std::string& copy : copies_of_data(digest)) {
      auto content = storage_.read(join(directory, copy), kLargest);
      if (!content)
        changed = true;
      else if (content->whole && digest_of(content->bytes, digest.algorithm()) == digest)
        return StoredBlob{std::move(*content), false};
    }
    if (!changed && (!storage_.list(directory) || is_gone(data))) return std::nullopt;
  }
  throw StorageError(Trouble::unstable, data);
}

}  // namespace regctl::gc::second
