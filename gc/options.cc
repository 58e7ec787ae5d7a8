#include "gc/options.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "gc/roots.h"

namespace regctl::gc {
namespace {

using cli::UsageError;
using Kind = cli::OptionSpec::Kind;

cli::OptionGroup output_options() {
  cli::OptionGroup group = cli::output_options("none, blobs, manifests, links, all");
  group.options.push_back(cli::metrics_option());
  return group;
}

// Empty: something else.
std::optional<std::uint64_t> whole_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole ? std::optional(value) : std::nullopt;
}

MaxDelete max_delete(const cli::Options& options) {
  const std::string& text = options.value("max-delete");
  const bool percent = text.ends_with('%');
  const std::string digits = percent ? text.substr(0, text.size() - 1) : text;
  const auto value = whole_number(digits);
  if (percent && value && *value <= 100) return {MaxDelete::Unit::percent, *value};
  if (!percent && value) return {MaxDelete::Unit::blobs, *value};
  const bool has_unit = digits.find_first_not_of("0123456789") != std::string::npos;
  if (const auto size = cli::parse_size(text); size && has_unit)
    return {MaxDelete::Unit::bytes, *size};
  throw UsageError("--max-delete " + text + ": not a number of blobs, a percentage or a size",
                   "write 1000, 50% or 20GiB");
}

std::uint64_t max_damage(const cli::Options& options) {
  const std::string& text = options.value("max-damage");
  const auto value =
      text.ends_with('%') ? whole_number(text.substr(0, text.size() - 1)) : std::nullopt;
  if (value && *value <= 100) return *value;
  throw UsageError("--max-damage " + text + ": not a percentage", "write 5%");
}

std::set<Insisted> understand_insist(const cli::Options& options) {
  std::set<Insisted> insisted;
  for (const std::string& code : options.list("insist"))
    insisted.insert(
        cli::choice_of<Insisted>("insist", code,
                                 {{"manifests-elsewhere", Insisted::manifests_elsewhere},
                                  {"registry-in-doubt", Insisted::registry_in_doubt},
                                  {"tags-look-dead", Insisted::tags_look_dead}},
                                 "no option lets any other refusal pass"));
  return insisted;
}

std::optional<Time> parse_time(const std::string& text) {
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error == std::errc() && end == text.data() + text.size() && seconds >= 0)
    return time_from_seconds(seconds);
  return parse_rfc3339(text);
}

CacheClaims understand_caches(const cli::Options& options) {
  CacheClaims claims{.none = cli::choice_value<bool>(options, "registry-cache",
                                                     {{"auto", false}, {"none", true}})};
  const std::string& text = options.value("registry-restarted-at");
  if (text.empty()) return claims;
  claims.restarted_at = parse_time(text);
  if (!claims.restarted_at)
    throw UsageError("--registry-restarted-at " + text + ": not a time",
                     "write 2026-11-21T03:30:02Z, or seconds since 1970");
  if (*claims.restarted_at > now())
    throw UsageError("--registry-restarted-at " + text + " is in the future");
  return claims;
}

std::vector<RootDigest> read_roots(const std::vector<std::string>& files) {
  std::vector<RootDigest> all;
  for (const std::string& file : files) {
    const auto roots = parse_roots(
        cli::file_value("roots", file, "a list that cannot be read is not an empty list"), file);
    all.insert(all.end(), roots.begin(), roots.end());
  }
  return all;
}

Mode understand_mode(const cli::Options& options) {
  static constexpr std::pair<const char*, Mode> kModes[] = {
      {"offline", Mode::offline}, {"heal", Mode::heal}, {"restore", Mode::restore}};
  std::optional<std::pair<const char*, Mode>> chosen;
  for (const auto& mode : kModes) {
    if (!options.flag(mode.first)) continue;
    if (chosen)
      throw UsageError(fmt::format("--{} and --{} exclude each other", chosen->first, mode.first));
    chosen = mode;
  }
  const Mode mode = chosen ? chosen->second : Mode::online;
  if (!options.value("run").empty() && mode != Mode::restore)
    throw UsageError("--run needs --restore");
  return mode;
}

Margins understand_margins(const cli::Options& options, Mode mode) {
  const bool offline = mode == Mode::offline;
  const Duration hold = duration_value(options, "hold"),
                 idle = duration_value(options, "uploads-idle");
  Margins margins{.hold = offline ? Duration(0) : hold,
                  .max_delete = max_delete(options),
                  .on_damage = cli::choice_value<OnDamage>(
                      options, "on-damage", {{"pin", OnDamage::pin}, {"refuse", OnDamage::refuse}}),
                  .max_damage = max_damage(options),
                  .insist = understand_insist(options),
                  .prune_layer_links = cli::choice_value<bool>(options, "prune-layer-links",
                                                               {{"yes", true}, {"no", false}}),
                  .prune_empty_repositories = options.flag("prune-empty-repositories")};
  if (!options.value("purge-uploads").empty())
    margins.purge_uploads = duration_value(options, "purge-uploads");
  if (offline) margins.uploads_idle = idle;
  return margins;
}

