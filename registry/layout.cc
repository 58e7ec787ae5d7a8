#include "registry/layout.h"

#include <algorithm>
#include <charconv>

namespace regctl::layout {
namespace {

std::string path(std::initializer_list<std::string_view> parts) {
  std::string joined;
  for (std::string_view part : parts) {
    if (!joined.empty()) joined += '/';
    joined += part;
  }
  return joined;
}

constexpr std::string_view kMark = "regctl-gc.";

// "<unix time>.<run id>".
std::optional<TagQuarantine> parse_taking(std::string_view text) {
  const auto dot = text.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + dot, seconds);
  // The bound is the year 2262, where nanoseconds since 1970 end.
  if (error != std::errc() || end != text.data() + dot || seconds < 0 || seconds > 9'223'372'035)
    return std::nullopt;
  if (text[0] == '0' && dot > 1) return std::nullopt;  // two names must never mean the same
  const std::string_view run = text.substr(dot + 1);
  const auto legal = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  };
  if (run.empty() || run.size() > 64 || !std::all_of(run.begin(), run.end(), legal))
    return std::nullopt;
  return TagQuarantine{Time(std::chrono::seconds(seconds)), std::string(run)};
}

std::string text_of_taking(Time taken, const std::string& run) {
  const auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(taken.time_since_epoch()).count();
  return std::string(kMark) + std::to_string(seconds) + '.' + run;
}

}  // namespace

std::string join(std::string_view a, std::string_view b) {
  return a.empty() ? std::string(b) : path({a, b});
}

std::string_view parent_of(std::string_view key) {
  const auto slash = key.rfind('/');
  return key.substr(0, slash == std::string_view::npos ? 0 : slash);
}

std::string_view name_of(std::string_view key) { return key.substr(key.rfind('/') + 1); }

bool is_at_or_below(std::string_view key, std::string_view top) {
  return key.starts_with(top) && (key.size() == top.size() || key[top.size()] == '/');
}

std::string repository(std::string_view name) { return path({kRepositories, name}); }

std::string digest_path(const Digest& digest) {
  return path({name_of(digest.algorithm()), digest.hex()});
}

std::string blob_shard(const Digest& digest) {
  return path({kBlobs, name_of(digest.algorithm()), digest.hex().substr(0, 2)});
}

std::string blob(const Digest& digest) { return path({blob_shard(digest), digest.hex()}); }

std::string blob_data(const Digest& digest) { return join(blob(digest), kData); }

std::string layer_link(std::string_view repository, const Digest& digest) {
  return path({kRepositories, repository, kLayers, digest_path(digest), kLink});
}

std::string revision_link(std::string_view repository, const Digest& digest) {
  return path({kRepositories, repository, kManifests, kRevisions, digest_path(digest), kLink});
}

std::string tag(std::string_view repository, std::string_view tag) {
  return path({kRepositories, repository, kManifests, kTags, tag});
}

std::string upload(std::string_view repository, std::string_view uuid) {
  return path({kRepositories, repository, kUploads, uuid});
}

std::string tag_current_link(std::string_view repository, std::string_view name) {
  return path({tag(repository, name), "current", kLink});
}

std::optional<QuarantineName> parse_quarantine_name(std::string_view name) {
  const auto dot = name.find('.');
  if (dot == std::string_view::npos || !name.substr(dot + 1).starts_with(kMark))
    return std::nullopt;
  const std::string_view original = name.substr(0, dot);
  if (original != kData && original != kLink) return std::nullopt;
  const auto taking = parse_taking(name.substr(dot + 1 + kMark.size()));
  if (!taking) return std::nullopt;
  return QuarantineName{std::string(original), taking->taken, taking->run};
}

std::string quarantine_name(const QuarantineName& name) {
  return name.original + '.' + text_of_taking(name.taken, name.run);
}

std::optional<TagPlace> tag_at(std::string_view path) {
  constexpr std::string_view kBetween = "/_manifests/tags/";
  const auto begin = kRepositories.size() + 1, end = path.find(kBetween);
  if (end == path.npos || end <= begin || !is_at_or_below(path, kRepositories)) return std::nullopt;
  const std::string_view below = path.substr(end + kBetween.size());
  return TagPlace{path.substr(begin, end - begin), below.substr(0, below.find('/'))};
}

std::optional<TagQuarantine> parse_tag_quarantine(std::string_view name) {
  return name.starts_with(kMark) ? parse_taking(name.substr(kMark.size())) : std::nullopt;
}

std::string quarantined_tag(std::string_view repository, std::string_view tag,
                            const TagQuarantine& quarantine) {
  return path({kRepositories, repository, kManifests,
               text_of_taking(quarantine.taken, quarantine.run), tag});
}

bool is_temporary(std::string_view name) {
  static constexpr std::string_view kSuffix = ".tmp";
  constexpr std::size_t kUuid = 36;
  if (!name.ends_with(kSuffix) || name.size() < kUuid + kSuffix.size() + 2) return false;
  return name[name.size() - kSuffix.size() - kUuid - 1] == '.';
}

}  // namespace regctl::layout
