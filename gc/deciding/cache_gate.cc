#include "gc/deciding/cache_gate.h"

#include <algorithm>

#include "cli/text.h"

namespace regctl::gc {
namespace {

// Between Q and a start that is believed to be later: names carry whole seconds, and clocks are
// coarse.
constexpr Duration kMargin = std::chrono::seconds(5);

const std::string kSayWhen = "say when that was (--registry-restarted-at TIME)";

std::string name_of(const RegistryProcess& process) {
  std::string name = "the registry (pid " + std::to_string(process.pid);
  if (!process.configuration.empty()) name += ", " + cli::printable(process.configuration);
  return name + ")";
}

bool uses_redis(const RegistryProcess& process) {
  return process.cache == Cache::redis || process.redis;
}

bool has_cache(const RegistryProcess& process) {
  const bool unread = process.cache == Cache::unknown && !process.doubt.empty();
  return process.certain && ((process.cache != Cache::none && !unread) || process.redis);
}

// It was running before the copy was taken, and what it remembers from then cannot be told away.
bool remembers(const RegistryProcess& process, Time taken) {
  const bool in_memory =
      process.cache == Cache::inmemory || process.cache == Cache::unknown || !process.doubt.empty();
  return process.certain && in_memory && process.started < taken + kMargin;
}

template <class Judge>
const RegistryProcess* first_server(const ProcessEvidence& found, Judge judge) {
  const auto at = std::find_if(
      found.processes.begin(), found.processes.end(),
      [&](const RegistryProcess& process) { return !process.collecting && judge(process); });
  return at == found.processes.end() ? nullptr : &*at;
}

bool is_after_restart(const GateEvidence& evidence, Time taken) {
  return evidence.restarted_at && taken + kMargin <= *evidence.restarted_at;
}

// What a look at this process alone has against a purge; empty: nothing.
std::string against(const RegistryProcess& process, Time taken) {
  const std::string name = name_of(process);
  if (uses_redis(process))
    return "Redis, which " + name +
           " names, may remember the blobs: flush it, restart the registry and " + kSayWhen;
  if (!process.doubt.empty()) {
    return name +
           (process.certain ? " serves this storage, and " : " may serve this storage, and ") +
           cli::printable(process.doubt) + ": restart it and " + kSayWhen;
  }
  if (process.cache == Cache::unknown)
    return name + " has a cache of an unknown kind: restart it and " + kSayWhen;
  if (process.cache == Cache::inmemory && process.started < taken + kMargin)
    return name + " has remembered the blobs since before they were quarantined: restart it";
  return {};
}

std::string against_what_was_found(const ProcessEvidence& found, Time taken) {
  for (const RegistryProcess& process : found.processes) {
    if (process.collecting) continue;
    if (std::string reason = against(process, taken); !reason.empty()) return reason;
  }
  const std::string say = "restart every registry on it and " + kSayWhen +
                          ", or that none has a cache (--registry-cache none)";
  if (!found.local)
    return "registries of other hosts may serve this storage, which is not on a local file "
           "system: " +
           say;
  if (!found.complete)
    return "not every process of this host could be looked at (" +
           cli::printable(found.why_incomplete) + "): " + say;
  if (!first_server(found, [](const RegistryProcess&) { return true; }))
    return "no registry was found to serve this storage, which is no proof that none does: " + say;
  return {};
}

}  // namespace

std::string what_would_free_it(const GateEvidence& evidence, Time taken) {
  const bool restarted = is_after_restart(evidence, taken);
  if (evidence.offline) {
    const RegistryProcess* process = first_server(evidence.found, uses_redis);
    return process && !restarted ? against(*process, taken) : "";
  }
  if (restarted) {
    const auto contradiction = contradiction_of_restart(evidence, taken);
    return contradiction ? contradiction->hint : "";
  }
  if (evidence.no_cache) {
    const auto contradiction = contradiction_of_no_cache(evidence);
    return contradiction ? contradiction->hint : "";
  }
  return against_what_was_found(evidence.found, taken);
}

bool is_open(const GateEvidence& evidence, Time taken) {
  return what_would_free_it(evidence, taken).empty();
}

std::optional<Contradiction> contradiction_of_no_cache(const GateEvidence& evidence) {
  const RegistryProcess* process =
      evidence.no_cache ? first_server(evidence.found, has_cache) : nullptr;
  if (!process) return std::nullopt;
  return Contradiction{"registry-has-cache",
                       "--registry-cache none, but " + name_of(*process) +
                           " has a cache; nothing is purged for that",
                       "leave out --registry-cache none, and restart " + name_of(*process)};
}

std::optional<Contradiction> contradiction_of_restart(const GateEvidence& evidence, Time taken) {
  if (!is_after_restart(evidence, taken)) return std::nullopt;
  const RegistryProcess* process = first_server(
      evidence.found, [&](const RegistryProcess& one) { return remembers(one, taken); });
  if (!process) return std::nullopt;
  return Contradiction{"registry-not-restarted",
                       "--registry-restarted-at says " + format_rfc3339(*evidence.restarted_at) +
                           ", but " + name_of(*process) + " has been running since " +
                           format_rfc3339(process->started) +
                           "; what it may remember is not purged",
                       "restart " + name_of(*process)};
}

bool is_read_only(const RegistryProcess& process) {
  return process.certain && !process.collecting && process.read_only && !process.proxy &&
         process.doubt.empty();
}

bool read_only_process_found(const ProcessEvidence& found) {
  return std::any_of(found.processes.begin(), found.processes.end(), is_read_only);
}

}  // namespace regctl::gc
