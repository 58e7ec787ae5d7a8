#include "gc/deciding/cache_gate.h"

#include <algorithm>

#include "gc/deciding/tolerances.h"

namespace regctl::gc {
namespace {

using report::Code;
using report::Part;
using report::SystemReason;

bool uses_redis(const RegistryProcess& process) {
  return process.cache == Cache::redis || process.redis;
}

bool has_cache(const RegistryProcess& process) {
  const bool unread = process.cache == Cache::unknown && process.doubt;
  return process.certain && ((process.cache != Cache::none && !unread) || process.redis);
}

// It was running before the copy was taken, and what it remembers from then cannot be told away.
bool remembers(const RegistryProcess& process, Time taken) {
  const bool in_memory =
      process.cache == Cache::inmemory || process.cache == Cache::unknown || process.doubt;
  return process.certain && in_memory && process.started < taken + kSurelyAfter;
}

template <class Judge>
const RegistryProcess* first_server(const ProcessEvidence& found, Judge judge) {
  const auto at = std::find_if(
      found.processes.begin(), found.processes.end(),
      [&](const RegistryProcess& process) { return !process.collecting && judge(process); });
  return at == found.processes.end() ? nullptr : &*at;
}

bool is_after_restart(const GateEvidence& evidence, Time taken) {
  return evidence.claims.restarted_at && taken + kSurelyAfter <= *evidence.claims.restarted_at;
}

// What a look at this process alone has against a purge.
Shut shut_by(const RegistryProcess& process, Time taken) {
  if (uses_redis(process)) return Shut::by_redis;
  if (process.doubt) return Shut::by_doubt;
  if (process.cache == Cache::unknown) return Shut::by_unknown_cache;
  const bool remembers = process.cache == Cache::inmemory && process.started < taken + kSurelyAfter;
  return remembers ? Shut::by_memory : Shut::no;
}

GateAnswer ask_what_was_found(const ProcessEvidence& found, Time taken) {
  for (const RegistryProcess& process : found.processes) {
    if (process.collecting) continue;
    if (const Shut shut = shut_by(process, taken); shut != Shut::no) return {shut, process};
  }
  if (!found.local) return {.shut = Shut::not_local};
  if (found.blindness) return {.shut = Shut::not_all_seen, .blindness = found.blindness};
  if (!first_server(found, [](const RegistryProcess&) { return true; }))
    return {.shut = Shut::none_found};
  return {.shut = Shut::no};
}

GateAnswer shut_if(const RegistryProcess* process, Shut why) {
  return process ? GateAnswer{why, *process} : GateAnswer{.shut = Shut::no};
}

Code code_of(Unclear::Why why) {
  switch (why) {
    case Unclear::Why::not_yaml:
      return Code::not_yaml;
    case Unclear::Why::too_large:
      return Code::too_large;
    case Unclear::Why::private_tags:
      return Code::private_tags;
    case Unclear::Why::base64:
      return Code::base64;
    case Unclear::Why::no_plain_keys:
      return Code::no_plain_keys;
    case Unclear::Why::merge_keys:
      return Code::merge_keys;
    case Unclear::Why::key_twice:
      return Code::key_twice;
    case Unclear::Why::no_root_directory:
      return Code::no_root_directory;
    case Unclear::Why::not_a_map:
      break;
  }
  return Code::not_a_map;
}

Part part_of(const Unclear& unclear) { return {code_of(unclear.why), {unclear.detail}}; }

}  // namespace

GateAnswer ask_gate(const GateEvidence& evidence, Time taken) {
  const bool restarted = is_after_restart(evidence, taken);
  if (evidence.offline)
    return restarted ? GateAnswer{.shut = Shut::no}
                     : shut_if(first_server(evidence.found, uses_redis), Shut::by_redis);
  if (restarted) return shut_if(contradicts_restart(evidence, taken), Shut::against_restart);
  if (evidence.claims.none) return shut_if(contradicts_no_cache(evidence), Shut::against_no_cache);
  return ask_what_was_found(evidence.found, taken);
}

const RegistryProcess* contradicts_no_cache(const GateEvidence& evidence) {
  return evidence.claims.none ? first_server(evidence.found, has_cache) : nullptr;
}

const RegistryProcess* contradicts_restart(const GateEvidence& evidence, Time taken) {
  if (!is_after_restart(evidence, taken)) return nullptr;
  return first_server(evidence.found,
                      [&](const RegistryProcess& one) { return remembers(one, taken); });
}

bool is_read_only(const RegistryProcess& process) {
  return process.certain && !process.collecting && process.read_only && !process.proxy &&
         !process.doubt;
}

bool read_only_process_found(const ProcessEvidence& found) {
  return std::any_of(found.processes.begin(), found.processes.end(), is_read_only);
}

Part part_of(const RegistryProcess& process) {
  const auto pid = static_cast<std::uint64_t>(process.pid);
  if (process.configuration.empty()) return {Code::process_of_environment, {pid}};
  return {Code::process, {pid, process.configuration}};
}

Part part_of(const Doubt& doubt) {
  switch (doubt.why) {
    case Doubt::Why::none:
    case Doubt::Why::no_configuration:
      break;
    case Doubt::Why::configuration_denied:
      return {Code::configuration_denied, {SystemReason{doubt.error}}};
    case Doubt::Why::configuration_unread:
      return {Code::configuration_unread, {SystemReason{doubt.error}}};
    case Doubt::Why::configuration_unclear:
      return {Code::configuration_unclear, {part_of(doubt.unclear)}};
    case Doubt::Why::configuration_changed:
      return {Code::configuration_changed, {}};
    case Doubt::Why::environment_unread:
      return {Code::environment_unread, {SystemReason{doubt.error}}};
    case Doubt::Why::storage_unseen:
      return {Code::storage_unseen, {}};
  }
  return {Code::no_configuration_known, {}};
}

Part part_of(const Blindness& blindness) {
  const auto pid = static_cast<std::uint64_t>(blindness.pid);
  switch (blindness.why) {
    case Blindness::Why::none:
    case Blindness::Why::never_looked:
      break;
    case Blindness::Why::process_unread:
      return {Code::process_unread, {pid, SystemReason{blindness.error}}};
    case Blindness::Why::process_state_unclear:
      return {Code::process_state_unclear, {pid}};
    case Blindness::Why::proc_unread:
      return {Code::proc_unread, {blindness.proc, SystemReason{blindness.error}}};
    case Blindness::Why::proc_unexpected:
      return {Code::proc_unexpected, {blindness.proc}};
    case Blindness::Why::other_namespace:
      return {Code::other_namespace, {}};
    case Blindness::Why::processes_hidden:
      return {Code::processes_hidden, {}};
  }
  return {Code::proc_unexpected, {"/proc"}};
}

std::optional<Part> part_of(const GateAnswer& answer) {
  const Part who = answer.who ? part_of(*answer.who) : Part{Code::process, {}};
  switch (answer.shut) {
    case Shut::unasked:
    case Shut::no:
      return std::nullopt;
    case Shut::by_redis:
      return Part{Code::flush_redis, {who}};
    case Shut::by_doubt:
      return Part{answer.who->certain ? Code::restart_server_in_doubt : Code::restart_in_doubt,
                  {who, part_of(answer.who->doubt)}};
    case Shut::by_unknown_cache:
      return Part{Code::restart_unknown_cache, {who}};
    case Shut::by_memory:
      return Part{Code::restart_that_remembers, {who}};
    case Shut::not_local:
      return Part{Code::restart_all_not_local, {}};
    case Shut::not_all_seen:
      return Part{Code::restart_all_not_seen, {part_of(answer.blindness)}};
    case Shut::none_found:
      return Part{Code::restart_all_none_found, {}};
    case Shut::against_no_cache:
      return Part{Code::leave_out_cache_none, {who}};
    case Shut::against_restart:
      return Part{Code::restart_it, {who}};
  }
  return std::nullopt;
}

}  // namespace regctl::gc