// A push that began before the run is over before a hold is; where there is none, doubt about when
// something came must do.
Arrival understand_arrival(const cli::Options& options, const Margins& margins) {
  if (options.flag("trust-times")) return Arrival::ignored;
  return margins.hold == Duration(0) ? Arrival::birth_or_change : Arrival::birth;
}

Wishes understand_wishes(const cli::Options& options) {
  const Mode mode = understand_mode(options);
  const Margins margins = understand_margins(options, mode);
  return {.mode = mode,
          .policy = {.delete_untagged = options.flag("delete-untagged"),
                     .prune_dead_tags = options.flag("prune-dead-tags"),
                     .prune_broken_manifests = options.flag("prune-broken-manifests"),
                     .prune_orphaned_referrers = options.flag("prune-orphaned-referrers"),
                     .cache_unused = options.value("cache-unused").empty()
                                         ? std::nullopt
                                         : std::optional(duration_value(options, "cache-unused")),
                     .protect = options.list("protect"),
                     .roots = read_roots(options.list("roots")),
                     .keep_younger_than = duration_value(options, "keep-younger-than"),
                     .arrival = understand_arrival(options, margins)},
          .margins = margins,
          .caches = understand_caches(options),
          .only_run = options.value("run")};
}

Undertaking understand_undertaking(const cli::Options& options) {
  Undertaking undertaking{.wishes = understand_wishes(options)};
  if (options.flag("remove-mismatched")) undertaking.mismatched = Mismatched::take;
  if (!options.value("deadline").empty())
    undertaking.deadline = duration_value(options, "deadline");
  undertaking.bytes_per_second = cli::limit_rate(options);
  return undertaking;
}

std::int64_t seconds_of(Duration duration) {
  return std::chrono::duration_cast<std::chrono::seconds>(duration).count();
}

}  // namespace

const cli::Program& program() {
  static const cli::Program kProgram = {
      .name = "regctl-gc",
      .usage = R"(Usage: regctl-gc [OPTIONS] ROOT
Collect the garbage of a container registry's storage directory.

  regctl-gc --dry-run /var/lib/registry      what would go, and how much
  regctl-gc --dry-run -m /var/lib/registry   also manifests that no tag reaches

  regctl-gc --offline /var/lib/registry      free it now, the registry stopped
  regctl-gc --restore /var/lib/registry      put back what is in quarantine

ROOT is the directory above docker/registry/v2. What a run takes is first
renamed in place, and can be put back until a later run purges it.
)",
      .epilogue = R"(
Exit status: 0 done, 1 warnings, 2 usage, 10 no registry storage, 11 locked,
             12 refused, 13 incomplete, 70 bug, 129/130/143 stopped by a signal
Every option is also a variable (REGCTL_GC_DRY_RUN=true) and, without the
dashes, a key of --config FILE. Manual: regctl-gc(8)
)",
      .siblings = {"regctl-audit"},
      .groups = {
          {"What to collect",
           {{.name = "dry-run",
             .letter = 'n',
             .help = "print the plan, change nothing",
             .second_letter = 'd'},
            {.name = "delete-untagged",
             .letter = 'm',
             .help = "also manifests that no tag reaches. Not for Harbor, whose tags are not in "
                     "the storage"},
            {.name = "keep-younger-than",
             .kind = Kind::value,
             .metavar = "DUR",
             .default_value = "24h",
             .help = "take nothing younger (90m, 2d, 1w)"},
            {.name = "trust-times",
             .help = "take what was modified long ago even if it came here lately: a copy or "
                     "restore keeps times"},
            {.name = "protect",
             .kind = Kind::list,
             .metavar = "GLOB",
             .help =
                 "repositories in which --delete-untagged and --prune-orphaned-referrers have no "
                 "effect; * crosses /"},
            {.name = "roots",
             .kind = Kind::list,
             .metavar = "FILE",
             .help = "digests that must survive, one a line: sha256:... or repository@sha256:..."},
            {.name = "purge-uploads",
             .kind = Kind::value,
             .metavar = "DUR",
             .help = "also unfinished uploads older than this"},
            {.name = "prune-dead-tags",
             .help = "also tags whose manifests were deleted: nobody can pull them"},
            {.name = "prune-broken-manifests",
             .help = "also manifests whose bytes are gone: they pin their repositories"},
            {.name = "prune-orphaned-referrers",
             .help = "also signatures, attestations and SBOMs of images that are gone"},
            {.name = "cache-unused",
             .kind = Kind::value,
             .metavar = "DUR",
             .help = "in a pull-through cache: also what nobody asked for so long"},
            {.name = "prune-empty-repositories",
             .help = "also repositories without manifests, tags and uploads"},
            {.name = "prune-layer-links",
             .kind = Kind::value,
             .metavar = "yes|no",
             .default_value = "yes",
             .help = "also links to layers that are gone, or go in this run"}}},
          {"Safety",
           {{.name = "offline", .help = "the registry is stopped or read-only: free at once"},
            {.name = "uploads-idle",
             .kind = Kind::value,
             .metavar = "DUR",
             .default_value = "10m",
             .help = "with --offline: refuse if an upload was written to within this"},
            {.name = "heal", .help = "only give back what is needed again"},
            {.name = "restore", .help = "only put back everything that is in quarantine"},
            {.name = "run",
             .kind = Kind::value,
             .metavar = "ID",
             .help = "with --restore: what this run took"},
            {.name = "hold",
             .kind = Kind::value,
             .metavar = "DUR",
             .default_value = "20h",
             .help = "time between quarantine and purge"},
            {.name = "registry-cache",
             .kind = Kind::value,
             .metavar = "auto|none",
             .default_value = "auto",
             .help = "look for registries that may remember what is gone, or say that none has a "
                     "cache"},
            {.name = "registry-restarted-at",
             .kind = Kind::value,
             .metavar = "TIME",
             .help = "every registry has been started, and Redis flushed, since then (RFC 3339)"},
            {.name = "max-delete",
             .kind = Kind::value,
             .metavar = "N|N%|SIZE",
             .default_value = "50%",
             .help = "refuse a plan that takes more blobs, more percent of the blob bytes, or more "
                     "bytes"},
            {.name = "on-damage",
             .kind = Kind::value,
             .metavar = "pin|refuse",
             .default_value = "pin",
             .help = "keep all that damaged repositories link, or refuse to run"},
            {.name = "max-damage",
             .kind = Kind::value,
             .metavar = "N%",
             .default_value = "5%",
             .help = "refuse if more than this share of manifests, tags or layers is missing: "
                     "half a store"},
            {.name = "insist",
             .kind = Kind::list,
             .metavar = "CODE",
             .help = "let exactly this refusal pass: manifests-elsewhere, registry-in-doubt, "
                     "tags-look-dead"},
            {.name = "pull-through-cache",
             .help = "this is a pull-through cache's store, whether or not that can be seen"},
            cli::follow_option(),
            {.name = "remove-mismatched",
             .help = "also garbage whose bytes do not match its digest"},
            cli::deadline_option("stop cleanly after this; the next run goes on"),
            cli::limit_rate_option()}},
          output_options(),
          cli::general_options()}};
  return kProgram;
}

