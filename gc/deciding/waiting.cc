#include "gc/deciding/waiting.h"

#include <algorithm>

namespace regctl::gc {

Waiting waiting_of(const Copies& copies, Duration hold, const GateEvidence& gate, Time now) {
  Waiting waiting{.gate = {.shut = Shut::no}};
  std::optional<Time> shut_out;  // the newest copy that the gate keeps: what frees it frees all
  for (const Quarantined* copy : copies) {
    if (copy->kind == Quarantined::Kind::blob) waiting.amount += copy->bytes;
    const Time until = copy->taken + hold;
    waiting.until = waiting.until ? std::min(*waiting.until, until) : until;
    waiting.oldest = waiting.oldest ? std::min(*waiting.oldest, copy->taken) : copy->taken;
    if (!ask_gate(gate, copy->taken).is_open())
      shut_out = std::max(shut_out.value_or(copy->taken), copy->taken);
  }
  if (copies.empty()) shut_out = now;
  if (shut_out) waiting.gate = ask_gate(gate, *shut_out);
  return waiting;
}

}  // namespace regctl::gc
