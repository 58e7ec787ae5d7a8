// Whether what is in quarantine may be purged, judged from what was found out about the registries
// that serve this store and from what the operator says (contract 3.3). A registry with a
// descriptor cache answers from memory about blobs that are gone, so a purge is safe only if every
// cache was filled after the quarantine. Pure: knows no process.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "registry/time.h"

namespace regctl::gc {

enum class Cache { none, inmemory, redis, unknown };

// A process of a registry that serves this store, or of one that may.
struct RegistryProcess {
  int pid = 0;
  Time started{};
  bool certain = false;  // its configuration names this very store; otherwise only that it might
  std::string configuration;  // the file, as its command line has it
  Cache cache = Cache::unknown;
  bool redis = false;  // a Redis is configured, whatever `cache` says
  bool read_only = false, proxy = false;
  bool collecting = false;  // no server: distribution's own garbage-collect
  std::string doubt;        // a clause: why the above may be wrong; empty: it can be believed

  bool operator==(const RegistryProcess&) const = default;
};

struct ProcessEvidence {
  std::vector<RegistryProcess> processes;  // by pid
  bool complete = false;                   // every process of this host was looked at
  std::string why_incomplete;              // empty if complete
  bool local = false;  // the store is on file systems that no other host can write to

  bool operator==(const ProcessEvidence&) const = default;
};

struct GateEvidence {
  ProcessEvidence found;
  std::optional<Time>
      restarted_at;       // "every registry has been started, and every Redis flushed, since then"
  bool no_cache = false;  // "no registry on this store has a cache"
  bool offline = false;   // "the registry is stopped or read-only"
};

// For a copy taken into quarantine at `taken`.
bool is_open(const GateEvidence& evidence, Time taken);
// One sentence without its full stop, safe to print; empty while open.
std::string what_would_free_it(const GateEvidence& evidence, Time taken);

// Where what was found gives the lie to what the operator says, so that the gate is closed.
struct Contradiction {
  std::string code, message, hint;
};
std::optional<Contradiction> contradiction_of_no_cache(const GateEvidence& evidence);
std::optional<Contradiction> contradiction_of_restart(const GateEvidence& evidence, Time taken);

// A server of this store that takes no pushes. One with `proxy` writes whatever its configuration
// says.
bool is_read_only(const RegistryProcess& process);
bool read_only_process_found(const ProcessEvidence& found);

}  // namespace regctl::gc