Settings understand(const cli::Options& options) {
  return {.dry_run = options.flag("dry-run"),
          .is_cache = options.flag("pull-through-cache"),
          .undertaking = understand_undertaking(options),
          .output = understand_output(options),
          .metrics_file = options.value("metrics"),
          .lists = cli::choice_value<Lists>(options, "list",
                                            {{"none", Lists::none},
                                             {"blobs", Lists::blobs},
                                             {"manifests", Lists::manifests},
                                             {"links", Lists::links},
                                             {"all", Lists::all}})};
}

OptionValues options_in_effect(const Settings& settings, const cli::Options& options) {
  const Undertaking& undertaking = settings.undertaking;
  const Policy& policy = undertaking.wishes.policy;
  const Margins& margins = undertaking.wishes.margins;
  OptionValues list = {
      {"delete_untagged", policy.delete_untagged},
      {"keep_younger_than_seconds", seconds_of(policy.keep_younger_than)},
      {"trust_times", policy.arrival == Arrival::ignored},
      {"hold_seconds", seconds_of(margins.hold)},
      {"registry_cache", options.value("registry-cache")},
      {"max_delete", options.value("max-delete")},
      {"on_damage", options.value("on-damage")},
      {"max_damage", options.value("max-damage")},
      {"insist", options.list("insist")},
      {"follow", options.list("follow")},
      {"protect", policy.protect},
      {"roots", options.list("roots")},
      {"remove_mismatched", undertaking.mismatched == Mismatched::take},
      {"prune_layer_links", margins.prune_layer_links},
      {"pull_through_cache", settings.is_cache},
      {"prune_dead_tags", policy.prune_dead_tags},
      {"prune_broken_manifests", policy.prune_broken_manifests},
      {"prune_orphaned_referrers", policy.prune_orphaned_referrers},
      {"prune_empty_repositories", margins.prune_empty_repositories},
  };
  if (margins.uploads_idle)
    list.emplace_back("uploads_idle_seconds", seconds_of(*margins.uploads_idle));
  if (undertaking.deadline)
    list.emplace_back("deadline_seconds", seconds_of(*undertaking.deadline));
  if (undertaking.bytes_per_second)
    list.emplace_back("limit_rate_bytes", static_cast<std::int64_t>(undertaking.bytes_per_second));
  if (!undertaking.wishes.only_run.empty()) list.emplace_back("run", undertaking.wishes.only_run);
  if (policy.cache_unused)
    list.emplace_back("cache_unused_seconds", seconds_of(*policy.cache_unused));
  if (margins.purge_uploads)
    list.emplace_back("purge_uploads_seconds", seconds_of(*margins.purge_uploads));
  if (const auto& time = undertaking.wishes.caches.restarted_at)
    list.emplace_back("registry_restarted_at", format_rfc3339(*time));
  list.emplace_back("jobs", static_cast<std::int64_t>(settings.output.jobs));
  return list;
}

}  // namespace regctl::gc
