// Whether what is in quarantine may be purged, judged from what was found out about the registries
// that serve this store and from what the operator says (contract 3.3). A registry with a
// descriptor cache answers from memory about blobs that are gone, so a purge is safe only if every
// cache was filled after the quarantine. Pure: knows no process.
#pragma once

#include <optional>

#include "gc/deciding/gate_answer.h"
#include "gc/serving/evidence.h"
#include "registry/time.h"
#include "report/message.h"

namespace regctl::gc {

// What the operator says of caches.
struct CacheClaims {
  bool none = false;  // "no registry on this store has a cache"
  // "Every registry has been started, and every Redis flushed, since then."
  std::optional<Time> restarted_at;
};

struct GateEvidence {
  ProcessEvidence found;
  CacheClaims claims;
  bool offline = false;  // "the registry is stopped or read-only"
};

// For a copy taken into quarantine at `taken`.
GateAnswer ask_gate(const GateEvidence& evidence, Time taken);

// Where what was found gives the lie to what the operator says, so that the gate is closed: who
// does. Null: nobody. Valid as long as `evidence`.
const RegistryProcess* contradicts_no_cache(const GateEvidence& evidence);
const RegistryProcess* contradicts_restart(const GateEvidence& evidence, Time taken);

// A server of this store that takes no pushes. One with `proxy` writes whatever its configuration
// says.
bool is_read_only(const RegistryProcess& process);
bool read_only_process_found(const ProcessEvidence& found);

// As parts of sentences: "the registry (pid 7, /etc/config.yml)"; what the doubt is (REQUIRES:
// there is one); what would open the gate (empty: it is, or nobody asked).
report::Part part_of(const RegistryProcess& process);
report::Part part_of(const Doubt& doubt);
// REQUIRES: there is a reason.
report::Part part_of(const Blindness& blindness);
std::optional<report::Part> part_of(const GateAnswer& answer);

}  // namespace regctl::gc
