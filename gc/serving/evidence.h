// What was found out about the registries that serve a store, as a value.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "registry/time.h"

namespace regctl::gc {

enum class Cache : std::uint8_t { none, inmemory, redis, unknown };

// Why a registry's configuration does not say one thing only.
struct Unclear {
  enum class Why : std::uint8_t {
    not_yaml,  // `detail`: what the parser says
    too_large,
    private_tags,
    base64,
    no_plain_keys,  // keys that are no plain words
    merge_keys,
    key_twice,          // `detail`: the key
    no_root_directory,  // something else where it should be named
    not_a_map,
  };
  Why why;
  std::string detail;

  bool operator==(const Unclear&) const = default;
};

// Why what is known of a process may be wrong.
struct Doubt {
  enum class Why : std::uint8_t {
    none,  // it can be believed
    no_configuration,
    configuration_denied,
    configuration_unread,
    configuration_unclear,
    configuration_changed,  // after the process had started
    environment_unread,
    storage_unseen,  // the directory it names cannot be looked at
  };
  Why why = Why::none;
  int error = 0;  // an errno, of what could not be read
  Unclear unclear{};

  explicit operator bool() const { return why != Why::none; }
  bool operator==(const Doubt&) const = default;
};

// A process of a registry that serves this store, or of one that may.
struct RegistryProcess {
  int pid = 0;
  Time started{};
  bool certain = false;       // its configuration names this very store; else only that it might
  std::string configuration;  // the file, as its command line has it; empty: the environment
  Cache cache = Cache::unknown;
  bool redis = false;  // a Redis is configured, whatever `cache` says
  bool read_only = false, proxy = false;
  bool collecting = false;   // no server: distribution's own garbage-collect
  std::string sees_another;  // key of a followed link that leads elsewhere for it; empty: none
  Doubt doubt;               // why the above may be wrong

  bool operator==(const RegistryProcess&) const = default;
};

// Why not every process of this host was looked at.
struct Blindness {
  enum class Why : std::uint8_t {
    none,
    never_looked,
    process_unread,         // `pid`, `error`
    process_state_unclear,  // `pid`
    proc_unread,            // `proc`, `error`
    proc_unexpected,        // `proc`
    other_namespace,        // ours is not the one that the host started with
    processes_hidden,       // those of other users
  };
  Why why = Why::never_looked;
  int pid = 0, error = 0;
  std::string proc;

  explicit operator bool() const { return why != Why::none; }
  bool operator==(const Blindness&) const = default;
};

struct ProcessEvidence {
  std::vector<RegistryProcess> processes;  // by pid
  Blindness blindness;
  bool local = false;  // the store is on file systems that no other host can write to

  bool operator==(const ProcessEvidence&) const = default;
};

}  // namespace regctl::gc
